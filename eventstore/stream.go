package eventstore

import (
	"context"
	"encoding/binary"
	"iter"

	"github.com/cockroachdb/pebble/v2"
)

// ReadStream returns the records of a stream from a version on, in order and
// without a gap, up to what is on disk at the call of ReadStream. A stream that
// does not exist has no records. It ends after the first error, as ReadAll
// does. Versions 0 and 1 both mean the beginning.
func (s *Store) ReadStream(ctx context.Context, stream Stream, fromVersion uint64) iter.Seq2[*Record, error] {
	last := s.Durable()
	return func(yield func(*Record, error) bool) {
		p := streamPage{
			stream: stream, prefix: appendStreamPrefix(nil, stream), next: max(fromVersion, 1), last: last,
			number: func(r *Record) (uint64, bool) { return r.Version, r.Stream == stream },
		}
		p.readTo(ctx, s, "read a stream", yield)
	}
}

// streamPage reads what a table numbers without a gap, page by page: the versions
// of a stream, or the sequence of an account.
type streamPage struct {
	stream Stream // for errors
	prefix []byte
	// number is the number that a record has there, and whether it belongs there.
	number func(*Record) (uint64, bool)
	next   uint64 // number
	last   uint64 // position
	end    bool

	positions []uint64
	records   []*Record
}

// readTo yields everything up to the end, or the first error.
func (p *streamPage) readTo(ctx context.Context, s *Store, doing string, yield func(*Record, error) bool) {
	for !p.end {
		records, err := read(ctx, s, doing, p.read)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (p *streamPage) read(v *view) ([]*Record, error) {
	if err := p.readPositions(v); err != nil || len(p.positions) == 0 {
		return nil, err
	}
	it, err := v.snapshot.NewIter(&pebble.IterOptions{
		LowerBound: appendLogKey(nil, p.positions[0]),
		UpperBound: appendLogKey(nil, p.last+1),
	})
	if err != nil {
		return nil, err
	}
	p.records = p.records[:0]
	for i := 0; i < len(p.positions) && err == nil; i++ {
		err = p.readOne(it, p.positions[i])
	}
	if e := it.Close(); err == nil {
		err = e
	}
	if len(p.records) > 0 && err != nil {
		// What is before the damage comes first; the next page begins with it.
		p.end, err = false, nil
	}
	return p.records, err
}

// readPositions looks up where the next versions are.
func (p *streamPage) readPositions(v *view) error {
	it, err := v.snapshot.NewIter(&pebble.IterOptions{
		LowerBound: p.key(p.next),
		UpperBound: prefixEnd(p.prefix),
	})
	if err != nil {
		return err
	}
	p.positions = p.positions[:0]
	p.end = true
	for ok := it.First(); ok; ok = it.Next() {
		if len(p.positions) == pageRecords {
			p.end = false
			break
		}
		var position uint64
		value, e := it.ValueAndErr()
		if err = e; err == nil {
			position, _, err = openPlaced(it.Key(), value)
		}
		if err != nil || position > p.last {
			break
		}
		version := p.next + uint64(len(p.positions))
		if key, _ := parseKey(it.Key()); key.number != version {
			err = &CorruptError{What: "a version is missing", Stream: p.stream, Key: p.key(version)}
			break
		}
		if n := len(p.positions); n > 0 && position <= p.positions[n-1] {
			err = &CorruptError{What: "a version is out of order", Position: position, Stream: p.stream}
			break
		}
		p.positions = append(p.positions, position)
	}
	if e := it.Close(); err == nil {
		err = e
	}
	if len(p.positions) > 0 && err != nil {
		p.end, err = false, nil
	}
	return err
}

// readOne reads one record with an iterator that only goes forward, which is
// cheaper than a Get for each when a stream's records are near each other.
func (p *streamPage) readOne(it *pebble.Iterator, position uint64) error {
	key := appendLogKey(nil, position)
	if !it.SeekGE(key) {
		if err := it.Error(); err != nil {
			return err
		}
		return missing(position)
	}
	if got, _ := parseKey(it.Key()); got.number != position {
		return missing(position)
	}
	value, err := it.ValueAndErr()
	if err != nil {
		return err
	}
	r, err := openRecord(position, key, value)
	if err != nil {
		return err
	}
	if n, ok := p.number(r); !ok || n != p.next {
		return &CorruptError{What: "a version leads to another event", Position: position, Stream: p.stream, Key: p.key(p.next)}
	}
	p.records = append(p.records, r)
	p.next++
	return nil
}

// key is the key of a number.
func (p *streamPage) key(number uint64) []byte {
	return binary.BigEndian.AppendUint64(p.prefix[:len(p.prefix):len(p.prefix)], number)
}
