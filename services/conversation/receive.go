package conversation

import (
	"time"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// lateAfter is how much older than the cause of the route a message may be and
// still switch it (R3).
const lateAfter = 5 * time.Second

// receive decides what a message of a customer means: an answer to a prompt, a
// link code, or a comment.
func (d *decider) receive(c *ReceiveMessage) error {
	integration, err := d.integration(c.IntegrationID)
	if err != nil {
		return err
	}
	if len(c.Sender) == 0 {
		return refuse(invalid, "the message names no sender")
	}
	if len(c.Content.GetParts()) == 0 && c.Code == nil {
		return refuse(invalid, "the message is empty")
	}
	if err := d.mayEnter(c.IntegrationID, c.Sender); err != nil {
		return err
	}
	if err := d.uploaded(c.IntegrationID, c.Content); err != nil {
		return err
	}
	i := d.identify(integration, c.Sender, c.Profile)
	at := d.sentAt(c.SentAt)
	changed := d.seeKey(i, c.KeyHash, at, c.Language)
	if d.isUnsent(c.MessageHash) {
		d.receiveUnsent(i, c, at)
		return nil
	}
	if !changed && d.answerPerson(i, c, at) {
		return nil
	}
	if i.base.Matched.LinkID != "" || isAnswer(c.Content) {
		if done := d.answerLink(i, c, at); done {
			return nil
		}
	}
	if c.Code != nil && d.isNoise(c.IntegrationID, c.Code) && len(c.Content.GetParts()) == 0 {
		return nil
	}
	if c.Code == nil || d.isNoise(c.IntegrationID, c.Code) {
		d.comment(i, c, c.Content, at)
		return nil
	}
	if d.useCode(i, c, at) || len(c.Code.Rest.GetParts()) == 0 {
		return nil
	}
	d.comment(i, c, c.Code.Rest, at)
	return nil
}

// isAnswer says whether the content is a button of ours.
func isAnswer(content *eventv1.Content) bool {
	said, ok := answerIn(content)
	return ok && said.LinkID != ""
}

// comment lets a message join the conversation that its identity is bound to, or
// one of its own.
func (d *decider) comment(i *identityDraft, c *ReceiveMessage, content *eventv1.Content, at time.Time) {
	message, event := d.received(i, c, at)
	content = d.quoting(message.GetConversationId(), c.QuotedHash, content)
	message.Sealed = &eventv1.MessageReceived_Sealed{
		Content: content, ProviderMessageId: c.ProviderMessageID, Raw: c.Raw, Profile: c.Profile,
	}
	conv := d.conversation(message.GetConversationId())
	d.requestMedia(conv, message.GetMessageId(), i.integration, i.channel, event, content)
	d.arrived(c.MessageHash, place{conv, message.GetMessageId()})
}

// quoting names the message that another one answers, where that is one of the
// conversation. A message of another conversation stays unnamed: who reads this one
// may not know of it (L8).
func (d *decider) quoting(conversationID string, hash []byte, content *eventv1.Content) *eventv1.Content {
	if len(hash) == 0 || content.GetReplyTo() == nil {
		return content
	}
	of, _, ok := d.placeOf(hash)
	if !ok || of.gone() || of.conv.id != conversationID {
		return content
	}
	content = proto.CloneOf(content)
	content.ReplyTo.MessageId = of.message
	return content
}

// received writes down that a message joins a conversation, for the caller to say
// with which words, and returns the event with its id.
func (d *decider) received(i *identityDraft, c *ReceiveMessage, at time.Time) (*eventv1.MessageReceived, string) {
	conv, late := d.join(i, c, at)
	conv = d.goesOn(conv, i, at)
	message := &eventv1.MessageReceived{
		MessageId: d.ids.next(), ConversationId: conv.id, CustomerId: conv.customer,
		IdentityId: i.id, IntegrationId: i.integration, Channel: i.channel,
		SentAt: stamp(at), ProviderMessageHash: c.MessageHash,
	}
	if !late && at.Before(conv.causedAt.Add(-lateAfter)) {
		late = true
	}
	message.Late = late
	// The switch is written first: what it caused belongs to its segment.
	if !late {
		conv.used(i, at)
	}
	conv.reopen("", message.MessageId)
	event := d.emit(conv.stream(), message)
	d.answer.ConversationID, d.answer.MessageID, d.answer.RouteVersion = conv.id, message.MessageId, conv.version
	return message, event
}

// used moves an identity to the front because the customer wrote there (R2).
func (c *conversationDraft) used(i *identityDraft, at time.Time) {
	if at.After(c.causedAt) {
		c.causedAt = at
	}
	if place := c.binding(i.id); place > 0 {
		c.lead(i.id, eventv1.RouteRule_ROUTE_RULE_CUSTOMER_WROTE, c.causedAt)
	}
}

// join finds the conversation that a message belongs to, and says whether it
// joins without switching: what was written before a disconnect still belongs to
// the conversation of that time (L11).
func (d *decider) join(i *identityDraft, c *ReceiveMessage, at time.Time) (*conversationDraft, bool) {
	if id, released := i.conversationAt(at); id != "" {
		return d.conversation(id), released
	}
	return d.begin(i, c.Language, at), false
}

// conversationAt returns the conversation that the identity was in at a time, or is
// in, and whether it has left that; empty where there is none.
func (i *identityDraft) conversationAt(at time.Time) (id string, released bool) {
	if i.released != "" && at.Before(i.releasedAt) {
		return i.released, true
	}
	return i.conversation, false
}

// begin starts a conversation for an identity that has none: in the widget for a
// visitor, of its own for anybody else.
func (d *decider) begin(i *identityDraft, lang string, at time.Time) *conversationDraft {
	widget := ""
	if config := d.account().Widgets[i.integration]; config != nil {
		widget = i.integration
		if lang == "" && len(config.Config.GetLanguages()) > 0 {
			lang = config.Config.GetLanguages()[0]
		}
	}
	return d.start(i, widget, lang, at)
}
