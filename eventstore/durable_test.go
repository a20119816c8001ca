package eventstore

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// slowDisk holds every sync of the write-ahead log back while it is closed.
type slowDisk struct {
	mu      sync.Mutex
	open    chan struct{}
	reached chan struct{}
}

func (d *slowDisk) String() string { return "slow disk" }

func (d *slowDisk) MaybeError(op errorfs.Op) error {
	if !strings.HasSuffix(op.Path, ".log") {
		return nil
	}
	switch op.Kind {
	case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
		d.mu.Lock()
		open, reached := d.open, d.reached
		d.mu.Unlock()
		if open != nil {
			select {
			case reached <- struct{}{}:
			default:
			}
			<-open
		}
	}
	return nil
}

// hold begins to hold syncs back, and returns what says that one is held and
// what lets them go.
func (d *slowDisk) hold() (reached <-chan struct{}, release func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	open, at := make(chan struct{}), make(chan struct{}, 1)
	d.open, d.reached = open, at
	return at, func() {
		d.mu.Lock()
		d.open = nil
		d.mu.Unlock()
		close(open)
	}
}

func event(id, facts string, dedup ...string) Event {
	e := Event{Stream: Stream{"acme", "c", "1"}, ID: id, Type: "T", Facts: []byte(facts)}
	for _, k := range dedup {
		e.Dedup = append(e.Dedup, DedupKey{Key: k})
	}
	return e
}

// indexFacts puts the facts under one key, and deletes it for no facts.
func indexFacts(r *Record) IndexChange {
	k := IndexKey{"acme", "facts", []byte("key")}
	if len(r.Facts) == 0 {
		return IndexChange{Delete: []IndexKey{k}}
	}
	return IndexChange{Put: []IndexEntry{{k, r.Facts}}}
}

