package conversation

import (
	"strings"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// maxText is the longest text that an agent or a visitor may write, in bytes.
const maxText = 16 << 10

// reply freezes the route of an agent's answer and hands it on (R4 to R6).
func (d *decider) reply(c *SendReply) error {
	conv, err := d.byWhom(nil, &c.Agent, false)
	if err != nil {
		return err
	}
	if err := conv.ownBlobs(c.Content); err != nil {
		return err
	}
	text, plain := PlainText(c.Content)
	if !plain {
		return refuse(invalid, "a reply is one plain text")
	}
	if strings.TrimSpace(text) == "" {
		return refuse(invalid, "the text is empty")
	}
	if len(text) > maxText {
		return refuse(invalid, "the text is longer than %d bytes", maxText)
	}
	message := d.ids.next()
	d.answer.ConversationID, d.answer.MessageID, d.answer.RouteVersion = conv.id, message, conv.version
	if c.Note {
		d.emit(conv.stream(), &eventv1.NoteAdded{
			MessageId: message, ConversationId: conv.id, CustomerId: conv.customer, AgentId: c.Agent.AgentID,
			BlobIds: blobsIn(c.Content), Sealed: &eventv1.NoteAdded_Sealed{Content: c.Content},
		})
		return nil
	}
	if c.Strict && c.SeenRouteVersion != 0 && c.SeenRouteVersion != conv.version {
		return &Refusal{Reason: routeChanged, Detail: "the route changed meanwhile", RouteVersion: conv.version}
	}
	route, err := conv.routeFor(c.IntegrationID)
	if err != nil {
		return err
	}
	event := d.emit(conv.stream(), &eventv1.ReplyQueued{
		MessageId: message, ConversationId: conv.id, CustomerId: conv.customer, AgentId: c.Agent.AgentID,
		Route: route, BlobIds: blobsIn(c.Content), Sealed: &eventv1.ReplyQueued_Sealed{Content: c.Content},
	})
	d.hand(conv, route, message, event)
	return nil
}

// routeFor decides where a reply goes now: to the integration that the agent
// named, or to the front of the route.
func (c *conversationDraft) routeFor(named string) (*eventv1.FrozenRoute, error) {
	if len(c.route) == 0 {
		return nil, refuse(emptyRoute, "the conversation has no channel left to reply over")
	}
	place, rule := 0, eventv1.ReplyRule_REPLY_RULE_LAST_USED
	if named != "" {
		if place = c.boundTo(named); place < 0 {
			return nil, refuse(noDestination, "the conversation is not bound to this integration")
		}
		rule = eventv1.ReplyRule_REPLY_RULE_NAMED
	}
	return c.freeze(place, rule, eventv1.PassedOverReason_PASSED_OVER_REASON_NOT_NAMED), nil
}

// freeze writes down the route that leads to one place, and why those before it
// were passed over.
func (c *conversationDraft) freeze(place int, rule eventv1.ReplyRule, reason eventv1.PassedOverReason) *eventv1.FrozenRoute {
	to := c.route[place]
	route := &eventv1.FrozenRoute{
		IntegrationId: to.IntegrationID, IdentityId: to.IdentityID, Channel: to.Channel,
		RouteVersion: c.version, Rule: rule,
	}
	for _, b := range c.route[:place] {
		route.PassedOver = append(route.PassedOver, &eventv1.PassedOver{
			IdentityId: b.IdentityID, IntegrationId: b.IntegrationID, Channel: b.Channel, Reason: reason,
		})
	}
	return route
}

// hand puts a reply where its route says: into the widget, where it stands at
// once, or into the lane of an identity.
func (d *decider) hand(conv *conversationDraft, route *eventv1.FrozenRoute, messageID, contentEvent string) {
	if d.account().Widgets[route.GetIntegrationId()] != nil {
		d.emit(conv.stream(), &eventv1.MessageSent{
			MessageId: messageID, ConversationId: conv.id,
			IntegrationId: route.GetIntegrationId(), Channel: route.GetChannel(),
		})
		return
	}
	d.identity(route.GetIdentityId()).enqueue(&eventv1.SendOrigin{
		ConversationId: conv.id, MessageId: messageID, Kind: eventv1.SendKind_SEND_KIND_REPLY,
	}, contentEvent)
}

// rerouteFrom decides again every reply of the conversation that waits in the
// lane of an identity and was not handed to a sender yet (L11).
func (c *conversationDraft) rerouteFrom(i *identityDraft) {
	replies := func(o *eventv1.SendOrigin) bool { return o.GetMessageId() != "" && o.GetConversationId() == c.id }
	for _, send := range i.withdraw(replies) {
		message := send.Origin.GetMessageId()
		if len(c.route) == 0 {
			c.d.emit(c.stream(), &eventv1.MessageFailed{
				MessageId: message, ConversationId: c.id,
				Error: &eventv1.SendError{Reason: "empty_route"},
			})
			continue
		}
		route := c.freeze(0, eventv1.ReplyRule_REPLY_RULE_FALLBACK, 0)
		route.PassedOver = []*eventv1.PassedOver{{
			IdentityId: i.id, IntegrationId: i.integration, Channel: i.channel,
			Reason: eventv1.PassedOverReason_PASSED_OVER_REASON_DISCONNECTED,
		}}
		c.d.emit(c.stream(), &eventv1.ReplyRerouted{
			MessageId: message, ConversationId: c.id, Route: proto.CloneOf(route),
		})
		c.d.hand(c, route, message, send.ContentEvent)
	}
}
