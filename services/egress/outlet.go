package egress

import (
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"
)

// The times of an outlet.
const (
	// copySlack is how much earlier than asked for a message may come again.
	copySlack = 50 * time.Millisecond
	// tokenSlack is what may be missing of a token, so that one who comes again at
	// the very moment for which it was sent away finds it.
	tokenSlack = 0.05
	// busyWait is when a send comes again at the earliest that found others of
	// its integration under way and no room to wait for them, and longestWait the
	// latest.
	busyWait    = 250 * time.Millisecond
	longestWait = time.Minute
	// slowEvery is how often the speed is halved at most: what was under way at
	// the same time meets the same limit.
	slowEvery = time.Second
	// fastEvery is how often the speed grows, by a twentieth of the full one.
	fastEvery = 5 * time.Second
	// slowest is the least speed, in sends a second.
	slowest = 1
	// maxWaiting bounds what an outlet remembers of the sends that wait.
	maxWaiting = 20_000
)

// Why a send is held back, as Events names it.
const (
	HeldRate   = "rate"   // the integration sends as fast as it may
	HeldAsked  = "asked"  // the provider asked to wait
	HeldBusy   = "busy"   // as many are under way as may be
	HeldBroken = "broken" // the provider does not answer as it should
)

// effect is what an attempt says of the way that it went.
type effect int

const (
	effectNone    effect = iota // nothing was tried, or it says nothing of the way
	effectWorked                // the provider answered, be it by a refusal
	effectFailed                // the provider did not answer, or made no sense
	effectLimited               // the provider says: too many
)

// errFailed is what the breaker counts; errNone is what it does not.
const (
	errFailed constError = "failed"
	errNone   constError = "none"
)

type constError string

func (e constError) Error() string { return string(e) }

// attemptKey names one attempt at one send.
type attemptKey struct {
	send    string
	attempt uint32
}

// outlet is the way out of one integration: how many sends may be under way, how
// fast they may follow each other, and whether the provider answers at all. What
// may not begin now is given back before it is claimed.
type outlet struct {
	pace     Pace
	most     int // how many may be under way
	inFlight int
	limiter  *rate.Limiter
	speed    float64
	turned   time.Time // when the speed was changed
	pause    time.Time // nothing begins before
	breaker  *gobreaker.TwoStepCircuitBreaker[struct{}]
	broken   bool
	reopens  time.Time // when a broken one tries a send again
	used     time.Time

	// waiting is when the sends come again that were held back, last the last of
	// them: those that come after them wait behind them.
	waiting map[attemptKey]time.Time
	last    time.Time

	// parked are the sends that wait here, the first first. Where there are any, as
	// many are under way as may be.
	parked []*parked
}

func newOutlet(pace Pace, most int, b Breaker, changed func(broken bool)) *outlet {
	o := &outlet{pace: pace, most: most, speed: pace.Sends, waiting: map[attemptKey]time.Time{}}
	o.limiter = rate.NewLimiter(rate.Limit(o.speed), o.burst())
	o.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests: 1,
		Timeout:     b.OpenFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= uint32(b.Failures) },
		IsExcluded:  func(err error) bool { return err == errNone },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			was := o.broken
			o.broken = to != gobreaker.StateClosed
			if to == gobreaker.StateOpen {
				o.reopens = time.Now().Add(b.OpenFor)
			}
			if was != o.broken {
				changed(o.broken)
			}
		},
	})
	return o
}

// burst is how many sends may begin at once: those of a quarter of a second.
func (o *outlet) burst() int { return max(1, o.pace.Media, int(o.speed/4)) }

// admission is the answer to a send that wants to begin.
type admission struct {
	// done, if set, is to be called with what came of it: it may begin. What it
	// returns is whose turn it is then; one of them at most may begin.
	done func(now time.Time, e effect, after time.Duration) []called
	// parked says that it waits here for its turn.
	parked bool
	// copied says that the same message is waiting already.
	copied bool
	// held is why it has to come again after wait.
	held string
	wait time.Duration
}

