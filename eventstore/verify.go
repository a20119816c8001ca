package eventstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Progress is how far a long call has come in one of its stages, which follow each
// other: "archive", "restore", "log" and "keys". Verify has the last two, and begins
// them again if it has found something, to name the place.
type Progress struct {
	Stage       string
	Done, Total uint64
}

const (
	// verifyDamages is how many damages Verify reports before it stops.
	verifyDamages = 16
	progressEvery = 4096
)

// Verify reads the whole folder, as it is on disk at the call, and compares
// everything with everything: the chain from the first record to the head, the
// sealed parts with their hashes, a sealed part that is missing with the later
// record that declares it redacted, positions, versions and sequences without a
// gap, each record with its keys and each key with its record, and the caller's
// indexes with what Options.Index makes of the records. It returns nil, or the
// first damages, each a [*CorruptError] with its kind and place, joined into one
// error; errors.As finds the first of them and [Damages] all. progress, if not nil, is called from time to time and at
// the end of each stage. Appends go on meanwhile;
// Close ends it with [ErrClosed].
func (s *Store) Verify(ctx context.Context, progress func(Progress)) error {
	_, err := read(ctx, s, "verify", func(v *view) (none struct{}, err error) {
		if progress == nil {
			progress = func(Progress) {}
		}
		c := verifier{stop: func() error { return s.stopped(ctx) }, view: v, db: v.snapshot, index: s.opts.Index, redacts: s.opts.Redacts, restored: s.restoredTo(), progress: progress}
		quick := c
		quick.sums = newSums()
		if err := quick.run(); err == nil && quick.sums.agree() || err != nil && !errors.Is(err, ErrCorrupt) && !pebble.IsCorruptionError(err) {
			return none, err
		}
		if err := c.run(); err != nil {
			return none, err
		}
		return none, &CorruptError{kind: DamageKeys, What: "the keys are not those of the records"}
	})
	return err
}

type verifier struct {
	stop     func() error // an error ends the walk
	view     *view
	db       pebble.Reader
	index    func(*Record) IndexChange
	redacts  func(*Record) []string
	restored uint64 // up to which position the log comes from a restore
	progress func(Progress)

	// sums is set to compare most keys without a look at each: quickly, and
	// without a place for what is wrong.
	sums *sums

	damages []error
	// keys counts the keys that were found to belong to a record.
	keys uint64
	// gone holds index keys that a record put, that are not stored, and that no
	// later record has put or deleted so far, with the record's position.
	gone map[string]uint64
	last *Record
	more uint32 // events that the commit before still has
}

// errEnough ends a walk that has found enough damages.
var errEnough = errors.New("enough damages")

func (c *verifier) run() error {
	c.gone = make(map[string]uint64)
	err := c.log()
	if err == nil {
		err = c.leftOver()
	}
	if err == nil {
		err = c.allKeys()
	}
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	if len(c.damages) > 0 {
		return errors.Join(c.damages...)
	}
	return nil
}

func (c *verifier) damage(e *CorruptError) error {
	e.Key = bytes.Clone(e.Key)
	if c.damages = append(c.damages, e); len(c.damages) >= verifyDamages {
		return errEnough
	}
	return nil
}

// found sorts an error into damage and an error of reading.
func (c *verifier) found(err error) error {
	if err == nil {
		return nil
	}
	var e *CorruptError
	if errors.As(err, &e) {
		return c.damage(e)
	}
	return err
}

// log walks the records.
func (c *verifier) log() error {
	it, err := c.db.NewIter(&pebble.IterOptions{LowerBound: []byte{tableLog}, UpperBound: []byte{tableLog + 1}})
	if err != nil {
		return err
	}
	err = c.records(it)
	return errors.Join(err, it.Close())
}

func (c *verifier) records(it *pebble.Iterator) error {
	var hash [32]byte
	known, next, total := true, uint64(1), c.view.position
	for ok := it.First(); ok; ok = it.Next() {
		key, parsed := parseKey(it.Key())
		if !parsed {
			if err := c.damage(&CorruptError{What: "not a key of the log", Key: it.Key()}); err != nil {
				return err
			}
			continue
		}
		if key.number != next {
			known = false
			what := &CorruptError{What: "a record is missing", Position: next}
			if n := key.number - next; n > 1 {
				what.What = fmt.Sprintf("%d records are missing", n)
			}
			if err := c.damage(what); err != nil {
				return err
			}
		}
		next = key.number + 1
		value, err := it.ValueAndErr()
		var r *Record
		if err == nil {
			r, err = openRecord(key.number, it.Key(), value)
		}
		if err != nil {
			known = false
			if err := c.found(err); err != nil {
				return err
			}
			continue
		}
		if known && r.PreviousHash != hash {
			err = c.damage(&CorruptError{What: "the chain is broken: a record does not hold the hash of the one before", Position: r.Position, Stream: r.Stream})
		}
		if err == nil {
			err = c.record(r)
		}
		if err != nil {
			return err
		}
		hash, known = r.Hash(), true
		if next%progressEvery == 0 {
			if err := c.stop(); err != nil {
				return err
			}
			c.progress(Progress{"log", next - 1, total})
		}
	}
	if err := it.Error(); err != nil {
		return err
	}
	c.progress(Progress{"log", next - 1, total})
	switch {
	case next-1 != c.view.position:
		return c.damage(&CorruptError{What: fmt.Sprintf("the log ends at position %d and the head is %d", next-1, c.view.position), Position: next})
	case known && hash != c.view.hash:
		return c.damage(&CorruptError{What: "the last record does not have the hash of the head", Position: next - 1})
	}
	return nil
}

