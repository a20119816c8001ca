package eventstore

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2"
)

// format is the format of the folder: the key table, the record's encoding and
// the mark files. A version reads its own format only.
const format = 2

// Open opens the folder dir, and makes it if it does not exist. Before anything
// can be read it checks the end of the log against the stored head and against
// the high-water mark that is kept beside Pebble; [Store.Verify] checks the
// rest.
//
// It returns [ErrLocked] with the name of the folder while another Store has it
// open, [ErrFormat] for a folder of another format, and [ErrCorrupt] if a check
// fails; then nothing is served. With Options.MinFree it returns [ErrDiskFull]
// where Pebble could not write out its logs. A read-only Open of a folder without a log
// returns [ErrNotFound].
//
// Where Options.IndexVersion is another than the folder's, Open reads the whole log
// and makes the indexes anew, see there. A folder in which a restore is under way or has failed is refused with
// [ErrUnfinished].
func Open(dir string, opts Options) (*Store, error) { return open(dir, opts, false) }

// open is Open; a restore opens the folder that it writes.
func open(dir string, opts Options, restoring bool) (_ *Store, err error) {
	opts.EnsureDefaults()
	s := &Store{opts: opts, dir: dir, files: &folderFS{FS: opts.FS, dir: dir}}
	s.filter = newFilter()
	s.writer.log.filter = s.filter
	s.queue.slots = make(chan struct{}, maxGroups)
	if !opts.ReadOnly {
		if err := makeDir(opts.FS, dir); err != nil {
			return nil, wrap("make folder "+dir, err)
		}
	}
	if err := s.lockDir(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.abandon()
		}
	}()
	if err := s.checkUse(restoring); err != nil {
		return nil, err
	}
	if err := s.begin(); err != nil {
		return nil, wrap("open "+dir, err)
	}
	noTables, err := s.checkTables()
	if err != nil {
		return nil, wrap("open "+dir, err)
	}
	if err := s.roomToOpen(); err != nil {
		return nil, wrap("open "+dir, err)
	}
	if err := s.openPebble(); err != nil {
		return nil, err
	}
	fresh, err := s.readMeta()
	if err != nil {
		return nil, wrap("open "+dir, err)
	}
	if noTables {
		return nil, wrap("open "+dir, &CorruptError{kind: DamageTables, What: "the inventory of tables is missing"})
	}
	if err := s.checkEnd(); err != nil {
		return nil, wrap("open "+dir, err)
	}
	if err := s.checkMarks(fresh); err != nil {
		return nil, wrap("open "+dir, err)
	}
	if t := s.files.tables; t != nil {
		if t.last != nil && t.last.incarnation != s.incarnation {
			return nil, wrap("open "+dir, &CorruptError{kind: DamageTables, What: fmt.Sprintf("the inventory of tables is of incarnation %s and the log of %s", t.last.incarnation, s.incarnation)})
		}
		if err := t.opened(s.db, s.incarnation); err != nil {
			return nil, wrap("open "+dir, err)
		}
	}
	if fresh {
		if err := s.finish(); err != nil {
			return nil, wrap("open "+dir, err)
		}
	}
	if err := s.guard.open(&s.opts, dir, s.db); err != nil {
		return nil, wrap("open "+dir, err)
	}
	if err := s.reindex(); err != nil {
		return nil, wrap("open "+dir, err)
	}
	t := &s.writer.log
	s.filter.ready.Store(t.position == 0)
	s.epoch.Store(t.epoch)
	s.views.publish(&view{snapshot: s.db.NewSnapshot(), position: t.position, hash: t.hash})
	return s, nil
}

// checkUse refuses a folder that a restore has not finished.
func (s *Store) checkUse(restoring bool) error {
	_, err := s.opts.FS.Stat(s.opts.FS.PathJoin(s.dir, restoreName))
	switch {
	case err == nil && !restoring:
		return fmt.Errorf("%w: %s", ErrUnfinished, s.dir)
	case err == nil, oserror.IsNotExist(err):
		return nil
	}
	return wrap("open "+s.dir, err)
}

// abandon gives back what a failed Open has taken.
func (s *Store) abandon() {
	if s.marks != nil {
		_ = s.marks.closeFiles()
	}
	s.files.tables.abandon()
	if s.db != nil {
		_ = s.db.Close()
	}
	_ = s.lock.Close()
}

func (s *Store) lockDir() (err error) {
	s.lock, err = pebble.LockDirectory(s.dir, s.opts.FS)
	switch {
	case err == nil:
		return nil
	case oserror.IsNotExist(err):
		return fmt.Errorf("%w: no folder %s", ErrNotFound, s.dir)
	case oserror.IsPermission(err):
		return wrap("open "+s.dir, err)
	}
	return fmt.Errorf("%w: %s: %w", ErrLocked, s.dir, err)
}

