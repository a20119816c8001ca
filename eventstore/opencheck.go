package eventstore

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// checkEnd compares the last record with the stored head. It costs a few reads,
// whatever the size of the log.
func (s *Store) checkEnd() error {
	t := &s.writer.log
	first, last, err := logEnds(s.db)
	if err != nil {
		return err
	}
	switch {
	case last != t.position:
		return &CorruptError{What: fmt.Sprintf("the log ends at position %d and the head says %d", last, t.position), Position: t.position}
	case last != 0 && first != 1:
		return &CorruptError{What: "the first record is missing", Position: 1}
	case last == 0 && t.hash != [32]byte{}:
		return &CorruptError{What: "the head of an empty log has a hash", Key: metaKey(metaHead)}
	case last == 0:
		return nil
	}
	r, err := readRecord(s.db, last)
	if err != nil {
		return err
	}
	if r.Hash() != t.hash {
		return &CorruptError{What: "the last record does not have the hash of the head", Position: last, Stream: r.Stream}
	}
	if r.More != 0 {
		return &CorruptError{What: fmt.Sprintf("the last commit is torn: %d more events belong to it", r.More), Position: last, Stream: r.Stream}
	}
	version, err := lastNumber(s.db, appendStreamPrefix(nil, r.Stream))
	if err != nil {
		return err
	}
	sequence, err := lastNumber(s.db, appendSequencePrefix(nil, r.Stream.Account))
	if err != nil {
		return err
	}
	if version != r.Version || sequence != r.AccountSequence {
		return &CorruptError{What: "the last record is not the end of its stream and account", Position: last, Stream: r.Stream}
	}
	return nil
}

// checkMarks compares the log with the high-water mark, and opens the marks for
// writing.
func (s *Store) checkMarks(fresh bool) error {
	if s.opts.NoSync {
		return nil
	}
	t := &s.writer.log
	m, valid, found, err := readMarks(s.opts.FS, s.dir)
	if err != nil {
		return err
	}
	switch {
	case fresh:
	case valid == 0 && found == 0:
		return &CorruptError{kind: DamageMarks, What: "the high-water mark is missing"}
	case valid == 0:
		return &CorruptError{kind: DamageMarks, What: "no high-water mark can be read"}
	case m.incarnation != s.incarnation:
		return &CorruptError{kind: DamageMarks, What: fmt.Sprintf("the high-water mark is of incarnation %s and the log of %s", m.incarnation, s.incarnation)}
	case m.position > t.position:
		return &CorruptError{kind: DamageMarks, What: fmt.Sprintf("the log ends at position %d and had %d", t.position, m.position), Position: t.position + 1}
	case m.epoch > t.epoch:
		return &CorruptError{kind: DamageMarks, What: fmt.Sprintf("the log has epoch %d and had %d", t.epoch, m.epoch), Key: metaKey(metaEpoch)}
	case m.position > 0:
		r, err := readRecord(s.db, m.position)
		if err != nil {
			return err
		}
		if r.Hash() != m.hash {
			return &CorruptError{kind: DamageMarks, What: "a record does not have the hash of the high-water mark", Position: m.position, Stream: r.Stream}
		}
	}
	if s.opts.ReadOnly {
		return nil
	}
	s.marks, err = openMarks(s.opts.FS, s.dir, mark{t.position, t.hash, t.epoch, s.incarnation})
	return err
}

// checkTables compares what is in the folder with the inventory, before Pebble
// changes anything there.
func (s *Store) checkTables() (missing bool, err error) {
	if s.opts.NoSync {
		return false, nil
	}
	fs := s.opts.FS
	found, err := pebble.Peek(s.dir, fs)
	if err != nil {
		return false, err
	}
	last, at, files, err := readInventory(fs, s.dir)
	switch {
	case err != nil:
		return false, err
	case !found.Exists && files > 0:
		return false, &CorruptError{kind: DamageTables, What: "the folder has an inventory of tables and no manifest"}
	case !found.Exists:
	case last == nil && files > 0:
		return false, &CorruptError{kind: DamageTables, What: "no inventory of tables can be read"}
	case last == nil:
		missing = true // which is said after a look at the format
	default:
		if err := last.check(fs, s.dir, fs.PathBase(found.ManifestFilename)); err != nil {
			return false, err
		}
	}
	if !s.opts.ReadOnly {
		s.files.tables = &inventories{fs: fs, dir: s.dir, last: last, next: 1 - at}
	}
	return missing, nil
}

// logEnds returns the first and the last position in the log, 0 if it is empty.
func logEnds(r pebble.Reader) (first, last uint64, err error) {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: []byte{tableLog}, UpperBound: []byte{tableLog + 1}})
	if err != nil {
		return 0, 0, err
	}
	if it.First() {
		p, _ := parseKey(it.Key())
		first = p.number
	}
	if it.Last() {
		p, _ := parseKey(it.Key())
		last = p.number
	}
	return first, last, it.Close()
}
