package router

import (
	"context"
	"encoding/binary"
	"math"
	"time"

	"weiche/services/conversation"
)

// due is what the engine knows of timers without a look into their index, where each
// look passes over the traces of all that have ended lately. The engine's mu guards
// the times.
type due struct {
	// No timer is due before from, and next is when the one is that is awaited.
	from, next time.Time
	// sooner holds a token after a timer was set that is due before next.
	sooner chan struct{}
}

// never is later than every timer.
var never = time.UnixMicro(math.MaxInt64)

// set notes timers that are about to be in the index.
func (d *due) set(timers []conversation.Timer) {
	for _, timer := range timers {
		if timer.Due.Before(d.from) {
			d.from = timer.Due
		}
		if timer.Due.Before(d.next) {
			d.next = timer.Due
			select {
			case d.sooner <- struct{}{}:
			default:
			}
		}
	}
}

// NextTimer returns the timer that is due first, and whether there is one.
func (e *Engine) NextTimer(ctx context.Context) (account string, timer conversation.Timer, ok bool, err error) {
	return e.nextTimer(ctx, func(conversation.Timer) bool { return false })
}

// nextTimer returns the timer that is due first, past those that are left out. It waits
// for the round that is under way.
func (e *Engine) nextTimer(ctx context.Context, without func(conversation.Timer) bool) (account string, timer conversation.Timer, ok bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	d := &e.due
	from := binary.BigEndian.AppendUint64(nil, uint64(d.from.UnixMicro()))
	first := never
	for hit, err := range e.store.IndexScan(ctx, installation, indexTimer, from, nil) {
		if err != nil {
			return "", timer, false, err
		}
		if account, timer, ok = timerIn(hit.Key); !ok {
			continue
		}
		if timer.Due.Before(first) {
			first = timer.Due
		}
		if ok = !without(timer); ok {
			break
		}
	}
	d.from, d.next = first, never
	if !ok {
		return "", conversation.Timer{}, false, nil
	}
	d.next = timer.Due
	return account, timer, true, nil
}
