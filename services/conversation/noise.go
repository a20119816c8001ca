package conversation

import (
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// UnknownAllowed is how many codes that nobody has made may come over an integration
// within UnknownWindow, from anybody. What is beyond is no code but ordinary text, so
// that whoever tries codes out from many addresses makes Weiche say nothing, and makes
// the log longer by no more than a message does. A code that was made is always found.
const (
	UnknownAllowed = 100
	UnknownWindow  = time.Hour
)

// SetUnknown records when the latest codes that nobody has made came over an
// integration, in order.
func (s *State) SetUnknown(integrationID string, times []time.Time) { s.unknown[integrationID] = times }

// noteUnknown notes a code that nobody has made.
func (s *State) noteUnknown(refused *eventv1.CodeRefused) {
	times, known := s.unknown[refused.GetIntegrationId()]
	if refused.GetReason() != eventv1.CodeRefusal_CODE_REFUSAL_UNKNOWN || s.partial && !known {
		return
	}
	times = append(times, moment(refused.GetRefusedAt()))
	if more := len(times) - UnknownAllowed; more > 0 {
		times = append([]time.Time(nil), times[more:]...)
	}
	s.unknown[refused.GetIntegrationId()] = times
}

// isNoise says whether a code is one of too many that nobody has made (L6).
func (d *decider) isNoise(integrationID string, code *Code) bool {
	if look(d, d.state.codes, RefCode, string(code.Hash)).LinkID != "" {
		return false
	}
	times := look(d, d.state.unknown, RefUnknown, integrationID)
	return len(times) >= UnknownAllowed && d.head.Now.Sub(times[len(times)-UnknownAllowed]) < UnknownWindow
}
