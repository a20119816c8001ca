package projections

import (
	"context"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// Views are the rows of all projections in a folder. All methods may be called
// from any goroutine. Every read is of one moment, which the view that it
// returns names.
type Views struct {
	opts Options
	db   *pebble.DB

	// mu is held while rows change: for a batch of records, and for the swap at
	// the end of a rebuild.
	mu      sync.Mutex
	live    []*live
	checked bool // with the log, since Open

	// life is held for reading while a call uses db, and for writing by Close.
	life   sync.RWMutex
	closed bool

	// state is what readers and waiters look at.
	state struct {
		sync.Mutex
		ready      map[string]bool
		rebuilding map[string]bool
		allReady   bool
		position   uint64
		changed    chan struct{} // closed when one of the two changes, and by Close
		stats      Stats
	}
}

// live is a projection as it follows the log.
type live struct {
	Projection
	checkpoint *viewv1.Checkpoint
	rows       *cache
	ready      bool
}

// Stats count what the views could not use, since Open. A rebuild counts too.
type Stats struct {
	// Unknown is how many records have a type that this version does not know.
	Unknown uint64
	// Unreadable is how many have facts that are not of their type.
	Unreadable uint64
}

// Open opens the folder dir, and makes it if it does not exist. Nothing is
// served before [Views.Run] or [Views.Rebuild] has compared it with the log.
func Open(dir string, opts Options) (*Views, error) {
	opts.EnsureDefaults()
	db, err := pebble.Open(dir, opts.pebble())
	if err != nil {
		return nil, fmt.Errorf("projections: open %s: %w", dir, err)
	}
	v := &Views{opts: opts, db: db}
	v.state.ready, v.state.rebuilding = map[string]bool{}, map[string]bool{}
	v.state.changed = make(chan struct{})
	if err := v.load(); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("projections: open %s: %w", dir, err)
	}
	return v, nil
}

// load reads the checkpoints, and removes what an interrupted rebuild left.
func (v *Views) load() error {
	batch := v.db.NewBatch()
	defer func() { _ = batch.Close() }()
	for _, p := range All() {
		c, err := readCheckpoint(v.db, p.Name)
		if err != nil {
			return err
		}
		all, current := rowsPrefix(p.Name), generationPrefix(p.Name, c.Generation)
		if err := batch.DeleteRange(all, current, nil); err != nil {
			return err
		}
		if err := batch.DeleteRange(prefixEnd(current), prefixEnd(all), nil); err != nil {
			return err
		}
		v.live = append(v.live, &live{
			Projection: p, checkpoint: c, rows: newCache(v.db, current, v.opts.CacheRows),
		})
	}
	return batch.Commit(pebble.NoSync)
}

// Close ends the views and what waits for them. Run and Rebuild have to be ended
// before, by their contexts. What was folded is on disk when it returns.
func (v *Views) Close() error {
	v.life.Lock()
	defer v.life.Unlock()
	if v.closed {
		return nil
	}
	v.closed = true
	v.state.Lock()
	close(v.state.changed)
	v.state.Unlock()
	err := v.db.Flush()
	if e := v.db.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("projections: close: %w", err)
	}
	return nil
}

// enter begins a call that uses db; leave ends it.
func (v *Views) enter() error {
	v.life.RLock()
	if v.closed {
		v.life.RUnlock()
		return ErrClosed
	}
	return nil
}

func (v *Views) leave() { v.life.RUnlock() }

// Position returns the position of the last record that all views show, 0 while
// one of them is not ready.
func (v *Views) Position() uint64 {
	v.state.Lock()
	defer v.state.Unlock()
	return v.state.position
}

// Stats returns what was counted since Open.
func (v *Views) Stats() Stats {
	v.state.Lock()
	defer v.state.Unlock()
	return v.state.stats
}

// WaitFor returns once all views are ready and show the record at a position. It
// returns the context's error, or [ErrClosed].
func (v *Views) WaitFor(ctx context.Context, position uint64) error {
	for {
		if err := v.enter(); err != nil {
			return err
		}
		v.state.Lock()
		reached, changed := v.state.allReady && v.state.position >= position, v.state.changed
		v.state.Unlock()
		v.leave()
		if reached {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// publish tells readers and waiters what live says. The caller holds mu.
func (v *Views) publish() {
	v.state.Lock()
	defer v.state.Unlock()
	allReady, position := true, v.live[0].checkpoint.Position
	for _, l := range v.live {
		v.state.ready[l.Name] = l.ready
		allReady = allReady && l.ready
		position = min(position, l.checkpoint.Position)
	}
	if !allReady {
		position = 0
	}
	if v.state.position != position || v.state.allReady != allReady {
		v.state.allReady = allReady
		v.state.position = position
		close(v.state.changed)
		v.state.changed = make(chan struct{})
	}
}
