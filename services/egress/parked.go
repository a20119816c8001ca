package egress

import (
	"slices"
	"time"
)

const (
	// parkFor is how long a send waits here for others of its integration before it
	// is given back. It is far less than the time after which the broker delivers
	// it again, and another process may have room for it.
	parkFor = 2 * time.Second
	// parkedForEach is how many sends wait here for each that may be under way.
	// Since they wait only where an integration has all that it may have under way,
	// no more than so many times the workers wait in all.
	parkedForEach = 4
)

// parked is a send that waits here until another of its integration ends.
type parked struct {
	key      attemptKey
	weight   int
	delivery Delivery
	until    time.Time   // up to which the same message is a copy
	late     *time.Timer // gives it back
}

// called is a parked send whose wait is over: it may begin, or it is held.
type called struct {
	delivery  Delivery
	admission admission
}

// park has a send wait here until call comes to it, or for parkFor: then late is
// called. It reports whether there is room.
func (o *outlet) park(now time.Time, p *parked, late func()) bool {
	if len(o.parked) >= parkedForEach*o.most || len(o.waiting) >= maxWaiting {
		return false
	}
	p.until = now.Add(parkFor + 2*copySlack)
	o.waiting[p.key] = p.until
	p.late = time.AfterFunc(parkFor, late)
	o.parked = append(o.parked, p)
	return true
}

// unpark has a send wait no longer, and reports whether it did.
func (o *outlet) unpark(p *parked) bool {
	at := slices.Index(o.parked, p)
	if at < 0 {
		return false
	}
	o.parked = slices.Delete(o.parked, at, at+1)
	p.late.Stop()
	delete(o.waiting, p.key)
	return true
}

// call calls those that wait here, in their order, until as many are under way as
// may be. Those that the pace or the provider holds back are to be given back.
func (o *outlet) call(now time.Time) (calls []called) {
	for len(o.parked) > 0 && o.inFlight < o.most {
		p := o.parked[0]
		o.unpark(p)
		calls = append(calls, called{p.delivery, o.admit(now, p.key, p.weight, true)})
	}
	return calls
}