// enter asks for a send to begin that counts as weight. Where others are under way,
// park may have it wait for them.
func (o *outlet) enter(now time.Time, key attemptKey, weight int, park func() bool) admission {
	o.used = now
	due, returns := o.waiting[key]
	if returns && now.Before(due.Add(-copySlack)) {
		return admission{copied: true}
	}
	delete(o.waiting, key)
	o.quicken(now)
	// Those that were given back and come again later are before the new ones.
	first := returns || !o.last.After(now)
	if o.inFlight >= o.most && first && !now.Before(o.pause) && park() {
		return admission{parked: true}
	}
	return o.admit(now, key, weight, returns)
}

// admit says whether a send may begin now. One whose turn it is need not wait behind
// those that come again later.
func (o *outlet) admit(now time.Time, key attemptKey, weight int, turn bool) admission {
	switch {
	case now.Before(o.pause):
		return o.hold(now, key, weight, HeldAsked, o.pause.Sub(now))
	case o.inFlight >= o.most:
		return o.hold(now, key, weight, HeldBusy, busyWait)
	case !turn && !o.broken && o.last.After(now):
		return o.hold(now, key, weight, HeldRate, 0)
	case o.limiter.TokensAt(now)+tokenSlack < float64(weight):
		return o.hold(now, key, weight, HeldRate, 0)
	}
	done, err := o.breaker.Allow()
	if err != nil {
		return o.hold(now, key, weight, HeldBroken, max(time.Until(o.reopens), busyWait))
	}
	o.limiter.ReserveN(now, weight)
	o.inFlight++
	return admission{done: func(now time.Time, e effect, after time.Duration) []called {
		o.leave(now, e, after, done)
		return o.call(now)
	}}
}

// hold has a send come again, in its order behind those that wait, and not before
// least.
func (o *outlet) hold(now time.Time, key attemptKey, weight int, why string, least time.Duration) admission {
	at := o.last.Add(o.take(float64(weight)))
	missing := float64(weight) - o.limiter.TokensAt(now)
	if earliest := now.Add(max(least, o.take(missing))); at.Before(earliest) {
		at = earliest
	}
	if latest := now.Add(max(longestWait, least)); at.After(latest) {
		at = latest
	}
	o.last = at
	if len(o.waiting) >= maxWaiting {
		o.forget(now)
	}
	if len(o.waiting) < maxWaiting {
		o.waiting[key] = at
	}
	return admission{held: why, wait: max(at.Sub(now), time.Millisecond)}
}

// take is how long so many sends take.
func (o *outlet) take(sends float64) time.Duration {
	return time.Duration(sends / o.speed * float64(time.Second))
}

// again forgets when sends come again, but for those that wait here. Nobody waits behind
// the others any more: they may be lost, and if not, each finds its turn as it comes.
func (o *outlet) again() {
	o.last = time.Time{}
	clear(o.waiting)
	for _, p := range o.parked {
		o.waiting[p.key] = p.until
	}
}

// forget forgets sends that should have come again long ago: others have them.
func (o *outlet) forget(now time.Time) {
	for key, due := range o.waiting {
		if now.Sub(due) > longestWait {
			delete(o.waiting, key)
		}
	}
}

// leave takes what came of a send: its effect, and how long the provider asks to
// wait.
func (o *outlet) leave(now time.Time, e effect, after time.Duration, done func(error)) {
	o.used = now
	o.inFlight--
	switch e {
	case effectFailed:
		done(errFailed)
	case effectWorked:
		done(nil)
	case effectLimited:
		// It answers, and it asks for less.
		done(nil)
		if until := now.Add(after); after > 0 && until.After(o.pause) {
			o.pause = until
		}
		if now.Sub(o.turned) >= slowEvery {
			o.turn(now, max(o.speed/2, slowest))
		}
	default:
		done(errNone)
	}
}

// quicken takes the speed up again, a little at a time.
func (o *outlet) quicken(now time.Time) {
	if steps := int(now.Sub(o.turned) / fastEvery); o.speed < o.pace.Sends && steps > 0 {
		o.turn(now, min(o.speed+float64(steps)*o.pace.Sends/20, o.pace.Sends))
	}
}

func (o *outlet) turn(now time.Time, speed float64) {
	o.speed, o.turned = speed, now
	o.limiter.SetLimitAt(now, rate.Limit(speed))
	o.limiter.SetBurstAt(now, o.burst())
}

// idle says that nothing is lost with an outlet that is forgotten.
func (o *outlet) idle(now time.Time) bool {
	return o.inFlight == 0 && !o.broken && now.After(o.pause) && now.After(o.last)
}
