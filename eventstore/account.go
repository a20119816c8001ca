package eventstore

import (
	"context"
	"iter"
	"sort"
)

// ReadAccount returns the records of an account from a sequence on, of all its
// streams, in order and without a gap, up to what is on disk at the call of
// ReadAccount. It ends after the first error, as ReadAll does. Sequences 0 and 1
// both mean the beginning.
func (s *Store) ReadAccount(ctx context.Context, account string, fromSequence uint64) iter.Seq2[*Record, error] {
	last := s.Durable()
	return func(yield func(*Record, error) bool) {
		p := streamPage{
			prefix: appendSequencePrefix(nil, account), next: max(fromSequence, 1), last: last,
			number: func(r *Record) (uint64, bool) { return r.AccountSequence, r.Stream.Account == account },
		}
		p.readTo(ctx, s, "read an account", yield)
	}
}

// AccountSequence returns the sequence of the last record of an account that is not
// after a position; 0 if there is none.
func (s *Store) AccountSequence(ctx context.Context, account string, position uint64) (uint64, error) {
	return read(ctx, s, "read a sequence", func(v *view) (uint64, error) {
		last, err := lastNumber(v.snapshot, appendSequencePrefix(nil, account))
		if err != nil {
			return 0, err
		}
		after := sort.Search(int(last), func(n int) bool {
			if err != nil {
				return true
			}
			key := appendSequenceKey(nil, account, uint64(n)+1)
			at, _, ok, e := getPlaced(v.snapshot, key)
			if err = e; err == nil && !ok {
				err = &CorruptError{What: "a sequence is missing", Key: key}
			}
			return at > position
		})
		return uint64(after), err
	})
}
