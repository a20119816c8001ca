package eventstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// purgeEvery is how often Purge looks whether others are done.
const purgeEvery = 5 * time.Millisecond

// Purge removes redacted bytes from the disk. It first redacts what records
// declare and nobody has redacted yet, as [Store.Redact] does. Then it lets
// Pebble write the tables that may hold such bytes again, empties the
// write-ahead logs that hold them, and waits until the old files are gone. When
// it returns nil, no file of the folder holds a sealed part whose redaction was
// declared before the call. What the file system keeps in blocks that it has
// given free, and the files of checkpoints and backups, are not its business.
//
// It costs the writing of one table for each that holds such an event, and
// nothing if there is none. Appends and readers go on; Purge waits for readers
// that began before it, and gives up with the context's error. What it did not
// finish, by that or a crash, the next Purge does. Concurrent calls follow each
// other.
func (s *Store) Purge(ctx context.Context) error {
	s.purging.Lock()
	defer s.purging.Unlock()
	for from := uint64(0); ; {
		positions, states, err := s.pendings(ctx, from)
		if err != nil || len(positions) == 0 {
			return err
		}
		if err := s.purge(ctx, positions, states); err != nil {
			return wrap("purge", err)
		}
		from = positions[len(positions)-1] + 1
	}
}

func (s *Store) pendings(ctx context.Context, from uint64) (positions []uint64, states []string, err error) {
	if s.opts.ReadOnly {
		return nil, nil, ErrReadOnly
	}
	positions, err = read(ctx, s, "purge", func(v *view) (positions []uint64, err error) {
		positions, states, err = pendings(v.snapshot, from)
		return positions, err
	})
	return positions, states, err
}

func (s *Store) purge(ctx context.Context, positions []uint64, states []string) error {
	var declared []uint64
	for i, p := range positions {
		if states[i] == pendingDeclared {
			declared = append(declared, p)
		}
	}
	if err := s.write(ctx, func(s *Store, t *tail, _ *Result) error { return t.redact(s, declared) }); err != nil {
		return err
	}
	// Pebble keeps the old value for every snapshot from before the new one.
	now := s.views.newest()
	if err := s.until(ctx, func() (bool, error) { return s.views.oldest() >= now, nil }); err != nil {
		return err
	}
	// While such a snapshot was open, a compaction may have put both values into
	// one table of the lowest level, which Pebble would leave alone. A third
	// value above it makes Pebble write that table again.
	if err := s.write(ctx, func(s *Store, t *tail, _ *Result) error { return t.again(s, positions) }); err != nil {
		return err
	}
	if err := s.rewriteFiles(ctx, positions); err != nil {
		return err
	}
	return s.write(ctx, func(s *Store, t *tail, _ *Result) error { return t.purged(s, positions) })
}

// again writes records as they are.
func (t *tail) again(s *Store, positions []uint64) error {
	t.newBatch(s)
	for _, p := range positions {
		r, err := readRecord(s.db, p)
		if err != nil {
			return err
		}
		if !r.Redacted() { // declared, and never had a sealed part
			continue
		}
		if err := t.rewrite(r); err != nil {
			return err
		}
	}
	return nil
}

// purged forgets redactions that are done. One that was declared once more
// meanwhile has nothing left to do.
func (t *tail) purged(s *Store, positions []uint64) error {
	t.newBatch(s)
	for _, p := range positions {
		if err := t.batch.Delete(appendPendingKey(nil, p), nil); err != nil {
			return err
		}
	}
	return nil
}

// rewriteFiles brings the newest values of the log at positions to the lowest
// level, and returns when the files from before are gone.
func (s *Store) rewriteFiles(ctx context.Context, positions []uint64) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	// Pebble tries again and again to write a table, for ever on a disk that has
	// failed. Here the first failure is enough, and so is Close.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.giveUp.Store(&cancel)
	defer s.giveUp.Store(nil)
	if s.closing.Load() {
		return ErrClosed
	}
	err := s.rewriteTables(ctx, positions)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

// stop lets a Purge that is under way end with err.
func (s *Store) stop(err error) {
	if giveUp := s.giveUp.Load(); giveUp != nil {
		(*giveUp)(err)
	}
}

func (s *Store) rewriteTables(ctx context.Context, positions []uint64) error {
	logs, err := s.files.taint(s.dir)
	if err != nil {
		return err
	}
	call := s.watch.begin() // this waits while Pebble cannot write tables
	flushed, err := s.db.AsyncFlush()
	s.watch.drop(call)
	if err != nil {
		return err
	}
	select {
	case <-flushed:
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, p := range positions {
		if err := s.db.Compact(ctx, appendLogKey(nil, p), appendLogKey(nil, p+1), false); err != nil {
			return err
		}
	}
	if err := s.files.wipe(s.dir, logs); err != nil {
		return err
	}
	tables, err := s.tableFiles()
	if err != nil {
		return err
	}
	if err := s.until(ctx, func() (bool, error) { return s.noneDead(tables) }); err != nil {
		return fmt.Errorf("wait for old tables to go: %w", err)
	}
	return syncDir(s.opts.FS, s.dir)
}

// until waits for something that others do.
func (s *Store) until(ctx context.Context, done func() (bool, error)) error {
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		if err := s.stopped(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(purgeEvery):
		}
	}
}

// tableFiles lists the table files in the folder, in use or not.
func (s *Store) tableFiles() ([]string, error) {
	names, err := s.opts.FS.List(s.dir)
	return slices.DeleteFunc(names, func(n string) bool { return !strings.HasSuffix(n, ".sst") }), err
}

// noneDead reports whether each of some table files is in use or gone.
func (s *Store) noneDead(names []string) (bool, error) {
	if err := s.files.removeOrphans(); err != nil {
		return false, err
	}
	live, err := liveTables(s.db)
	if err != nil {
		return false, err
	}
	there, err := s.tableFiles()
	if err != nil {
		return false, err
	}
	for _, n := range names {
		if !live[n] && slices.Contains(there, n) {
			return false, nil
		}
	}
	return true, nil
}

// liveTables returns the names of the table files that Pebble uses.
func liveTables(db *pebble.DB) (map[string]bool, error) {
	levels, err := db.SSTables()
	if err != nil {
		return nil, err
	}
	live := make(map[string]bool)
	for _, level := range levels {
		for _, t := range level {
			live[fmt.Sprintf("%s.sst", t.BackingSSTNum)] = true
		}
	}
	return live, nil
}
