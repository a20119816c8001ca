package projections

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// filesWith counts the files of the folder that hold some bytes.
func filesWith(t *testing.T, fs vfs.FS, what []byte) (with int) {
	t.Helper()
	names, err := fs.List("views")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		f, err := fs.Open(fs.PathJoin("views", name))
		if errors.Is(err, os.ErrNotExist) {
			continue // Pebble has just removed it
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, what) {
			with++
		}
	}
	return with
}

// secretLog is a log with a few messages whose ciphertexts are long and random,
// so that they lie in a file as they are, and what is redacted of them.
func secretLog(t *testing.T, v **Views, fs vfs.FS) (log *memoryLog, secrets [][]byte) {
	log = newLog("one")
	s := dialogue(t, log, "start widget")
	r := rand.NewChaCha8([32]byte{1})
	for range 20 {
		body := make([]byte, 600)
		_, _ = r.Read(body)
		for i := range body {
			body[i] &= 0x7f
		}
		rec := s.add(&eventv1.MessageReceived{
			MessageId: s.message(), ConversationId: "c1", CustomerId: "ana", IdentityId: "p-widget",
			IntegrationId: "i-widget", Channel: "widget", SentAt: s.now(),
			Sealed: &eventv1.MessageReceived_Sealed{Content: text(string(body))},
		})
		secrets = append(secrets, bytes.Clone(rec.Sealed[:64]))
	}
	*v = open(t, fs, log)
	if err := (*v).Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	if err := (*v).db.Flush(); err != nil {
		t.Fatal(err)
	}
	return log, secrets
}

// What a message said is in no file any more after it was unsent and purged, with
// an old reader, a second generation and an interrupted rebuild in between.
func TestI19PurgeRemovesWhatWasRedacted(t *testing.T) {
	fs := vfs.NewMem()
	var v *Views
	log, secrets := secretLog(t, &v, fs)
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := v.Rebuild(ctx, log, "", func(p Progress) {
		if p.Position > 20 {
			cancel()
		}
	}); !errors.Is(err, context.Canceled) {
		t.Fatalf("Rebuild: %v, want context.Canceled", err)
	}
	if err := v.db.Flush(); err != nil {
		t.Fatal(err)
	}
	_, closeReader := v.snapshot()
	closeReader = sync.OnceFunc(closeReader)
	t.Cleanup(closeReader)
	unsent := 0
	for position, rec := range log.records {
		if event, _ := decode(rec); rec.Sealed != nil && position%2 == 0 {
			if e, ok := event.(*eventv1.MessageReceived); ok {
				log.add("conversation", "c1", &eventv1.MessageUnsent{
					ConversationId: "c1", MessageId: e.MessageId, ContentEventIds: []string{rec.ID},
				})
				log.redact(rec.ID)
				unsent++
			}
		}
	}
	stop := running(t, v, log)
	if err := v.WaitFor(t.Context(), log.Durable()); err != nil {
		t.Fatal(err)
	}
	gone := func() (n int) {
		for _, secret := range secrets {
			if filesWith(t, fs, secret) == 0 {
				n++
			}
		}
		return n
	}
	// A compaction under an old reader puts both values into one table.
	if err := v.db.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := v.db.Compact(t.Context(), []byte{0}, []byte{0xff}, false); err != nil {
		t.Fatal(err)
	}
	if n := gone(); n != 0 {
		t.Fatalf("%d of %d ciphertexts are gone before Purge, so the test shows nothing", n, len(secrets))
	}
	ended, endedNow := context.WithCancel(t.Context())
	endedNow()
	if err := v.Purge(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Purge with an open reader: %v, want context.Canceled", err)
	}
	closeReader()
	if err := v.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := gone(); n != unsent {
		t.Errorf("%d ciphertexts are gone, want the %d that were unsent of %d", n, unsent, len(secrets))
	}
	if all, err := v.forgotten(); err != nil || len(all) != 0 {
		t.Errorf("%d things are left to purge, %v", len(all), err)
	}
	stop()
	rebuiltEqualsLive(t, v, log)
}

// A reader that is open holds Purge up, and no longer.
func TestPurgeWaitsForReaders(t *testing.T) {
	fs := vfs.NewMem()
	var v *Views
	log, _ := secretLog(t, &v, fs)
	_, done := v.snapshot()
	purged := make(chan error, 1)
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	go func() { purged <- v.Purge(context.Background()) }()
	select {
	case err := <-purged:
		t.Fatalf("Purge returned under an open reader: %v", err)
	default:
	}
	done()
	if err := <-purged; err != nil {
		t.Fatal(err)
	}
}

// The answer to a link's question is on a line that no message is on. An unsend
// that names its event takes it away all the same.
func TestUnsendDropsLinesOfOtherEvents(t *testing.T) {
	log := newLog("one")
	s := dialogue(t, log, "start widget", "customer@widget: hi", "link whatsapp")
	v := open(t, vfs.NewMem(), log)
	running(t, v, log)
	for _, rec := range log.records {
		if rec.Type != "weiche.event.v1.LinkAnswered" {
			continue
		}
		s.add(&eventv1.MessageUnsent{ConversationId: "c1", MessageId: "m1", ContentEventIds: []string{rec.ID}, At: s.now()})
		log.redact(rec.ID)
		rebuiltEqualsLive(t, v, log)
		view, err := v.Timeline(t.Context(), "acme", "c1", Page{})
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range view.Items {
			if item.EventId == rec.ID && (item.Content != nil || !item.Erased || item.Unsent) {
				t.Errorf("the answer reads %v", item)
			}
			if item.MessageId == "m1" && !item.Unsent {
				t.Errorf("the message reads %v", item)
			}
		}
		return
	}
	t.Error("no answer was found")
}
