package eventstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The objects of an archive:
//
//	<generation>/<first>-<last>.log   a segment, with positions of 20 digits
//	<generation>/whole                a segment without records: how far the log was archived
//
// A generation is the time at which it was begun, in UTC, and the incarnation of
// its log, so that names sort by age. Anything else in a bucket is let alone.
const (
	generationTime = "20060102T150405Z"
	wholeName      = "whole"
	segmentSuffix  = ".log"
)

// Generation is one archive of a log from its first event on. It grows at its
// end and is otherwise never changed.
type Generation struct {
	// Name sorts by age and stands before the names of its objects.
	Name        string
	Incarnation string
	Began       time.Time
	// Position is the last one that the names of its segments reach without a
	// gap.
	Position uint64
	Segments int
	// Whole is set once the archive has reached the end that the log had when it
	// was begun. One that is not is continued by the next Archive.
	Whole bool

	spans []span // all of its segments, in order of their first positions
}

// span is what the name of a segment says.
type span struct{ first, last uint64 }

func (s span) name(generation string) string {
	return fmt.Sprintf("%s/%020d-%020d%s", generation, s.first, s.last, segmentSuffix)
}

// Archives lists the generations in a bucket, of all logs, the oldest first. It
// goes by the names of the objects and reads none; [VerifyArchive] does.
func Archives(ctx context.Context, from Bucket) ([]Generation, error) {
	names, err := from.List(ctx, "")
	if err != nil {
		return nil, wrap("list archives", err)
	}
	var all []Generation
	for _, name := range names {
		dir, base, _ := strings.Cut(name, "/")
		at, incarnation, ok := strings.Cut(dir, "-")
		began, err := time.Parse(generationTime, at)
		if !ok || err != nil {
			continue
		}
		var s span
		n, err := fmt.Sscanf(base, "%d-%d"+segmentSuffix, &s.first, &s.last)
		isSegment := n == 2 && err == nil && s.first > 0 && s.last >= s.first && name == s.name(dir)
		if !isSegment && base != wholeName {
			continue
		}
		if len(all) == 0 || all[len(all)-1].Name != dir {
			all = append(all, Generation{Name: dir, Incarnation: incarnation, Began: began})
		}
		g := &all[len(all)-1]
		if isSegment {
			g.spans = append(g.spans, s)
		} else {
			g.Whole = true
		}
	}
	for i := range all {
		all[i].Segments = len(all[i].spans)
		_, all[i].Position = all[i].path()
	}
	return all, nil
}

// path returns the segments that lead from the first position as far as there is
// no gap, and how far that is. Two archivers at once can leave segments that
// overlap.
func (g *Generation) path() (path []span, last uint64) {
	for rest := g.spans; ; {
		var best span
		for len(rest) > 0 && rest[0].first <= last+1 {
			if rest[0].last > best.last {
				best = rest[0]
			}
			rest = rest[1:]
		}
		if best.last <= last {
			return path, last
		}
		path, last = append(path, best), best.last
	}
}

// generation finds an archive by its name; without one it is the newest that is
// whole.
func generation(ctx context.Context, from Bucket, name string) (*Generation, error) {
	all, err := Archives(ctx, from)
	if err != nil {
		return nil, err
	}
	for _, g := range slices.Backward(all) {
		if g.Name == name || name == "" && g.Whole {
			return &g, nil
		}
	}
	if name != "" {
		return nil, fmt.Errorf("eventstore: archive %s: %w", name, ErrNotFound)
	}
	return nil, fmt.Errorf("eventstore: none of %d archives is whole: %w", len(all), ErrNotFound)
}

// readSegment reads one object of the archive, which must be what its name says.
func (g *Generation) readSegment(ctx context.Context, from Bucket, name string) (*segment, int, error) {
	content, err := from.Read(ctx, name)
	if err != nil {
		return nil, 0, fmt.Errorf("read %s: %w", name, err)
	}
	s, err := decodeSegment(content)
	if err == nil && (s.generation != g.Name || s.incarnation != g.Incarnation) {
		err = fmt.Errorf("it belongs to %s", s.generation)
	}
	if err == nil && name != g.Name+"/"+wholeName && name != (span{s.first, s.last}).name(g.Name) {
		err = fmt.Errorf("it has the positions %d to %d", s.first, s.last)
	}
	if err != nil {
		return nil, 0, &CorruptError{kind: DamageArchive, What: "object " + name + " has changed", Err: err}
	}
	return s, len(content), nil
}
