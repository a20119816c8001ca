package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2"
)

// restoreName is a file that is in the folder from before a restore writes
// anything there until it is finished and verified. Open refuses a folder that
// has it.
const restoreName = "RESTORE"

// restoreBatch is how many bytes a restore writes at once.
const restoreBatch = 4 << 20

// Limit is which archive a restore takes, and where it ends. The zero value is the
// end of the newest generation that is whole.
type Limit struct {
	// Generation is the name of an archive. It need not be whole: what an
	// interrupted Archive has written can be restored, too.
	Generation string
	// Position is the last event to keep. If it is within a commit, that commit
	// is left out.
	Position uint64
	// Time ends the restore before the first event that was recorded after it.
	// So what is kept is a part of the log from its beginning, also if the clock
	// stepped back.
	Time time.Time
}

// Restored is what a restore has made, or would make.
type Restored struct {
	Origin
	// Generation is the name of the archive.
	Generation string
	// NewIncarnation is that of the new log, empty after a dry run.
	NewIncarnation string
	// Last is when the last event was recorded that is kept.
	Last time.Time
	// Redacted is how many events lose a sealed part that the archive still has,
	// because a record in the archive declares it redacted, be it behind the end
	// of the restore.
	Redacted uint64
}

// RestoreOptions are the choices of who restores.
type RestoreOptions struct {
	// Store is for the new folder. Index and Redacts must be those with which the
	// archived log was written.
	Store Options
	// DryRun looks at everything that is read, and writes nothing.
	DryRun bool
	// Progress, if not nil, is called from time to time, with the stages
	// "archive" of [VerifyArchive], "restore" with positions, and those of
	// [Store.Verify] for the new log.
	Progress func(Progress)
}

// Restore makes in the folder to, which must be empty or not exist, a new log of
// exactly the events of an archive up to a limit. Positions, versions, ids, hashes
// and recorded times are the same; indexes are derived again, so they are as they
// were at that position; the epoch is that of the last event in the archive. The
// incarnation is new: who remembers a position of the archived log can tell. A
// sealed part that was declared redacted does not come back, also if that was
// declared after the limit, as long as it was archived.
//
// The archive is verified first, all of it, and read again. The new log is
// verified before Restore returns nil. Until then Open refuses the new folder with
// [ErrUnfinished]; what a restore that failed has left there has to be removed by
// hand. The errors are [ErrNotEmpty], [ErrDiskFull] as Append returns it, the
// context's, [ErrNotFound] for an archive
// that is not there, for a position behind its end and for a limit that would
// keep no event at all of those that it has, and those of VerifyArchive, Open and
// Verify.
func Restore(ctx context.Context, from Bucket, to string, at Limit, opts RestoreOptions) (Restored, error) {
	opts.Store.EnsureDefaults()
	opts.Store.ReadOnly, opts.Store.NoSync = false, false
	if opts.Progress == nil {
		opts.Progress = func(Progress) {}
	}
	if err := checkEmpty(opts.Store, to); err != nil {
		return Restored{}, err
	}
	g, err := generation(ctx, from, at.Generation)
	if err != nil {
		return Restored{}, err
	}
	r := restore{
		ctx: ctx, opts: opts,
		source:   &archiveReader{ctx: ctx, from: from, done: Archived{Generation: *g}, progress: opts.Progress},
		redacted: make(map[nameIn]uint64),
	}
	if err := r.plan(at); err != nil {
		return Restored{}, wrap("restore from "+g.Name, err)
	}
	if opts.DryRun {
		return r.result, wrap("restore from "+g.Name, r.records(func(record *Record, _ [32]byte, _ bool, _ uint64) error {
			_, err := r.opts.Store.changeOf(record)
			return err
		}))
	}
	err = r.run(to)
	return r.result, wrap("restore to "+to, err)
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
	source *archiveReader
	result Restored
	// redacted is the last position that declares an event redacted, of all that
	// the archive has.
	redacted map[nameIn]uint64

	target *Store
	size   int // of the batch
}

