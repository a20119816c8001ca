package simulator

import "time"

// Now returns the simulator's time: the time of webhooks, windows and due
// deliveries.
func (s *Simulator) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// now is Now with s.mu held.
func (s *Simulator) now() time.Time { return s.baseNow().Add(s.offset) }

// Advance moves the simulator's clock forward by d: windows close, and
// deliveries that were due in between are due now. It returns the new time,
// and ErrInvalid for a negative d.
func (s *Simulator) Advance(d time.Duration) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d < 0 {
		return s.now(), invalid("the clock only goes forward, not by %s", d)
	}
	s.offset += d
	s.touch()
	return s.now(), nil
}
