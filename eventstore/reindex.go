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
// written last.
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

// changeOf derives the index entries of a stored record, which fails where the record
// is not understood.
func (o *Options) changeOf(r *Record) (IndexChange, error) {
	change := o.Index(r)
	err := change.Err
	if err == nil {
		err = checkIndexChange(change)
	}
	if err != nil {
		return IndexChange{}, fmt.Errorf("the indexes of position %d: %w", r.Position, err)
	}
	return change, nil
}

// indexAll writes the index entries of all records. The guard of the disk is asked
// before each batch.
func (s *Store) indexAll() error {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{tableLog}, UpperBound: []byte{tableLog + 1}})
	if err != nil {
		return err
	}
	return errors.Join(s.indexRecords(it), it.Close())
}

func (s *Store) indexRecords(it *pebble.Iterator) error {
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
		if err := t.index(r.Position, change); err != nil {
			return err
		}
		if t.batch.Len() > restoreBatch {
			if err := commit(); err != nil {
				return err
			}
		}
	}
	if err := it.Error(); err != nil {
		return err
	}
	return commit()
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
