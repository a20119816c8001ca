package eventstore

import (
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Checkpoint makes a copy of the folder in dir, which must not exist, while the
// store goes on. The copy holds everything that was on disk at the call, may
// hold some of what came during it, and can be opened at once. It has the same
// incarnation. On one disk it consists of hard links, and grows as the original
// is compacted.
func (s *Store) Checkpoint(ctx context.Context, dir string) error {
	_, err := read(ctx, s, "checkpoint to "+dir, func(v *view) (none struct{}, err error) {
		// The mark is taken first, so that the copy is at least as far on.
		m := mark{v.position, v.hash, s.epoch.Load(), s.incarnation}
		if err := s.db.Checkpoint(dir, pebble.WithFlushedWAL()); err != nil {
			return none, err
		}
		ms, err := openMarks(s.opts.FS, dir, m)
		if err != nil {
			return none, fmt.Errorf("high-water mark: %w", err)
		}
		if err := ms.closeFiles(); err != nil {
			return none, err
		}
		tables, err := takeInventory(s.opts.FS, dir, nil)
		if err != nil {
			return none, fmt.Errorf("inventory of tables: %w", err)
		}
		tables.number, tables.incarnation = 1, s.incarnation
		for i := range 2 {
			if err := writeInventory(s.opts.FS, dir, i, tables); err != nil {
				return none, fmt.Errorf("inventory of tables: %w", err)
			}
		}
		return none, nil
	})
	return err
}
