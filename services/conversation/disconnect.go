package conversation

import (
	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// disconnect removes one binding (L11).
func (d *decider) disconnect(c *Disconnect) error {
	conv, err := d.byWhom(c.Visitor, c.Agent, false)
	if err != nil {
		return err
	}
	place := conv.boundTo(c.IntegrationID)
	if place < 0 {
		return refuse(noDestination, "the conversation is not bound to this integration")
	}
	if c.IntegrationID == conv.widget {
		return refuse(widgetBinding, "the widget itself cannot be disconnected")
	}
	binding := conv.route[place]
	i := d.identity(binding.IdentityID)
	reason := eventv1.UnboundReason_UNBOUND_REASON_CUSTOMER
	if c.Agent != nil {
		reason = eventv1.UnboundReason_UNBOUND_REASON_AGENT
	}
	unsure := i.unconfirmed()
	open, _ := d.window(binding, true)
	conv.unbind(i, reason, eventv1.RouteRule_ROUTE_RULE_DISCONNECTED, d.head.Now)
	widget := d.account().Widgets[conv.widget]
	if widget != nil && !unsure && !widget.Config.GetSilentDisconnect() && open {
		event := d.emit(conv.stream(), &eventv1.NoticeQueued{
			ConversationId: conv.id, CustomerId: conv.customer, IdentityId: i.id,
			IntegrationId: i.integration, Channel: i.channel,
			Kind:   eventv1.NoticeKind_NOTICE_KIND_DISCONNECTED,
			Sealed: &eventv1.NoticeQueued_Sealed{Content: Text(languageOf(conv.language).disconnected)},
		})
		i.enqueue(&eventv1.SendOrigin{
			ConversationId: conv.id, Kind: eventv1.SendKind_SEND_KIND_NOTICE,
		}, event)
	}
	d.answer.ConversationID, d.answer.RouteVersion = conv.id, conv.version
	return nil
}

// markRead says that the visitor saw the replies in the widget up to one.
func (d *decider) markRead(c *MarkRead) error {
	conv, err := d.byWhom(&c.Visitor, nil, false)
	if err != nil {
		return err
	}
	upTo := conv.base.Messages[c.MessageID]
	if upTo == nil {
		return refuse(notFound, "there is no such message")
	}
	for _, open := range ordered(conv.base.Open) {
		if open.Place <= upTo.Place && open.IntegrationID == conv.widget {
			d.move(conv, conv.message(open.ID), MessageRead, d.head.Now, nil)
		}
	}
	d.answer.ConversationID, d.answer.RouteVersion = conv.id, conv.version
	return nil
}