// plan verifies the archive, and finds out where the restore ends and what does
// not come back.
func (r *restore) plan(at Limit) error {
	var first, pending time.Time
	ended := false
	err := r.source.verify(func(record *Record) error {
		for _, id := range r.opts.Store.Redacts(record) {
			r.redacted[nameIn{record.Stream.Account, id}] = record.Position
		}
		if record.Position == 1 {
			first = record.Recorded
		}
		ended = ended || at.Position > 0 && record.Position > at.Position || !at.Time.IsZero() && record.Recorded.After(at.Time)
		if pending = record.Recorded; !ended && record.More == 0 {
			r.result.Position, r.result.Last = record.Position, pending
		}
		return nil
	})
	if err != nil {
		return err
	}
	g := &r.source.done.Generation
	r.result.Generation = g.Name
	r.result.Origin = Origin{Incarnation: g.Incarnation, Position: r.result.Position, Head: g.Position, Restored: stored(r.opts.Store.Now())}
	switch {
	case at.Position > g.Position:
		return fmt.Errorf("position %d of %d: %w", at.Position, g.Position, ErrNotFound)
	case ended && r.result.Position == 0:
		return fmt.Errorf("no commit ends by then, the first of %d events was recorded at %s: %w", g.Position, first.Format(time.RFC3339), ErrNotFound)
	}
	return nil
}

// errLimit ends the reading of an archive where the restore ends.
var errLimit = errors.New("limit")

// records reads the archive once more, and calls f for each record that is kept,
// with the sealed part that it keeps and its hash, whether it was declared
// redacted, and where; 0 is behind the end of this restore or of an earlier one.
func (r *restore) records(f func(record *Record, hash [32]byte, gone bool, by uint64) error) error {
	earlier := uint64(0)
	if n := len(r.source.origins); n > 0 {
		earlier = r.source.origins[n-1].Position
	}
	again := r.source.again()
	err := again.records(func(record *Record) error {
		if record.Position > r.result.Position {
			return errLimit
		}
		by := r.redacted[nameIn{record.Stream.Account, record.ID}]
		gone := by > record.Position
		if record.Redacted() && !gone {
			if record.Position > earlier {
				return &CorruptError{kind: DamageSealed, What: "the sealed part is missing and no later record declares that", Position: record.Position, Stream: record.Stream}
			}
			gone, by = true, 0
		}
		if gone && len(record.Sealed) > 0 {
			r.result.Redacted++
			record.Sealed = nil
		}
		if by > r.result.Position {
			by = 0
		}
		return f(record, again.chain.hash, gone, by)
	})
	if errors.Is(err, errLimit) {
		return nil
	}
	return err
}

func (r *restore) run(to string) (err error) {
	fs := r.opts.Store.FS
	// The verification may have taken long, and somebody else may have begun a log
	// there. It must not be taken for ours, nor for an unfinished one.
	if err := checkEmpty(r.opts.Store, to); err != nil {
		return err
	}
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
	if err := r.fill(); err != nil {
		return err
	}
	r.result.NewIncarnation = r.target.incarnation
	return r.target.Verify(r.ctx, r.opts.Progress)
}

// fill writes all records and what belongs to them. Nobody else uses the target.
func (r *restore) fill() error {
	s, t := r.target, &r.target.writer.log
	// On a full disk Pebble would wait without end.
	if err := s.guard.admit(0); err != nil {
		return err
	}
	t.batch = nil // that of the making of the folder
	t.newBatch(s)
	t.epoch = r.source.epoch
	if err := setEpoch(t.batch, t.epoch); err != nil {
		return err
	}
	s.origins = append(append([]Origin(nil), r.source.origins...), r.result.Origin)
	if err := setOrigins(t.batch, s.origins); err != nil {
		return err
	}
	err := r.records(func(record *Record, hash [32]byte, gone bool, by uint64) error {
		if err := r.record(record, hash, gone, by); err != nil || r.size <= restoreBatch {
			return err
		}
		if err := s.guard.admit(r.size); err != nil {
			return err
		}
		if err := r.commit(pebble.NoSync); err != nil {
			return err
		}
		r.opts.Progress(Progress{"restore", record.Position, r.result.Position})
		t.newBatch(s)
		return nil
	})
	if err != nil {
		return err
	}
	if t.position != r.result.Position {
		return missing(t.position + 1)
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
func (r *restore) record(record *Record, hash [32]byte, gone bool, by uint64) error {
	t := &r.target.writer.log
	if gone {
		t.key = appendRedactionKey(t.key[:0], record.Stream.Account, record.ID)
		if err := t.setPlaced(by, nil); err != nil {
			return err
		}
	}
	change, err := r.opts.Store.changeOf(record)
	if err != nil {
		return err
	}
	st := staged{record: *record, change: change}
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
	t.hash = hash
	r.size += len(encoded) + 512
	return nil
}
