package projections

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/reflect/protoreflect"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// digests returns the digests of all projections.
func digests(t testing.TB, v *Views) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, p := range All() {
		d, err := v.Digest(t.Context(), p.Name)
		if err != nil {
			t.Fatal(err)
		}
		all[p.Name] = fmt.Sprintf("%x", d)
	}
	return all
}

// readyDigests returns the digests of views that nobody has compared with the log
// yet.
func readyDigests(t testing.TB, v *Views, log Log) map[string]string {
	t.Helper()
	if err := v.compared(t.Context(), log); err != nil {
		t.Fatal(err)
	}
	return digests(t, v)
}

// rebuiltEqualsLive is invariant I17: folding the log again gives the same rows
// byte for byte, in a folder of its own and in a rebuild beside the live rows.
func rebuiltEqualsLive(t *testing.T, live *Views, log *memoryLog) {
	t.Helper()
	if err := live.WaitFor(t.Context(), log.Durable()); err != nil {
		t.Fatal(err)
	}
	before := digests(t, live)
	fresh, err := Open("views", Options{FS: vfs.NewMem(), Opener: log.keys.open})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fresh.Close() }()
	if err := fresh.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, digests(t, fresh)); diff != "" {
		t.Errorf("I17: folded anew differs from live (-live +anew):\n%s", diff)
	}
	if err := live.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, digests(t, live)); diff != "" {
		t.Errorf("I17: rebuilt differs from live (-live +rebuilt):\n%s", diff)
	}
}

