package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// purgeEvery is how often Purge looks whether others are done.
const purgeEvery = 5 * time.Millisecond

// Purge removes from the disk what rows no longer hold: sealed parts of events
// that were declared redacted up to [Views.Position], and rows that a rebuild
// replaced. Interrupted rebuilds are thrown away, since they may not have come to
// such a declaration. When it returns nil, no file of the folder holds such
// bytes; what the file system keeps in blocks that it has given free is not its
// business.
//
// It costs the writing of a table for each that holds such a row, and nothing if
// there is none. Run and readers go on; Purge waits for readers that began before
// it. It returns [ErrRebuilding] while a rebuild is going on. What it did not
// finish, by the context or a crash, the next Purge does.
func (v *Views) Purge(ctx context.Context) error {
	ctx, leave, err := v.enterLong(ctx)
	if err != nil {
		return err
	}
	defer leave()
	names, err := v.names(nil)
	if err != nil {
		return err
	}
	if err := v.claim(names); err != nil {
		return err
	}
	defer v.unclaim(names)
	if err := v.purge(ctx, names); err != nil {
		return fmt.Errorf("projections: purge: %w", v.heed(err))
	}
	return nil
}

func (v *Views) purge(ctx context.Context, names []string) error {
	if err := v.removeBuilds(names); err != nil {
		return err
	}
	all, err := v.forgotten()
	if err != nil || len(all) == 0 {
		return err
	}
	// Pebble keeps the old value for every snapshot from before the new one.
	before := v.snapshots.newest()
	if err := until(ctx, func() (bool, error) { return v.snapshots.noneUpTo(before), nil }); err != nil {
		return err
	}
	// While such a snapshot was open, a compaction may have put both values into
	// one table of the lowest level, which Pebble would leave alone. A third
	// value above it makes Pebble write that table again.
	if err := v.again(all); err != nil {
		return err
	}
	flushed, err := v.db.AsyncFlush()
	if err != nil {
		return err
	}
	select {
	case <-flushed:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	for _, f := range all {
		if err := v.db.Compact(ctx, f.from, f.to, false); err != nil {
			return err
		}
	}
	tables, err := v.tableFiles()
	if err != nil {
		return err
	}
	if err := until(ctx, func() (bool, error) { return v.noneDead(tables) }); err != nil {
		return fmt.Errorf("wait for old tables to go: %w", err)
	}
	if err := v.syncDir(); err != nil {
		return err
	}
	batch := v.db.NewBatch()
	defer func() { _ = batch.Close() }()
	for _, f := range all {
		if err := batch.Delete(forgottenKey(f.key), nil); err != nil {
			return err
		}
	}
	return batch.Commit(pebble.NoSync)
}

// removeBuilds throws away what is kept of interrupted rebuilds.
func (v *Views) removeBuilds(names []string) error {
	batch := v.db.NewBatch()
	defer func() { _ = batch.Close() }()
	for _, name := range names {
		begun, err := readCheckpoint(v.db, buildKey(name))
		if err != nil {
			return err
		}
		if err := removeBuild(batch, name, begun); err != nil {
			return err
		}
	}
	return batch.Commit(pebble.NoSync)
}

// forgotten is a row, or a run of them, whose old values have to leave the disk.
type forgotten struct {
	key      []byte
	row      bool
	from, to []byte
}

// forgotten returns what a Purge has to do.
func (v *Views) forgotten() (all []forgotten, err error) {
	it, err := v.db.NewIter(&pebble.IterOptions{LowerBound: []byte{tableForgotten}, UpperBound: []byte{tableForgotten + 1}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return nil, err
		}
		k := slices.Clone(it.Key()[1:])
		f := forgotten{key: k, row: string(value) == forgottenRow, from: k, to: prefixEnd(k)}
		if f.row {
			f.to = append(slices.Clone(k), 0)
		}
		all = append(all, f)
	}
	return all, it.Error()
}

// again writes rows as they are, and removes removed ones once more.
func (v *Views) again(all []forgotten) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	batch := v.db.NewBatch()
	defer func() { _ = batch.Close() }()
	for _, f := range all {
		if err := v.againOne(batch, f); err != nil {
			return err
		}
	}
	return batch.Commit(pebble.NoSync)
}

func (v *Views) againOne(batch *pebble.Batch, f forgotten) error {
	if !f.row {
		return batch.DeleteRange(f.from, f.to, nil)
	}
	value, closer, err := v.db.Get(f.key)
	if errors.Is(err, pebble.ErrNotFound) {
		return batch.Delete(f.key, nil)
	}
	if err != nil {
		return err
	}
	return errors.Join(batch.Set(f.key, value, nil), closer.Close())
}

// until waits for something that others do.
func until(ctx context.Context, done func() (bool, error)) error {
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(purgeEvery):
		}
	}
}

// tableFiles lists the table files in the folder, in use or not.
func (v *Views) tableFiles() ([]string, error) {
	names, err := v.opts.FS.List(v.dir)
	return slices.DeleteFunc(names, func(n string) bool { return !strings.HasSuffix(n, ".sst") }), err
}

// noneDead reports whether each of some table files is in use or gone.
func (v *Views) noneDead(names []string) (bool, error) {
	levels, err := v.db.SSTables()
	if err != nil {
		return false, err
	}
	used := map[string]bool{}
	for _, level := range levels {
		for _, t := range level {
			used[fmt.Sprintf("%s.sst", t.BackingSSTNum)] = true
		}
	}
	there, err := v.tableFiles()
	return !slices.ContainsFunc(there, func(n string) bool { return slices.Contains(names, n) && !used[n] }), err
}

// snapshots are those that readers have open, by the order in which they were
// taken.
type snapshots struct {
	sync.Mutex
	last uint64
	open map[uint64]bool
}

// snapshot returns the rows of this moment, and what has to be called at the end.
func (v *Views) snapshot() (*pebble.Snapshot, func()) {
	s := &v.snapshots
	s.Lock()
	defer s.Unlock()
	s.last++
	number := s.last
	if s.open == nil {
		s.open = map[uint64]bool{}
	}
	s.open[number] = true
	snapshot := v.db.NewSnapshot()
	return snapshot, func() {
		_ = snapshot.Close()
		s.Lock()
		defer s.Unlock()
		delete(s.open, number)
	}
}

func (s *snapshots) newest() uint64 {
	s.Lock()
	defer s.Unlock()
	return s.last
}

func (s *snapshots) noneUpTo(number uint64) bool {
	s.Lock()
	defer s.Unlock()
	for open := range s.open {
		if open <= number {
			return false
		}
	}
	return true
}
