package eventstore

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// metaIndexes is the version of the caller's indexes that the folder has. It is
// missing where that is 0, and empty while they are made anew.
const metaIndexes = "indexes"

// reindex makes the caller's indexes anew where those of the folder are of another
// version. Whatever ends it, the next Open begins it again, since the version is
// written last. Where a record is not understood, whole indexes stay as another version
// made them: the log can be read, and nothing is appended.
func (s *Store) reindex() error {
	version, whole, err := readIndexVersion(s.db)
	switch {
	case err != nil || whole && version == s.opts.IndexVersion:
		return err
	case s.opts.ReadOnly:
		return fmt.Errorf("%w: the folder has indexes of version %d, known is %d: open it for writing once", ErrFormat, version, s.opts.IndexVersion)
	case s.writer.log.position == 0:
		return setIndexVersion(s.db, s.opts.IndexVersion)
	}
	err = s.eachChange(func(uint64, IndexChange) error { return nil })
	if unindexed := (*unindexedError)(nil); whole && errors.As(err, &unindexed) {
		s.opts.Logger.Warn("eventstore: the log can only be read", "error", err)
		s.unindexed = fmt.Errorf("%w: %w", ErrFormat, err)
		return nil
	}
	if err != nil {
		return err
	}
	s.opts.Logger.Info("eventstore: the indexes of the log are made anew, once",
		"events", s.writer.log.position, "version", s.opts.IndexVersion, "before", version)
	b := s.db.NewBatch()
	defer func() { _ = b.Close() }()
	if err := setMeta(b, metaIndexes, nil); err != nil {
		return err
	}
	if err := b.DeleteRange([]byte{tableIndex}, []byte{tableIndex + 1}, nil); err != nil {
		return err
	}
	if err := b.Commit(pebble.Sync); err != nil {
		return err
	}
	if err := s.indexAll(); err != nil {
		return err
	}
	return setIndexVersion(s.db, s.opts.IndexVersion)
}

// unindexedError is why no index entries can be derived from a record.
type unindexedError struct {
	position uint64
	err      error
}

func (e *unindexedError) Error() string {
	return fmt.Sprintf("the indexes of position %d: %v", e.position, e.err)
}

func (e *unindexedError) Unwrap() error { return e.err }

// changeOf derives the index entries of a stored record, which fails where the record
// is not understood.
func (o *Options) changeOf(r *Record) (IndexChange, error) {
	change := o.Index(r)
	err := change.Err
	if err == nil {
		err = checkIndexChange(change)
	}
	if err != nil {
		return IndexChange{}, &unindexedError{r.Position, err}
	}
	return change, nil
}

// indexAll writes the index entries of all records. The guard of the disk is asked
// before each batch.
func (s *Store) indexAll() error {
	t := &tail{batch: s.db.NewBatch()}
	defer func() { _ = t.batch.Close() }()
	commit := func() error {
		if err := s.guard.admit(t.batch.Len()); err != nil {
			return err
		}
		err := t.batch.Commit(pebble.NoSync)
		t.batch.Reset()
		return err
	}
	err := s.eachChange(func(position uint64, change IndexChange) error {
		if err := t.index(position, change); err != nil || t.batch.Len() <= restoreBatch {
			return err
		}
		return commit()
	})
	if err != nil {
		return err
	}
	return commit()
}

// eachChange calls do with the index entries of each record, in order of position.
func (s *Store) eachChange(do func(position uint64, change IndexChange) error) (err error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{tableLog}, UpperBound: []byte{tableLog + 1}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		key, parsed := parseKey(it.Key())
		value, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		if !parsed {
			return &CorruptError{What: "not a key of the log", Key: append([]byte(nil), it.Key()...)}
		}
		r, err := openRecord(key.number, it.Key(), value)
		if err != nil {
			return err
		}
		change, err := s.opts.changeOf(r)
		if err != nil {
			return err
		}
		if err := do(r.Position, change); err != nil {
			return err
		}
	}
	return it.Error()
}

// readIndexVersion returns the version of the folder's indexes; whole is false
// where making them anew has not ended.
func readIndexVersion(r pebble.Reader) (version uint32, whole bool, err error) {
	b, ok, err := get(r, metaKey(metaIndexes))
	switch {
	case err != nil:
		return 0, false, err
	case !ok:
		return 0, true, nil
	case len(b) == 0:
		return 0, false, nil
	case len(b) != 4:
		return 0, false, &CorruptError{What: "the version of the indexes is not a number", Key: metaKey(metaIndexes)}
	}
	return binary.BigEndian.Uint32(b), true, nil
}

// setIndexVersion writes, durably, that the indexes are whole and of a version.
func setIndexVersion(db *pebble.DB, version uint32) error {
	b := db.NewBatch()
	defer func() { _ = b.Close() }()
	if err := setMeta(b, metaIndexes, binary.BigEndian.AppendUint32(nil, version)); err != nil {
		return err
	}
	return b.Commit(pebble.Sync)
}

func setMeta(b *pebble.Batch, name string, value []byte) error {
	key := metaKey(name)
	return b.Set(key, appendChecksum(append([]byte(nil), value...), 0, key), nil)
}
