package egress

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// maxOutlets bounds the integrations that are remembered at once.
const maxOutlets = 4096

// place names an integration.
type place struct{ channel, account, integration string }

// outlets are the outlets of all integrations that have sent lately.
type outlets struct {
	paces    map[string]Pace
	inFlight int
	breaker  Breaker
	events   Events
	now      func() time.Time

	mu sync.Mutex
	by map[place]*outlet
}

func newOutlets(c Config) *outlets {
	return &outlets{paces: c.Paces, inFlight: c.InFlight, breaker: c.Breaker, events: c.Events, now: c.Now, by: map[place]*outlet{}}
}

// enter asks for a send to begin. Where it waits here for its turn and that does not
// come in time, late is called with how it is held.
func (o *outlets) enter(now time.Time, channelName string, d Delivery, late func(admission)) admission {
	at := place{channelName, d.Send.GetAccountId(), d.Send.GetIntegrationId()}
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.of(now, at)
	p := &parked{key: attemptKey{d.Send.GetSendId(), d.Send.GetAttempt()}, weight: out.pace.weight(d.Send), delivery: d}
	return o.guarded(out.enter(now, p.key, p.weight, func() bool {
		return out.park(now, p, func() {
			if held, was := o.tooLate(out, p); was {
				late(held)
			}
		})
	}))
}

// guarded returns an admission whose done, and those of the ones that it calls, take
// mu.
func (o *outlets) guarded(a admission) admission {
	if leave := a.done; leave != nil {
		a.done = func(now time.Time, e effect, after time.Duration) []called {
			o.mu.Lock()
			defer o.mu.Unlock()
			calls := leave(now, e, after)
			for i := range calls {
				calls[i].admission = o.guarded(calls[i].admission)
			}
			return calls
		}
	}
	return a
}

// tooLate holds a send that still waits here for its turn, and reports whether it did.
func (o *outlets) tooLate(out *outlet, p *parked) (admission, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !out.unpark(p) {
		return admission{}, false
	}
	return out.hold(o.now(), p.key, p.weight, HeldBusy, busyWait), true
}

// leave returns what waits here of a channel. It waits here no longer.
func (o *outlets) leave(channelName string) (left []Delivery) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for at, out := range o.by {
		for at.channel == channelName && len(out.parked) > 0 {
			left = append(left, out.parked[0].delivery)
			out.unpark(out.parked[0])
		}
	}
	return left
}

// of returns the outlet of an integration, with mu held.
func (o *outlets) of(now time.Time, at place) *outlet {
	if out := o.by[at]; out != nil {
		return out
	}
	if len(o.by) >= maxOutlets {
		o.sweep(now)
	}
	pace, ok := o.paces[at.channel]
	if !ok {
		pace = defaultPace
	}
	out := newOutlet(pace, o.inFlight, o.breaker, func(broken bool) {
		o.events.Broken(at.channel, at.account, at.integration, broken)
	})
	o.by[at] = out
	return out
}

// again has those that were given back come whenever they come.
func (o *outlets) again() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, out := range o.by {
		out.again()
	}
}

// sweep forgets the idle half, those that were used longest ago first.
func (o *outlets) sweep(now time.Time) {
	var idle []place
	for at, out := range o.by {
		if out.idle(now) {
			idle = append(idle, at)
		}
	}
	slices.SortFunc(idle, func(a, b place) int { return o.by[a].used.Compare(o.by[b].used) })
	for _, at := range idle[:(len(idle)+1)/2] {
		delete(o.by, at)
	}
}

// Broken is an integration that is given a rest, since its provider does not
// answer as it should.
type Broken struct {
	// Channel, Account and Integration name it.
	Channel, Account, Integration string
	// Waiting is how many sends wait for it here.
	Waiting int
}

// Broken returns the integrations that are given a rest now, in their order.
func (e *Egress) Broken() []Broken {
	e.outlets.mu.Lock()
	defer e.outlets.mu.Unlock()
	var broken []Broken
	for at, out := range e.outlets.by {
		if out.broken {
			broken = append(broken, Broken{at.channel, at.account, at.integration, len(out.waiting)})
		}
	}
	slices.SortFunc(broken, func(a, b Broken) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Integration, b.Integration))
	})
	return broken
}
