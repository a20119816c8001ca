package projections

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"weiche/eventstore/pebblelog"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// Views are the rows of all projections in a folder. All methods may be called
// from any goroutine. Every read is of one moment, which the view that it
// returns names.
type Views struct {
	opts Options
	dir  string
	lock *pebble.Lock
	db   *pebble.DB

	// mu is held while rows change: for a batch of records, and for the swap at
	// the end of a rebuild.
	mu      sync.Mutex
	live    []*live
	checked bool // with the log, since Open

	// life is held for reading while a call uses db, and for writing by who
	// changes or closes it.
	life   sync.RWMutex
	closed bool
	// sound is done, with the cause, when a file turned out to be damaged.
	sound     context.Context
	unsound   context.CancelCauseFunc
	snapshots snapshots

	// log is what Pebble speaks to, and giveUp ends what waits for a write of its in
	// the background.
	log    *pebblelog.Logger
	giveUp atomic.Pointer[context.CancelCauseFunc]

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
//
// A folder that is damaged is emptied, with a warning to the logger that says
// what was found: the log is the truth, and the views are folded from it anew.
// What is no damage is an error, such as missing permission, a full disk or a
// folder in use.
func Open(dir string, opts Options) (_ *Views, err error) {
	opts.EnsureDefaults()
	v := &Views{opts: opts, dir: dir, log: pebblelog.New(opts.Logger.With("store", "views"), opts.Fatal)}
	v.state.ready, v.state.rebuilding = map[string]bool{}, map[string]bool{}
	v.state.changed = make(chan struct{})
	if err := opts.FS.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("projections: open %s: %w", dir, err)
	}
	if v.lock, err = pebble.LockDirectory(dir, opts.FS); err != nil {
		return nil, fmt.Errorf("projections: open %s: %w", dir, err)
	}
	if err = v.open(); isDamage(err) {
		err = v.reopen(err)
	}
	if err != nil {
		_ = v.lock.Close()
		return nil, fmt.Errorf("projections: open %s: %w", dir, err)
	}
	return v, nil
}

// open opens the folder, which is locked.
func (v *Views) open() (err error) {
	if err := v.knownDamage(); err != nil {
		return err
	}
	v.sound, v.unsound = context.WithCancelCause(context.Background())
	if v.db, err = openPebble(v.dir, v.pebble()); err != nil {
		return err
	}
	if err = v.load(); err == nil {
		return nil
	}
	return errors.Join(err, v.db.Close())
}

// load reads the checkpoints, and removes rows that are neither served nor those
// of a rebuild that can go on.
func (v *Views) load() error {
	batch := v.db.NewBatch()
	defer func() { _ = batch.Close() }()
	v.live, v.checked = nil, false
	for _, p := range All() {
		c, err := readCheckpoint(v.db, checkpointKey(p.Name))
		if err != nil {
			return err
		}
		b, err := readCheckpoint(v.db, buildKey(p.Name))
		if err != nil {
			return err
		}
		if err := v.removeOthers(batch, p.Name, c.Generation, b.Generation); err != nil {
			return err
		}
		v.live = append(v.live, &live{
			Projection: p, checkpoint: c,
			rows: newCache(v.db, generationPrefix(p.Name, c.Generation), v.opts.CacheRows),
		})
	}
	return batch.Commit(pebble.NoSync)
}

// removeOthers removes the rows of all generations of a projection but two.
func (v *Views) removeOthers(batch *pebble.Batch, projection string, current, made uint64) (err error) {
	all := rowsPrefix(projection)
	it, err := v.db.NewIter(&pebble.IterOptions{LowerBound: all, UpperBound: prefixEnd(all)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.First(); ok; {
		generation := binary.BigEndian.Uint64(it.Key()[len(all):])
		prefix := generationPrefix(projection, generation)
		if generation != current && generation != made {
			if err := removeRows(batch, prefix); err != nil {
				return err
			}
		}
		ok = it.SeekGE(prefixEnd(prefix))
	}
	return nil
}

// Close ends the views and what waits for them. Run and Rebuild have to be ended
// before, by their contexts. What was folded is on disk when it returns without an
// error.
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
	var err error
	if v.sound.Err() == nil {
		err = v.flush()
	}
	err = errors.Join(err, v.db.Close(), v.lock.Close())
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

// enterLong begins a call that may take long: its context ends when a file turns
// out to be damaged.
func (v *Views) enterLong(ctx context.Context) (_ context.Context, leave func(), err error) {
	if err := v.enter(); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(v.sound, func() { cancel(context.Cause(v.sound)) })
	return ctx, func() {
		stop()
		cancel(nil)
		v.leave()
	}, nil
}

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
		ready := l.ready && v.sound.Err() == nil
		v.state.ready[l.Name] = ready
		allReady = allReady && ready
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
