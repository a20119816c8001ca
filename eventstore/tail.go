package eventstore

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// tail is the end of the log as the writer sees it: with everything that was
// accepted, on disk or not.
type tail struct {
	position uint64
	hash     [32]byte
	epoch    uint64
	// versions and sequences remember ends that were asked for.
	versions  recent[Stream]
	sequences recent[string]
	filter    *filter

	// What follows belongs to the batch being made.
	batch  *pebble.Batch
	ids    map[nameIn]uint64
	dedup  map[nameIn]Dedup
	staged []staged
	bytes  []byte // encodings of the staged records
	next   next   // the ends as they are after the staged records
	key    []byte
	value  []byte
}

type nameIn struct{ account, name string }

// staged is a record of the commit being decided on.
type staged struct {
	record  Record
	end     int // in tail.bytes
	change  IndexChange
	redacts []string
}

// next is what the staged records of one commit make of the ends.
type next struct {
	hash      [32]byte
	versions  map[Stream]uint64
	sequences map[string]uint64
}

// decide makes the batch of all calls and their results. The batch is nil if
// nothing was accepted.
func (t *tail) decide(s *Store, calls []*call) (*pebble.Batch, error) {
	t.batch = nil
	t.ids, t.dedup = nil, nil
	for _, c := range calls {
		if c.do != nil {
			var result Result
			if err := c.do(s, t, &result); err != nil {
				return nil, err
			}
			c.results = []Result{result}
			continue
		}
		c.results = make([]Result, len(c.commits))
		sealed := c.sealed
		for i := range c.commits {
			n := len(c.commits[i].Events)
			if err := t.commit(s, &c.commits[i], c.checked[i], sealed[:n], &c.results[i]); err != nil {
				return nil, err
			}
			sealed = sealed[n:]
		}
	}
	if t.batch != nil {
		return t.batch, t.setHead()
	}
	return nil, nil
}

// newBatch makes the batch at the first need of it.
func (t *tail) newBatch(s *Store) {
	if t.batch == nil {
		t.batch = s.db.NewBatch()
	}
}

func (t *tail) fence(s *Store, epoch uint64, result *Result) error {
	switch {
	case epoch < t.epoch:
		result.Err = ErrFenced
		return nil
	case epoch == t.epoch:
		return nil
	}
	t.newBatch(s)
	t.epoch = epoch
	return setEpoch(t.batch, t.epoch)
}

// commit decides on one commit. An error is one of the store, not of the
// commit.
func (t *tail) commit(s *Store, c *Commit, checked error, sealed [][32]byte, result *Result) error {
	if c.Epoch != t.epoch {
		result.Err = ErrFenced
		return nil
	}
	if checked != nil {
		result.Err = checked
		return nil
	}
	if refusal, err := t.refusal(s, c); refusal != nil || err != nil {
		result.Err = refusal
		return err
	}
	if len(c.Events) == 0 {
		return nil
	}
	if err := t.stage(s, c, sealed); err != nil {
		return err
	}
	for i := range t.staged {
		t.staged[i].change = s.opts.Index(&t.staged[i].record)
		if err := checkIndexChange(t.staged[i].change); err != nil {
			result.Err = err
			return nil
		}
		t.staged[i].redacts = s.opts.Redacts(&t.staged[i].record)
		if err := checkRedacts(t.staged[i].redacts); err != nil {
			result.Err = err
			return nil
		}
	}
	result.First, result.Last = t.position+1, t.position+uint64(len(t.staged))
	t.newBatch(s)
	return t.accept(s)
}