// record checks one record and the keys that have to lead to it.
func (c *verifier) record(r *Record) error {
	at := func(what string, key []byte) error {
		return c.damage(&CorruptError{What: what, Position: r.Position, Stream: r.Stream, Key: key})
	}
	if c.more > 0 && r.More != c.more-1 {
		if err := at("a commit is torn", nil); err != nil {
			return err
		}
	}
	c.more = r.More
	if r.Redacted() {
		if err := c.redacted(r); err != nil {
			return err
		}
	} else if sealedHash(r.Sealed) != r.SealedHash {
		if err := c.damage(&CorruptError{kind: DamageSealed, What: "the sealed part does not have its hash", Position: r.Position, Stream: r.Stream}); err != nil {
			return err
		}
	}
	if err := c.declares(r); err != nil {
		return err
	}
	account := r.Stream.Account
	for _, k := range [][]byte{
		appendStreamKey(nil, r.Stream, r.Version),
		appendSequenceKey(nil, account, r.AccountSequence),
		appendEventKey(nil, account, r.ID),
	} {
		if err := c.leads(r, k, nil); err != nil {
			return err
		}
	}
	for _, d := range r.Dedup {
		if err := c.leads(r, appendDedupKey(nil, account, d.Key), d.Hash); err != nil {
			return err
		}
	}
	// Versions and sequences are dense if each but the first has one before it.
	if r.Version > 1 {
		if err := c.before(r, appendStreamKey(nil, r.Stream, r.Version-1), "the version before is missing"); err != nil {
			return err
		}
	}
	if r.AccountSequence > 1 {
		if err := c.before(r, appendSequenceKey(nil, account, r.AccountSequence-1), "the account's sequence before is missing"); err != nil {
			return err
		}
	}
	change := c.index(r)
	if change.Err != nil {
		return fmt.Errorf("eventstore: the indexes of position %d: %w", r.Position, change.Err)
	}
	for key, e := range indexOps(change) {
		if err := c.indexed(r, []byte(key), e); err != nil {
			return err
		}
	}
	return nil
}

// leads checks that key is stored and leads to r.
func (c *verifier) leads(r *Record, key, rest []byte) error {
	if c.sums != nil {
		c.sums.records.add(c.sums, key, r.Position, rest)
		return nil
	}
	position, stored, ok, err := getPlaced(c.db, key)
	switch {
	case err != nil:
		return c.found(err)
	case !ok:
		return c.damage(&CorruptError{What: "a record's key is missing", Position: r.Position, Stream: r.Stream, Key: key})
	case position != r.Position:
		return c.damage(&CorruptError{What: fmt.Sprintf("a record's key leads to position %d", position), Position: r.Position, Stream: r.Stream, Key: key})
	case !bytes.Equal(stored, rest):
		return c.damage(&CorruptError{What: "a record's key has another hash than the record", Position: r.Position, Stream: r.Stream, Key: key})
	}
	c.keys++
	return nil
}

// before checks that key leads to a position before r.
func (c *verifier) before(r *Record, key []byte, what string) error {
	if c.sums != nil {
		return nil // which the order of the keys tells
	}
	position, _, ok, err := getPlaced(c.db, key)
	if err != nil {
		return c.found(err)
	}
	if !ok || position >= r.Position {
		return c.damage(&CorruptError{What: what, Position: r.Position, Stream: r.Stream, Key: key})
	}
	return nil
}

// indexOps returns what a change leaves of each key: the entry that was put
// last, or nil for a delete.
func indexOps(change IndexChange) map[string]*IndexEntry {
	if len(change.Delete)+len(change.Put) == 0 {
		return nil
	}
	ops := make(map[string]*IndexEntry)
	for _, k := range change.Delete {
		ops[string(appendIndexKey(nil, k))] = nil
	}
	for i := range change.Put {
		ops[string(appendIndexKey(nil, change.Put[i].IndexKey))] = &change.Put[i]
	}
	return ops
}

// indexed checks one key of a caller's index against what r makes of it. An
// entry of a later record is checked when that record comes.
func (c *verifier) indexed(r *Record, key []byte, put *IndexEntry) error {
	at := func(what string) error {
		return c.damage(&CorruptError{What: what, Position: r.Position, Stream: r.Stream, Key: key})
	}
	position, value, ok, err := getPlaced(c.db, key)
	delete(c.gone, string(key))
	switch {
	case err != nil:
		return c.found(err)
	case ok && position > r.Position:
		return nil
	case put == nil && ok:
		return at("an index entry is still there after the record that ends it")
	case put == nil:
		return nil
	case !ok:
		c.gone[string(key)] = r.Position
		return nil
	case position < r.Position:
		return at("an index entry is older than the record that puts it")
	case !bytes.Equal(value, put.Value):
		return at("an index entry differs from what its record puts")
	}
	c.keys++
	return nil
}

// leftOver reports the index entries that should be there and are not.
func (c *verifier) leftOver() error {
	for key, position := range c.gone {
		if err := c.damage(&CorruptError{What: "an index entry is missing", Position: position, Key: []byte(key)}); err != nil {
			return err
		}
	}
	return nil
}
