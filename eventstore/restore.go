package eventstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2"
)

// restoreName is a file that is in the folder from before a restore writes
// anything there until it is finished and verified. Open refuses a folder that
// has it.
const restoreName = "RESTORE"

const metaOrigins = "origins"

// restoreBatch is how many bytes a restore writes at once.
const restoreBatch = 4 << 20

// Limit is where a restore ends. The zero value is the end of the log.
type Limit struct {
	// Position is the last event to keep. If it is within a commit, that commit
	// is left out.
	Position uint64
	// Time ends the restore before the first event that was recorded after it.
	// So what is kept is a part of the log from its beginning, also if the clock
	// stepped back.
	Time time.Time
}

// Origin says where the beginning of a log comes from: the events up to Position
// are those of the log Incarnation, which at the time of the restore had Head.
type Origin struct {
	Incarnation    string
	Position, Head uint64
	// Restored is when, by Options.Now.
	Restored time.Time
}

// Restored is what a restore has made, or would make.
type Restored struct {
	Origin
	// NewIncarnation is that of the new log, empty after a dry run.
	NewIncarnation string
	// Last is when the last event was recorded that is kept.
	Last time.Time
	// Redacted is how many events lose a sealed part that the source still has,
	// because a record of the source declares it redacted, be it behind the end
	// of the restore.
	Redacted uint64
}

// RestoreOptions are the choices of who restores.
type RestoreOptions struct {
	// Store is for both folders. Index and Redacts must be those with which the
	// source was written.
	Store Options
	// DryRun looks at everything that is read, and writes nothing.
	DryRun bool
	// Progress, if not nil, is called from time to time, with the stages of
	// [VerifyFolder] for the source, "restore" with positions, and those of
	// Verify for the new log.
	Progress func(Progress)
}

