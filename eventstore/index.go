package eventstore

import (
	"bytes"
	"context"
	"iter"

	"github.com/cockroachdb/pebble/v2"
)

// IndexGet returns the value at a place of a caller's index and the position of
// the record that put it. ok is false if there is none.
func (s *Store) IndexGet(ctx context.Context, k IndexKey) (value []byte, position uint64, ok bool, err error) {
	value, err = read(ctx, s, "read an index", func(v *view) (value []byte, err error) {
		position, value, ok, err = getPlaced(v.snapshot, appendIndexKey(nil, k))
		return value, err
	})
	return value, position, ok, err
}

// IndexScan returns the entries of a caller's index with from <= key < to, in
// order of keys; a nil from is the beginning, a nil to the end. It shows the
// index as it is on disk when the loop begins, whatever is appended meanwhile.
// It ends after the first error.
func (s *Store) IndexScan(ctx context.Context, account, index string, from, to []byte) iter.Seq2[IndexHit, error] {
	return func(yield func(IndexHit, error) bool) {
		if err := s.enter(); err != nil {
			yield(IndexHit{}, err)
			return
		}
		v := s.views.acquire()
		s.leave()
		defer s.views.release(v)
		prefix := appendIndexPrefix(nil, account, index)
		p := indexPage{
			prefix: len(prefix),
			lower:  append(prefix[:len(prefix):len(prefix)], from...),
			upper:  prefixEnd(prefix),
		}
		if to != nil {
			p.upper = append(prefix[:len(prefix):len(prefix)], to...)
		}
		if p.upper != nil && bytes.Compare(p.lower, p.upper) >= 0 {
			return
		}
		for !p.end {
			hits, err := read(ctx, s, "scan an index", func(*view) ([]IndexHit, error) { return p.read(v.snapshot) })
			if err != nil {
				yield(IndexHit{}, err)
				return
			}
			for _, h := range hits {
				if !yield(h, nil) {
					return
				}
			}
		}
	}
}

// indexPage scans an index page by page.
type indexPage struct {
	prefix       int
	lower, upper []byte
	end          bool
}

func (p *indexPage) read(r pebble.Reader) ([]IndexHit, error) {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: p.lower, UpperBound: p.upper})
	if err != nil {
		return nil, err
	}
	var hits []IndexHit
	size := 0
	p.end = true
	for ok := it.First(); ok; ok = it.Next() {
		if len(hits) == pageRecords || size > pageBytes {
			p.end = false
			p.lower = append([]byte(nil), it.Key()...)
			break
		}
		var h IndexHit
		var stored []byte
		value, e := it.ValueAndErr()
		if err = e; err == nil {
			h.Position, stored, err = openPlaced(it.Key(), value)
		}
		if err != nil {
			break
		}
		h.Key = append([]byte(nil), it.Key()[p.prefix:]...)
		if len(stored) > 0 {
			h.Value = append([]byte(nil), stored...)
		}
		hits = append(hits, h)
		size += len(value)
	}
	if e := it.Close(); err == nil {
		err = e
	}
	return hits, err
}
