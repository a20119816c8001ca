package egress

import "time"

// The outcomes of an attempt, as Events names them.
const (
	OutcomeSent    = "sent"
	OutcomeRefused = "refused"
	OutcomeNotSent = "not_sent"
	OutcomeUnknown = "unknown"
)

// Events is told what happens, for counting. Each func may be nil, is called
// from any goroutine, and must not block.
type Events struct {
	// Held is called when a send is given back unclaimed, with one of the Held
	// words for why; Copied when the same message waits already.
	Held   func(channelName, account, integration, why string)
	Copied func(channelName string)
	// Broken is called when an integration is given a rest, and when it works
	// again.
	Broken func(channelName, account, integration string, broken bool)
	// Claimed is called when a claim was granted.
	Claimed func(channelName string)
	// ClaimLost is called when an attempt was somebody else's, or over.
	ClaimLost func(channelName string)
	// Attempted is called when a sender has returned.
	Attempted func(channelName, outcome string, took time.Duration)
	// Recorded is called when the router has an outcome.
	Recorded func(channelName, outcome string)
	// Unrecorded is called when it could not be told: the claim runs out there.
	Unrecorded func(channelName, outcome string)
	// Unanswered is called for each claim or report that got no answer in time;
	// it is repeated.
	Unanswered func(channelName string)
	// Unhealthy is called when a sender says that the integration is at fault,
	// with our word for why.
	Unhealthy func(channelName, account, integration, reason string)
	// Unreadable is called for a message that is no send; it is dropped.
	Unreadable func(channelName string)
}

func (e Events) ensureDefaults() Events {
	ignore := func(f *func(string)) {
		if *f == nil {
			*f = func(string) {}
		}
	}
	ignore(&e.Copied)
	ignore(&e.Claimed)
	ignore(&e.ClaimLost)
	ignore(&e.Unanswered)
	ignore(&e.Unreadable)
	if e.Held == nil {
		e.Held = func(string, string, string, string) {}
	}
	if e.Broken == nil {
		e.Broken = func(string, string, string, bool) {}
	}
	if e.Attempted == nil {
		e.Attempted = func(string, string, time.Duration) {}
	}
	if e.Recorded == nil {
		e.Recorded = func(string, string) {}
	}
	if e.Unrecorded == nil {
		e.Unrecorded = func(string, string) {}
	}
	if e.Unhealthy == nil {
		e.Unhealthy = func(string, string, string, string) {}
	}
	return e
}
