package conversation

import (
	"slices"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// advance notes how far a reply came.
func (c *Conversation) advance(messageID string, to MessageState) {
	m := c.Messages[messageID]
	m.State = to
	if to == MessageRead || to == MessageFailed {
		delete(c.Open, messageID)
	}
}

// rerouted notes where a reply goes from now on, and where it has failed.
func (c *Conversation) rerouted(e Event, b *eventv1.ReplyRerouted) {
	m := c.Messages[b.GetMessageId()]
	for _, p := range b.GetRoute().GetPassedOver() {
		if p.GetReason() == hasFailed {
			if m.Tried == nil {
				m.Tried = map[string]*eventv1.SendError{}
			}
			m.Tried[p.GetIdentityId()] = p.GetError()
		}
	}
	m.routed(b.GetRoute())
	m.RoutedAt, m.Hop = e.At, b.GetHop()
}

// partAdvanced notes how far a part of a reply came.
func (c *Conversation) partAdvanced(b *eventv1.PartAdvanced) {
	m := c.Messages[b.GetMessageId()]
	if state := slices.Index(partStates[:], b.GetState()); state > 0 && int(b.GetPart()) < len(m.Parts) {
		m.Parts[b.GetPart()] = MessageState(state)
	}
}

// settled notes an agent's word for what became of a reply.
func (c *Conversation) settled(b *eventv1.OutcomeSettled) {
	m := c.Messages[b.GetMessageId()]
	for _, question := range b.GetQuestions() {
		m.Asked = append(m.Asked, question.GetSendId())
	}
	if b.GetSentAgain() {
		m.Tried = nil
		return
	}
	m.State = MessageSent
	for at, p := range m.Parts {
		if p == MessageUnknown {
			m.Parts[at] = MessageSent
		}
	}
	if len(m.Parts) > 0 {
		m.State = worst(m.Parts)
	}
}