// refusal looks for a reason not to accept c.
func (t *tail) refusal(s *Store, c *Commit) (refusal, err error) {
	for i := range c.Events {
		e := &c.Events[i]
		account := e.Stream.Account
		for _, d := range e.Dedup {
			first, ok := t.dedup[nameIn{account, d.Key}]
			if !ok {
				t.key = appendDedupKey(t.key[:0], account, d.Key)
				if first.Position, first.Hash, ok, err = t.find(s); err != nil {
					return nil, err
				}
			}
			if ok {
				return &DuplicateError{Account: account, Key: d.Key, Position: first.Position, Hash: first.Hash}, nil
			}
		}
	}
	for i := range c.Events {
		e := &c.Events[i]
		at, ok := t.ids[nameIn{e.Stream.Account, e.ID}]
		if !ok {
			t.key = appendEventKey(t.key[:0], e.Stream.Account, e.ID)
			if at, _, ok, err = t.find(s); err != nil {
				return nil, err
			}
		}
		if ok {
			return invalid("event id %q is used by position %d", e.ID, at), nil
		}
	}
	for _, x := range c.Expected {
		version, err := t.version(s, x.Stream)
		if err != nil {
			return nil, err
		}
		if version != x.Version {
			return fmt.Errorf("%w: stream %s of account %q is at version %d, not %d",
				ErrWrongExpectedVersion, x.Stream, x.Stream.Account, version, x.Version), nil
		}
	}
	return nil, nil
}

// find looks for t.key, an event id or a dedup key.
func (t *tail) find(s *Store) (position uint64, rest []byte, ok bool, err error) {
	if t.filter.isNew(t.key) {
		return 0, nil, false, nil
	}
	return getPlaced(s.db, t.key)
}

// stage makes the records of a commit as if it were accepted, without changing
// the tail.
func (t *tail) stage(s *Store, c *Commit, sealed [][32]byte) error {
	t.staged, t.bytes = t.staged[:0], t.bytes[:0]
	now := stored(s.opts.Now())
	t.next.hash = t.hash
	clear(t.next.versions)
	clear(t.next.sequences)
	for i := range c.Events {
		t.staged = append(t.staged, staged{})
		r := &t.staged[i].record
		r.Event = c.Events[i]
		r.Received, r.Provider = stored(r.Received), stored(r.Provider)
		r.Recorded = now
		r.Position = t.position + uint64(i) + 1
		r.More = uint32(len(c.Events) - 1 - i)
		r.SealedHash, r.PreviousHash = sealed[i], t.next.hash
		if err := t.number(s, r, len(c.Events) > 1); err != nil {
			return err
		}
		start := len(t.bytes)
		t.bytes = appendHashed(t.bytes, r)
		t.next.hash = sha256.Sum256(t.bytes[start:])
		t.bytes = appendBytes(t.bytes, fieldSealed, r.Sealed)
		t.key = appendLogKey(t.key[:0], r.Position)
		t.bytes = appendChecksum(t.bytes, start, t.key)
		t.staged[i].end = len(t.bytes)
	}
	return nil
}

// number gives r the next version and sequence, after those of the records
// that are staged already. It remembers them if more are to come.
func (t *tail) number(s *Store, r *Record, more bool) (err error) {
	version, ok := t.next.versions[r.Stream]
	if !ok {
		if version, err = t.version(s, r.Stream); err != nil {
			return err
		}
	}
	sequence, ok := t.next.sequences[r.Stream.Account]
	if !ok {
		if sequence, err = t.sequence(s, r.Stream.Account); err != nil {
			return err
		}
	}
	r.Version, r.AccountSequence = version+1, sequence+1
	if more {
		if t.next.versions == nil {
			t.next.versions, t.next.sequences = make(map[Stream]uint64), make(map[string]uint64)
		}
		t.next.versions[r.Stream], t.next.sequences[r.Stream.Account] = r.Version, r.AccountSequence
	}
	return nil
}

// accept writes the staged records to the batch and moves the tail.
func (t *tail) accept(s *Store) error {
	start := 0
	for i := range t.staged {
		st := &t.staged[i]
		if err := t.write(st, t.bytes[start:st.end]); err != nil {
			return err
		}
		start = st.end
		if err := t.declare(s, st); err != nil {
			return err
		}
	}
	t.hash = t.next.hash
	return nil
}

