package projections

import (
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/protobuf/proto"
)

// snapshotRows is the source of rows as they were at one moment.
type snapshotRows struct {
	db     pebble.Reader
	prefix key
}

func (s *snapshotRows) at(k []byte) []byte { return append(slices.Clip(s.prefix), k...) }

func (s *snapshotRows) load(k []byte, row proto.Message) (bool, error) {
	return readRow(s.db, s.at(k), row)
}

func (s *snapshotRows) scan(from, to []byte, backward bool, f func([]byte, func(proto.Message) error) (bool, error)) error {
	return s.each(s.at(from), s.at(to), backward, func(k, value []byte) (bool, error) {
		return f(k, func(row proto.Message) error { return decodeRow(k, value, row) })
	})
}

// each calls f with what is between two full keys; k is without the prefix.
func (s *snapshotRows) each(from, to []byte, backward bool, f func(k, value []byte) (bool, error)) (err error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	first, next := it.First, it.Next
	if backward {
		first, next = it.Last, it.Prev
	}
	for ok := first(); ok; ok = next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		if more, err := f(it.Key()[len(s.prefix):], value); err != nil || !more {
			return err
		}
	}
	return nil
}
