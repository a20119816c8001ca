package main

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/router"
)

// TestI31Drill backs a server up while it works, kills it, and restores the backup
// to a moment at which sends were under way. The new log is the old one up to
// there, and nothing that may have been sent is sent again.
func TestI31Drill(t *testing.T) {
	rounds := 1
	if os.Getenv("WEICHE_SOAK") != "" {
		rounds = 20
	}
	graph := newProvider(t)
	l := newLoad(t)
	graph.report = l.reported
	data, place := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "backup")
	p, url := serve(t, data, "--graph-url", graph.URL)
	setUpLoad(t, l, data, url)
	stop := work(t, l, 4, nil)
	l.isUp(url)
	for range 3 {
		await(t, l, 100)
		weiche(t, "backup", "--data", data, "--to", place).Expect(t, exitOK)
	}
	await(t, l, 100) // which is in no backup
	l.isDown()
	p.Kill()
	stop()
	weiche(t, "backup", "verify", place).Expect(t, exitOK)

	original := readLog(t, data)
	master := filepath.Join(data, "keyring", "master.key")
	generations, err := eventstore.Archives(t.Context(), eventstore.Folder(nil, place))
	if err != nil || len(generations) != 1 {
		t.Fatalf("%d full backups, %v", len(generations), err)
	}
	reach := generations[0].Position
	if reach >= uint64(len(original)) {
		t.Fatalf("the backup has %d events and the log %d: nothing came after it", reach, len(original))
	}
	random := rand.New(rand.NewPCG(5, 6))
	for range rounds {
		at := underWay(t, original[:reach], random)
		open := openAt(original, at)
		made := filepath.Join(t.TempDir(), "data")
		weiche(t, "restore", "--from", place, "--data", made, "--at", fmt.Sprint(at), "--dry-run").Expect(t, exitFailed, "master.key is missing")
		weiche(t, "restore", "--from", place, "--data", made, "--at", fmt.Sprint(at), "--master-key-file", master, "--dry-run").Expect(t, exitOK)
		if _, err := os.Stat(made); err == nil {
			t.Fatal("a dry run has written something")
		}
		weiche(t, "restore", "--from", place, "--data", made, "--at", fmt.Sprint(at), "--master-key-file", master).Expect(t, exitOK)
		weiche(t, "restore", "--from", place, "--data", made, "--master-key-file", master).Expect(t, exitConflict, "not empty")
		copyFile(t, master, filepath.Join(made, "keyring", "master.key"))
		if diff := cmp.Diff(original[:at], readLog(t, made)); diff != "" {
			t.Fatalf("the log up to %d is another one:\n%s", at, diff)
		}
		before := graph.count(open)
		continued(t, l, graph, made)
		if diff := cmp.Diff(before, graph.count(open)); diff != "" {
			t.Errorf("I12: sends that may have left were sent again:\n%s", diff)
		}
		f, err := openFolder(t.Context(), made, false, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		settled(t, f, at, open)
		if err := f.store.Verify(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if err := checkLog(t.Context(), &server{folder: f}, io.Discard); err != nil {
			t.Errorf("I17: %v", err)
		}
		if err := f.close(); err != nil {
			t.Error(err)
		}
		t.Logf("%d events, %d in the backup, restored up to %d with %d sends under way", len(original), reach, at, len(open))
	}
}

// await waits for so many more answered webhooks.
func await(t *testing.T, l *load, answers int) {
	t.Helper()
	select {
	case <-l.after(answers):
	case <-time.After(time.Minute):
		t.Fatalf("weiche answers no webhooks: %v", l.statuses)
	}
}

// logged is an event as it has to be restored.
type logged struct {
	Hash [32]byte
	Body string
	// More is how many events of the same commit follow.
	More uint32
	// send is the send that the event begins or ends.
	send  string
	begin bool
}

// readLog reads the log of a folder that nobody uses, with what is sealed.
func readLog(t *testing.T, data string) (all []logged) {
	t.Helper()
	f, err := openFolder(t.Context(), data, false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	for rec, err := range f.store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		event, err := router.DecodeOpened(f.keys, rec)
		if err != nil {
			t.Fatal(err)
		}
		text, err := proto.MarshalOptions{Deterministic: true}.Marshal(event.Body)
		if err != nil {
			t.Fatal(err)
		}
		e := logged{Hash: rec.Hash(), Body: string(text), More: rec.More}
		switch body := event.Body.(type) {
		case *eventv1.SendQueued:
			e.send, e.begin = body.GetSendId(), true
		case *eventv1.SendSucceeded:
			e.send = body.GetSendId()
		case *eventv1.SendFailed:
			e.send = body.GetSendId()
		case *eventv1.SendOutcomeUnknown:
			e.send = body.GetSendId()
		case *eventv1.SendWithdrawn:
			e.send = body.GetSendId()
		}
		all = append(all, e)
	}
	return all
}

// Equal says whether two events are the same as far as a restore goes.
func (e logged) Equal(o logged) bool { return e.Hash == o.Hash && e.Body == o.Body && e.More == o.More }

// openAt returns the sends that have begun and not ended up to a position.
func openAt(all []logged, at uint64) (open []string) {
	is := map[string]bool{}
	for _, e := range all[:at] {
		if e.send != "" {
			is[e.send] = e.begin
		}
	}
	for send := range maps.Keys(is) {
		if is[send] {
			open = append(open, send)
		}
	}
	slices.Sort(open)
	return open
}

// underWay picks the end of a commit at which sends are under way.
func underWay(t *testing.T, all []logged, random *rand.Rand) uint64 {
	t.Helper()
	for range 10_000 {
		at := uint64(1 + random.IntN(len(all)))
		if all[at-1].More == 0 && len(openAt(all, at)) > 1 {
			return at
		}
	}
	t.Fatal("there is no moment at which sends are under way")
	return 0
}

// count returns how often each of some sends was posted.
func (p *provider) count(sends []string) map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	counts := map[string]int{}
	for _, send := range sends {
		counts[send] = len(p.posts[send])
	}
	return counts
}

