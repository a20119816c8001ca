package conversation

import (
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// turn gives the head of the lane its turn: a sender is asked for it, or it is
// decided again where it cannot go now, or it waits.
func (i *identityDraft) turn() {
	head := &i.lane[0]
	reason, why, human := i.d.barred(i, head)
	if reason == 0 {
		i.request(head, human)
		return
	}
	if i.d.elsewhere(i, head, reason, why) {
		return
	}
	if why == nil {
		why = &eventv1.SendError{Reason: reasonWord(reason, nil)}
	}
	if reason != unhealthy || head.Origin.GetKind() != eventv1.SendKind_SEND_KIND_REPLY || head.isOld(i.d.head.Now) {
		i.d.failSend(i, *head, why)
		return
	}
	i.deferHead(i.d.nextTurn(head), true, why)
}

// barred returns why a send cannot leave now, or 0 and whether it can only as a
// person's. Whoever disconnected a channel still gets what was handed over to it in
// part, and the question who holds an address goes to that address.
func (d *decider) barred(i *identityDraft, send *Send) (reason eventv1.PassedOverReason, why *eventv1.SendError, human bool) {
	if d.account().Integrations[send.IntegrationID] == nil {
		return disconnected, integrationRemoved(), false
	}
	if why := d.sick(send.IntegrationID); why != nil {
		return unhealthy, why, false
	}
	if i.unconfirmed() && !isPersonQuestion(send.Origin) {
		return unconfirmed, nil, false
	}
	switch send.Origin.GetKind() {
	case eventv1.SendKind_SEND_KIND_REPLY, eventv1.SendKind_SEND_KIND_REACTION:
	default:
		return 0, nil, false
	}
	conv := d.conversation(send.Origin.GetConversationId())
	m := conv.message(send.Origin.GetMessageId())
	if m == nil {
		m = &Message{}
	}
	now := conv.newest()
	place := now.binding(i.id)
	switch {
	case place < 0 && now != conv && !m.handedOver(i):
		return disconnected, nil, false
	case place < 0:
		return 0, nil, false
	}
	return now.unusable(now.route[place], m)
}

// elsewhere decides a reply again that waits in the lane and cannot go there now,
// and reports whether it went elsewhere. It stays where it is if a part of it was
// handed over.
func (d *decider) elsewhere(i *identityDraft, send *Send, reason eventv1.PassedOverReason, why *eventv1.SendError) bool {
	id := send.Origin.GetMessageId()
	if id == "" {
		return false
	}
	conv := d.conversation(send.Origin.GetConversationId())
	m := conv.message(id)
	if m.Fixed || m.handedOver(i) {
		return false
	}
	to := d.again(conv, m, reason, why, false)
	if to == nil {
		return false
	}
	i.take(m.waits)
	d.reroute(conv, m, to)
	return true
}

// rerouteFrom decides again every reply of the conversation that waits in the lane
// of an identity and of which nothing was handed over (L11).
func (c *conversationDraft) rerouteFrom(i *identityDraft, reason eventv1.PassedOverReason) {
	var waiting []*Message
	for _, send := range i.lane {
		id := send.Origin.GetMessageId()
		if id == "" || send.Origin.GetConversationId() != c.id || !send.waits() {
			continue
		}
		m := c.message(id)
		if !slices.Contains(waiting, m) && !m.handedOver(i) {
			waiting = append(waiting, m)
		}
	}
	for _, m := range waiting {
		i.take(m.waits)
	}
	for _, m := range waiting {
		if to := c.d.again(c, m, reason, nil, false); to != nil && !m.Fixed {
			c.d.reroute(c, m, to)
			continue
		}
		why := &eventv1.SendError{Reason: "empty_route"}
		if len(c.route) > 0 {
			why.Reason = reasonWord(reason, nil)
		}
		c.d.move(c, m, MessageFailed, c.d.head.Now, why)
	}
	i.next()
}

// handedOver says whether a part of the reply was handed to the provider, or is
// being handed over.
func (m *Message) handedOver(i *identityDraft) bool {
	for _, send := range i.lane {
		if m.waits(send.Origin) && !send.waits() {
			return true
		}
	}
	return slices.ContainsFunc(m.Parts, func(p MessageState) bool { return p >= MessageSent && p != MessageFailed })
}

// isOld says whether a send has waited for so long that it is given up.
func (s *Send) isOld(now time.Time) bool {
	within := noticeWithin
	if s.Origin.GetKind() == eventv1.SendKind_SEND_KIND_REPLY || s.Origin.GetKind() == eventv1.SendKind_SEND_KIND_REACTION {
		within = replyWithin
	}
	return now.Sub(s.QueuedAt) >= within
}

// reasonWord is our word for why a place was passed over, as it stands in errors.
func reasonWord(reason eventv1.PassedOverReason, why *eventv1.SendError) string {
	if why.GetReason() != "" {
		return why.GetReason()
	}
	switch reason {
	case windowClosed:
		return "window_closed"
	case unconfirmed:
		return "unconfirmed"
	case disconnected:
		return "disconnected"
	case unsupported:
		return "unsupported"
	}
	return "unhealthy"
}