// dialogue appends a short conversation to a log.
func dialogue(t *testing.T, log *memoryLog, lines ...string) *story {
	t.Helper()
	s := &story{t: t, log: log, conversation: "c1", customer: "ana"}
	if len(lines) == 0 {
		lines = []string{
			"start widget", "customer@widget: hi", "agent: hello", "sent m2 widget", "link whatsapp",
			"customer@whatsapp: now here", "agent: fine", "sending m4", "sent m4 whatsapp", "delivered m4",
		}
	}
	for _, line := range lines {
		if err := s.play(line); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestNothingIsServedBeforeItIsComparedWithTheLog(t *testing.T) {
	fs, log := vfs.NewMem(), newLog("one")
	dialogue(t, log)
	v := open(t, fs, log)
	if _, err := v.Timeline(t.Context(), "acme", "c1", Page{}); !errors.Is(err, ErrNotReady) {
		t.Errorf("Timeline before Run: %v, want ErrNotReady", err)
	}
	running(t, v, log)
	if err := v.WaitFor(t.Context(), log.Durable()); err != nil {
		t.Fatal(err)
	}
	view, err := v.Timeline(t.Context(), "acme", "c1", Page{})
	if err != nil {
		t.Fatal(err)
	}
	if view.AsOf != log.Durable() {
		t.Errorf("as of %d, want %d", view.AsOf, log.Durable())
	}
}

func TestNotFound(t *testing.T) {
	log := newLog("one")
	dialogue(t, log)
	v := open(t, vfs.NewMem(), log)
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for name, ask := range map[string]func(account, id string) error{
		"timeline": func(account, id string) error { _, err := v.Timeline(ctx, account, id, Page{}); return err },
		"channel":  func(account, id string) error { _, err := v.Channel(ctx, account, id, "i-widget"); return err },
		"route":    func(account, id string) error { _, err := v.Route(ctx, account, id); return err },
	} {
		if err := ask("acme", "c1"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, of := range [][2]string{{"acme", "c2"}, {"other", "c1"}, {"acm", "ec1"}} {
			if err := ask(of[0], of[1]); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s of %v: %v, want ErrNotFound", name, of, err)
			}
		}
	}
	if _, err := v.Customer(ctx, "other", "ana"); !errors.Is(err, ErrNotFound) {
		t.Errorf("customer of another account: %v, want ErrNotFound", err)
	}
	if _, err := v.Channel(ctx, "acme", "c1", "i-instagram"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a channel that never was: %v, want ErrNotFound", err)
	}
	if _, err := v.Timeline(ctx, "acme", "c1", Page{After: log.Durable()}); err != nil {
		t.Errorf("behind the last line: %v, want an empty page", err)
	}
	if _, err := v.Digest(ctx, "weather"); !errors.Is(err, ErrUnknownProjection) {
		t.Errorf("digest: %v, want ErrUnknownProjection", err)
	}
	identity, err := v.Identity(ctx, "acme", "p-whatsapp")
	if err != nil || identity.ConversationId != "c1" || identity.CustomerId != "ana" {
		t.Errorf("identity %v, %v; want that of ana in c1", identity, err)
	}
}

func TestPages(t *testing.T) {
	log := newLog("one")
	lines := []string{"start widget"}
	for n := range 10 {
		lines = append(lines, fmt.Sprintf("customer@widget: %d", n), "note: seen")
	}
	dialogue(t, log, lines...)
	v := open(t, vfs.NewMem(), log)
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	read := func(p Page) (string, *viewv1.Timeline) {
		t.Helper()
		p.Keep.Kinds = []viewv1.ItemKind{viewv1.ItemKind_ITEM_KIND_COMMENT}
		view, err := v.Timeline(t.Context(), "acme", "c1", p)
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, item := range view.Items {
			said = append(said, showContent(item.Content))
		}
		return fmt.Sprint(strings.Join(said, " "), " more=", view.More), view
	}
	newest, view := read(Page{Last: true, Limit: 4})
	first := view.Items[0].Position
	before, _ := read(Page{Last: true, Limit: 6, Before: first})
	oldest, view := read(Page{Limit: 9})
	after, _ := read(Page{After: view.Items[8].Position, Limit: 4})
	want := []string{"6 7 8 9 more=true", "0 1 2 3 4 5 more=false", "0 1 2 3 4 5 6 7 8 more=true", "9 more=false"}
	if diff := cmp.Diff(want, []string{newest, before, oldest, after}); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

func TestRestartGoesOnFromTheCheckpoint(t *testing.T) {
	fs, log := vfs.NewMem(), newLog("one")
	s := dialogue(t, log)
	v, err := Open("views", Options{FS: fs, Opener: log.keys.open})
	if err != nil {
		t.Fatal(err)
	}
	stop := running(t, v, log)
	for _, line := range []string{"agent: one", "agent: two", "reroute m6 widget", "sent m6 widget"} {
		if err := v.WaitFor(t.Context(), log.Durable()); err != nil {
			t.Fatal(err)
		}
		if err := s.play(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.WaitFor(t.Context(), log.Durable()); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	reached := log.Durable()
	if err := s.play("customer@widget: back again"); err != nil {
		t.Fatal(err)
	}
	v = open(t, fs, log)
	if got := v.live[0].checkpoint.Position; got != reached {
		t.Errorf("the checkpoint is at %d, want %d", got, reached)
	}
	log.seen = func(*eventstore.Record) { t.Error("the log is read from its beginning") }
	stop = running(t, v, log)
	if err := v.WaitFor(t.Context(), log.Durable()); err != nil {
		t.Fatal(err)
	}
	if v.Position() != reached+2 {
		t.Errorf("position %d, want %d", v.Position(), reached+2)
	}
	stop()
	log.seen = nil
	rebuiltEqualsLive(t, v, log)
}

// A record that a projection has had is not folded again.
func TestRecordsAreFoldedOnce(t *testing.T) {
	log := newLog("one")
	s := dialogue(t, log)
	v := open(t, vfs.NewMem(), log)
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	if err := s.play("agent: once"); err != nil {
		t.Fatal(err)
	}
	if err := v.keep(log.records[5:]); err != nil {
		t.Fatal(err)
	}
	if err := v.keep(log.records[:5]); err != nil {
		t.Fatal(err)
	}
	rebuiltEqualsLive(t, v, log)
}

func TestWaitForEnds(t *testing.T) {
	log := newLog("one")
	v, err := Open("views", Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := v.WaitFor(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("WaitFor: %v, want context.Canceled", err)
	}
	done := make(chan error, 1)
	go func() { done <- v.WaitFor(context.Background(), 1) }()
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Errorf("WaitFor: %v, want ErrClosed", err)
	}
	if err := v.Run(t.Context(), log); !errors.Is(err, ErrClosed) {
		t.Errorf("Run: %v, want ErrClosed", err)
	}
}

func TestOpenerErrorIsTheReadersError(t *testing.T) {
	log, broken := newLog("one"), errors.New("the keyring is broken")
	dialogue(t, log)
	v, err := Open("views", Options{
		FS:     vfs.NewMem(),
		Opener: func(_, _, _, _, _ string, _ []byte) ([]byte, error) { return nil, broken },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = v.Close() }()
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Timeline(t.Context(), "acme", "c1", Page{}); !errors.Is(err, broken) {
		t.Errorf("Timeline: %v, want the Opener's error", err)
	}
	if _, err := v.Customer(t.Context(), "acme", "ana"); !errors.Is(err, broken) {
		t.Errorf("Customer: %v, want the Opener's error", err)
	}
}

func TestStatsCountWhatCannotBeUsed(t *testing.T) {
	log := newLog("one")
	dialogue(t, log, "start widget", "strange")
	log.addRaw("weiche.event.v1.MessageReceived", []byte{0xff})
	log.addRaw("weiche.event.v1.SendClaimed", nil)
	dialogue(t, log, "start widget")
	v := open(t, vfs.NewMem(), log)
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Stats{Unknown: 1, Unreadable: 1}, v.Stats()); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	if v.Position() != log.Durable() {
		t.Errorf("the views stopped at %d of %d", v.Position(), log.Durable())
	}
}

// Every event of the vocabulary is either shown by a view or known to be of no
// use to one, so that a new one is not left out by accident.
func TestEveryEventIsKnown(t *testing.T) {
	n := 0
	for _, file := range []protoreflect.FileDescriptor{
		eventv1.File_weiche_event_v1_account_proto,
		eventv1.File_weiche_event_v1_conversation_proto,
		eventv1.File_weiche_event_v1_identity_proto,
		eventv1.File_weiche_event_v1_ingest_proto,
	} {
		messages := file.Messages()
		for i := range messages.Len() {
			name := messages.Get(i).FullName()
			switch name.Name() {
			case "SecretFingerprint", "VisitorKey", "FrozenRoute", "PassedOver", "Alias", "AliasHash", "Profile", "SendOrigin", "SendError":
				continue // parts of events
			}
			event := newEvent(string(name))
			if (event == nil) == !isUnused(string(name)) {
				t.Errorf("%s: shown by a view: %v, listed as unused: %v", name, event != nil, isUnused(string(name)))
			}
			if event != nil && event.ProtoReflect().Descriptor().FullName() != name {
				t.Errorf("%s is read as %s", name, event.ProtoReflect().Descriptor().FullName())
			}
			n++
		}
	}
	if n < 50 {
		t.Errorf("only %d events were found", n)
	}
}

// Since leaves those lines of a timeline that are new or different after a position,
// whatever the size of the pages.
func TestSinceLeavesWhatIsNewOrDifferent(t *testing.T) {
	log := newLog("one")
	dialogue(t, log)
	v := open(t, vfs.NewMem(), log)
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	all, err := v.Timeline(t.Context(), "acme", "c1", Page{})
	if err != nil {
		t.Fatal(err)
	}
	different := 0
	for since := range log.Durable() + 1 {
		var want []uint64
		for _, item := range all.GetItems() {
			if item.GetChanged() > since {
				want = append(want, item.GetPosition())
				if item.GetPosition() <= since {
					different++
				}
			}
		}
		for _, limit := range []int{1, 2, 100} {
			var got []uint64
			for page := (Page{Since: since, Limit: limit}); ; {
				some, err := v.Timeline(t.Context(), "acme", "c1", page)
				if err != nil {
					t.Fatal(err)
				}
				for _, item := range some.GetItems() {
					got = append(got, item.GetPosition())
					page.After = item.GetPosition()
				}
				if !some.GetMore() {
					break
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("since %d, %d at once (-want +got):\n%s", since, limit, diff)
			}
		}
	}
	if different == 0 {
		t.Error("no line was ever different")
	}
}
