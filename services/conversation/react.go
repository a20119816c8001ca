package conversation

import (
	"strings"
	"unicode/utf8"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/capability"
)

// maxEmoji is the longest reaction, in bytes: an emoji can be many code points.
const maxEmoji = 64

// React sets or removes an agent's reaction to a message of the customer.
type React struct {
	Header
	Agent     Agent
	MessageID string
	// Emoji is the reaction; empty takes it back.
	Emoji string
}

// reactAsAgent shows a reaction and sends it to the identity by which the message came
// (M10). It switches nothing.
func (d *decider) reactAsAgent(c *React) error {
	conv, err := d.byWhom(nil, &c.Agent, false)
	if err != nil {
		return err
	}
	said, ok := conv.base.Inbound[c.MessageID]
	if !ok {
		return refuse(notFound, "there is no such message of the customer")
	}
	if len(c.Emoji) > maxEmoji || !utf8.ValidString(c.Emoji) || strings.TrimSpace(c.Emoji) != c.Emoji {
		return refuse(invalid, "a reaction is one emoji")
	}
	place := conv.binding(said.IdentityID)
	if place < 0 {
		return refuse(noDestination, "the conversation is not bound to where the message came from")
	}
	to := conv.route[place]
	if !capability.Of(to.Channel).Reaction {
		return refuse(unsupportedContent, "%s knows no reactions", to.Channel)
	}
	inWidget := d.account().Widgets[to.IntegrationID] != nil
	if reason, why, _ := conv.unusable(to, &Message{}); reason != 0 && !inWidget {
		return conv.nowhere([]*eventv1.PassedOver{to.passedOver(reason, why)})
	}
	event := d.emit(conv.stream(), &eventv1.ReactionQueued{
		ConversationId: conv.id, CustomerId: conv.customer, MessageId: c.MessageID, AgentId: c.Agent.AgentID,
		IdentityId: to.IdentityID, IntegrationId: to.IntegrationID, Channel: to.Channel, Removed: c.Emoji == "",
		Sealed: &eventv1.ReactionQueued_Sealed{Content: &eventv1.Content{Parts: []*eventv1.Part{{
			Kind: &eventv1.Part_Reacted{Reacted: &eventv1.Reacted{MessageId: c.MessageID, Emoji: c.Emoji}},
		}}}},
	})
	d.answer.ConversationID, d.answer.MessageID, d.answer.RouteVersion = conv.id, c.MessageID, conv.version
	if inWidget {
		return nil
	}
	i := d.identity(to.IdentityID)
	i.add(&eventv1.SendOrigin{
		ConversationId: conv.id, Kind: eventv1.SendKind_SEND_KIND_REACTION, AboutMessageId: c.MessageID,
	}, event, said.EventID)
	i.next()
	return nil
}

// unreact says that a reaction did not arrive: it is shown no more.
func (d *decider) unreact(send Send, why *eventv1.SendError) {
	if send.Origin.GetKind() != eventv1.SendKind_SEND_KIND_REACTION {
		return
	}
	conv := d.conversation(send.Origin.GetConversationId())
	d.emit(conv.stream(), &eventv1.ReactionFailed{
		ConversationId: conv.id, MessageId: send.Origin.GetAboutMessageId(), ReactionEventId: send.ContentEvent, Error: why,
	})
}
