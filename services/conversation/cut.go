package conversation

import (
	"cmp"
	"slices"
	"strings"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// CutBatch is how many bindings one commit ends.
const CutBatch = 50

// RemoveIntegration takes a channel account out of the account.
type RemoveIntegration struct {
	Header
	IntegrationID, By string
}

// removeIntegration takes a channel account out of the account (L12). It is out of the
// menus at once and its codes die with that; its bindings are ended by a timer, some
// with each commit, since there may be very many.
func (d *decider) removeIntegration(c *RemoveIntegration) error {
	integration, err := d.integration(c.IntegrationID)
	if err != nil {
		return err
	}
	if integration.GetChannel() == ChannelWidget {
		return refuse(invalid, "a widget cannot be removed")
	}
	d.emit(Stream{CategoryAccount, d.head.Account}, &eventv1.IntegrationRemoved{
		IntegrationId: c.IntegrationID, CutAt: stamp(d.head.Now), Channel: integration.GetChannel(),
		EndedProviderAccountId: integration.GetProviderAccountId(), By: c.By,
	})
	return nil
}

// integrationRemoved is why nothing is sent over an integration that is gone.
func integrationRemoved() *eventv1.SendError {
	return &eventv1.SendError{Reason: "integration_removed"}
}

// BoundTo is a binding as the index of integrations has it.
type BoundTo struct{ WidgetID, ConversationID, IdentityID string }

// IsUnbound says whether a binding of an integration has ended since it was written to
// the log that is loaded from.
func (s *State) IsUnbound(integrationID string, b BoundTo) bool {
	bound, known := s.bound[integrationID][b]
	return known && !bound
}

// SetBound records bindings of a channel whose bindings are being ended: as many as
// CutBatch and one, or all that there are.
func (s *State) SetBound(cut Cut, bindings []BoundTo) { s.toCut[cut.key()] = bindings }

// key is the channel as it stands in a Ref.
func (c Cut) key() string { return c.IntegrationID + "\x00" + c.WidgetID }

// CutIn reads the key of a Ref of kind RefBound.
func CutIn(key string) Cut {
	integration, widget, _ := strings.Cut(key, "\x00")
	return Cut{integration, widget}
}

// noteBound notes that a binding began or ended. Those to widgets end with nothing but
// their conversation.
func (s *State) noteBound(integrationID, channel string, b BoundTo, bound bool) {
	if channel == ChannelWidget {
		return
	}
	if !bound && !s.partial {
		delete(s.bound[integrationID], b)
		return
	}
	if s.bound[integrationID] == nil {
		s.bound[integrationID] = map[BoundTo]bool{}
	}
	s.bound[integrationID][b] = bound
}

// boundBy returns bindings of a channel in the order of their conversations: more than
// CutBatch, or all that there are.
func (d *decider) boundBy(cut Cut) []BoundTo {
	var found []BoundTo
	if d.state.partial {
		for _, b := range look(d, d.state.toCut, RefBound, cut.key()) {
			if !d.state.IsUnbound(cut.IntegrationID, b) {
				found = append(found, b)
			}
		}
	}
	for b, bound := range d.state.bound[cut.IntegrationID] {
		if bound && (cut.WidgetID == "" || cut.WidgetID == b.WidgetID) {
			found = append(found, b)
		}
	}
	slices.SortFunc(found, func(a, b BoundTo) int {
		return cmp.Or(cmp.Compare(a.ConversationID, b.ConversationID), cmp.Compare(a.IdentityID, b.IdentityID))
	})
	return slices.Compact(found)
}

// cutSome ends some bindings of a channel that was withdrawn or removed, and says so
// when none is left. A channel that its widget offers again keeps those that it has.
func (d *decider) cutSome(timer Timer) {
	cut := Cut{timer.Owner, timer.ID}
	if since, under := d.account().Cuts[cut]; !under || !since.Equal(timer.Due) {
		return
	}
	var bound []BoundTo
	if widget := d.account().Widgets[cut.WidgetID]; widget == nil || !widget.Offers[cut.IntegrationID] {
		bound = d.boundBy(cut)
	}
	ended := 0
	for _, b := range bound[:min(len(bound), CutBatch)] {
		conv, i := d.conversation(b.ConversationID), d.identity(b.IdentityID)
		if conv == nil || i == nil || conv.binding(i.id) < 0 {
			continue
		}
		conv.unbind(i, eventv1.UnboundReason_UNBOUND_REASON_CUT, eventv1.RouteRule_ROUTE_RULE_CUT, d.head.Now)
		ended++
	}
	if len(bound) > CutBatch && ended > 0 {
		return
	}
	d.emit(Stream{CategoryAccount, d.head.Account}, &eventv1.BindingsCut{
		IntegrationId: cut.IntegrationID, WidgetId: cut.WidgetID, CutAt: stamp(timer.Due),
	})
}
