package eventstore

import (
	"context"
	"errors"
	"iter"

	"github.com/cockroachdb/pebble/v2"
)

// A reader takes pages, so that a slow caller holds nothing of Pebble. The first is
// small, and each is twice the one before: many read only what one command has done.
const (
	firstRecords = 8
	pageRecords  = 512
	pageBytes    = 1 << 20
)

// openRecord decodes and checks the stored record of a position.
func openRecord(position uint64, key, value []byte) (*Record, error) {
	b, err := openValue(key, value)
	if err != nil {
		var c *CorruptError
		if errors.As(err, &c) {
			c.Position = position
		}
		return nil, err
	}
	r, err := decodeRecord(b)
	if err != nil {
		return nil, &CorruptError{What: "a record cannot be decoded", Position: position, Err: err}
	}
	if r.Position != position {
		return nil, &CorruptError{What: "a record is in the place of another", Position: position, Stream: r.Stream}
	}
	return r, nil
}

func missing(position uint64) error {
	return &CorruptError{What: "a record is missing", Position: position}
}

// readRecord returns the record at a position that the log must have.
func readRecord(r pebble.Reader, position uint64) (*Record, error) {
	key := appendLogKey(nil, position)
	value, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, missing(position)
	}
	if err != nil {
		return nil, err
	}
	record, err := openRecord(position, key, value)
	if e := closer.Close(); err == nil {
		err = e
	}
	return record, err
}

// ReadAt returns the record at a position, [ErrNotFound] if the log does not
// reach it.
func (s *Store) ReadAt(ctx context.Context, position uint64) (*Record, error) {
	return read(ctx, s, "read a position", func(v *view) (*Record, error) {
		if position == 0 || position > v.position {
			return nil, ErrNotFound
		}
		return readRecord(v.snapshot, position)
	})
}

// ReadEvent returns the record with an event id, [ErrNotFound] if the account
// has none.
func (s *Store) ReadEvent(ctx context.Context, account, eventID string) (*Record, error) {
	return read(ctx, s, "read an event", func(v *view) (*Record, error) {
		key := appendEventKey(nil, account, eventID)
		position, _, ok, err := getPlaced(v.snapshot, key)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, ErrNotFound
		}
		r, err := readRecord(v.snapshot, position)
		if err != nil {
			return nil, err
		}
		if r.Stream.Account != account || r.ID != eventID {
			return nil, &CorruptError{What: "an event id leads to another event", Position: position, Stream: r.Stream, Key: key}
		}
		return r, nil
	})
}

// Lookup returns what is stored with a dedup key of an account, and whether the
// key is taken.
func (s *Store) Lookup(ctx context.Context, account, key string) (Dedup, bool, error) {
	var ok bool
	d, err := read(ctx, s, "look up a dedup key", func(v *view) (d Dedup, err error) {
		stored := appendDedupKey(nil, account, key)
		if s.filter.isNew(stored) {
			return d, nil
		}
		d.Position, d.Hash, ok, err = getPlaced(v.snapshot, stored)
		return d, err
	})
	return d, ok, err
}

// StreamVersion returns the version of the last event of a stream, 0 if the
// stream does not exist.
func (s *Store) StreamVersion(ctx context.Context, stream Stream) (uint64, error) {
	return read(ctx, s, "read a version", func(v *view) (uint64, error) {
		return lastNumber(v.snapshot, appendStreamPrefix(nil, stream))
	})
}

// read calls f with the newest durable view.
func read[T any](ctx context.Context, s *Store, doing string, f func(*view) (T, error)) (result T, err error) {
	if err := ctx.Err(); err != nil {
		return result, err
	}
	if err := s.enter(); err != nil {
		return result, err
	}
	defer s.leave()
	v := s.views.acquire()
	defer s.views.release(v)
	result, err = f(v)
	if errors.Is(err, ErrNotFound) {
		return result, err
	}
	return result, wrap(doing, err)
}

// ReadAll returns the records from a position on, in order and without a gap,
// up to what is on disk at the call of ReadAll. It ends after the first error:
// the context's, [ErrClosed], or [ErrCorrupt] for a record that is missing or
// damaged. Positions 0 and 1 both mean the beginning.
func (s *Store) ReadAll(ctx context.Context, fromPosition uint64) iter.Seq2[*Record, error] {
	last := s.Durable()
	return func(yield func(*Record, error) bool) {
		s.readTo(ctx, max(fromPosition, 1), last, yield)
	}
}

// readTo yields the records from next to last. It returns the position behind
// the last one that it has yielded, and whether to go on.
func (s *Store) readTo(ctx context.Context, next, last uint64, yield func(*Record, error) bool) (uint64, bool) {
	var page []*Record
	for most := firstRecords; next <= last; most = min(2*most, pageRecords) {
		var err error
		if page, err = s.page(ctx, page[:0], next, last, most); err != nil {
			yield(nil, err)
			return next, false
		}
		for _, r := range page {
			next++
			if !yield(r, nil) {
				return next, false
			}
		}
	}
	return next, true
}

// page reads the next records, at least one and so many at most. What is before a
// damaged record is returned first.
func (s *Store) page(ctx context.Context, page []*Record, next, last uint64, most int) ([]*Record, error) {
	return read(ctx, s, "read the log", func(v *view) ([]*Record, error) {
		it, err := v.snapshot.NewIter(&pebble.IterOptions{
			LowerBound: appendLogKey(nil, next),
			UpperBound: appendLogKey(nil, last+1),
		})
		if err != nil {
			return nil, err
		}
		for ok, size := it.First(), 0; ok && len(page) < most && size < pageBytes; ok = it.Next() {
			var r *Record
			var value []byte
			if key, _ := parseKey(it.Key()); key.number != next {
				err = missing(next)
			} else if value, err = it.ValueAndErr(); err == nil {
				r, err = openRecord(next, it.Key(), value)
			}
			if err != nil {
				break
			}
			page = append(page, r)
			size += len(value)
			next++
		}
		if e := it.Close(); err == nil {
			err = e
		}
		if len(page) > 0 {
			return page, nil
		}
		if err == nil {
			err = missing(next)
		}
		return nil, err
	})
}

// Subscribe returns the records from a position on, in order, without a gap and
// each once: first those that are on disk, then each as soon as it is. It ends
// with an error only: the context's, [ErrClosed] or [ErrCorrupt]. A slow caller
// holds up nobody.
func (s *Store) Subscribe(ctx context.Context, fromPosition uint64) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		next, more := max(fromPosition, 1), true
		for {
			last, changed := s.views.watch()
			if next, more = s.readTo(ctx, next, last, yield); !more {
				return
			}
			if err := s.wait(ctx, changed); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}
