package conversation

import (
	"maps"
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// goesOn returns the conversation that a message of the customer belongs to, which
// joins conv: where that is closed for longer than its widget allows, a new one that
// follows it (R11). What was written before it was closed still joins it.
func (d *decider) goesOn(conv *conversationDraft, i *identityDraft, at time.Time) *conversationDraft {
	widget := d.account().Widgets[conv.widget]
	if !conv.closed || widget == nil || conv.binding(i.id) < 0 || at.Before(conv.base.ClosedAt) {
		return conv
	}
	after := widget.Config.GetNewConversationAfter().AsDuration()
	if after <= 0 || d.head.Received.Sub(conv.base.ClosedAt) <= after {
		return conv
	}
	return d.follow(conv, i, at)
}

// follow starts the conversation in which the customer goes on, and lets it take over
// the bindings of the one before in their order, led by who wrote. Codes of the old one
// die. Its replies that are not handed over yet go where they were going, as long as the
// customer is there: to the same person, in the place that they were written for. What is over an integration that was
// removed stays there, to be cut.
func (d *decider) follow(old *conversationDraft, writer *identityDraft, at time.Time) *conversationDraft {
	for _, id := range slices.Sorted(maps.Values(old.base.Newest)) {
		if link := old.link(id); link != nil && link.live() {
			d.cancel(old, link, eventv1.CancelReason_CANCEL_REASON_CONTINUED, at)
		}
	}
	id := d.ids.next()
	c := &conversationDraft{
		d: d, base: &Conversation{ID: id, StartedAt: d.head.Now}, id: id,
		customer: old.customer, widget: old.widget, language: old.language,
		ended: map[string]bool{}, messages: map[string]*Message{},
	}
	d.conversations[id] = c
	d.expected[c.stream()] = 0
	d.emit(c.stream(), &eventv1.ConversationStarted{
		ConversationId: id, CustomerId: c.customer, WidgetId: c.widget, Language: c.language,
		FollowsConversationId: old.id,
	})
	route := slices.Clone(old.route)
	place := old.binding(writer.id)
	route = slices.Insert(slices.Delete(route, place, place+1), 0, old.route[place])
	for _, b := range route {
		if d.account().Integrations[b.IntegrationID] != nil {
			c.takeOver(old, b)
		}
	}
	old.changed(eventv1.RouteRule_ROUTE_RULE_CONTINUED, at)
	c.changed(eventv1.RouteRule_ROUTE_RULE_STARTED, at)
	old.continuedBy = c.id
	d.emit(old.stream(), &eventv1.ConversationContinued{ConversationId: old.id, ByConversationId: c.id})
	return c
}

// takeOver moves a binding to the conversation that follows, with its messaging window
// and with what is in doubt about its address. What came late from before the old one
// was closed still joins that.
func (c *conversationDraft) takeOver(old *conversationDraft, b Binding) {
	i, closedAt := c.d.identity(b.IdentityID), old.base.ClosedAt
	c.d.emit(old.stream(), &eventv1.ChannelUnbound{
		ConversationId: old.id, IdentityId: b.IdentityID, IntegrationId: b.IntegrationID, Channel: b.Channel,
		Reason: eventv1.UnboundReason_UNBOUND_REASON_CONTINUED, UnboundAt: stamp(closedAt), WidgetId: old.widget,
	})
	c.d.emit(i.stream(), &eventv1.IdentityReleased{
		IdentityId: i.id, ConversationId: old.id, ReleasedAt: stamp(closedAt), Continued: true,
	})
	c.d.emit(c.stream(), &eventv1.ChannelBound{
		ConversationId: c.id, IdentityId: b.IdentityID, IntegrationId: b.IntegrationID, Channel: b.Channel,
		WidgetId: c.widget, WroteAt: stamp(b.WroteAt), TemplateOffered: b.Offered, Unconfirmed: i.unconfirmed(),
	})
	c.d.emit(i.stream(), &eventv1.IdentityBound{IdentityId: i.id, ConversationId: c.id})
	old.route = slices.Delete(old.route, old.binding(i.id), old.binding(i.id)+1)
	c.route = append(c.route, b)
	i.conversation, i.released, i.releasedAt = c.id, old.id, closedAt
}

// newest returns the conversation in which the customer of this one goes on now, which
// is this one mostly.
func (c *conversationDraft) newest() *conversationDraft {
	for c.continuedBy != "" {
		c = c.d.conversation(c.continuedBy)
	}
	return c
}
