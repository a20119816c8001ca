package eventstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A filter over several layers knows everything that was put in, and takes little
// else for known.
func TestFilterForgetsNothing(t *testing.T) {
	f := newFilter()
	f.ready.Store(true)
	key := func(i int) []byte { return appendDedupKey(nil, "acme", fmt.Sprint("key ", i)) }
	const keys = 8 * firstLayer
	for i := range keys {
		f.add(key(i))
	}
	if layers := len(*f.layers.Load()); layers < 3 {
		t.Errorf("%d layers for %d keys", layers, keys)
	}
	for i := range keys {
		if f.isNew(key(i)) {
			t.Fatalf("key %d is forgotten", i)
		}
	}
	wrong := 0
	for i := keys; i < 2*keys; i++ {
		if !f.isNew(key(i)) {
			wrong++
		}
	}
	if share := float64(wrong) / keys; share > 0.05 || wrong == 0 {
		t.Errorf("%.2f %% of new keys are taken for known", 100*share)
	}
}

// With too many keys a filter knows nothing.
func TestFilterGivesUp(t *testing.T) {
	f := newFilter()
	f.ready.Store(true)
	last := (*f.layers.Load())[0]
	last.keys = maxFiltered
	f.add([]byte("one"))
	f.add([]byte("two"))
	if f.isNew([]byte("three")) {
		t.Error("a filter that gave up takes something for new")
	}
	// A reader may have asked whether it is ready just before.
	f.ready.Store(true)
	if f.isNew([]byte("one")) {
		t.Error("who reads a filter that gives up at that moment takes a known key for new")
	}
}

// A store that was opened again refuses what it had before, while it becomes warm
// and after that, and what came meanwhile.
func TestI06WarmForgetsNothing(t *testing.T) {
	fs := vfs.NewMem()
	s := mustOpen(t, "log", Options{FS: fs})
	commit := func(s *Store, i int) error {
		e := event(fmt.Sprint("e", i), "x")
		e.Dedup = []DedupKey{{Key: fmt.Sprint("d", i)}}
		r, err := s.Append(t.Context(), []Commit{{Events: []Event{e}}})
		if err != nil {
			t.Fatal(err)
		}
		return r[0].Err
	}
	refuses := func(s *Store, from, to int) {
		t.Helper()
		for i := from; i < to; i++ {
			if err := commit(s, i); !errors.Is(err, ErrDuplicate) {
				t.Fatalf("commit %d again: %v", i, err)
			}
			if _, ok, err := s.Lookup(t.Context(), "acme", fmt.Sprint("d", i)); !ok || err != nil {
				t.Fatalf("dedup key %d is not found: %v", i, err)
			}
			e := event(fmt.Sprint("e", i), "x") // the id alone
			if r, err := s.Append(t.Context(), []Commit{{Events: []Event{e}}}); err != nil || !errors.Is(r[0].Err, ErrInvalidEvent) {
				t.Fatalf("event id %d again: %v %v", i, r, err)
			}
		}
	}
	const first, second, third = 500, 1500, 1600
	for i := range first {
		if err := commit(s, i); err != nil {
			t.Fatal(err)
		}
	}
	refuses(s, 0, first)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = mustOpen(t, "log", Options{FS: fs})
	refuses(s, 0, first)
	if s.filter.ready.Load() {
		t.Error("a log that was opened again is warm at once")
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Warm(canceled); !errors.Is(err, context.Canceled) || s.filter.ready.Load() {
		t.Errorf("canceled: %v", err)
	}
	var warming sync.WaitGroup
	for range 2 {
		warming.Go(func() {
			if err := s.Warm(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	for i := first; i < second; i++ {
		if err := commit(s, i); err != nil {
			t.Fatal(err)
		}
	}
	warming.Wait()
	if !s.filter.ready.Load() {
		t.Error("it is not warm")
	}
	for i := second; i < third; i++ {
		if err := commit(s, i); err != nil {
			t.Fatal(err)
		}
	}
	refuses(s, 0, third)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Warm(t.Context()); !errors.Is(err, ErrClosed) && err != nil {
		t.Errorf("closed: %v", err)
	}
}
