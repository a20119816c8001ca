package projections

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// readCheckpoint returns the checkpoint at a key, an empty one if there is none.
// One that cannot be read counts as none: the rows are rebuilt.
func readCheckpoint(db pebble.Reader, key []byte) (*viewv1.Checkpoint, error) {
	c := new(viewv1.Checkpoint)
	_, err := readRow(db, key, c)
	if errors.Is(err, ErrCorrupt) {
		return new(viewv1.Checkpoint), nil
	}
	return c, err
}

// writeCheckpoint adds a checkpoint to a batch.
func writeCheckpoint(batch *pebble.Batch, key []byte, c *viewv1.Checkpoint) error {
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(c)
	if err != nil {
		return err
	}
	return batch.Set(key, value, nil)
}

// fits reports whether a log has the record that a checkpoint names.
func fits(ctx context.Context, log Log, c *viewv1.Checkpoint, revision uint32) (bool, error) {
	if c.Incarnation != log.Incarnation() || c.Revision != revision || c.Position > log.Durable() {
		return false, nil
	}
	if c.Position == 0 {
		return len(c.Hash) == 0, nil
	}
	rec, err := log.ReadAt(ctx, c.Position)
	if errors.Is(err, eventstore.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("projections: read the record of a checkpoint: %w", err)
	}
	hash := rec.Hash()
	return bytes.Equal(hash[:], c.Hash), nil
}
