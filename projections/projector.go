package projections

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// Run makes the views follow a log until the context is done or something
// fails, and returns that error. The rows of a batch of records and the
// checkpoint are kept together, and not written to disk at once: after a crash
// the views lag, and go on from their own checkpoint.
//
// Views whose checkpoint does not fit the log are built anew from its beginning
// first; the others are served meanwhile.
//
// Where a file turns out to be damaged, Run throws all views away and builds them
// anew, once; the second time it returns [ErrCorrupt].
func (v *Views) Run(ctx context.Context, log Log) error {
	err := v.run(ctx, log)
	if !errors.Is(err, ErrCorrupt) || ctx.Err() != nil {
		return err
	}
	if err := v.renew(); err != nil {
		return err
	}
	return v.run(ctx, log)
}

func (v *Views) run(ctx context.Context, log Log) error {
	ctx, leave, err := v.enterLong(ctx)
	if err != nil {
		return err
	}
	defer leave()
	stale, err := v.check(ctx, log)
	if err != nil {
		return err
	}
	if len(stale) == 0 {
		return v.follow(ctx, log)
	}
	if len(stale) == len(v.live) {
		if err := v.rebuild(ctx, log, stale, nil); err != nil {
			return err
		}
		return v.follow(ctx, log)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := v.rebuild(ctx, log, stale, nil); err != nil {
			cancel(err)
		}
	}()
	err = v.follow(ctx, log)
	cancel(err)
	<-done
	return context.Cause(ctx)
}

// check compares the checkpoints with the log, and returns the names of those
// that do not fit.
func (v *Views) check(ctx context.Context, log Log) (stale []string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, l := range v.live {
		// A fold that failed may have left changed rows in memory.
		l.rows = newCache(v.db, generationPrefix(l.Name, l.checkpoint.Generation), v.opts.CacheRows)
		if l.ready, err = fits(ctx, log, l.checkpoint, l.Revision); err != nil {
			return nil, err
		}
		if !l.ready {
			stale = append(stale, l.Name)
		}
	}
	v.checked = true
	v.publish()
	return stale, nil
}

// follow folds each record as soon as it is in the log.
func (v *Views) follow(ctx context.Context, log Log) error {
	var records []*eventstore.Record
	var head uint64
	bytes := 0
	for rec, err := range log.Subscribe(ctx, v.next()) {
		if err != nil {
			return follows(ctx, err)
		}
		records = append(records, rec)
		bytes += len(rec.Facts) + len(rec.Sealed)
		if len(records) < v.opts.BatchRecords && bytes < chunkBytes {
			if rec.Position >= head {
				head = log.Durable()
			}
			if rec.Position < head {
				continue
			}
		}
		if err := v.keep(records); err != nil {
			return err
		}
		clear(records)
		records, bytes = records[:0], 0
	}
	return follows(ctx, ctx.Err())
}

// follows says what ended the reading of a log.
func follows(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("projections: follow the log: %w", err)
}

// next returns the first position that some ready projection has not folded.
func (v *Views) next() uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	ready := v.ready()
	next := ready[0].checkpoint.Position + 1
	for _, l := range ready {
		next = min(next, l.checkpoint.Position+1)
	}
	return next
}

// ready returns the projections that follow the log. The caller holds mu.
func (v *Views) ready() (ready []*live) {
	for _, l := range v.live {
		if l.ready {
			ready = append(ready, l)
		}
	}
	return ready
}

// keep folds records into the ready projections and makes them visible.
func (v *Views) keep(records []*eventstore.Record) error {
	c := v.decode(records)
	v.mu.Lock()
	defer v.mu.Unlock()
	batch := v.db.NewBatch()
	defer func() { _ = batch.Close() }()
	var err error
	for _, l := range v.ready() {
		if err == nil {
			err = l.fold(batch, c)
		}
		if err == nil {
			err = writeCheckpoint(batch, checkpointKey(l.Name), l.checkpoint)
		}
	}
	if err == nil {
		err = batch.Commit(pebble.NoSync)
	}
	if err != nil {
		return fmt.Errorf("projections: keep %d records up to position %d: %w", len(records), c.position, v.heed(err))
	}
	v.publish()
	return nil
}

// chunk is a run of records to fold, decoded once for all projections.
type chunk struct {
	events   []decoded
	position uint64 // of the last record
	hash     []byte // of the last record
}

// decoded is a record that views show, with its facts.
type decoded struct {
	rec   *eventstore.Record
	event proto.Message
}

// decode reads the facts of records, and counts those that cannot be used.
func (v *Views) decode(records []*eventstore.Record) *chunk {
	last := records[len(records)-1]
	hash := last.Hash()
	c := &chunk{position: last.Position, hash: hash[:], events: make([]decoded, 0, len(records))}
	var stats Stats
	for _, rec := range records {
		event, use := decode(rec)
		switch use {
		case used:
			c.events = append(c.events, decoded{rec, event})
		case unknown:
			stats.Unknown++
		case unreadable:
			stats.Unreadable++
		}
	}
	if stats != (Stats{}) {
		v.state.Lock()
		v.state.stats.Unknown += stats.Unknown
		v.state.stats.Unreadable += stats.Unreadable
		v.state.Unlock()
	}
	return c
}

// fold applies the records of a chunk that the projection has not had, and
// writes the rows that changed to a batch.
func (l *live) fold(batch *pebble.Batch, c *chunk) error {
	if c.position <= l.checkpoint.Position {
		return nil
	}
	for _, d := range c.events {
		if d.rec.Position > l.checkpoint.Position {
			l.Apply(l.rows, d.rec, d.event)
		}
	}
	if err := l.rows.flush(batch); err != nil {
		return fmt.Errorf("%s: %w", l.Name, err)
	}
	l.checkpoint = &viewv1.Checkpoint{
		Position: c.position, Hash: c.hash, Incarnation: l.checkpoint.Incarnation,
		Generation: l.checkpoint.Generation, Revision: l.checkpoint.Revision,
	}
	return nil
}
