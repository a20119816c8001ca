package conversation_test

import (
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/capability"
	"weiche/services/conversation"
)

// message shows I10, I11 and I13: states go forward, and a reply goes where its
// frozen route says.
func (o *observer) message(c conversation.Command, e conversation.Event) {
	var id, to string
	var from []string
	var route *eventv1.FrozenRoute
	switch b := e.Body.(type) {
	case *eventv1.ReplyQueued:
		id, route = b.GetMessageId(), b.GetRoute()
		o.messages[id] = &seenMessage{
			id: id, conversation: b.GetConversationId(), fixed: b.GetFixed(), automated: b.GetAutomated(), tried: map[string]bool{},
		}
		o.messageIDs = append(o.messageIDs, id)
		to, from = "queued", []string{""}
	case *eventv1.ReplyRerouted:
		id, route = b.GetMessageId(), b.GetRoute()
		o.rerouted(b)
		to, from = "queued", []string{"queued", "sending", "sent", "unknown"}
	case *eventv1.MessageSending:
		id, to, from = b.GetMessageId(), "sending", []string{"queued"}
		if len(o.messages[id].parts) > 0 {
			from = append(from, "unknown")
		}
	case *eventv1.MessageSent:
		id, to, from = b.GetMessageId(), "sent", []string{"queued", "sending", "unknown"}
		m := o.messages[id]
		if b.GetIntegrationId() != m.integration {
			o.fail("I13: a reply to %s was sent over %s", m.integration, b.GetIntegrationId())
		}
		widget := b.GetIntegrationId() == o.conversations[m.conversation].widget
		for _, send := range m.sends {
			if s := o.sends[send]; s.state != "succeeded" && !m.settled && !widget {
				o.fail("I11: a message is sent of which a part is %s", s.state)
			}
		}
		if len(m.sends) == 0 && !widget {
			o.fail("I11: a message is sent without a provider's id")
		}
	case *eventv1.MessageDelivered:
		id, to, from = b.GetMessageId(), "delivered", []string{"sent"}
	case *eventv1.MessageRead:
		id, to, from = b.GetMessageId(), "read", []string{"sent", "delivered"}
	case *eventv1.MessageFailed:
		id, to, from = b.GetMessageId(), "failed", []string{"queued", "sending", "sent", "unknown"}
	case *eventv1.MessageOutcomeUnknown:
		id, to, from = b.GetMessageId(), "unknown", []string{"sending"}
		if _, restored := c.(*conversation.AbandonSends); restored {
			from = append(from, "queued")
		}
	}
	m := o.messages[id]
	if !slices.Contains(from, m.state) {
		o.fail("I10: a message that was %q is %q", m.state, to)
	}
	m.state = to
	if route != nil {
		o.routed(e, m, route)
	}
}

// part shows I10 of the parts of a reply, and that the reply is as far as its worst.
func (o *observer) part(e conversation.Event) {
	switch b := e.Body.(type) {
	case *eventv1.ReplyFitted:
		o.messages[b.GetMessageId()].parts = nil
		if b.GetParts() > 1 {
			o.messages[b.GetMessageId()].parts = make([]eventv1.PartState, b.GetParts())
		}
		if int(b.GetParts()) != len(b.GetSealed().GetParts()) {
			o.fail("M6: of %d parts %d are there", b.GetParts(), len(b.GetSealed().GetParts()))
		}
		for _, part := range b.GetSealed().GetParts() {
			if fitted, _, ok := capability.Fit(b.GetChannel(), part); !ok || len(fitted) != 1 {
				o.fail("M6: a part does not fit %s", b.GetChannel())
			}
		}
	case *eventv1.PartAdvanced:
		m := o.messages[b.GetMessageId()]
		before := m.parts[b.GetPart()]
		back := before == eventv1.PartState_PART_STATE_FAILED ||
			before != eventv1.PartState_PART_STATE_UNKNOWN && b.GetState() <= before ||
			before >= eventv1.PartState_PART_STATE_DELIVERED && before != eventv1.PartState_PART_STATE_UNKNOWN && b.GetState() >= eventv1.PartState_PART_STATE_FAILED
		if back {
			o.fail("I10: a part that was %v is %v", before, b.GetState())
		}
		m.parts[b.GetPart()] = b.GetState()
	case *eventv1.OutcomeSettled:
		m := o.messages[b.GetMessageId()]
		if m.state != "unknown" {
			o.fail("M4: an agent settles a reply that is %s", m.state)
		}
		m.settled = true
		if m.again = b.GetSentAgain(); m.again {
			m.tried = map[string]bool{}
			return
		}
		m.state = "sent"
		for at, p := range m.parts {
			if p == eventv1.PartState_PART_STATE_UNKNOWN {
				m.parts[at] = eventv1.PartState_PART_STATE_SENT
			}
			if m.parts[at] < eventv1.PartState_PART_STATE_SENT {
				m.state = "sending"
			}
		}
	case *eventv1.OutcomeAsked:
		if s := o.sends[b.GetSendId()]; s.state != "unknown" && s.state != "unresolved" {
			o.fail("M4: an agent is asked about a send that is %s", s.state)
		}
	}
}

