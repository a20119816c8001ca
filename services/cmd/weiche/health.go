package main

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"weiche/eventstore"
)

// How long something may take until the server is not ready, and until the
// process ends: a write that hangs cannot be taken back.
const (
	slowCommit = 2 * time.Second
	stuckFor   = 30 * time.Second
	// lagging is how long a follower of the log may make no progress.
	lagging = 20 * time.Second
	// lookEvery is how often the watchdog looks.
	lookEvery = 500 * time.Millisecond
)

// vitals is what a server that works can be told by. What concerns the log is nil
// where the router is elsewhere.
type vitals struct {
	// gone returns an error where the data folder was taken away.
	gone      func() error
	log       func() eventstore.Health
	head      func() uint64
	busySince func() time.Time
	connected func() bool
	followers []*follower
	// slowest is the slowest commit of the last minute; nil if nobody measures.
	slowest func() time.Duration
	// current says whether the router has told what it has to; nil where it is here.
	current func() bool
	now     func() time.Time
}

// follower is what has to keep up with the log.
type follower struct {
	name     string
	position func() uint64
	// goal is a position of the log, and since when the follower has not
	// reached it.
	goal  uint64
	since time.Time
}

// late returns how long the follower has not reached what the log had.
func (f *follower) late(head uint64, now time.Time) time.Duration {
	if f.position() >= f.goal {
		f.goal, f.since = head, now
	}
	if f.position() >= f.goal {
		return 0
	}
	return now.Sub(f.since)
}

// look says how the server does. fatal is why the process has to end.
func (v *vitals) look() (h health, fatal error) {
	now := v.now()
	add := func(format string, args ...any) { h.Problems = append(h.Problems, fmt.Sprintf(format, args...)) }
	var log eventstore.Health
	var head uint64
	var busySince time.Time
	if v.log != nil {
		log, head, busySince = v.log(), v.head(), v.busySince()
	}
	h.Log = logHealth{Position: head}
	h.Disk = diskHealth{Full: log.DiskFull, FreeBytes: log.Free, TotalBytes: log.Total}
	if v.slowest != nil {
		h.Log.SlowestCommitSeconds = v.slowest().Seconds()
	}
	if log.Broken != nil {
		add("log: %s", strings.TrimPrefix(saying(log.Broken), "log: "))
		fatal = log.Broken
	}
	if gone := v.gone(); gone != nil {
		add("data: %v", gone)
		fatal = gone // of which a log may be broken, too
	}
	if log.DiskFull {
		add("disk: too little room, %d of %d bytes are free", log.Free, log.Total)
	}
	for _, work := range []struct {
		name  string
		since time.Time
	}{{"commit", log.StuckSince}, {"decision", busySince}} {
		if work.since.IsZero() {
			continue
		}
		waited := now.Sub(work.since).Round(100 * time.Millisecond)
		h.Log.WaitingSeconds = max(h.Log.WaitingSeconds, waited.Seconds())
		if waited < slowCommit {
			continue
		}
		add("%s: has not ended for %s", work.name, waited)
		if waited >= stuckFor && fatal == nil {
			fatal = fmt.Errorf("a %s has not ended for %s", work.name, waited)
		}
	}
	if h.Broker.Connected = v.connected(); !h.Broker.Connected {
		add("broker: not connected")
	}
	if v.current != nil && !v.current() {
		add("router: does not say what is set up and who may come in")
	}
	for _, f := range v.followers {
		late, at := f.late(head, now), f.position()
		if late >= lagging {
			add("%s: at position %d of %d, and without progress for %s", f.name, at, head, late.Round(time.Second))
		}
		h.Followers = append(h.Followers, followerHealth{
			Name: f.name, Position: at, Behind: head - min(at, head), WithoutProgressSeconds: late.Seconds(),
		})
	}
	h.Ready = len(h.Problems) == 0
	return h, fatal
}

// watchdog looks at the vitals, tells how the server does, and ends a process that
// cannot go on.
type watchdog struct {
	vitals vitals
	// warnings are what keeps the server from nothing, and what somebody should
	// look at; nil for none.
	warnings func() []string
	// die ends the process at once. It is called where even an orderly end would
	// hang.
	die  func(error)
	told atomic.Pointer[health]
}

// run looks until the context ends.
func (w *watchdog) run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	doomed := false
	for looked := w.vitals.now(); ; {
		now := w.vitals.now()
		stopped := now.Sub(looked) >= slowCommit
		looked = now
		seen, fatal := w.vitals.look()
		w.told.Store(&seen)
		// A process that was stopped itself, with its container or its machine, is
		// given until the next look: what it waits for had no time either.
		if fatal != nil && (doomed || !stopped) {
			w.die(fatal)
		}
		doomed = fatal != nil
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
