package projections

import (
	"context"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"weiche/eventstore"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// rebuildCacheRows is how many decoded rows of each projection a rebuild keeps
// in memory.
const rebuildCacheRows = 32 << 10

// Progress says how far a rebuild is.
type Progress struct {
	// Position is the last record that was folded; Total is the position that
	// the views have to reach, which may grow.
	Position, Total uint64
}

// Rebuild folds the log again from its beginning, for the projection of a name
// or for all if it is empty, beside the rows that are served meanwhile. It swaps
// them at one moment, at the position where the others stand, and removes the
// old ones. Run may go on during a rebuild, and need not; it returns
// [ErrRebuilding] if it is started during one and has to rebuild the same.
// Rebuild returns after the swap; an error, the context's too, leaves everything
// as it was.
//
// progress, if not nil, is called when a batch of records was read.
func (v *Views) Rebuild(ctx context.Context, log Log, name string, progress func(Progress)) error {
	if err := v.enter(); err != nil {
		return err
	}
	defer v.leave()
	var names []string
	for _, l := range v.live {
		if name == "" || name == l.Name {
			names = append(names, l.Name)
		}
	}
	if names == nil {
		return fmt.Errorf("%w: %s", ErrUnknownProjection, name)
	}
	v.mu.Lock()
	checked := v.checked
	v.mu.Unlock()
	if !checked {
		if _, err := v.check(ctx, log); err != nil {
			return err
		}
	}
	return v.rebuild(ctx, log, names, progress)
}

func (v *Views) rebuild(ctx context.Context, log Log, names []string, progress func(Progress)) error {
	if err := v.claim(names); err != nil {
		return err
	}
	defer v.unclaim(names)
	b, err := v.newBuild(log, names)
	if err != nil {
		return fmt.Errorf("projections: rebuild: %w", err)
	}
	b.progress = progress
	// What is left at the end is folded while the live views wait.
	for {
		v.mu.Lock()
		target := v.target(log)
		v.mu.Unlock()
		if target <= b.position+uint64(v.opts.BatchRecords) {
			break
		}
		if err := b.foldTo(ctx, target); err != nil {
			return err
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := b.foldTo(ctx, v.target(log)); err != nil {
		return err
	}
	if err := v.swap(b); err != nil {
		return fmt.Errorf("projections: swap: %w", err)
	}
	return nil
}

// target returns the position that a rebuild has to reach: where the ready views
// stand, which are read together, or the end of the log. The caller holds mu.
func (v *Views) target(log Log) uint64 {
	ready := v.ready()
	if len(ready) == 0 {
		return log.Durable()
	}
	target := uint64(0)
	for _, l := range ready {
		target = max(target, l.checkpoint.Position)
	}
	return target
}

// claim keeps two rebuilds of one projection apart.
func (v *Views) claim(names []string) error {
	v.state.Lock()
	defer v.state.Unlock()
	for _, name := range names {
		if v.state.rebuilding[name] {
			return fmt.Errorf("%w: %s", ErrRebuilding, name)
		}
	}
	for _, name := range names {
		v.state.rebuilding[name] = true
	}
	return nil
}

func (v *Views) unclaim(names []string) {
	v.state.Lock()
	defer v.state.Unlock()
	for _, name := range names {
		delete(v.state.rebuilding, name)
	}
}

// build is a generation of rows in the making.
type build struct {
	v        *Views
	log      Log
	made     []*live
	position uint64
	progress func(Progress)
}

// newBuild begins the next generation of some projections, and removes what an
// earlier attempt left of it.
func (v *Views) newBuild(log Log, names []string) (*build, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	b := &build{v: v, log: log}
	batch := v.db.NewBatch()
	defer func() { _ = batch.Close() }()
	for _, name := range names {
		old := v.named(name)
		generation := old.checkpoint.Generation + 1
		prefix := generationPrefix(name, generation)
		if err := batch.DeleteRange(prefix, prefixEnd(prefix), nil); err != nil {
			return nil, err
		}
		b.made = append(b.made, &live{
			Projection: old.Projection,
			checkpoint: &viewv1.Checkpoint{
				Generation: generation, Revision: old.Revision, Incarnation: log.Incarnation(),
			},
			rows: newCache(v.db, prefix, rebuildCacheRows),
		})
	}
	return b, batch.Commit(pebble.NoSync)
}

func (v *Views) named(name string) *live {
	for _, l := range v.live {
		if l.Name == name {
			return l
		}
	}
	panic("projections: no projection " + name)
}

// foldTo folds the log up to a position. Each projection is folded by a goroutine
// of its own, while the next records are read.
func (b *build) foldTo(ctx context.Context, target uint64) error {
	if b.position >= target {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	var chunks []chan *chunk
	for _, made := range b.made {
		in := make(chan *chunk, 1)
		chunks = append(chunks, in)
		workers.Go(func() {
			for c := range in {
				if ctx.Err() != nil {
					continue
				}
				if err := b.keep(made, c); err != nil {
					cancel(err)
				}
			}
		})
	}
	err := b.readTo(ctx, target, func(c *chunk) {
		for _, in := range chunks {
			in <- c
		}
	})
	for _, in := range chunks {
		close(in)
	}
	workers.Wait()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err != nil {
		return fmt.Errorf("projections: rebuild: %w", err)
	}
	b.position = target
	return nil
}

// readTo reads the log up to a position, in chunks.
func (b *build) readTo(ctx context.Context, target uint64, f func(*chunk)) error {
	var records []*eventstore.Record
	last := b.position
	for rec, err := range b.log.ReadAll(ctx, b.position+1) {
		if err != nil {
			return err
		}
		last = rec.Position
		records = append(records, rec)
		if len(records) < b.v.opts.RebuildRecords && last < target {
			continue
		}
		f(b.v.decode(records))
		clear(records)
		records = records[:0]
		if b.progress != nil {
			b.progress(Progress{Position: last, Total: target})
		}
		if last >= target {
			return nil
		}
	}
	return fmt.Errorf("the log ends at position %d, before %d", last, target)
}

// keep folds a chunk into one projection.
func (b *build) keep(made *live, c *chunk) error {
	batch := b.v.db.NewBatch()
	defer func() { _ = batch.Close() }()
	if err := made.fold(batch, c); err != nil {
		return err
	}
	return batch.Commit(pebble.NoSync)
}

// swap makes a new generation the current one and removes the old, in one batch.
// The caller holds mu.
func (v *Views) swap(b *build) error {
	batch := v.db.NewBatch()
	defer func() { _ = batch.Close() }()
	for _, made := range b.made {
		old := generationPrefix(made.Name, v.named(made.Name).checkpoint.Generation)
		if err := batch.DeleteRange(old, prefixEnd(old), nil); err != nil {
			return err
		}
		if err := writeCheckpoint(batch, made.Name, made.checkpoint); err != nil {
			return err
		}
	}
	if err := batch.Commit(pebble.NoSync); err != nil {
		return err
	}
	for _, made := range b.made {
		l := v.named(made.Name)
		l.checkpoint, l.ready = made.checkpoint, true
		l.rows = newCache(v.db, made.rows.prefix, v.opts.CacheRows)
	}
	v.publish()
	return nil
}
