package router_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"weiche/services/broker"
	"weiche/services/router"
)

// Who follows the public log hears of every record from a place on, in order and
// without a gap, and then of each as it comes; without a place, or with one of another
// log, of those to come.
func TestPublicLogIsFollowed(t *testing.T) {
	r := newRelayed(t)
	r.write(t, "in-1", "one")
	log, incarnation := router.NewPublicLog(r.engine), r.store.Incarnation()
	for at, test := range []struct {
		from broker.Place
		past bool
	}{
		{broker.Place{Incarnation: incarnation, Position: 1}, true},
		{broker.Place{Incarnation: incarnation, Position: 3}, true},
		{broker.Place{}, false},
		{broker.Place{Incarnation: "another", Position: 1}, false},
	} {
		before := r.store.Durable()
		ctx, cancel := context.WithCancel(t.Context())
		heard, done := make(chan broker.Event, 10_000), make(chan error, 1)
		go func() { done <- log.Follow(ctx, test.from, func(e broker.Event) { heard <- e }) }()
		first, next := true, test.from.Position
		for n := 0; next <= before+10; {
			for ; len(heard) == 0; n++ {
				// Who hears of what is to come may not have begun yet.
				r.write(t, fmt.Sprint("in-", at, "-", n), "more")
			}
			e := <-heard
			if first && !test.past {
				next = max(before+1, e.Position)
			}
			if first = false; e.Position != next || e.Incarnation != incarnation {
				t.Fatalf("from %v: heard of %d, not of %d", test.from, e.Position, next)
			}
			next++
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("from %v: it ended with %v", test.from, err)
		}
	}
}
