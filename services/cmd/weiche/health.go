package main

import (
	"context"
	"fmt"
	"net/http"
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

// vitals is what a server that works can be told by.
type vitals struct {
	log       func() eventstore.Health
	head      func() uint64
	busySince func() time.Time
	connected func() bool
	followers []*follower
	now       func() time.Time
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

// problems says why the server cannot do its work, nothing if it can. fatal is
// why the process has to end.
func (v *vitals) problems() (problems []string, fatal error) {
	now := v.now()
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	log := v.log()
	if log.Broken != nil {
		add("log: %v", log.Broken)
		fatal = log.Broken
	}
	if log.DiskFull {
		add("disk: too little room, %d of %d bytes are free", log.Free, log.Total)
	}
	for _, work := range []struct {
		name  string
		since time.Time
	}{{"commit", log.StuckSince}, {"decision", v.busySince()}} {
		waited := now.Sub(work.since).Round(100 * time.Millisecond)
		if work.since.IsZero() || waited < slowCommit {
			continue
		}
		add("%s: has not ended for %s", work.name, waited)
		if waited >= stuckFor && fatal == nil {
			fatal = fmt.Errorf("a %s has not ended for %s", work.name, waited)
		}
	}
	if !v.connected() {
		add("broker: not connected")
	}
	head := v.head()
	for _, f := range v.followers {
		if late := f.late(head, now); late >= lagging {
			add("%s: at position %d of %d, and without progress for %s", f.name, f.position(), head, late.Round(time.Second))
		}
	}
	return problems, fatal
}

// watchdog looks at the vitals, answers GET /readyz, and ends a process that
// cannot go on.
type watchdog struct {
	vitals vitals
	// warnings are what keeps the server from nothing, and what somebody should
	// look at; nil for none.
	warnings func() []string
	// die ends the process at once. It is called where even an orderly end would
	// hang.
	die  func(error)
	told atomic.Pointer[[]string]
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
		problems, fatal := w.vitals.problems()
		w.told.Store(&problems)
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

// ServeHTTP answers 200 while the server can do its work, with what somebody should
// look at all the same, and 503 with what is wrong otherwise.
func (w *watchdog) ServeHTTP(rw http.ResponseWriter, _ *http.Request) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.Header().Set("Cache-Control", "no-store")
	problems := w.told.Load()
	switch {
	case problems == nil:
		rw.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(rw, "starting")
	case len(*problems) > 0:
		rw.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(rw, strings.Join(*problems, "\n"))
	default:
		fmt.Fprintln(rw, "ready")
		if w.warnings != nil {
			for _, warning := range w.warnings() {
				fmt.Fprintln(rw, "warning:", warning)
			}
		}
	}
}
