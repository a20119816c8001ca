package projections

import (
	"context"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"weiche/eventstore"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// rebuildCacheRows is how many decoded rows of each projection a build keeps in
// memory.
const rebuildCacheRows = 32 << 10

// chunkBytes of facts and sealed parts end a batch of records, so that large events
// do not fill the memory.
const chunkBytes = 64 << 20

// scratchGeneration is the generation of rows that are compared and thrown away.
// No rebuild ever gets there.
const scratchGeneration = 1 << 63

// Progress says how far a fold of the log is.
type Progress struct {
	// Position is the last record that was folded; Total is the position that
	// the views have to reach, which may grow.
	Position, Total uint64
	// From is the position after which the reading began: that of an interrupted
	// rebuild which goes on, otherwise 0.
	From uint64
	// Compared is how many rows were compared, once a Verify has folded all.
	Compared uint64
}

// build is a generation of rows in the making, of one projection or several.
type build struct {
	v        *Views
	log      Log
	made     []*live
	from     uint64
	position uint64 // that all have reached
	progress func(Progress)
	// lasting keeps a checkpoint with the rows, from which a later build goes on.
	lasting bool
	// toEnd is set for a build that ends at the end of the log, not where the
	// live views stand.
	toEnd bool
}

// newBuild begins the next generation of some projections, or goes on with one
// that was interrupted, if that fits the log and is not ahead of where the build
// has to end.
func (v *Views) newBuild(ctx context.Context, log Log, names []string) (*build, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	b := &build{v: v, log: log, lasting: true, toEnd: len(names) == len(v.live)}
	target := v.targetLocked(log, b.toEnd)
	batch := v.db.NewBatch()
	defer func() { _ = batch.Close() }()
	for n, name := range names {
		old := v.named(name)
		begun, err := readCheckpoint(v.db, buildKey(name))
		if err != nil {
			return nil, err
		}
		goOn := begun.Position > 0 && begun.Position <= target && begun.Generation > old.checkpoint.Generation
		if goOn {
			if goOn, err = fits(ctx, log, begun, old.Revision); err != nil {
				return nil, err
			}
		}
		if !goOn {
			if err := removeBuild(batch, name, begun); err != nil {
				return nil, err
			}
			// No generation is used twice, so that nothing of another attempt can be
			// among its rows.
			begun = &viewv1.Checkpoint{
				Generation: max(begun.Generation, old.checkpoint.Generation) + 1,
				Revision:   old.Revision, Incarnation: log.Incarnation(),
			}
		}
		b.add(old.Projection, begun)
		if n == 0 || begun.Position < b.position {
			b.position = begun.Position
		}
	}
	b.from = b.position
	return b, batch.Commit(pebble.NoSync)
}

// removeBuild removes what is kept of an interrupted build, if anything is.
func removeBuild(batch *pebble.Batch, name string, begun *viewv1.Checkpoint) error {
	if begun.Generation == 0 {
		return nil
	}
	if err := removeRows(batch, generationPrefix(name, begun.Generation)); err != nil {
		return err
	}
	return batch.Delete(buildKey(name), nil)
}

// newScratch begins rows that are only to be compared. remove has to be called
// at the end.
func (v *Views) newScratch(log Log, names []string) (*build, error) {
	b := &build{v: v, log: log}
	for _, name := range names {
		b.add(v.named(name).Projection, &viewv1.Checkpoint{
			Generation: scratchGeneration, Revision: v.named(name).Revision, Incarnation: log.Incarnation(),
		})
	}
	return b, b.remove()
}

func (b *build) add(p Projection, from *viewv1.Checkpoint) {
	b.made = append(b.made, &live{
		Projection: p, checkpoint: from,
		rows: newCache(b.v.db, generationPrefix(p.Name, from.Generation), rebuildCacheRows),
	})
}

// remove takes the rows of the build away.
func (b *build) remove() error {
	batch := b.v.db.NewBatch()
	defer func() { _ = batch.Close() }()
	for _, made := range b.made {
		if err := removeRows(batch, key(made.rows.prefix)); err != nil {
			return err
		}
	}
	return batch.Commit(pebble.NoSync)
}

// catchUp folds the log to where the live views stand, and calls end at a moment
// at which they stand where the build does.
func (b *build) catchUp(ctx context.Context, end func() error) error {
	// What is left at the end is folded while the live views wait.
	for {
		target := b.v.target(b.log, b.toEnd)
		if target <= b.position+uint64(b.v.opts.BatchRecords) {
			break
		}
		if err := b.foldTo(ctx, target); err != nil {
			return err
		}
	}
	b.v.mu.Lock()
	defer b.v.mu.Unlock()
	if err := b.foldTo(ctx, b.v.targetLocked(b.log, b.toEnd)); err != nil {
		return err
	}
	return end()
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
			// What was read is kept where the context is done, so that a later
			// build need not read it again.
			var err error
			for c := range in {
				if err != nil {
					continue
				}
				if err = b.keep(made, c); err != nil {
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
		return err
	}
	b.position = target
	return nil
}

// readTo reads the log up to a position, in chunks.
func (b *build) readTo(ctx context.Context, target uint64, f func(*chunk)) error {
	var records []*eventstore.Record
	last, bytes := b.position, 0
	for rec, err := range b.log.ReadAll(ctx, b.position+1) {
		if err != nil {
			return err
		}
		last = rec.Position
		records = append(records, rec)
		bytes += len(rec.Facts) + len(rec.Sealed)
		if len(records) < b.v.opts.RebuildRecords && bytes < chunkBytes && last < target {
			continue
		}
		f(b.v.decode(records))
		clear(records)
		records, bytes = records[:0], 0
		if b.progress != nil {
			b.progress(Progress{Position: last, Total: target, From: b.from})
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
	if b.lasting {
		if err := writeCheckpoint(batch, buildKey(made.Name), made.checkpoint); err != nil {
			return err
		}
	}
	return batch.Commit(pebble.NoSync)
}
