package eventstore

import (
	"context"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// view is the folder as it was after one batch: a Pebble snapshot taken between
// that batch and the next. Pebble shows a batch before it is on disk, so a view
// is handed to readers only once its batch is synced. This holds for records,
// index entries, dedup keys and deletes alike, without a look at positions.
type view struct {
	snapshot *pebble.Snapshot
	position uint64
	hash     [32]byte
	refs     int
	number   uint64 // counts the views that were published
}

// views holds the newest durable view and those that readers still use.
type views struct {
	mu      sync.Mutex
	current *view
	open    map[*view]struct{}
	// changed is closed when current changes or the store closes; nil while
	// nobody waits.
	changed chan struct{}
	closed  bool
	number  uint64
}

// publish makes v what readers see. Calls come in the order of the batches.
func (vs *views) publish(v *view) {
	v.refs = 1
	vs.mu.Lock()
	old := vs.current
	vs.number++
	v.number = vs.number
	vs.current = v
	if vs.open == nil {
		vs.open = make(map[*view]struct{})
	}
	vs.open[v] = struct{}{}
	vs.wake()
	done := vs.unref(old)
	vs.mu.Unlock()
	if done != nil {
		// Closing fails only on a closed database.
		_ = done.Close()
	}
}

// acquire returns the newest durable view; release gives it back. The caller is
// between enter and leave, or checks view.snapshot there later.
func (vs *views) acquire() *view {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	vs.current.refs++
	return vs.current
}

func (vs *views) release(v *view) {
	vs.mu.Lock()
	done := vs.unref(v)
	vs.mu.Unlock()
	if done != nil {
		_ = done.Close()
	}
}

// unref returns the snapshot to close if nobody uses v any more.
func (vs *views) unref(v *view) *pebble.Snapshot {
	if v == nil {
		return nil
	}
	if v.refs--; v.refs > 0 {
		return nil
	}
	delete(vs.open, v)
	done := v.snapshot
	v.snapshot = nil
	return done
}

// newest returns the number of the newest view, and oldest that of the oldest
// one which is still in use.
func (vs *views) newest() uint64 {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	return vs.number
}

func (vs *views) oldest() uint64 {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	oldest := vs.number
	for v := range vs.open {
		oldest = min(oldest, v.number)
	}
	return oldest
}

func (vs *views) head() (uint64, [32]byte) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	return vs.current.position, vs.current.hash
}

// watch returns the durable position and a channel that is closed once it has
// changed or the store is closed.
func (vs *views) watch() (uint64, <-chan struct{}) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if vs.changed == nil {
		vs.changed = make(chan struct{})
		if vs.closed {
			close(vs.changed)
		}
	}
	return vs.current.position, vs.changed
}

func (vs *views) wake() {
	if vs.changed != nil {
		close(vs.changed)
		vs.changed = nil
	}
}

// close closes every snapshot, in use or not, and returns the last view. The
// caller holds Store.life for writing, so nobody is reading from one.
func (vs *views) close() *view {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	vs.closed = true
	vs.wake()
	for v := range vs.open {
		_ = v.snapshot.Close()
		v.snapshot = nil
	}
	return vs.current
}

// WaitDurable returns once the event at position is on disk. It returns the
// context's error, or [ErrClosed].
func (s *Store) WaitDurable(ctx context.Context, position uint64) error {
	for {
		durable, changed := s.views.watch()
		if durable >= position {
			return nil
		}
		if err := s.wait(ctx, changed); err != nil {
			return err
		}
	}
}

// wait blocks until changed is closed, the context is done or the store is
// closed.
func (s *Store) wait(ctx context.Context, changed <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
	}
	if err := s.enter(); err != nil {
		return err
	}
	s.leave()
	return nil
}
