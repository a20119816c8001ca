package api

import (
	"time"

	"connectrpc.com/connect/v2"

	errorv1 "weiche/proto/gen/weiche/error/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// What the tests look at from outside.

func CodeOf(reason errorv1.Reason) connect.Code                  { return codeOf(reason) }
func ReasonOf(refusal ingressv1.Refusal) errorv1.Reason          { return reasonOf(refusal) }
func ParseAgentToken(token string) (account, id string, ok bool) { return parseAgentToken(token) }

// Limiter is the limiter of callers.
type Limiter struct{ l *limiter }

// NewLimiter makes one that remembers at least keep callers.
func NewLimiter(perSecond float64, burst, keep int) Limiter {
	l := newLimiter(perSecond, burst, time.Now)
	l.keep = keep
	return Limiter{l}
}

// Allow takes a token.
func (l Limiter) Allow(caller string) bool { return l.l.allow(caller) }

// Size says how many callers are remembered.
func (l Limiter) Size() int { return len(l.l.young) + len(l.l.old) }

// ForAgent makes of a line what agents see.
func ForAgent(item *viewv1.TimelineItem) { forAgent(item) }