// rerouted shows I12 and I13: a reply is decided again where nothing of it was handed
// over, where the provider said that it failed, or where an agent wants it.
func (o *observer) rerouted(b *eventv1.ReplyRerouted) {
	m := o.messages[b.GetMessageId()]
	failed := false
	for _, p := range b.GetRoute().GetPassedOver() {
		failed = failed || p.GetIdentityId() == m.identity && p.GetReason() == eventv1.PassedOverReason_PASSED_OVER_REASON_FAILED
	}
	stated := false
	for _, id := range m.sends {
		s := o.sends[id]
		stated = stated || s.state == "failed" || o.failedHashes[s.hash]
		switch {
		case m.again || s.state == "withdrawn":
		case failed && (s.state == "failed" || s.state == "succeeded" || s.state == "claimed"):
		default:
			o.fail("I12: a reply with a send that is %s was decided again (failed: %v)", s.state, failed)
		}
	}
	if failed && !stated {
		o.fail("I12: nobody said that the reply failed, and it fell")
	}
	if m.fixed && !m.again {
		o.fail("R9: what is fixed to its channel went elsewhere")
	}
	if b.GetHop() != m.hop+1 {
		o.fail("R4: hop %d follows hop %d", b.GetHop(), m.hop)
	}
	if failed {
		m.tried[m.identity] = true
	}
	m.sends, m.parts, m.hop, m.again, m.settled = nil, nil, b.GetHop(), false, false
}

// routed shows R4, R7 to R10 and I14 of a decision where a reply goes.
func (o *observer) routed(e conversation.Event, m *seenMessage, route *eventv1.FrozenRoute) {
	m.identity, m.integration = route.GetIdentityId(), route.GetIntegrationId()
	conv := o.conversations[m.conversation]
	toWidget := m.integration == conv.widget
	switch {
	case !slices.Contains(conv.bound, m.identity):
		o.fail("I13: a reply goes to %s, which is not bound", m.identity)
	case o.identities[m.identity].customer != conv.customer:
		o.fail("I14: a reply goes to an identity of %s, the conversation is that of %s", o.identities[m.identity].customer, conv.customer)
	case route.GetRouteVersion() != conv.version:
		o.fail("R4: a reply was decided by route %d, the route is %d", route.GetRouteVersion(), conv.version)
	case m.tried[m.identity]:
		o.fail("R9: a reply goes again to %s, where it has failed", m.identity)
	case route.GetRule() == eventv1.ReplyRule_REPLY_RULE_WINDOW_CLOSED && !toWidget:
		o.fail("R8: a closed window leads to %s", m.integration)
	case o.changed.unsure[m.identity]:
		o.fail("P1: a reply goes to %s, whom nobody has confirmed", m.identity)
	case o.sick[m.integration]:
		o.fail("R10: a reply goes over %s, which is unhealthy", m.integration)
	case !toWidget && !m.fixed && !o.open(conv, m, m.identity, e.At, route.GetHumanAgent()):
		o.fail("R7: a reply goes over %s, where the window is closed", m.integration)
	}
	if route.GetRule() == eventv1.ReplyRule_REPLY_RULE_NAMED {
		return
	}
	var passed []string
	for _, p := range route.GetPassedOver() {
		passed = append(passed, p.GetIdentityId())
		closed := p.GetReason() == eventv1.PassedOverReason_PASSED_OVER_REASON_WINDOW_CLOSED
		if closed && slices.Contains(conv.bound, p.GetIdentityId()) && o.open(conv, m, p.GetIdentityId(), e.At, false) {
			o.fail("R7: %s was passed over for a window that is open", p.GetIdentityId())
		}
	}
	if conv.route[0] != m.identity && !m.fixed && !slices.Contains(passed, conv.route[0]) {
		o.fail("R4: a reply goes to %s, %s leads and was not passed over", m.identity, conv.route[0])
	}
}

