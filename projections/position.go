package projections

import (
	"context"
	"fmt"
	"time"
)

// clockStep is by how much a clock may be set back at most for [PositionAt] to
// find the very position that reading the whole log would.
const clockStep = time.Hour

// PositionAt returns the position of a log at a time: the last one before the
// first event that was recorded after it, which is where a restore to that time
// ends. It returns [ErrNotFound] for a time before the first event.
//
// It reads a few records, and those of the hour before the time: recorded times
// may step back where the clock was set. Where it was set back by more than an
// hour, and the time lies within that, the position may be a later one whose
// event was recorded at or before the time and whose next one after it.
func PositionAt(ctx context.Context, log Log, at time.Time) (uint64, error) {
	end := log.Durable()
	from, err := lastRecordedBy(ctx, log, at.Add(-clockStep), end)
	if err != nil {
		return 0, err
	}
	position := from
	for rec, err := range log.ReadAll(ctx, from+1) {
		if err != nil {
			return 0, fmt.Errorf("projections: find the position at %s: %w", at.Format(time.RFC3339), err)
		}
		if rec.Position > end || rec.Recorded.After(at) {
			break
		}
		position = rec.Position
	}
	if position == 0 {
		return 0, fmt.Errorf("%w: no event was recorded at or before %s", ErrNotFound, at.Format(time.RFC3339))
	}
	return position, nil
}

// lastRecordedBy returns a position, 0 for before the first, that is recorded at
// or before a time and followed by none or by one recorded after it.
func lastRecordedBy(ctx context.Context, log Log, at time.Time, end uint64) (uint64, error) {
	low, high := uint64(0), end+1
	for high-low > 1 {
		middle := low + (high-low)/2
		rec, err := log.ReadAt(ctx, middle)
		if err != nil {
			return 0, fmt.Errorf("projections: find the position at %s: %w", at.Format(time.RFC3339), err)
		}
		if rec.Recorded.After(at) {
			high = middle
		} else {
			low = middle
		}
	}
	return low, nil
}
