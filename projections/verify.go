package projections

import (
	"bytes"
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// compareEvery is after how many rows a Verify tells its progress.
const compareEvery = 100_000

// Verify folds the log once more, into rows that are thrown away again, and
// compares the rows that are served with them, of the projections of some names
// or of all if none is given. It returns a [*DifferenceError] with the first row
// that differs, and changes nothing; [Views.Rebuild] mends what it finds. Run may
// go on, and need not: what is compared is the position that the views have
// reached. [ErrNotReady] is returned for views that do not fit the log,
// [ErrCorrupt] for rows that cannot be read.
//
// It needs as much room on the disk as the rows do, and about the memory of a
// rebuild. progress, if not nil, is called as in a rebuild, and then while rows
// are compared.
func (v *Views) Verify(ctx context.Context, log Log, progress func(Progress), names ...string) error {
	ctx, leave, err := v.enterLong(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if names, err = v.names(names); err != nil {
		return err
	}
	if err := v.compared(ctx, log); err != nil {
		return err
	}
	if err := v.servable(names); err != nil {
		return err
	}
	if err := v.room(); err != nil {
		return err
	}
	if err := v.claim(names); err != nil {
		return err
	}
	defer v.unclaim(names)
	if err := v.verify(ctx, log, names, progress); err != nil {
		return fmt.Errorf("projections: verify: %w", v.heed(err))
	}
	return nil
}

func (v *Views) verify(ctx context.Context, log Log, names []string, progress func(Progress)) (err error) {
	b, err := v.newScratch(log, names)
	if err != nil {
		return err
	}
	defer func() {
		if e := b.remove(); err == nil {
			err = e
		}
	}()
	b.progress = progress
	var snapshot *pebble.Snapshot
	done := func() {}
	defer func() { done() }()
	err = b.catchUp(ctx, func() error {
		snapshot, done = v.snapshot()
		return nil
	})
	if err != nil {
		return err
	}
	c := comparison{ctx: ctx, snapshot: snapshot, build: b}
	for _, made := range b.made {
		if err := c.compare(made); err != nil {
			return err
		}
	}
	return nil
}

// comparison compares rows that are served with scratch rows.
type comparison struct {
	ctx      context.Context
	snapshot *pebble.Snapshot
	build    *build
	compared uint64
}

// compare returns the first difference of one projection.
func (c *comparison) compare(made *live) (err error) {
	served, err := readCheckpoint(c.snapshot, checkpointKey(made.Name))
	if err != nil {
		return err
	}
	differs := func(k []byte, what string) error {
		return &DifferenceError{Projection: made.Name, Row: describeRow(made.Name, k), What: what}
	}
	prefix := generationPrefix(made.Name, served.Generation)
	is, err := newRowsIter(c.snapshot, prefix)
	if err != nil {
		return err
	}
	defer func() { _ = is.Close() }()
	should, err := newRowsIter(c.snapshot, made.rows.prefix)
	if err != nil {
		return err
	}
	defer func() { _ = should.Close() }()
	for more, expected := is.First(), should.First(); more || expected; more, expected = is.Next(), should.Next() {
		if err := c.step(); err != nil {
			return err
		}
		a, b, err := is.row(more), should.row(expected), c.failed(is, should)
		switch {
		case err != nil:
			return err
		case !expected || more && bytes.Compare(a.key, b.key) < 0:
			return differs(a.key, "is there, and the log gives none")
		case !more || bytes.Compare(a.key, b.key) > 0:
			return differs(b.key, "is missing")
		case !bytes.Equal(a.value, b.value):
			return differs(a.key, "is not what the log gives")
		}
	}
	return c.failed(is, should)
}

func (c *comparison) step() error {
	c.compared++
	if c.compared%compareEvery != 0 {
		return nil
	}
	if f := c.build.progress; f != nil {
		f(Progress{Position: c.build.position, Total: c.build.position, Compared: c.compared})
	}
	return context.Cause(c.ctx)
}

func (c *comparison) failed(iters ...*rowsIter) error {
	for _, it := range iters {
		if it.err != nil {
			return it.err
		}
		if err := it.Error(); err != nil {
			return err
		}
	}
	return nil
}

// rowsIter goes over the rows of a generation.
type rowsIter struct {
	*pebble.Iterator
	prefix key
	err    error
}

type row struct{ key, value []byte }

func newRowsIter(db pebble.Reader, prefix key) (*rowsIter, error) {
	it, err := db.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: prefixEnd(prefix)})
	return &rowsIter{Iterator: it, prefix: prefix}, err
}

// row returns the row that the iterator stands at, if it does.
func (it *rowsIter) row(valid bool) (r row) {
	if valid {
		r.key = it.Key()[len(it.prefix):]
		r.value, it.err = it.ValueAndErr()
	}
	return r
}
