package conversation

import (
	"slices"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/capability"
)

// The reasons for which a candidate is passed over, by short names.
const (
	notNamed     = eventv1.PassedOverReason_PASSED_OVER_REASON_NOT_NAMED
	unhealthy    = eventv1.PassedOverReason_PASSED_OVER_REASON_UNHEALTHY
	windowClosed = eventv1.PassedOverReason_PASSED_OVER_REASON_WINDOW_CLOSED
	hasFailed    = eventv1.PassedOverReason_PASSED_OVER_REASON_FAILED
	disconnected = eventv1.PassedOverReason_PASSED_OVER_REASON_DISCONNECTED
	unconfirmed  = eventv1.PassedOverReason_PASSED_OVER_REASON_UNCONFIRMED
	unsupported  = eventv1.PassedOverReason_PASSED_OVER_REASON_UNSUPPORTED
	hasParts     = eventv1.PassedOverReason_PASSED_OVER_REASON_PARTLY_ARRIVED
)

// destination is where a reply can go, and as what.
type destination struct {
	route *eventv1.FrozenRoute
	fitted
}

// fitted is a reply as a channel can show it.
type fitted struct {
	parts   []*eventv1.Content
	changes []eventv1.FitChange
	// quoted is the event that holds the provider's id of the message that is
	// answered; empty for none.
	quoted string
}

// search is the question where a reply can go.
type search struct {
	message *Message
	content *eventv1.Content
	// named is the integration that the agent named for it; empty for none.
	named string
	// falls says that the reply could not be sent where it was to go: a closed
	// window further on is passed over as any other reason is. Otherwise it leads
	// to the widget (R8).
	falls bool
	// partly says that the customer may have parts of it already: another channel
	// would say them twice. The widget takes it, which shows the whole in any case.
	partly bool
	// before is where the reply was to go until now, and why it is decided again.
	before *eventv1.PassedOver
}

// find returns where a reply can go now, and otherwise nil and who was passed over.
// Where the widget leads it goes there; otherwise to the first binding that can be
// used, and at last to the widget. What is fixed to its channel goes there or
// nowhere.
func (c *conversationDraft) find(s search) (*destination, []*eventv1.PassedOver) {
	candidates, widget := c.candidates(s)
	rule := eventv1.ReplyRule_REPLY_RULE_LAST_USED
	var passed []*eventv1.PassedOver
	switch {
	case s.before != nil:
		rule = eventv1.ReplyRule_REPLY_RULE_FALLBACK
	case s.named != "":
		rule = eventv1.ReplyRule_REPLY_RULE_NAMED
	}
	freeze := func(b Binding, human bool) *eventv1.FrozenRoute {
		route := &eventv1.FrozenRoute{
			IntegrationId: b.IntegrationID, IdentityId: b.IdentityID, Channel: b.Channel,
			RouteVersion: c.version, Rule: rule, PassedOver: together(s.before, passed), HumanAgent: human,
		}
		if rule == eventv1.ReplyRule_REPLY_RULE_NAMED {
			for _, before := range c.route[:c.binding(b.IdentityID)] {
				route.PassedOver = append(route.PassedOver, before.passedOver(notNamed, nil))
			}
		}
		return route
	}
	for _, b := range candidates {
		reason, why, human := c.unusable(b, s.message)
		if tried, failed := s.message.Tried[b.IdentityID]; failed {
			reason, why = hasFailed, tried
		}
		if reason == 0 && s.partly {
			reason = hasParts
		}
		var fits fitted
		if reason == 0 {
			var ok bool
			if fits, ok = c.fit(b, s.content); !ok {
				reason = unsupported
			}
		}
		if reason == 0 {
			return &destination{route: freeze(b, human), fitted: fits}, nil
		}
		passed = append(passed, b.passedOver(reason, why))
		rule = eventv1.ReplyRule_REPLY_RULE_FALLBACK
		if reason == windowClosed && !s.falls {
			rule = eventv1.ReplyRule_REPLY_RULE_WINDOW_CLOSED
			break
		}
	}
	if widget == nil || s.message.Fixed {
		return nil, together(s.before, passed)
	}
	return &destination{route: freeze(*widget, false)}, nil
}

// together puts the place that a reply had before those that were passed over now,
// unless it is one of them.
func together(before *eventv1.PassedOver, passed []*eventv1.PassedOver) []*eventv1.PassedOver {
	is := func(p *eventv1.PassedOver) bool { return p.GetIdentityId() == before.GetIdentityId() }
	if before == nil || slices.ContainsFunc(passed, is) {
		return passed
	}
	return slices.Insert(passed, 0, before)
}

