package api

import (
	"net"
	"slices"
	"time"

	"connectrpc.com/connect/v2"

	errorv1 "weiche/proto/gen/weiche/error/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// What the tests look at from outside.

func CodeOf(reason errorv1.Reason) connect.Code                  { return codeOf(reason) }
func ReasonOf(refusal ingressv1.Refusal) errorv1.Reason          { return reasonOf(refusal) }
func ParseAgentToken(token string) (account, id string, ok bool) { return parseAgentToken(token) }

func IsOwnPath(to string) bool { return isOwnPath(to) }

// Rule says who may do something.
type Rule struct {
	Open, Visitors, People, Keys, Operators bool
	Scope                                   string
}

// Rules are the rows of the table.
func Rules() map[string]Rule {
	all := map[string]Rule{}
	for action, r := range rules {
		all[action] = Rule{
			Open: r.open, Visitors: slices.Contains(r.who, aVisitor), People: slices.Contains(r.who, anAgent),
			Keys: slices.Contains(r.who, aKey), Operators: slices.Contains(r.who, anOperator), Scope: string(r.scope),
		}
	}
	return all
}

// Scopes are what a role may do.
func Scopes(role eventv1.Role) (names []string) {
	for _, scope := range roles[role] {
		names = append(names, string(scope))
	}
	return names
}

// ParseAPIKey and ParseLoginLink read secrets.
func ParseAPIKey(token string) (id string, hash []byte, ok bool)         { return parseAPIKey(token) }
func ParseLoginLink(token string) (account string, hash []byte, ok bool) { return parseLink(token) }

// TokenIn reads the header Authorization.
func TokenIn(authorization string) string { return tokenIn(authorization) }

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

// NewWire is the connection of a socket, and FrameOf a message as it is written there.
func NewWire(conn net.Conn) net.Conn { return &wire{Conn: conn} }

func FrameOf(message []byte) []byte {
	return withHeader(append(make([]byte, maxWireHeader), message...), wireText)
}