// open says whether a messaging window is, by what the customer did there.
func (o *observer) open(conv *seenConversation, m *seenMessage, identity string, at time.Time, human bool) bool {
	channel := capability.Of(o.identities[identity].integration)
	window := channel.Window
	if human {
		window = channel.HumanWindow
		if m.automated || !o.humanAgent[o.identities[identity].integration] {
			o.fail("R7: what no person wrote, or may write, goes as a person's")
		}
	}
	acted := conv.acted[identity]
	return !acted.IsZero() && at.Sub(acted) < window
}

// acts keeps what opens messaging windows, and which channels are served.
func (o *observer) acts(e conversation.Event) {
	act := func(conv, identity string, at time.Time) {
		c := o.conversations[conv]
		if slices.Contains(c.bound, identity) && at.After(c.acted[identity]) {
			c.acted[identity] = at
		}
	}
	switch b := e.Body.(type) {
	case *eventv1.ConversationStarted:
		o.conversations[b.GetConversationId()].acted = map[string]time.Time{}
	case *eventv1.ChannelBound:
		delete(o.conversations[e.Stream.ID].acted, b.GetIdentityId())
		if before := o.conversations[o.conversations[e.Stream.ID].follows]; before != nil && o.conversations[e.Stream.ID].version == 0 {
			if acted := before.acted[b.GetIdentityId()]; !acted.IsZero() || b.GetWroteAt() != nil {
				if !acted.Equal(b.GetWroteAt().AsTime()) {
					o.fail("R7: the window of a binding that was taken over is from %v, not %v", b.GetWroteAt().AsTime(), acted)
				}
				o.conversations[e.Stream.ID].acted[b.GetIdentityId()] = acted
			}
		}
		if l := o.links[b.GetLinkId()]; l != nil {
			act(e.Stream.ID, b.GetIdentityId(), l.acted)
		}
	case *eventv1.LinkMatched:
		o.links[b.GetLinkId()].acted = b.GetSentAt().AsTime()
	case *eventv1.LinkAnswered:
		if l := o.links[b.GetLinkId()]; l != nil && !b.GetTooLate() {
			l.acted = b.GetSentAt().AsTime()
		}
	case *eventv1.ThreadOpened:
		act(b.GetConversationId(), b.GetIdentityId(), b.GetSentAt().AsTime())
	case *eventv1.MessageReceived:
		act(b.GetConversationId(), b.GetIdentityId(), b.GetSentAt().AsTime())
	case *eventv1.IntegrationUnhealthy:
		if o.sick[b.GetIntegrationId()] {
			o.fail("R10: %s is unhealthy twice", b.GetIntegrationId())
		}
		o.sick[b.GetIntegrationId()] = true
	case *eventv1.IntegrationRemoved:
		delete(o.sick, b.GetIntegrationId())
	case *eventv1.IntegrationRecovered:
		if !o.sick[b.GetIntegrationId()] {
			o.fail("R10: %s recovers and was not unhealthy", b.GetIntegrationId())
		}
		delete(o.sick, b.GetIntegrationId())
	case *eventv1.IntegrationConnected:
		o.humanAgent[b.GetIntegrationId()] = b.GetHumanAgent()
	}
}

// asks adds the question about a send to the timers that have to run.
func (o *observer) asks(s *conversation.State, live map[conversation.Timer]bool, identity string, send conversation.Send) {
	if send.AskAt.IsZero() {
		return
	}
	m := s.Conversation(send.Origin.GetConversationId()).Messages[send.Origin.GetMessageId()]
	if !slices.Contains(m.Asked, send.ID) {
		live[conversation.Timer{Kind: conversation.TimerAsk, Due: send.AskAt, Owner: identity, ID: send.ID}] = true
	}
}
