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
	ignore(&e.Claimed)
	ignore(&e.ClaimLost)
	ignore(&e.Unanswered)
	ignore(&e.Unreadable)
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
