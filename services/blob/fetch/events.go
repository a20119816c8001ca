package fetch

import "time"

// What becomes of a file that is to be fetched, as Events names it.
const (
	OutcomeStored = "stored" // it is in the store
	OutcomeFailed = "failed" // it is not to be had
	OutcomeAgain  = "again"  // it is asked for again later
)

// Events is told what happens, for counting. Each func may be nil, is called from any
// goroutine, and must not block.
type Events struct {
	// Fetched is called when a file was tried for, with its bytes where it is stored.
	Fetched func(channelName, outcome string, bytes int64, took time.Duration)
}

func (e Events) ensureDefaults() Events {
	if e.Fetched == nil {
		e.Fetched = func(string, string, int64, time.Duration) {}
	}
	return e
}
