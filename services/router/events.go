package router

import (
	"time"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// Events is told what happens, for counting. Each func may be nil, must not block, and
// gets nothing personal. One call is made at a time.
type Events struct {
	// Decided is called for each item that is answered, with who asked: refusal is
	// what an item was refused or quarantined for.
	Decided func(source channel.Kind, status ingressv1.ItemStatus, refusal ingressv1.Refusal)
	// Round is called after each round of requests, with how many items were in it.
	Round func(items int, took time.Duration)
	// Committed is called after each write to the log, with how many commands it
	// holds. The write may have failed.
	Committed func(commands int, took time.Duration)
	// Fired is called after each timer and each other thing that the router does of
	// its own accord.
	Fired func(took time.Duration)
}

func (e Events) ensureDefaults() Events {
	if e.Decided == nil {
		e.Decided = func(channel.Kind, ingressv1.ItemStatus, ingressv1.Refusal) {}
	}
	if e.Round == nil {
		e.Round = func(int, time.Duration) {}
	}
	if e.Committed == nil {
		e.Committed = func(int, time.Duration) {}
	}
	if e.Fired == nil {
		e.Fired = func(time.Duration) {}
	}
	return e
}
