package eventstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"weiche/eventstore"
	"weiche/eventstore/eventstoretest"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
)

// archive archives, which has to succeed.
func archive(t *testing.T, s *eventstore.Store, to eventstore.Bucket, opts eventstore.ArchiveOptions) eventstore.Archived {
	t.Helper()
	a, err := s.Archive(t.Context(), to, opts)
	if err != nil {
		t.Fatal(err)
	}
	if a.Recorded.IsZero() != (a.Position == 0) {
		t.Errorf("archived up to %d, recorded at %v", a.Position, a.Recorded)
	}
	if !a.Whole || a.Position < s.Durable() && a.Events > 0 {
		t.Errorf("archived %+v", a)
	}
	return a
}

// shelf is a bucket in memory that a test can look into and change.
type shelf struct {
	mu      sync.Mutex
	objects map[string][]byte
	writes  int
	// fails is the write that fails, counted from 1, 0 for none.
	fails int
}

var errShelf = errors.New("the shelf is broken")

func newShelf() *shelf { return &shelf{objects: map[string][]byte{}} }

func (s *shelf) Write(_ context.Context, name string, content []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writes++; s.writes == s.fails {
		return errShelf
	}
	s.objects[name] = bytes.Clone(content)
	return nil
}

func (s *shelf) Read(_ context.Context, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	content, ok := s.objects[name]
	if !ok {
		return nil, fmt.Errorf("%w: %s", eventstore.ErrNotFound, name)
	}
	return bytes.Clone(content), nil
}

func (s *shelf) List(_ context.Context, prefix string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := slices.Sorted(maps.Keys(s.objects))
	return slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, prefix) }), nil
}

func (s *shelf) Delete(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, name)
	return nil
}

func (s *shelf) names() []string {
	names, _ := s.List(context.Background(), "")
	return names
}

// one appends a commit of n events.
func one(t *testing.T, s *eventstore.Store, name string, n int) {
	t.Helper()
	eventstoretest.Must(t, s, crashEvents(name, n)...)
}