// candidates returns the bindings to try in their order, and the widget's, which
// takes what none of them can.
func (c *conversationDraft) candidates(s search) (channels []Binding, widget *Binding) {
	for at, b := range c.route {
		if c.d.account().Widgets[b.IntegrationID] == nil {
			channels = append(channels, b)
			continue
		}
		widget = &c.route[at]
		if at == 0 && s.named == "" && !s.message.Fixed {
			return nil, widget
		}
	}
	if place := slices.IndexFunc(channels, func(b Binding) bool { return b.IntegrationID == s.named }); place > 0 {
		named := channels[place]
		channels = slices.Insert(slices.Delete(channels, place, place+1), 0, named)
	}
	if widget != nil && widget.IntegrationID == s.named {
		channels = nil
	}
	if s.message.Fixed {
		channels = channels[:min(len(channels), 1)]
	}
	return channels, widget
}

func (b Binding) passedOver(reason eventv1.PassedOverReason, why *eventv1.SendError) *eventv1.PassedOver {
	return &eventv1.PassedOver{
		IdentityId: b.IdentityID, IntegrationId: b.IntegrationID, Channel: b.Channel, Reason: reason, Error: why,
	}
}

// unusable returns why a reply cannot go over a binding now, or 0 and whether it
// can only as a person's.
func (c *conversationDraft) unusable(b Binding, m *Message) (reason eventv1.PassedOverReason, why *eventv1.SendError, human bool) {
	if c.d.account().Integrations[b.IntegrationID] == nil {
		// Its binding is about to be cut.
		return disconnected, integrationRemoved(), false
	}
	if now := c.newest(); now != c && now.binding(b.IdentityID) < 0 {
		// The customer goes on elsewhere, and not there.
		return disconnected, nil, false
	}
	if why := c.d.sick(b.IntegrationID); why != nil {
		return unhealthy, why, false
	}
	if c.d.identity(b.IdentityID).unconfirmed() {
		return unconfirmed, nil, false
	}
	open, human := c.d.window(b, m.Automated)
	if !open && !m.Fixed {
		return windowClosed, nil, false
	}
	return 0, nil, human && !m.Fixed
}

// fit makes of a reply what a channel can show.
func (c *conversationDraft) fit(b Binding, content *eventv1.Content) (fitted, bool) {
	var f fitted
	if id := content.GetReplyTo().GetMessageId(); id != "" {
		if f.quoted = c.quotable(b, id); f.quoted == "" {
			content = proto.CloneOf(content)
			content.ReplyTo = nil
			f.changes = append(f.changes, eventv1.FitChange_FIT_CHANGE_QUOTE_DROPPED)
		}
	}
	parts, changes, ok := capability.Fit(b.Channel, content)
	f.parts, f.changes = parts, append(changes, f.changes...)
	if slices.Contains(f.changes, eventv1.FitChange_FIT_CHANGE_QUOTE_DROPPED) {
		f.quoted = ""
	}
	return f, ok
}

// quotable returns the event that holds the provider's id of a message which stands
// in the same channel as what answers it; empty where there is none.
func (c *conversationDraft) quotable(b Binding, messageID string) string {
	if said := c.base.Inbound[messageID]; said.IdentityID == b.IdentityID {
		return said.EventID
	}
	if ours := c.base.Messages[messageID]; ours == nil || ours.IdentityID != b.IdentityID || ours.Unsent || ours.State == MessageFailed {
		return ""
	}
	return c.d.identity(b.IdentityID).base.Sent[messageID]
}

// nowhere is the refusal of a reply that cannot go anywhere, by the first candidate
// that was passed over.
func (c *conversationDraft) nowhere(passed []*eventv1.PassedOver) error {
	if len(passed) == 0 {
		return refuse(emptyRoute, "the conversation has no channel left to reply over")
	}
	refusal := &Refusal{RouteVersion: c.version, PassedOver: passed}
	channel := passed[0].GetChannel()
	switch passed[0].GetReason() {
	case windowClosed:
		refusal.Reason = closedWindow
		refusal.Detail = "the messaging window of " + channel + " is closed"
		if capability.Of(channel).Template {
			refusal.Detail += "; a template can be sent"
		}
	case unconfirmed:
		refusal.Reason, refusal.Detail = unconfirmedAddress, "nobody has confirmed that the address is still the customer's"
	case unsupported:
		refusal.Reason, refusal.Detail = unsupportedContent, channel+" cannot show this"
	default:
		refusal.Reason, refusal.Detail = channelUnhealthy, "the provider does not serve this integration of "+channel
	}
	return refusal
}
