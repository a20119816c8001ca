package conversation

import (
	"fmt"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// Refusal is the error of a command that was understood and not carried out. It
// is an outcome: nothing is written and the command may be given again.
type Refusal struct {
	// Reason is the documented code.
	Reason ingressv1.Refusal
	// Detail says it in words, without personal data.
	Detail string
	// RouteVersion is the conversation's route, where the route is the reason.
	RouteVersion uint64
	// Route is where a reply would go now, where it was to go elsewhere; nil where
	// there is none. PassedOver is where it cannot go.
	Route      *eventv1.FrozenRoute
	PassedOver []*eventv1.PassedOver
	// IntegrationID is the integration or widget whose settings are not those that the
	// command was made from, and Settings how they stand.
	IntegrationID string
	Settings      Settings
}

// Error says the reason in words.
func (r *Refusal) Error() string { return r.Detail }

// refuse ends the decision with a refusal.
func refuse(reason ingressv1.Refusal, format string, args ...any) error {
	return &Refusal{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// Need is the error of a decision that touched something that a partial state
// does not hold. The shell loads it and decides again; the state is unchanged.
type Need struct{ Ref Ref }

// Error names what is missing.
func (n *Need) Error() string { return fmt.Sprintf("state lacks %s %x", n.Ref.Kind, n.Ref.Key) }