func (s *Store) openPebble() error {
	found, err := pebble.Peek(s.dir, s.opts.FS)
	if err != nil {
		return wrap("open "+s.dir, err)
	}
	if s.opts.ReadOnly && !found.Exists {
		return fmt.Errorf("%w: no log in folder %s", ErrNotFound, s.dir)
	}
	if found.Exists && found.FormatMajorVersion > pebbleFormat {
		return fmt.Errorf("%w: folder %s has Pebble's format %d, newest known is %d",
			ErrFormat, s.dir, found.FormatMajorVersion, pebbleFormat)
	}
	s.db, err = pebble.Open(s.dir, s.pebbleOptions())
	return wrap("open "+s.dir, err)
}

// corruption takes note of damage that Pebble has come upon, in a read or in the
// background. Whoever reads gets an error for it; nobody appends to such a log.
func (s *Store) corruption(info pebble.DataCorruptionInfo) {
	var err error = &CorruptError{kind: DamageTables, What: "Pebble cannot read " + s.opts.FS.PathBase(info.Path), Err: info.Details}
	if s.damage.CompareAndSwap(nil, &err) {
		s.opts.damaged(info)
	}
}

func (s *Store) pebbleOptions() *pebble.Options {
	p := s.opts.pebble()
	p.Lock = s.lock
	p.FS = s.files
	p.EventListener.DataCorruption = s.corruption
	p.EventListener.BackgroundError = func(err error) {
		p.Logger.Errorf("background error: %s", err)
		s.stop(err)
	}
	if s.files.tables != nil {
		s.files.tables.listen(p.EventListener)
	}
	return p
}

// readMeta reads what the store keeps about itself, and writes it into an empty
// folder. fresh is true if it did.
func (s *Store) readMeta() (fresh bool, err error) {
	b, ok, err := get(s.db, metaKey(metaFormat))
	if err != nil {
		return false, err
	}
	if !ok {
		if empty, err := s.empty(); err != nil {
			return false, err
		} else if !empty {
			return false, &CorruptError{What: "the folder has keys and no format", Key: metaKey(metaFormat)}
		}
		if s.opts.ReadOnly {
			return false, fmt.Errorf("%w: no log in folder", ErrNotFound)
		}
		if _, valid, _, err := readMarks(s.opts.FS, s.dir); err != nil {
			return false, err
		} else if valid > 0 {
			return false, &CorruptError{kind: DamageMarks, What: "the folder has a high-water mark and no log"}
		}
		return true, s.writeMeta()
	}
	if len(b) != 4 {
		return false, &CorruptError{What: "the format is not a number", Key: metaKey(metaFormat)}
	}
	if f := binary.BigEndian.Uint32(b); f != format {
		return false, fmt.Errorf("%w: the folder has format %d, known is %d", ErrFormat, f, format)
	}
	return false, s.readEnds()
}

// empty reports whether the folder has no key at all.
func (s *Store) empty() (bool, error) {
	it, err := s.db.NewIter(nil)
	if err != nil {
		return false, err
	}
	empty := !it.First()
	return empty, it.Close()
}

// readEnds reads incarnation, epoch and head.
func (s *Store) readEnds() error {
	b, err := s.mustGet(metaIncarnation)
	if err != nil {
		return err
	}
	s.incarnation = string(b)
	if b, err = s.mustGet(metaEpoch); err != nil {
		return err
	}
	t := &s.writer.log
	if len(b) != 8 {
		return &CorruptError{What: "the epoch is not a number", Key: metaKey(metaEpoch)}
	}
	t.epoch = binary.BigEndian.Uint64(b)
	if b, err = s.mustGet(metaHead); err != nil {
		return err
	}
	if len(b) != 8+len(t.hash) {
		return &CorruptError{What: "the head is not a position and a hash", Key: metaKey(metaHead)}
	}
	t.position = binary.BigEndian.Uint64(b)
	copy(t.hash[:], b[8:])
	s.origins, err = readOrigins(s.db)
	return err
}

func (s *Store) mustGet(name string) ([]byte, error) {
	b, ok, err := get(s.db, metaKey(name))
	if err == nil && !ok {
		err = &CorruptError{What: "a key is missing", Key: metaKey(name)}
	}
	return b, err
}

func (s *Store) writeMeta() error {
	s.incarnation = rand.Text()
	b := s.db.NewBatch()
	defer func() { _ = b.Close() }()
	t := &s.writer.log
	t.batch = b
	for name, value := range map[string][]byte{
		metaFormat:      binary.BigEndian.AppendUint32(nil, format),
		metaIncarnation: []byte(s.incarnation),
		metaIndexes:     binary.BigEndian.AppendUint32(nil, s.opts.IndexVersion),
	} {
		if err := setMeta(b, name, value); err != nil {
			return err
		}
	}
	if err := setEpoch(b, 0); err != nil {
		return err
	}
	if err := t.setHead(); err != nil {
		return err
	}
	return b.Commit(pebble.Sync)
}
