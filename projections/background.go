package projections

import (
	"context"
	"time"
)

// failedPause is how long Pebble is held up after a write in the background has failed.
// By itself it tries again at once, and without end.
const failedPause = 20 * time.Millisecond

// failed is told of each write of Pebble's in the background that has failed. What it
// could not write is in memory, and Pebble has it tried again.
func (v *Views) failed(err error) {
	v.log.Errorf("background error: %s", err)
	if giveUp := v.giveUp.Load(); giveUp != nil {
		(*giveUp)(err)
	}
	time.Sleep(failedPause)
}

// flush writes out what is in memory. The first write that fails ends it: the rows are
// folded again at the next start.
func (v *Views) flush() error {
	ctx, giveUp := context.WithCancelCause(context.Background())
	defer giveUp(nil)
	v.giveUp.Store(&giveUp)
	defer v.giveUp.Store(nil)
	flushed, err := v.db.AsyncFlush()
	if err != nil {
		return err
	}
	select {
	case <-flushed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
