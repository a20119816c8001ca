package conversation_test

import (
	"slices"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// lane shows I12 to I14 of the sends.
func (o *observer) lane(c conversation.Command, e conversation.Event) {
	move := func(id, to string, from ...string) *seenSend {
		s := o.sends[id]
		if !slices.Contains(from, s.state) {
			o.fail("I12: a send that was %q is %q", s.state, to)
		}
		if s.identity != e.Stream.ID {
			o.fail("I14: a send to %s is in the lane of %s", s.identity, e.Stream.ID)
		}
		s.state = to
		if report, ok := c.(*conversation.ReportOutcome); ok && report.SendID == id && report.Nonce != s.nonce {
			o.fail("I12: an outcome was taken from somebody who has not claimed the attempt")
		}
		return s
	}
	switch b := e.Body.(type) {
	case *eventv1.SendQueued:
		o.sends[b.GetSendId()] = &seenSend{
			id: b.GetSendId(), identity: b.GetIdentityId(), integration: b.GetIntegrationId(),
			message: b.GetOrigin().GetMessageId(), kind: b.GetOrigin().GetKind(), state: "queued",
		}
		o.sendIDs = append(o.sendIDs, b.GetSendId())
		o.queued(e, b)
	case *eventv1.SendRequested:
		s := move(b.GetSendId(), "requested", "queued", "deferred")
		if s.attempt++; b.GetAttempt() != s.attempt || b.GetIdentityId() != s.identity || b.GetIntegrationId() != s.integration {
			o.fail("I12: %v asks for attempt %d of %+v", b, s.attempt, s)
		}
		o.attempt(e, b, s)
		o.trusted(b.GetIdentityId(), b.GetOrigin())
	case *eventv1.SendClaimed:
		s := move(b.GetSendId(), "claimed", "requested")
		if s.nonce = b.GetNonce(); b.GetAttempt() != s.attempt {
			o.fail("I12: attempt %d was claimed, %d was asked for", b.GetAttempt(), s.attempt)
		}
		o.trusted(b.GetIdentityId(), b.GetOrigin())
	case *eventv1.SendDeferred:
		from := []string{"queued", "requested", "deferred"}
		if report, ok := c.(*conversation.ReportOutcome); ok && report.NotSent != nil {
			from = append(from, "claimed")
		}
		move(b.GetSendId(), "deferred", from...)
	case *eventv1.SendOutcomeUnknown:
		from := []string{"claimed"}
		if _, restored := c.(*conversation.AbandonSends); restored {
			from = append(from, "queued", "requested", "deferred")
		}
		move(b.GetSendId(), "unknown", from...)
	case *eventv1.LaneReleased:
		move(b.GetSendId(), "unresolved", "unknown")
	case *eventv1.SendSucceeded:
		s := move(b.GetSendId(), "succeeded", "claimed", "unknown", "unresolved")
		if len(b.GetProviderMessageHash()) == 0 {
			o.fail("I11: a send succeeded without a provider's id")
		}
		s.hash = string(b.GetProviderMessageHash())
	case *eventv1.SendFailed:
		move(b.GetSendId(), "failed", "queued", "requested", "deferred", "claimed", "unknown", "unresolved")
	case *eventv1.SendWithdrawn:
		move(b.GetSendId(), "withdrawn", "queued", "requested", "deferred")
	}
}

// trusted shows that whoever holds an address that came into doubt is asked who they
// are, and is sent nothing else.
func (o *observer) trusted(identity string, origin *eventv1.SendOrigin) {
	question := origin.GetKind() == eventv1.SendKind_SEND_KIND_PROMPT && origin.GetLinkId() == ""
	if o.changed.unsure[identity] && !question {
		o.fail("I13: %v goes to %s, whom nobody has confirmed", origin, identity)
	}
}

// attempt shows that what is asked for may be sent: it is the reply's newest hop, its
// identity is bound or got a part of it already, and the window is open.
func (o *observer) attempt(e conversation.Event, b *eventv1.SendRequested, s *seenSend) {
	if o.sick[s.integration] {
		o.fail("R10: an attempt over %s, which is unhealthy", s.integration)
	}
	m := o.messages[s.message]
	if m == nil {
		return
	}
	if b.GetOrigin().GetHop() != m.hop {
		o.fail("I13: an attempt of hop %d of a reply that is at hop %d", b.GetOrigin().GetHop(), m.hop)
	}
	conv := o.conversations[m.conversation]
	for conv.kept.continuedBy != "" {
		conv = o.conversations[conv.kept.continuedBy]
	}
	bound := slices.Contains(conv.bound, s.identity)
	if !bound && len(m.parts) == 0 {
		o.fail("I13: an attempt at an identity that is bound no more")
	}
	if bound && !m.fixed && !o.open(conv, m, s.identity, e.At, b.GetHumanAgent()) {
		o.fail("R7: an attempt over %s, where the window is closed", s.integration)
	}
}

// queued shows to whom a send goes: the identity that is bound, or for a prompt
// or an answer the one that wrote.
func (o *observer) queued(e conversation.Event, b *eventv1.SendQueued) {
	switch b.GetOrigin().GetKind() {
	case eventv1.SendKind_SEND_KIND_REPLY:
		m := o.messages[b.GetOrigin().GetMessageId()]
		if b.GetOrigin().GetHop() != m.hop || int(b.GetOrigin().GetPart()) != len(m.sends) || len(m.sends) >= max(1, len(m.parts)) {
			o.fail("I12: a send of %v where %d of %d are there at hop %d", b.GetOrigin(), len(m.sends), len(m.parts), m.hop)
		}
		m.sends = append(m.sends, b.GetSendId())
		if m.identity != b.GetIdentityId() {
			o.fail("I13: a reply that is frozen to %s is sent to %s", m.identity, b.GetIdentityId())
		}
	case eventv1.SendKind_SEND_KIND_PROMPT:
		l := o.links[b.GetOrigin().GetLinkId()]
		if l == nil && !o.changed.unsure[b.GetIdentityId()] || l != nil && l.identity != b.GetIdentityId() {
			o.fail("I14: a prompt to somebody who brought no code, and whom nobody doubts")
		}
	}
	if e.Stream.ID != b.GetIdentityId() {
		o.fail("I14: a send to %s lies in the lane of %s", b.GetIdentityId(), e.Stream.ID)
	}
}