func TestArchiveGoesOn(t *testing.T) {
	s := eventstoretest.InMemory(t, restoreOptions())
	b := newShelf()
	type outcome struct {
		Position, Events uint64
		Segments         int
	}
	step := func(what string, opts eventstore.ArchiveOptions, want outcome) string {
		t.Helper()
		a := archive(t, s, b, opts)
		if diff := cmp.Diff(want, outcome{a.Position, a.Events, a.Segments}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
		v, err := eventstore.VerifyArchive(t.Context(), b, "", nil)
		if err != nil || v.Name != a.Name || v.Position != want.Position || v.Events != want.Position {
			t.Errorf("%s: %+v, %v", what, v, err)
		}
		return a.Name
	}
	first := step("an empty log", eventstore.ArchiveOptions{}, outcome{0, 0, 0})
	one(t, s, "a", 2)
	step("the first events", eventstore.ArchiveOptions{}, outcome{2, 2, 1})
	one(t, s, "b", 3)
	step("more", eventstore.ArchiveOptions{}, outcome{5, 3, 2})
	writes := b.writes
	if step("nothing new", eventstore.ArchiveOptions{}, outcome{5, 0, 2}) != first || b.writes != writes {
		t.Errorf("%d objects were written for nothing", b.writes-writes)
	}
	second := step("a new generation", eventstore.ArchiveOptions{Full: true}, outcome{5, 5, 1})
	one(t, s, "c", 1)
	step("more of that", eventstore.ArchiveOptions{}, outcome{6, 1, 2})
	third := step("a third", eventstore.ArchiveOptions{Full: true, Keep: 2}, outcome{6, 6, 1})

	all, err := eventstore.Archives(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, g := range all {
		names = append(names, g.Name)
		if !g.Whole || g.Position != 6 || g.Incarnation != s.Incarnation() {
			t.Errorf("%+v", g)
		}
	}
	if first >= second || second >= third || !slices.Equal(names, []string{second, third}) {
		t.Errorf("generations %v of %v", names, []string{first, second, third})
	}
}

// Of a log that goes another way, or has lost its end, nothing is added to the
// archive.
func TestI02ArchiveRefusesAnotherHistory(t *testing.T) {
	fs := vfs.NewMem()
	opts := restoreOptions()
	opts.FS = fs
	s := eventstoretest.InMemory(t, opts)
	one(t, s, "a", 2)
	if err := s.Checkpoint(t.Context(), "copy"); err != nil {
		t.Fatal(err)
	}
	one(t, s, "b", 1)
	b := newShelf()
	archive(t, s, b, eventstore.ArchiveOptions{})
	before := b.names()
	c, err := eventstore.Open("copy", opts)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Archive(t.Context(), b, eventstore.ArchiveOptions{}); !errors.Is(err, eventstore.ErrCorrupt) || !strings.Contains(err.Error(), "the log ends at position 2 and its archive") {
		t.Errorf("a log that is shorter: %v", err)
	}
	one(t, c, "c", 1)
	one(t, c, "d", 1)
	if _, err := c.Archive(t.Context(), b, eventstore.ArchiveOptions{}); !errors.Is(err, eventstore.ErrCorrupt) || !strings.Contains(err.Error(), "does not have the hash that its archive") {
		t.Errorf("a log that goes another way: %v", err)
	}
	if !slices.Equal(before, b.names()) {
		t.Errorf("the archive has %v and had %v", b.names(), before)
	}
	if a := archive(t, c, b, eventstore.ArchiveOptions{Full: true}); a.Position != 4 {
		t.Errorf("a new generation: %+v", a)
	}
}

// Whichever write fails, what is there is not taken for whole before it is, and
// the next call goes on.
func TestInterruptedArchiveIsContinued(t *testing.T) {
	for fails := 1; fails <= 3; fails++ {
		s := eventstoretest.InMemory(t, restoreOptions())
		b := newShelf()
		b.fails = fails
		for i := range 3 {
			one(t, s, fmt.Sprint(i), 2)
			_, err := s.Archive(t.Context(), b, eventstore.ArchiveOptions{})
			failed := b.writes >= fails && i == (fails-1)/2
			if failed != errors.Is(err, errShelf) || !failed && err != nil {
				t.Fatalf("write %d fails, call %d: %v", fails, i, err)
			}
			v, err := eventstore.VerifyArchive(t.Context(), b, "", nil)
			switch {
			case fails <= 2 && i == 0:
				if !errors.Is(err, eventstore.ErrNotFound) {
					t.Errorf("write %d fails, call %d: %v", fails, i, err)
				}
			case err != nil:
				t.Errorf("write %d fails, call %d: %v", fails, i, err)
			case !failed && v.Position != s.Durable():
				t.Errorf("write %d fails, call %d: %+v", fails, i, v)
			}
		}
		if all, err := eventstore.Archives(t.Context(), b); err != nil || len(all) != 1 {
			t.Errorf("%v, %v", all, err)
		}
	}
}

// lagging is a bucket in which somebody archives between a listing and what comes
// after it.
type lagging struct {
	*shelf
	between func()
}

func (l *lagging) List(ctx context.Context, prefix string) ([]string, error) {
	names, err := l.shelf.List(ctx, prefix)
	if between := l.between; between != nil {
		l.between = nil
		between()
	}
	return names, err
}

// Who reads an archive that grows finds no damage in what its list did not have
// yet.
func TestVerifyOfAnArchiveThatGrows(t *testing.T) {
	s := eventstoretest.InMemory(t, restoreOptions())
	b := &lagging{shelf: newShelf()}
	one(t, s, "a", 2)
	archive(t, s, b, eventstore.ArchiveOptions{})
	one(t, s, "b", 2)
	b.between = func() { archive(t, s, b.shelf, eventstore.ArchiveOptions{}) }
	if v, err := eventstore.VerifyArchive(t.Context(), b, "", nil); err != nil || v.Position != 4 {
		t.Errorf("verify: %+v, %v", v, err)
	}
	if b.between != nil {
		t.Error("nobody archived in between")
	}
}

// Two archivers at once, while others append: after each call the archive is
// sound, ends with a whole commit, and has what was answered before the call.
func TestArchiveBesideAppends(t *testing.T) {
	opts := restoreOptions()
	opts.Now, opts.MemTableBytes = nil, 256<<10
	s := eventstoretest.InMemory(t, opts)
	b := newShelf()
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if _, err := s.Append(context.Background(), []eventstore.Commit{{Events: crashEvents(fmt.Sprintf("%d.%d", w, n), 3)}}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var archivers sync.WaitGroup
	for range 2 {
		archivers.Go(func() {
			for range 6 {
				before := s.Durable()
				if err := s.WaitDurable(t.Context(), before+30); err != nil {
					t.Error(err)
					return
				}
				a, err := s.Archive(t.Context(), b, eventstore.ArchiveOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				v, err := eventstore.VerifyArchive(t.Context(), b, "", nil)
				if err != nil || a.Position < before || v.Position < a.Position || v.Position%3 != 0 {
					t.Errorf("archived up to %d, read up to %d, its commits have 3 events, %d was durable before: %v", a.Position, v.Position, before, err)
				}
			}
		})
	}
	archivers.Wait()
	stop()
	wg.Wait()
	all, err := eventstore.Archives(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	ro := eventstore.RestoreOptions{Store: opts}
	ro.Store.FS = vfs.NewMem()
	r, err := eventstore.Restore(t.Context(), b, "to", eventstore.Limit{}, ro)
	if err != nil || r.Position != all[len(all)-1].Position {
		t.Errorf("restored %+v of %+v, %v", r, all, err)
	}
	t.Logf("%d events in %d objects of %d generations", r.Position, len(b.names()), len(all))
}