// write writes everything that belongs to one record.
func (t *tail) write(st *staged, encoded []byte) error {
	r := &st.record
	account := r.Stream.Account
	t.position = r.Position
	t.versions.put(r.Stream, r.Version)
	t.sequences.put(account, r.AccountSequence)
	t.key = appendLogKey(t.key[:0], r.Position)
	if err := t.batch.Set(t.key, encoded, nil); err != nil {
		return err
	}
	t.key = appendStreamKey(t.key[:0], r.Stream, r.Version)
	if err := t.setPlaced(r.Position, nil); err != nil {
		return err
	}
	t.key = appendSequenceKey(t.key[:0], account, r.AccountSequence)
	if err := t.setPlaced(r.Position, nil); err != nil {
		return err
	}
	if t.ids == nil {
		t.ids, t.dedup = make(map[nameIn]uint64), make(map[nameIn]Dedup)
	}
	t.ids[nameIn{account, r.ID}] = r.Position
	t.key = appendEventKey(t.key[:0], account, r.ID)
	t.filter.add(t.key)
	if err := t.setPlaced(r.Position, nil); err != nil {
		return err
	}
	for _, d := range r.Dedup {
		t.dedup[nameIn{account, d.Key}] = Dedup{r.Position, d.Hash}
		t.key = appendDedupKey(t.key[:0], account, d.Key)
		t.filter.add(t.key)
		if err := t.setPlaced(r.Position, d.Hash); err != nil {
			return err
		}
	}
	return t.index(r.Position, st.change)
}

// index writes what a record changes in the caller's indexes.
func (t *tail) index(position uint64, change IndexChange) error {
	for _, k := range change.Delete {
		t.key = appendIndexKey(t.key[:0], k)
		if err := t.batch.Delete(t.key, nil); err != nil {
			return err
		}
	}
	for _, e := range change.Put {
		t.key = appendIndexKey(t.key[:0], e.IndexKey)
		if err := t.setPlaced(position, e.Value); err != nil {
			return err
		}
	}
	return nil
}

// setPlaced sets t.key to a position and what follows it.
func (t *tail) setPlaced(position uint64, rest []byte) error {
	t.value = binary.BigEndian.AppendUint64(t.value[:0], position)
	t.value = append(t.value, rest...)
	t.value = appendChecksum(t.value, 0, t.key)
	return t.batch.Set(t.key, t.value, nil)
}

func (t *tail) setHead() error {
	t.key = append(t.key[:0], metaKey(metaHead)...)
	return t.setPlaced(t.position, t.hash[:])
}

func setEpoch(b *pebble.Batch, epoch uint64) error {
	return setMeta(b, metaEpoch, binary.BigEndian.AppendUint64(nil, epoch))
}

// version returns the version of a stream, 0 if it does not exist.
func (t *tail) version(s *Store, stream Stream) (uint64, error) {
	if v, ok := t.versions.get(stream); ok {
		return v, nil
	}
	t.key = appendStreamPrefix(t.key[:0], stream)
	v, err := lastNumber(s.db, t.key)
	if err == nil {
		t.versions.put(stream, v)
	}
	return v, err
}

// sequence returns the last sequence of an account, 0 if it has no event.
func (t *tail) sequence(s *Store, account string) (uint64, error) {
	if v, ok := t.sequences.get(account); ok {
		return v, nil
	}
	t.key = appendSequencePrefix(t.key[:0], account)
	v, err := lastNumber(s.db, t.key)
	if err == nil {
		t.sequences.put(account, v)
	}
	return v, err
}

// lastNumber returns the number that ends the last key with the prefix, 0 if
// there is no such key.
func lastNumber(r pebble.Reader, prefix []byte) (uint64, error) {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: prefixEnd(prefix)})
	if err != nil {
		return 0, err
	}
	number := uint64(0)
	if it.Last() {
		key := it.Key()
		number = binary.BigEndian.Uint64(key[len(key)-8:])
	}
	return number, it.Close()
}
