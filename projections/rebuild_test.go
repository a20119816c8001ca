package projections

import (
	"context"
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"weiche/eventstore"
)

func TestCheckpointOfAnotherLogIsRebuilt(t *testing.T) {
	for name, other := range map[string]func() *memoryLog{
		"another incarnation": func() *memoryLog {
			log := newLog("two")
			dialogue(t, log)
			return log
		},
		"another history": func() *memoryLog {
			log := newLog("one")
			dialogue(t, log, "start widget", "customer@widget: not hi", "link messenger", "link instagram", "customer@widget: bye")
			return log
		},
		"a shorter one": func() *memoryLog {
			log := newLog("one")
			dialogue(t, log, "start widget", "customer@widget: hi")
			return log
		},
		"an empty one": func() *memoryLog { return newLog("one") },
	} {
		t.Run(name, func(t *testing.T) {
			fs, before := vfs.NewMem(), newLog("one")
			dialogue(t, before)
			v, err := Open("views", Options{FS: fs})
			if err != nil {
				t.Fatal(err)
			}
			if err := v.Rebuild(t.Context(), before, "", nil); err != nil {
				t.Fatal(err)
			}
			old := digests(t, v)
			if err := v.Close(); err != nil {
				t.Fatal(err)
			}

			log := other()
			v = open(t, fs, log)
			stop := running(t, v, log)
			if err := v.WaitFor(t.Context(), log.Durable()); err != nil {
				t.Fatal(err)
			}
			if name != "another incarnation" && cmp.Equal(old, digests(t, v)) {
				t.Error("the views still show the log before")
			}
			if v.named(RouteName).checkpoint.Generation != 2 {
				t.Error("the views were not built anew")
			}
			stop()
			rebuiltEqualsLive(t, v, log)
		})
	}
}

// A view whose fold has changed is built anew while the others go on.
func TestRevisionIsRebuiltWhileTheOthersAreServed(t *testing.T) {
	fs, log := vfs.NewMem(), newLog("one")
	s := dialogue(t, log)
	v := open(t, fs, log)
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	v.named(TimelineName).Revision++
	held, release := make(chan struct{}), make(chan struct{})
	log.seen = func(rec *eventstore.Record) {
		if rec.Position == 1 {
			close(held)
			<-release
		}
	}
	stop := running(t, v, log)
	<-held
	if err := s.play("customer@widget: while you rebuild"); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Timeline(t.Context(), "acme", "c1", Page{}); !errors.Is(err, ErrNotReady) {
		t.Errorf("Timeline: %v, want ErrNotReady", err)
	}
	if _, err := v.Route(t.Context(), "acme", "c1"); err != nil {
		t.Errorf("Route: %v", err)
	}
	close(release)
	if err := v.WaitFor(t.Context(), log.Durable()); err != nil {
		t.Fatal(err)
	}
	stop()
	log.seen = nil
	rebuiltEqualsLive(t, v, log)
}

func TestOldIsServedDuringARebuild(t *testing.T) {
	log := newLog("one")
	s := dialogue(t, log)
	v := open(t, vfs.NewMem(), log)
	running(t, v, log)
	if err := v.WaitFor(t.Context(), log.Durable()); err != nil {
		t.Fatal(err)
	}
	held, release := make(chan struct{}), make(chan struct{})
	log.seen = func(rec *eventstore.Record) {
		if rec.Position == 2 {
			close(held)
			<-release
		}
	}
	var progress []Progress
	done := make(chan error, 1)
	go func() {
		done <- v.Rebuild(context.Background(), log, TimelineName, func(p Progress) { progress = append(progress, p) })
	}()
	<-held
	if err := v.Rebuild(t.Context(), log, "", nil); !errors.Is(err, ErrRebuilding) {
		t.Errorf("a second rebuild: %v, want ErrRebuilding", err)
	}
	if err := s.play("customer@widget: while you rebuild"); err != nil {
		t.Fatal(err)
	}
	if err := v.WaitFor(t.Context(), log.Durable()); err != nil {
		t.Fatal(err)
	}
	view, err := v.Timeline(t.Context(), "acme", "c1", Page{Last: true, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if said := showContent(view.Items[0].Content); said != "while you rebuild" {
		t.Errorf("the old view ends with %q", said)
	}
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	log.seen = nil
	if last := progress[len(progress)-1]; last.Position != log.Durable() || last.Total != log.Durable() {
		t.Errorf("progress ends with %+v, the log at %d", last, log.Durable())
	}
	if n := rowsOf(t, v, TimelineName, 1); n != 0 {
		t.Errorf("%d rows of the old generation are left", n)
	}
	if n := rowsOf(t, v, TimelineName, 2); n == 0 {
		t.Error("no rows of the new generation")
	}
	rebuiltEqualsLive(t, v, log)
}

// rowsOf counts the rows of a generation.
func rowsOf(t *testing.T, v *Views, projection string, generation uint64) int {
	t.Helper()
	prefix, n := generationPrefix(projection, generation), 0
	rows := &snapshotRows{db: v.db, prefix: prefix}
	err := rows.each(prefix, prefixEnd(prefix), false, func(_, _ []byte) (bool, error) {
		n++
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Views are read together, so a rebuild of one ends where the others stand, even
// where the log goes on.
func TestRebuildEndsWhereTheOthersStand(t *testing.T) {
	log := newLog("one")
	s := dialogue(t, log)
	v := open(t, vfs.NewMem(), log)
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	reached := log.Durable()
	if err := s.play("customer@widget: more"); err != nil {
		t.Fatal(err)
	}
	if err := v.Rebuild(t.Context(), log, ChannelViewName, nil); err != nil {
		t.Fatal(err)
	}
	view, err := v.Channel(t.Context(), "acme", "c1", "i-widget")
	if err != nil {
		t.Fatal(err)
	}
	if view.AsOf != reached || v.Position() != reached {
		t.Errorf("as of %d, position %d, want both %d", view.AsOf, v.Position(), reached)
	}
	running(t, v, log)
	rebuiltEqualsLive(t, v, log)
}

func TestAbandonedRebuildChangesNothing(t *testing.T) {
	fs, log := vfs.NewMem(), newLog("one")
	dialogue(t, log)
	v, err := Open("views", Options{FS: fs, BatchRecords: 2, RebuildRecords: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	before := digests(t, v)
	ctx, cancel := context.WithCancel(t.Context())
	err = v.Rebuild(ctx, log, "", func(p Progress) {
		if p.Position > 5 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Rebuild: %v, want context.Canceled", err)
	}
	if diff := cmp.Diff(before, digests(t, v)); diff != "" {
		t.Errorf("an abandoned rebuild changed the views:\n%s", diff)
	}
	if rowsOf(t, v, TimelineName, 2) == 0 {
		t.Error("the rebuild left nothing, so the test shows nothing")
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	v = open(t, fs, log)
	if diff := cmp.Diff(before, readyDigests(t, v, log)); diff != "" {
		t.Errorf("an abandoned rebuild changed the views at the next start:\n%s", diff)
	}
	running(t, v, log)
	rebuiltEqualsLive(t, v, log)
	if n := rowsOf(t, v, TimelineName, 1); n != 0 {
		t.Errorf("%d rows from before the abandoned rebuild are left", n)
	}
}
