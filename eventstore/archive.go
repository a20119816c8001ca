package eventstore

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// ArchiveOptions are the choices of who archives. The zero value goes on with the
// newest generation and keeps all.
type ArchiveOptions struct {
	// Full begins a new generation. So a sealed part that was redacted since the
	// last one was begun is in no archive once that is deleted.
	Full bool
	// Keep is how many whole generations of this log, and of those that it was
	// restored from, stay in the bucket. What is older than the oldest of these
	// is deleted once the newest is whole. 0 keeps all.
	Keep int
	// Progress, if not nil, is called after each segment with the stage
	// "archive" and positions.
	Progress func(Progress)
}

// Archived is what Archive has brought to an archive, or VerifyArchive has read
// there.
type Archived struct {
	Generation
	// Recorded is when the last event was recorded, zero if there is none.
	Recorded time.Time
	// Events and Bytes are what this call wrote or read, after compression.
	Events, Bytes uint64
	// Deleted are the names of the generations that ArchiveOptions.Keep did not
	// keep.
	Deleted []string
}

// Archive writes the log to a bucket, in segments that are never changed and
// tell by themselves whether they are whole. The first call begins a generation,
// which is whole when the call returns; each later one adds what came since. It
// ends at the last event that was on disk at the call. Appends and readers go on.
// Calls at the same time, also of two processes, are harmless; one that fails or
// is interrupted is continued by the next.
//
// Before it goes on with a generation it compares the last hash there with that
// of the log. If they differ, or the log is shorter, the error is an
// [ErrCorrupt] and nothing is written: one of the two has lost something, and
// ArchiveOptions.Full begins anew. What is written was checked: a damaged log is
// not archived beyond its damage.
//
// Keys that open sealed parts are no part of it, whoever keeps them; neither is
// the high-water mark, nor an epoch that was raised after the last event.
func (s *Store) Archive(ctx context.Context, to Bucket, opts ArchiveOptions) (Archived, error) {
	a := archiver{ctx: ctx, store: s, to: to, opts: opts}
	if a.opts.Progress == nil {
		a.opts.Progress = func(Progress) {}
	}
	err := a.run()
	return a.done, wrap("archive", err)
}

// stopped returns why a long call has to end.
func (s *Store) stopped(ctx context.Context) error {
	if s.closing.Load() {
		return ErrClosed
	}
	return ctx.Err()
}

type archiver struct {
	ctx   context.Context
	store *Store
	to    Bucket
	opts  ArchiveOptions
	done  Archived

	head    uint64
	chain   chain
	segment *segment
}

func (a *archiver) run() error {
	all, err := Archives(a.ctx, a.to)
	if err != nil {
		return err
	}
	position, hash := a.store.Head()
	a.head = position
	if err := a.choose(all); err != nil {
		return err
	}
	a.newSegment()
	var failed error
	a.store.readTo(a.ctx, a.chain.position+1, a.head, func(r *Record, err error) bool {
		if err == nil {
			err = a.record(r)
		}
		failed = err
		return err == nil
	})
	if failed != nil {
		return failed
	}
	if a.chain.hash != hash {
		return &CorruptError{What: "the last record does not have the hash of the head", Position: position}
	}
	if err := a.flush(); err != nil {
		return err
	}
	if err := a.finish(); err != nil {
		return err
	}
	return a.prune(all)
}

// choose finds the generation to go on with, or begins one.
func (a *archiver) choose(all []Generation) error {
	incarnation := a.store.incarnation
	for _, g := range slices.Backward(all) {
		if g.Incarnation == incarnation && !a.opts.Full {
			a.done.Generation = g
			return a.resume()
		}
	}
	began := a.store.opts.Now().UTC().Truncate(time.Second)
	if len(all) > 0 {
		// The newest one is that with the last name, also if the clock stepped back.
		if next := all[len(all)-1].Began.Add(time.Second); began.Before(next) {
			began = next
		}
	}
	a.done.Generation = Generation{Name: began.Format(generationTime) + "-" + incarnation, Incarnation: incarnation, Began: began}
	return nil
}

