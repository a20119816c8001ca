package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"weiche/eventstore"
)

// patient is a server that nothing ails.
type patient struct {
	gone      error
	log       eventstore.Health
	busy      time.Time
	away      bool
	head, its uint64
}

func (p *patient) vitals() vitals {
	return vitals{
		gone: func() error { return p.gone },
		log:  func() eventstore.Health { return p.log }, head: func() uint64 { return p.head },
		busySince: func() time.Time { return p.busy }, connected: func() bool { return !p.away },
		followers: []*follower{{name: "views", position: func() uint64 { return p.its }}}, now: time.Now,
	}
}

// TestI28Problems lets one thing after the other go wrong.
func TestI28Problems(t *testing.T) {
	broken := errors.New("the disk is broken")
	for _, test := range []struct {
		name  string
		ails  func(p *patient)
		after time.Duration
		says  string // "" is ready
		dies  bool
	}{
		{"nothing", func(*patient) {}, time.Hour, "", false},
		{"a commit is under way", func(p *patient) { p.log.StuckSince = time.Now() }, time.Second, "", false},
		{"a commit is slow", func(p *patient) { p.log.StuckSince = time.Now() }, 2 * time.Second, "commit: has not ended for 2s", false},
		{"a commit is stuck", func(p *patient) { p.log.StuckSince = time.Now() }, 30 * time.Second, "commit: has not ended for 30s", true},
		{"a decision is stuck", func(p *patient) { p.busy = time.Now() }, 31 * time.Second, "decision: has not ended for 31s", true},
		{"the log is broken", func(p *patient) { p.log.Broken = broken }, 0, "log: the disk is broken", true},
		{"the folder is gone", func(p *patient) { p.gone = errors.New("the folder is gone") }, 0, "data: the folder is gone", true},
		{"the disk is full", func(p *patient) { p.log.DiskFull, p.log.Free, p.log.Total = true, 1, 20 }, 0, "disk: too little room, 1 of 20 bytes are free", false},
		{"the broker is away", func(p *patient) { p.away = true }, 0, "broker: not connected", false},
		{"the views begin to lag", func(p *patient) { p.head = 9 }, 19 * time.Second, "", false},
		{"the views lag", func(p *patient) { p.head = 9 }, 20 * time.Second, "views: at position 0 of 9, and without progress for 20s", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &patient{}
				test.ails(p)
				v := p.vitals()
				_, _ = v.look()
				time.Sleep(test.after)
				h, fatal := v.look()
				if said := strings.Join(h.Problems, "; "); said != test.says || h.Ready != (test.says == "") {
					t.Errorf("it says %q, want %q", said, test.says)
				}
				if (fatal != nil) != test.dies {
					t.Errorf("it dies of %v", fatal)
				}
			})
		})
	}
}

// TestI28ViewsThatFollow lets views be behind for ever, but never at the same
// place.
func TestI28ViewsThatFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &patient{head: 100}
		v := p.vitals()
		for range 1000 {
			if h, _ := v.look(); h.Problems != nil {
				t.Fatalf("at %d of %d: %v", p.its, p.head, h.Problems)
			}
			time.Sleep(time.Second)
			p.head, p.its = p.head+10, p.its+10
		}
	})
}

// TestI28Watchdog has a server become unready, and end in time.
func TestI28Watchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &patient{}
		ctx, cancel := context.WithCancel(t.Context())
		died := make(chan time.Time, 1)
		w := &watchdog{vitals: p.vitals(), die: func(error) { died <- time.Now(); cancel() }}
		status := func() int {
			answer := httptest.NewRecorder()
			w.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
			return answer.Code
		}
		if got := status(); got != http.StatusServiceUnavailable {
			t.Errorf("before it began: %d", got)
		}
		go func() { _ = w.run(ctx) }()
		synctest.Wait()
		if got := status(); got != http.StatusOK {
			t.Errorf("at first: %d", got)
		}
		p.log.StuckSince = time.Now()
		time.Sleep(slowCommit + lookEvery)
		if got := status(); got != http.StatusServiceUnavailable {
			t.Errorf("with a slow commit: %d", got)
		}
		if at := <-died; at.Sub(p.log.StuckSince) > stuckFor+lookEvery {
			t.Errorf("it died %s after the commit was stuck", at.Sub(p.log.StuckSince))
		}
	})
}

// TestI28Stopped stops the whole process for an hour in the middle of a commit, as a
// frozen container or machine is, and lets the commit end, or not.
func TestI28Stopped(t *testing.T) {
	for _, ends := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var stopped atomic.Int64
			now := func() time.Time { return time.Now().Add(time.Duration(stopped.Load())) }
			var health atomic.Pointer[eventstore.Health]
			health.Store(&eventstore.Health{StuckSince: now()})
			v := (&patient{}).vitals()
			v.now, v.log = now, func() eventstore.Health { return *health.Load() }
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			died := false
			w := &watchdog{vitals: v, die: func(error) { died = true; cancel() }}
			go func() { _ = w.run(ctx) }()
			synctest.Wait()
			stopped.Store(int64(time.Hour))
			time.Sleep(lookEvery) // and it looks, before the commit had its time
			synctest.Wait()
			if died {
				t.Fatal("it died at the first look after it had been stopped")
			}
			if ends {
				health.Store(&eventstore.Health{})
			}
			time.Sleep(lookEvery)
			synctest.Wait()
			if died == ends {
				t.Errorf("with a commit that ends (%t): died %t", ends, died)
			}
			cancel()
			synctest.Wait()
		})
	}
}
