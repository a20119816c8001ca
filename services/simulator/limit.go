package simulator

import "time"

// Limits are how fast a business may send; those that are 0 are not enforced.
// The provider's are 45 and 6s for a pair, 80 for a number, 300 for a page.
type Limits struct {
	// PairBurst is how many messages a WhatsApp number may send to one person at
	// once, and PairEvery how long it takes until it may send one more: over it
	// is 131056.
	PairBurst int      `json:"pair_burst"`
	PairEvery Duration `json:"pair_every"`
	// PerSecond is how many sends a second a number, page or account may make:
	// over it is 130429, or 613.
	PerSecond int `json:"per_second"`
}

// bucket is a token bucket by the simulator's clock. The zero value is full.
type bucket struct {
	used float64
	at   time.Time
}

// take reports whether there is one left of burst, of which one comes back
// every so often.
func (b *bucket) take(now time.Time, burst int, every time.Duration) bool {
	if every > 0 && !b.at.IsZero() {
		b.used = max(0, b.used-float64(now.Sub(b.at))/float64(every))
	}
	b.at = now
	if b.used+1 > float64(burst) {
		return false
	}
	b.used++
	return true
}

// limitPair refuses a WhatsApp send that comes too soon after others to the
// same person. s.mu is held.
func (s *Simulator) limitPair(t *thread) *GraphError {
	l := s.config.Limits
	if l.PairBurst == 0 || t.pair.take(s.now(), l.PairBurst, time.Duration(l.PairEvery)) {
		return nil
	}
	s.limited++
	return whatsAppGraphError(131056, "Too many messages sent from the sender phone number to the same recipient phone number in a short period of time.")
}

// limitSends refuses a send over the throughput of in. s.mu is held.
func (s *Simulator) limitSends(in *integration) *GraphError {
	l := s.config.Limits
	if l.PerSecond == 0 {
		return nil
	}
	b := s.throughput[in.id]
	if b == nil {
		b = &bucket{}
		s.throughput[in.id] = b
	}
	if b.take(s.now(), l.PerSecond, time.Second/time.Duration(l.PerSecond)) {
		return nil
	}
	s.limited++
	return rateError(in.channel)
}