// resume finds the end of the archive, and compares it with the log.
func (a *archiver) resume() error {
	g := &a.done.Generation
	path, last := g.path()
	if last == 0 {
		return nil
	}
	name := path[len(path)-1].name(g.Name)
	end, _, err := g.readSegment(a.ctx, a.to, name)
	if err != nil {
		return err
	}
	if last > a.head {
		return &CorruptError{What: fmt.Sprintf("the log ends at position %d and its archive %s at %d", a.head, g.Name, last), Position: a.head + 1}
	}
	r, err := a.store.ReadAt(a.ctx, last)
	if err != nil {
		return err
	}
	if r.Hash() != end.after {
		return &CorruptError{What: "a record does not have the hash that its archive " + g.Name + " has", Position: last, Stream: r.Stream}
	}
	a.chain = chain{position: last, hash: end.after}
	a.done.Recorded = r.Recorded
	return nil
}

func (a *archiver) newSegment() {
	var records []byte
	if a.segment != nil {
		records = a.segment.records[:0] // which are written
	}
	a.segment = &segment{
		records:    records,
		generation: a.done.Name, incarnation: a.done.Incarnation,
		first: a.chain.position + 1, last: a.chain.position, before: a.chain.hash, after: a.chain.hash,
		epoch: a.store.Epoch(), origins: a.store.origins,
	}
}

func (a *archiver) record(r *Record) error {
	if err := a.chain.add(r); err != nil {
		return err
	}
	a.segment.add(r, a.chain.hash)
	a.done.Events++
	a.done.Recorded = r.Recorded
	if r.More > 0 || len(a.segment.records) < segmentBytes {
		return nil
	}
	return a.flush()
}

// flush writes the segment, if it has anything.
func (a *archiver) flush() error {
	if err := a.store.stopped(a.ctx); err != nil || len(a.segment.records) == 0 {
		return err
	}
	s := span{a.segment.first, a.segment.last}
	if err := a.write(s.name(a.done.Name)); err != nil {
		return err
	}
	a.done.spans = append(a.done.spans, s)
	a.opts.Progress(Progress{"archive", s.last, a.head})
	a.newSegment()
	return nil
}

func (a *archiver) write(name string) error {
	content, err := a.segment.encode()
	if err != nil {
		return err
	}
	if err := a.to.Write(a.ctx, name, content); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	a.done.Bytes += uint64(len(content))
	return nil
}

// finish says how far the log is archived.
func (a *archiver) finish() error {
	now, err := generation(a.ctx, a.to, a.done.Name)
	switch {
	case a.head == 0 && err != nil: // there is no object yet
		now = &a.done.Generation
	case err != nil:
		return err
	case now.Position < a.head:
		return &CorruptError{kind: DamageArchive, What: "a segment of archive " + now.Name + " has gone meanwhile", Position: now.Position + 1}
	}
	name := now.Name + "/" + wholeName
	if now.Whole {
		// Another may have come further. What it wrote stays.
		was, _, err := now.readSegment(a.ctx, a.to, name)
		if err != nil {
			return err
		}
		if was.last >= a.head {
			a.done.Generation = *now
			return nil
		}
	}
	if err := a.write(name); err != nil {
		return err
	}
	a.done.Generation = *now
	a.done.Whole = true
	return nil
}

// prune deletes what is not to be kept. The mark goes first, so that what is left
// of a generation is never taken for whole.
func (a *archiver) prune(all []Generation) error {
	if a.opts.Keep <= 0 {
		return nil
	}
	ours := map[string]bool{a.store.incarnation: true}
	for _, o := range a.store.origins {
		ours[o.Incarnation] = true
	}
	whole := 1 // the one that this call has made so
	for _, g := range slices.Backward(all) {
		switch {
		case !ours[g.Incarnation] || g.Name >= a.done.Name:
			continue
		case whole < a.opts.Keep:
			if g.Whole {
				whole++
			}
			continue
		}
		names := []string{g.Name + "/" + wholeName}
		for _, s := range g.spans {
			names = append(names, s.name(g.Name))
		}
		for _, name := range names {
			if err := a.to.Delete(a.ctx, name); err != nil {
				return fmt.Errorf("delete %s: %w", name, err)
			}
		}
		a.done.Deleted = append(a.done.Deleted, g.Name)
	}
	return nil
}
