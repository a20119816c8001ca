package eventstore

import (
	"context"
	"fmt"
	"slices"
)

// VerifyArchive reads all of an archive and changes nothing: the one with a name,
// or with "" the newest that is whole. It checks that each object is as it was
// written and in its place, that the records follow each other from the first to
// the last by their positions and hashes, and that the archive reaches at least
// as far as it once did. progress, if not nil, is called after each segment with
// the stage "archive" and positions. The error is an [ErrCorrupt] that names the
// object or the position, or [ErrNotFound] if there is no such archive.
func VerifyArchive(ctx context.Context, from Bucket, name string, progress func(Progress)) (Archived, error) {
	g, err := generation(ctx, from, name)
	if err != nil {
		return Archived{}, err
	}
	a := archiveReader{ctx: ctx, from: from, done: Archived{Generation: *g}, progress: progress}
	err = a.verify(func(*Record) error { return nil })
	return a.done, wrap("verify archive "+g.Name, err)
}

// archiveReader reads one generation from its beginning.
type archiveReader struct {
	ctx      context.Context
	from     Bucket
	progress func(Progress) // may be nil
	done     Archived

	chain   chain
	epoch   uint64
	origins []Origin
	whole   *segment // what the mark says, nil if there is none
}

// verify reads everything, and calls f for each record.
func (a *archiveReader) verify(f func(*Record) error) error {
	g := &a.done.Generation
	if g.Whole {
		var err error
		if a.whole, err = a.read(g.Name + "/" + wholeName); err != nil {
			return err
		}
		a.epoch, a.origins = a.whole.epoch, a.whole.origins
		// An Archive may have gone on since the names were listed. What it says to
		// be there is in a list from after that.
		now, err := generation(a.ctx, a.from, g.Name)
		if err != nil {
			return err
		}
		*g = *now
	}
	if err := a.records(f); err != nil {
		return err
	}
	end := g.Position
	if g.Whole && a.whole.last > end {
		end = a.whole.last
	}
	for _, s := range g.spans {
		end = max(end, s.last)
	}
	switch {
	case g.Position < end:
		return &CorruptError{kind: DamageArchive, What: fmt.Sprintf("archive %s has no segment with position %d and had %d events", g.Name, g.Position+1, end), Position: g.Position + 1}
	case a.chain.more > 0:
		return &CorruptError{kind: DamageArchive, What: "archive " + g.Name + " ends within a commit", Position: g.Position}
	}
	// What lies over others is not needed, and has to be sound all the same.
	path, _ := g.path()
	for _, s := range g.spans {
		if !slices.Contains(path, s) {
			if _, err := a.read(s.name(g.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// records calls f for each record that can be reached from the first one.
func (a *archiveReader) records(f func(*Record) error) error {
	g := &a.done.Generation
	path, _ := g.path()
	for _, s := range path {
		seg, err := a.read(s.name(g.Name))
		if err != nil {
			return err
		}
		if seg.first == a.chain.position+1 && seg.before != a.chain.hash {
			return a.breaks(s)
		}
		a.epoch, a.origins = max(a.epoch, seg.epoch), seg.origins
		err = seg.each(func(r *Record) error {
			if r.Position <= a.chain.position {
				return nil // of a segment that overlaps with the one before
			}
			if err := a.chain.add(r); err != nil {
				return &CorruptError{kind: DamageArchive, What: "the records of archive " + g.Name + " do not follow each other", Position: r.Position, Err: err}
			}
			if a.whole != nil && r.Position == a.whole.last && a.chain.hash != a.whole.after {
				return &CorruptError{kind: DamageArchive, What: "a record does not have the hash that archive " + g.Name + " had there", Position: r.Position}
			}
			a.done.Events++
			a.done.Recorded = r.Recorded
			return f(r)
		})
		if err != nil {
			return err
		}
		if a.chain.hash != seg.after {
			return a.breaks(s)
		}
		if a.progress != nil {
			a.progress(Progress{"archive", s.last, g.Position})
		}
	}
	return nil
}

func (a *archiveReader) breaks(s span) error {
	return &CorruptError{kind: DamageArchive, What: "the chain of archive " + a.done.Name + " is broken at " + s.name(a.done.Name), Position: s.first}
}

func (a *archiveReader) read(name string) (*segment, error) {
	if err := a.ctx.Err(); err != nil {
		return nil, err
	}
	s, size, err := a.done.readSegment(a.ctx, a.from, name)
	a.done.Bytes += uint64(size)
	return s, err
}

// again is a reader of the same archive from its beginning, and of nothing that
// came since.
func (a *archiveReader) again() *archiveReader {
	return &archiveReader{ctx: a.ctx, from: a.from, done: Archived{Generation: a.done.Generation}}
}