// Restore makes in the folder to, which must be empty or not exist, a new log of
// exactly the events of the log in from up to a limit. Positions, versions,
// ids, hashes and recorded times are the same; indexes are derived again, so
// they are as they were at that position; the epoch is that of the source. The
// incarnation is new: who remembers a position of the source can tell. A sealed
// part that was declared redacted does not come back, also if that was declared
// after the limit.
//
// The source, a backup or a folder that nobody has open, is not changed, and is
// verified first. The new log is verified before Restore returns nil. Until then
// Open refuses the new folder with [ErrUnfinished]; what a restore that failed
// has left there has to be removed by hand. The errors are [ErrNotEmpty],
// [ErrNotFound] for a limit behind the end of the source, the context's, and
// those of Open and Verify.
func Restore(ctx context.Context, from, to string, at Limit, opts RestoreOptions) (_ Restored, err error) {
	opts.Store.EnsureDefaults()
	opts.Store.ReadOnly, opts.Store.NoSync = false, false
	if opts.Progress == nil {
		opts.Progress = func(Progress) {}
	}
	if err := checkEmpty(opts.Store, to); err != nil {
		return Restored{}, err
	}
	source, err := openRead(ctx, from, opts.Store, opts.Progress)
	if err != nil {
		return Restored{}, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	if err := source.Verify(ctx, opts.Progress); err != nil {
		return Restored{}, err
	}
	r := restore{ctx: ctx, opts: opts, source: source}
	if err := r.plan(at); err != nil || opts.DryRun {
		return r.result, err
	}
	return r.result, wrap("restore to "+to, r.run(to))
}

func checkEmpty(opts Options, dir string) error {
	names, err := opts.FS.List(dir)
	switch {
	case oserror.IsNotExist(err):
		return nil
	case err != nil:
		return wrap("restore to "+dir, err)
	case len(names) > 0:
		return fmt.Errorf("%w: %s has %d files", ErrNotEmpty, dir, len(names))
	}
	return nil
}

type restore struct {
	ctx    context.Context
	opts   RestoreOptions
	source *Store
	result Restored

	target *Store
	size   int // of the batch
}

// plan finds out where the restore ends and what it keeps.
func (r *restore) plan(at Limit) error {
	head := r.source.Durable()
	r.result.Origin = Origin{Incarnation: r.source.incarnation, Head: head, Restored: stored(r.opts.Store.Now())}
	if at.Position > head {
		return fmt.Errorf("eventstore: restore to position %d of %d: %w", at.Position, head, ErrNotFound)
	}
	last := head
	if at.Position > 0 {
		last = at.Position
	}
	var pending time.Time
	redacted := uint64(0) // in the commit under way
	for record, err := range r.source.ReadAll(r.ctx, 1) {
		if err != nil {
			return err
		}
		if record.Position > last || !at.Time.IsZero() && record.Recorded.After(at.Time) {
			break
		}
		pending = record.Recorded
		gone, _, err := r.redacted(record)
		if err != nil {
			return err
		}
		if gone && len(record.Sealed) > 0 {
			redacted++
		}
		if record.More == 0 {
			r.result.Position, r.result.Last = record.Position, pending
			r.result.Redacted += redacted
			redacted = 0
		}
	}
	return nil
}

// redacted reports whether a record of the source declares the sealed part of
// record redacted, and the last one that does; 0 is one that an earlier restore
// has left out.
func (r *restore) redacted(record *Record) (gone bool, by uint64, err error) {
	by, _, ok, err := getPlaced(r.source.db, appendRedactionKey(nil, record.Stream.Account, record.ID))
	return ok && (by == 0 || by > record.Position), by, err
}

func (r *restore) run(to string) (err error) {
	fs := r.opts.Store.FS
	if err := makeDir(fs, to); err != nil {
		return err
	}
	if err := writeDurably(fs, to, restoreName, []byte("A restore is under way here, or has failed.\n")); err != nil {
		return err
	}
	if r.target, err = open(to, r.opts.Store, true); err != nil {
		return err
	}
	defer func() {
		if e := r.target.Close(); err == nil {
			err = e
		}
		if err != nil {
			return
		}
		if err = fs.Remove(fs.PathJoin(to, restoreName)); err == nil {
			err = syncDir(fs, to)
		}
	}()
	if err := r.records(); err != nil {
		return err
	}
	r.result.NewIncarnation = r.target.incarnation
	return r.target.Verify(r.ctx, r.opts.Progress)
}

// records writes all records and what belongs to them. Nobody else uses the
// target.
func (r *restore) records() error {
	s, t := r.target, &r.target.writer.log
	t.batch = nil // that of the making of the folder
	t.newBatch(s)
	t.epoch = r.source.Epoch()
	if err := setEpoch(t.batch, t.epoch); err != nil {
		return err
	}
	s.origins = append(append([]Origin(nil), r.source.origins...), r.result.Origin)
	if err := setOrigins(t.batch, s.origins); err != nil {
		return err
	}
	for record, err := range r.source.ReadAll(r.ctx, 1) {
		if err != nil {
			return err
		}
		if record.Position > r.result.Position {
			break
		}
		if err := r.record(record); err != nil {
			return err
		}
		if r.size > restoreBatch {
			if err := r.commit(pebble.NoSync); err != nil {
				return err
			}
			r.opts.Progress(Progress{"restore", record.Position, r.result.Position})
			t.newBatch(s)
		}
	}
	if err := r.commit(pebble.Sync); err != nil {
		return err
	}
	r.opts.Progress(Progress{"restore", r.result.Position, r.result.Position})
	s.epoch.Store(t.epoch)
	s.views.publish(&view{snapshot: s.db.NewSnapshot(), position: t.position, hash: t.hash})
	return nil
}

func (r *restore) commit(how *pebble.WriteOptions) error {
	t := &r.target.writer.log
	err := t.setHead()
	if err == nil {
		err = t.batch.Commit(how)
	}
	err = errors.Join(err, t.batch.Close())
	t.batch, t.ids, t.dedup, r.size = nil, nil, nil, 0
	return err
}

// record writes one record as the writer does for an event.
func (r *restore) record(record *Record) error {
	t := &r.target.writer.log
	if record.PreviousHash != t.hash {
		return &CorruptError{What: "the chain is broken: a record does not hold the hash of the one before", Position: record.Position, Stream: record.Stream}
	}
	gone, by, err := r.redacted(record)
	if err != nil {
		return err
	}
	if gone {
		record.Sealed = nil
		if by > r.result.Position {
			by = 0
		}
		t.key = appendRedactionKey(t.key[:0], record.Stream.Account, record.ID)
		if err := t.setPlaced(by, nil); err != nil {
			return err
		}
	}
	st := staged{record: *record, change: r.opts.Store.Index(record)}
	if st.change.Err != nil {
		return fmt.Errorf("the indexes of position %d: %w", record.Position, st.change.Err)
	}
	key := appendLogKey(nil, record.Position)
	encoded := appendChecksum(appendRecord(nil, record), 0, key)
	if err := t.write(&st, encoded); err != nil {
		return err
	}
	for _, id := range r.opts.Store.Redacts(record) {
		t.key = appendRedactionKey(t.key[:0], record.Stream.Account, id)
		if err := t.setPlaced(record.Position, nil); err != nil {
			return err
		}
	}
	t.hash = record.Hash()
	r.size += len(encoded) + 512
	return nil
}

// Origins says which restores this log comes from, the oldest first. The
// incarnation of each is that of the log that was restored from.
func (s *Store) Origins() []Origin { return append([]Origin(nil), s.origins...) }

// restoredTo is the last position that comes from a restore.
func (s *Store) restoredTo() uint64 {
	if len(s.origins) == 0 {
		return 0
	}
	return s.origins[len(s.origins)-1].Position
}

func setOrigins(b *pebble.Batch, origins []Origin) error {
	key := metaKey(metaOrigins)
	var value []byte
	for _, o := range origins {
		value = fmt.Appendf(value, "%s %d %d %d\n", o.Incarnation, o.Position, o.Head, o.Restored.UnixMicro())
	}
	return b.Set(key, appendChecksum(value, 0, key), nil)
}

// readOrigins is the inverse of setOrigins. A log that is no restore has none.
func readOrigins(r pebble.Reader) (origins []Origin, err error) {
	value, ok, err := get(r, metaKey(metaOrigins))
	if err != nil || !ok {
		return nil, err
	}
	for line := range strings.Lines(string(value)) {
		var o Origin
		var micros string
		n, err := fmt.Sscanf(line, "%s %d %d %s\n", &o.Incarnation, &o.Position, &o.Head, &micros)
		at, e := strconv.ParseInt(micros, 10, 64)
		if n != 4 || err != nil || e != nil {
			return nil, &CorruptError{What: "the origins of the log cannot be read", Key: metaKey(metaOrigins)}
		}
		o.Restored = time.UnixMicro(at).UTC()
		origins = append(origins, o)
	}
	return origins, nil
}
