package conversation

import (
	"bytes"
	"strings"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// personPrefix begins the payload of a button of the question whether whoever holds
// an address is still the customer.
const personPrefix = "weiche:person:"

// unconfirmed says that the address may have come into other hands: nothing is sent
// there until somebody confirms that it is the same person, but that question.
func (i *identityDraft) unconfirmed() bool { return i.unsure }

// seeKey compares the hash of the identity key that came with something of a
// customer with the one that is known, and reports whether it is another one. What
// is older than the known one says nothing.
func (d *decider) seeKey(i *identityDraft, hash []byte, at time.Time, lang string) bool {
	if len(hash) == 0 || bytes.Equal(hash, i.base.KeyHash) || at.Before(i.base.KeyAt) {
		return false
	}
	if len(i.base.KeyHash) == 0 {
		d.emit(i.stream(), &eventv1.IdentityKeyChanged{
			IdentityId: i.id, CustomerId: i.customer, IntegrationId: i.integration,
			KeyHash: hash, First: true, At: stamp(at),
		})
		return false
	}
	d.doubt(i, hash, at, at, lang)
	return true
}

// doubt writes down that an address may have come into other hands (P1). Where it
// is bound to a conversation, what waits to be sent there is decided again. Whoever
// holds it now is asked over the channel, where the conversation has another place
// and the window is open; wrote is when something last came from there.
func (d *decider) doubt(i *identityDraft, hash []byte, at, wrote time.Time, lang string) {
	changed := &eventv1.IdentityKeyChanged{
		IdentityId: i.id, CustomerId: i.customer, IntegrationId: i.integration, KeyHash: hash, At: stamp(at),
	}
	conv := d.conversationOf(i)
	if conv == nil {
		d.emit(i.stream(), changed)
		return
	}
	changed.ConversationId = conv.id
	doubted := &eventv1.AddressDoubted{
		ConversationId: conv.id, CustomerId: conv.customer, IdentityId: i.id, IntegrationId: i.integration, Channel: i.channel,
	}
	i.take(saidByItself)
	widget := d.account().Widgets[conv.widget]
	if place := conv.binding(i.id); place >= 0 && conv.route[place].WroteAt.After(wrote) {
		wrote = conv.route[place].WroteAt
	}
	asks := widget != nil && d.fresh(i, wrote)
	if asks {
		if lang == "" {
			lang = conv.language
		}
		changed.QuestionId = d.ids.next()
		doubted.QuestionId = changed.QuestionId
		doubted.Sealed = &eventv1.AddressDoubted_Sealed{
			Content: languageOf(lang).personQuestion(widget.Config.GetSite(), changed.QuestionId),
		}
	}
	d.emit(i.stream(), changed)
	event := d.emit(conv.stream(), doubted)
	i.unsure = true
	conv.rerouteFrom(i, unconfirmed)
	if asks {
		i.enqueue(&eventv1.SendOrigin{ConversationId: conv.id, Kind: eventv1.SendKind_SEND_KIND_PROMPT}, event)
	}
	d.answer.ConversationID = conv.id
}

// sure writes down that whoever holds an address is still the customer.
func (d *decider) sure(i *identityDraft, conv *conversationDraft, agentID string) {
	d.emit(i.stream(), &eventv1.IdentityConfirmed{IdentityId: i.id, AgentId: agentID, ConversationId: conv.id})
	d.emit(conv.stream(), &eventv1.AddressConfirmed{
		ConversationId: conv.id, IdentityId: i.id, IntegrationId: i.integration, Channel: i.channel, AgentId: agentID,
	})
	i.unsure = false
}

// conversationOf returns the conversation that an identity is bound to, or nil.
func (d *decider) conversationOf(i *identityDraft) *conversationDraft {
	if i.conversation == "" {
		return nil
	}
	return d.conversation(i.conversation)
}

// saidByItself says whether a send is nobody's words but Weiche's.
func saidByItself(o *eventv1.SendOrigin) bool {
	return o.GetKind() == eventv1.SendKind_SEND_KIND_PROMPT || o.GetKind() == eventv1.SendKind_SEND_KIND_NOTICE
}

// isPersonQuestion says whether a send is the question whether it is still the same
// person.
func isPersonQuestion(o *eventv1.SendOrigin) bool {
	return o.GetKind() == eventv1.SendKind_SEND_KIND_PROMPT && o.GetLinkId() == ""
}

// answerPerson reads an answer to the question whether it is still the same person.
// It reports whether the message was one and is used up. A button of a question
// that is settled changes nothing, and is no comment.
func (d *decider) answerPerson(i *identityDraft, c *ReceiveMessage, at time.Time) bool {
	question, yes, isButton := personAnswerIn(c.Content)
	if isButton && (i.base.Question == "" || question != i.base.Question) {
		return d.answeredUnknown(i, c)
	}
	if !isButton {
		said, isAnswer := answerIn(c.Content)
		if !isAnswer || said.LinkID != "" || i.base.Question == "" || at.Before(i.base.KeyAt) {
			return false
		}
		yes = said.Yes
	}
	conv := d.conversationOf(i)
	if yes {
		d.sure(i, conv, "")
	} else {
		i.withdraw(isPersonQuestion)
		conv.unbind(i, eventv1.UnboundReason_UNBOUND_REASON_CUSTOMER, eventv1.RouteRule_ROUTE_RULE_DISCONNECTED, at)
	}
	d.promptAfter(i)
	d.answer.ConversationID = conv.id
	return true
}

// personAnswerIn reads a button of that question.
func personAnswerIn(content *eventv1.Content) (question string, yes, ok bool) {
	if len(content.GetParts()) != 1 {
		return "", false, false
	}
	payload := content.GetParts()[0].GetAnswer().GetPayload()
	if payload == "" {
		payload = content.GetParts()[0].GetPostback().GetPayload()
	}
	body, ok := strings.CutPrefix(payload, personPrefix)
	if !ok {
		return "", false, false
	}
	question, word, _ := strings.Cut(body, ":")
	return question, word == "yes", word == "yes" || word == "no"
}

// ConfirmIdentity says, by an agent, whether an address that may have come into
// other hands still belongs to the customer.
type ConfirmIdentity struct {
	Header
	AgentID    string
	IdentityID string
	SamePerson bool
}

// confirmIdentity ends the doubt about an address: it is sent to again, or it is
// disconnected.
func (d *decider) confirmIdentity(c *ConfirmIdentity) error {
	if err := d.acts(c.AgentID); err != nil {
		return err
	}
	i := d.identity(c.IdentityID)
	if i == nil || i.erased {
		return refuse(notFound, "there is no such identity")
	}
	if !i.unsure {
		return refuse(invalid, "nobody doubts whose address it is")
	}
	conv := d.conversationOf(i)
	i.withdraw(isPersonQuestion)
	if c.SamePerson {
		d.sure(i, conv, c.AgentID)
	} else {
		conv.unbind(i, eventv1.UnboundReason_UNBOUND_REASON_AGENT, eventv1.RouteRule_ROUTE_RULE_DISCONNECTED, d.head.Now)
	}
	d.promptAfter(i)
	d.answer.ConversationID, d.answer.RouteVersion = conv.id, conv.version
	return nil
}