func mustOpen(t testing.TB, dir string, opts Options) *Store {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func mustAppend(t testing.TB, s *Store, commits ...Commit) []Result {
	t.Helper()
	results, err := s.Append(t.Context(), commits)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// Pebble shows a batch before it is on disk. Here the disk holds the sync of a
// second commit back: Pebble itself has it already, and no reader may see
// anything of it, neither its record nor that it ended an index entry.
func TestI01ReadersNeverSeeWhatIsNotOnDisk(t *testing.T) {
	disk := &slowDisk{}
	s := mustOpen(t, "log", Options{FS: errorfs.Wrap(vfs.NewMem(), disk), Index: indexFacts})
	mustAppend(t, s, Commit{Events: []Event{event("1", "old", "first")}})

	reached, release := disk.hold()
	done := make(chan error, 1)
	go func() {
		_, err := s.Append(context.Background(), []Commit{{Events: []Event{event("2", "", "second")}}})
		done <- err
	}()
	<-reached
	func() { // returns once the batch is applied
		s.writer.mu.Lock()
		defer s.writer.mu.Unlock()
	}()
	if _, closer, err := s.db.Get(appendLogKey(nil, 2)); err != nil {
		t.Fatalf("Pebble does not show the batch yet, so the test shows nothing: %v", err)
	} else {
		_ = closer.Close()
	}

	seen := func() (positions []uint64, stream int, entry string, dedup bool) {
		for r, err := range s.ReadAll(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			positions = append(positions, r.Position)
		}
		for _, err := range s.ReadStream(t.Context(), Stream{"acme", "c", "1"}, 0) {
			if err != nil {
				t.Fatal(err)
			}
			stream++
		}
		value, _, _, err := s.IndexGet(t.Context(), IndexKey{"acme", "facts", []byte("key")})
		if err != nil {
			t.Fatal(err)
		}
		scanned := ""
		for h, err := range s.IndexScan(t.Context(), "acme", "facts", nil, nil) {
			if err != nil {
				t.Fatal(err)
			}
			scanned = string(h.Value)
		}
		if scanned != string(value) {
			t.Errorf("get has %q and scan %q", value, scanned)
		}
		if _, dedup, err = s.Lookup(t.Context(), "acme", "second"); err != nil {
			t.Fatal(err)
		}
		version, err := s.StreamVersion(t.Context(), Stream{"acme", "c", "1"})
		if err != nil || version != s.Durable() {
			t.Errorf("version %d, position %d, %v", version, s.Durable(), err)
		}
		return positions, stream, string(value), dedup
	}
	if p, n, entry, dedup := seen(); len(p) != 1 || n != 1 || entry != "old" || dedup {
		t.Errorf("before the sync: positions %v, %d in the stream, entry %q, dedup %v", p, n, entry, dedup)
	}
	if _, err := s.ReadAt(t.Context(), 2); !errors.Is(err, ErrNotFound) {
		t.Errorf("ReadAt before the sync: %v", err)
	}
	if _, err := s.ReadEvent(t.Context(), "acme", "2"); !errors.Is(err, ErrNotFound) {
		t.Errorf("ReadEvent before the sync: %v", err)
	}
	release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if p, n, entry, dedup := seen(); len(p) != 2 || n != 2 || entry != "" || !dedup {
		t.Errorf("after the sync: positions %v, %d in the stream, entry %q, dedup %v", p, n, entry, dedup)
	}
}

// A redelivered webhook is answered 200 because of the duplicate. That answer
// is a lie if the first one is not on disk yet, so the refusal waits for it.
func TestI01DuplicateWaitsForTheFirstOne(t *testing.T) {
	disk := &slowDisk{}
	s := mustOpen(t, "log", Options{FS: errorfs.Wrap(vfs.NewMem(), disk)})
	reached, release := disk.hold()
	first, second := make(chan struct{}), make(chan Result, 1)
	go func() {
		defer close(first)
		if _, err := s.Append(context.Background(), []Commit{{Events: []Event{event("1", "x", "k")}}}); err != nil {
			t.Error(err)
		}
	}()
	<-reached
	go func() {
		r, err := s.Append(context.Background(), []Commit{{Events: []Event{event("2", "x", "k")}}})
		if err != nil {
			t.Error(err)
			r = make([]Result, 1)
		}
		second <- r[0]
	}()
	// The second group has been decided on once it is the writer's latest.
	for decided := false; !decided; {
		s.writer.mu.Lock()
		g := s.writer.previous
		decided = g != nil && len(g.calls) == 1 && g.batch == nil
		s.writer.mu.Unlock()
		runtime.Gosched()
	}
	select {
	case r := <-second:
		t.Fatalf("answered before the first one is on disk: %+v", r)
	default:
	}
	release()
	<-first
	if r := <-second; !errors.Is(r.Err, ErrDuplicate) {
		t.Errorf("second: %+v", r)
	}
}

// When the disk fails under a sync, nobody is told that anything is safe, and
// the store stays broken.
func TestI01BrokenStoreStaysBroken(t *testing.T) {
	s := mustOpen(t, "log", Options{FS: vfs.NewMem()})
	mustAppend(t, s, Commit{Events: []Event{event("1", "x")}})
	s.writer.fail(pebble.ErrReadOnly)
	_, err := s.Append(t.Context(), []Commit{{Events: []Event{event("2", "x")}}})
	if !errors.Is(err, pebble.ErrReadOnly) {
		t.Errorf("append: %v", err)
	}
	if _, again := s.Append(t.Context(), nil); again != err {
		t.Errorf("again: %v", again)
	}
	if err := s.Fence(t.Context(), 7); !errors.Is(err, pebble.ErrReadOnly) {
		t.Errorf("fence: %v", err)
	}
	if s.Durable() != 1 || s.Epoch() != 0 {
		t.Errorf("position %d, epoch %d", s.Durable(), s.Epoch())
	}
	if _, err := s.ReadAt(t.Context(), 1); err != nil {
		t.Errorf("what is on disk can still be read: %v", err)
	}
}

// A panic of the caller's index function ends that caller's goroutine. The
// others must not wait for ever.
func TestPanicInIndexBreaksTheStore(t *testing.T) {
	s := mustOpen(t, "log", Options{FS: vfs.NewMem(), Index: func(*Record) IndexChange { panic("index") }})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_, _ = s.Append(t.Context(), []Commit{{Events: []Event{event("1", "x")}}})
	}()
	if _, err := s.Append(t.Context(), nil); err == nil {
		t.Error("the store goes on after a panic in the middle of a commit")
	}
}
