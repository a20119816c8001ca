package conversation

import (
	"slices"
	"strings"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// maxText is the longest text that an agent or a visitor may write, in bytes.
const maxText = 16 << 10

// maxParts is how many parts a reply may have.
const maxParts = 10

// reply freezes the route of an agent's answer and hands it on (R4 to R6).
func (d *decider) reply(c *SendReply) error {
	conv, err := d.byWhom(nil, &c.Agent, false)
	if err != nil {
		return err
	}
	if err := conv.ownBlobs(c.Content); err != nil {
		return err
	}
	if err := checkContent(c.Content, c.Note); err != nil {
		return err
	}
	if id := c.Content.GetReplyTo().GetMessageId(); id != "" && !conv.has(id) {
		return refuse(notFound, "there is no message that this one could answer")
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
	if c.IntegrationID != "" && conv.boundTo(c.IntegrationID) < 0 {
		return refuse(noDestination, "the conversation is not bound to this integration")
	}
	m := &Message{
		ID: message, QueuedAt: d.head.Now, RoutedAt: d.head.Now, Automated: c.Automated, Fixed: isTemplate(c.Content),
	}
	to, passed := conv.find(search{message: m, content: c.Content, named: c.IntegrationID})
	if moved := c.SeenRouteVersion != 0 && c.SeenRouteVersion != conv.version; moved && (c.Strict || isSpecific(c.Content)) {
		return conv.moved(to, passed)
	}
	if to == nil {
		return conv.nowhere(passed)
	}
	m.routed(to.route)
	m.Content = d.emit(conv.stream(), &eventv1.ReplyQueued{
		MessageId: message, ConversationId: conv.id, CustomerId: conv.customer, AgentId: c.Agent.AgentID,
		Route: to.route, Automated: m.Automated, Fixed: m.Fixed,
		BlobIds: blobsIn(c.Content), Sealed: &eventv1.ReplyQueued_Sealed{Content: c.Content},
	})
	conv.messages[message] = m
	conv.offer(to.route.GetPassedOver())
	d.hand(conv, m, to)
	return nil
}

// moved is the refusal of a reply that goes by the route which the agent saw, or not
// at all (R5). It says where the reply would go now, or why nowhere.
func (c *conversationDraft) moved(to *destination, passed []*eventv1.PassedOver) error {
	refusal := &Refusal{
		Reason: routeChanged, Detail: "the route changed meanwhile", RouteVersion: c.version, PassedOver: passed,
	}
	if to != nil {
		refusal.Route, refusal.PassedOver = to.route, to.route.GetPassedOver()
	}
	return refusal
}

// has says whether a message is one of the conversation's.
func (c *conversationDraft) has(id string) bool {
	_, said := c.base.Inbound[id]
	return said || c.base.Messages[id] != nil
}

// checkContent refuses what no reply can be. A note is one plain text.
func checkContent(content *eventv1.Content, note bool) error {
	parts := content.GetParts()
	if len(parts) < 1 || len(parts) > maxParts || note && len(parts) > 1 {
		return refuse(invalid, "a reply has 1 to %d parts, a note one", maxParts)
	}
	for _, part := range parts {
		text := part.GetText().GetBody()
		switch kind := part.GetKind().(type) {
		case *eventv1.Part_Text:
		case *eventv1.Part_Buttons:
			text = kind.Buttons.GetBody()
			if len(kind.Buttons.GetButtons()) == 0 {
				return refuse(invalid, "a question has buttons")
			}
		case *eventv1.Part_Template:
			if len(parts) > 1 {
				return refuse(invalid, "a template stands alone")
			}
			text = kind.Template.GetName()
		case *eventv1.Part_Media:
			text = kind.Media.GetBlobId()
		case *eventv1.Part_Location:
			text = "a place"
		case *eventv1.Part_Contacts:
			text = "cards"
			if len(kind.Contacts.GetCards()) == 0 {
				return refuse(invalid, "there is no card")
			}
		default:
			return refuse(invalid, "a reply cannot say this")
		}
		if _, plain := part.GetKind().(*eventv1.Part_Text); note && !plain {
			return refuse(invalid, "a note is one plain text")
		}
		if strings.TrimSpace(text) == "" {
			return refuse(invalid, "the text is empty")
		}
		if len(text) > maxText {
			return refuse(invalid, "the text is longer than %d bytes", maxText)
		}
	}
	return nil
}

// isTemplate says whether the content is a template, which belongs to its channel.
func isTemplate(content *eventv1.Content) bool { return content.GetParts()[0].GetTemplate() != nil }

// isSpecific says whether the content was made for one channel: it is not sent by
// another route than the one that the agent saw (R5).
func isSpecific(content *eventv1.Content) bool {
	return slices.ContainsFunc(content.GetParts(), func(p *eventv1.Part) bool {
		return p.GetTemplate() != nil || p.GetButtons() != nil
	})
}