// continued serves a restored folder until a new reply has reached the provider: by
// then everything would have been sent that is still to be sent.
func continued(t *testing.T, l *load, graph *provider, data string) {
	t.Helper()
	p, url := serve(t, data, "--graph-url", graph.URL)
	total := func() (n int) {
		graph.mu.Lock()
		defer graph.mu.Unlock()
		for _, posts := range graph.posts {
			n += len(posts)
		}
		return n
	}
	posted := total()
	stop := work(t, l, 4, nil)
	l.isUp(url)
	eventually(t, "replies to reach the provider", func() bool { return total() >= posted+5 }, p.Stderr.String)
	l.isDown()
	p.Stop(t)
	stop()
}

// settled checks what a restored log says of the sends that were under way.
func settled(t *testing.T, f *folder, at uint64, open []string) {
	t.Helper()
	unknown, restored := map[string]bool{}, 0
	for rec, err := range f.store.ReadAll(t.Context(), at+1) {
		if err != nil {
			t.Fatal(err)
		}
		event, err := router.Decode(rec)
		if err != nil {
			t.Fatal(err)
		}
		switch body := event.Body.(type) {
		case *eventv1.SendOutcomeUnknown:
			if body.GetError().GetReason() == "restored" {
				unknown[body.GetSendId()] = true
			}
		case *eventv1.LogRestored:
			if restored++; body.GetLastPosition() != at || int(body.GetUnknownSends()) != len(open) {
				t.Errorf("%v, want a restore up to %d with %d sends under way", body, at, len(open))
			}
		}
	}
	if restored != 1 {
		t.Errorf("the log says %d times that it was restored", restored)
	}
	if diff := cmp.Diff(open, slices.Sorted(maps.Keys(unknown))); diff != "" {
		t.Errorf("sends that were under way, and those that are unknown:\n%s", diff)
	}
}

// copyFile copies a file that only its owner may read.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
