package main

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// arrivals are the messages that are awaited somewhere, by their numbers. Each has
// to arrive exactly once: one that comes twice, or that nobody has sent, ends the
// comparison.
type arrivals struct {
	// again is whether one may be told again, as the rows of an inbox may.
	again bool

	mu      sync.Mutex
	awaited map[uint64]chan time.Time
	came    map[uint64]bool
	told    int // again
	wrong   error
}

// patience is how long anything may take.
const patience = 30 * time.Second

func newArrivals() *arrivals {
	return &arrivals{awaited: map[uint64]chan time.Time{}, came: map[uint64]bool{}}
}

// await says that a message is going to be sent.
func (a *arrivals) await(n uint64) chan time.Time {
	at := make(chan time.Time, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.awaited[n] = at
	return at
}

// arrived says that a message is there.
func (a *arrivals) arrived(n uint64, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch awaited := a.awaited[n]; {
	case awaited != nil:
		delete(a.awaited, n)
		a.came[n] = true
		awaited <- at
	case a.came[n] && a.again:
		a.told++
	case a.came[n]:
		a.fail(fmt.Errorf("message %d arrived twice", n))
	default:
		a.fail(fmt.Errorf("message %d arrived, which nobody awaits", n))
	}
}

// failed says that nothing arrives any more.
func (a *arrivals) failed(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fail(err)
}

func (a *arrivals) fail(err error) {
	if a.wrong == nil {
		a.wrong = err
	}
}

// err returns what went wrong.
func (a *arrivals) err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.wrong
}

// end returns what went wrong, and what has not arrived.
func (a *arrivals) end() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.wrong == nil && len(a.awaited) > 0 {
		return fmt.Errorf("%d messages never arrived", len(a.awaited))
	}
	return a.wrong
}

// wait returns how long after its beginning a message was there.
func (a *arrivals) wait(n uint64, began time.Time, at chan time.Time) (time.Duration, error) {
	select {
	case there := <-at:
		return there.Sub(began), a.err()
	case <-time.After(patience):
		if err := a.err(); err != nil {
			return 0, err
		}
		return 0, fmt.Errorf("message %d did not arrive in %s", n, patience)
	}
}

// numberIn returns the number of the message whose text is somewhere in a body or a
// frame, and false if there is none.
func numberIn(text []byte) (uint64, bool) {
	_, rest, found := bytes.Cut(text, []byte(", number "))
	end := bytes.IndexByte(rest, '?')
	if !found || end < 0 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(rest[:end]), 10, 64)
	return n, err == nil
}
