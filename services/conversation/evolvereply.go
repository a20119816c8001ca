package conversation

import (
	"slices"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// evolveReply folds what becomes of a reply.
func (c *Conversation) evolveReply(e Event) {
	switch b := e.Body.(type) {
	case *eventv1.ReplyQueued:
		m := &Message{
			ID: b.GetMessageId(), State: MessageQueued, QueuedAt: e.At, Place: len(c.Messages), Version: c.Version, Content: e.ID,
			IdentityID:    b.GetRoute().GetIdentityId(),
			IntegrationID: b.GetRoute().GetIntegrationId(),
			Channel:       b.GetRoute().GetChannel(),
			RoutedAt:      e.At, Automated: b.GetAutomated(), Fixed: b.GetFixed(), Blobs: b.GetBlobIds(),
		}
		c.Messages[m.ID], c.Open[m.ID] = m, m
	case *eventv1.ReplyRerouted:
		c.rerouted(e, b)
	case *eventv1.ReplyFitted:
		m := c.Messages[b.GetMessageId()]
		m.Fittings = append(m.Fittings, e.ID)
		m.fitted(int(b.GetParts()))
	case *eventv1.PartAdvanced:
		c.partAdvanced(b)
	case *eventv1.OutcomeAsked:
		m := c.Messages[b.GetMessageId()]
		m.Asked = append(m.Asked, b.GetSendId())
	case *eventv1.OutcomeSettled:
		c.settled(b)
	case *eventv1.MessageSending:
		c.advance(b.GetMessageId(), MessageSending)
	case *eventv1.MessageSent:
		c.advance(b.GetMessageId(), MessageSent)
	case *eventv1.MessageDelivered:
		c.advance(b.GetMessageId(), MessageDelivered)
	case *eventv1.MessageRead:
		c.advance(b.GetMessageId(), MessageRead)
	case *eventv1.MessageFailed:
		c.advance(b.GetMessageId(), MessageFailed)
	case *eventv1.MessageOutcomeUnknown:
		c.advance(b.GetMessageId(), MessageUnknown)
	}
}

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
