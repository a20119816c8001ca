package projections

import (
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Rebuild folds the log again from its beginning, for the projection of a name
// or for all if it is empty, beside the rows that are served meanwhile. It swaps
// them at one moment, at the position where the others stand, or at the end of
// the log if it rebuilds all, and removes the old ones. Run may go on during a
// rebuild, and need not; it returns [ErrRebuilding] if it is started during one
// and has to rebuild the same. Rebuild returns after the swap; an error, the
// context's too, leaves everything as it was, except that what was built is kept
// in the folder: the next Rebuild of the projection goes on from there, if that
// still fits the log and the fold, also after a crash. A crash may cost what was
// built last.
//
// progress, if not nil, is called when a batch of records was read.
func (v *Views) Rebuild(ctx context.Context, log Log, name string, progress func(Progress)) error {
	ctx, leave, err := v.enterLong(ctx)
	if err != nil {
		return err
	}
	defer leave()
	var names []string
	if name != "" {
		names = []string{name}
	}
	if names, err = v.names(names); err != nil {
		return err
	}
	if err := v.compared(ctx, log); err != nil {
		return err
	}
	if err := v.room(); err != nil {
		return err
	}
	return v.rebuild(ctx, log, names, progress)
}

// names returns the names of all projections where none is given.
func (v *Views) names(given []string) (names []string, err error) {
	known := map[string]bool{}
	for _, p := range All() {
		known[p.Name] = true
		names = append(names, p.Name)
	}
	for _, name := range given {
		if !known[name] {
			return nil, fmt.Errorf("%w: %s", ErrUnknownProjection, name)
		}
	}
	if len(given) > 0 {
		return given, nil
	}
	return names, nil
}

// compared sees to it that the checkpoints were compared with the log since Open.
func (v *Views) compared(ctx context.Context, log Log) error {
	v.mu.Lock()
	checked := v.checked
	v.mu.Unlock()
	if checked {
		return nil
	}
	_, err := v.check(ctx, log)
	return err
}

func (v *Views) rebuild(ctx context.Context, log Log, names []string, progress func(Progress)) error {
	if err := v.claim(names); err != nil {
		return err
	}
	defer v.unclaim(names)
	b, err := v.newBuild(ctx, log, names)
	if err == nil {
		b.progress = progress
		err = b.catchUp(ctx, func() error { return v.swap(b) })
	}
	if err != nil {
		return fmt.Errorf("projections: rebuild: %w", v.heed(err))
	}
	return nil
}

// target returns the position that a build has to reach: the end of the log if
// it may, otherwise where the ready views stand, which are read together.
func (v *Views) target(log Log, toEnd bool) uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.targetLocked(log, toEnd)
}

func (v *Views) targetLocked(log Log, toEnd bool) uint64 {
	ready := v.ready()
	if len(ready) == 0 || toEnd {
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

func (v *Views) named(name string) *live {
	for _, l := range v.live {
		if l.Name == name {
			return l
		}
	}
	panic("projections: no projection " + name)
}

// swap makes a new generation the current one and removes the old, in one batch.
// The caller holds mu.
func (v *Views) swap(b *build) error {
	batch := v.db.NewBatch()
	defer func() { _ = batch.Close() }()
	for _, made := range b.made {
		old := generationPrefix(made.Name, v.named(made.Name).checkpoint.Generation)
		if err := removeRows(batch, old); err != nil {
			return err
		}
		if err := batch.Delete(buildKey(made.Name), nil); err != nil {
			return err
		}
		if err := writeCheckpoint(batch, checkpointKey(made.Name), made.checkpoint); err != nil {
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

// removeRows removes all rows below a prefix. What they held has to leave the
// files too, at the next Purge.
func removeRows(batch *pebble.Batch, prefix key) error {
	if err := batch.DeleteRange(prefix, prefixEnd(prefix), nil); err != nil {
		return err
	}
	return batch.Set(forgottenKey(prefix), []byte(forgottenRange), nil)
}
