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
		if m := o.messages[s.message]; m != nil && !slices.Contains(o.conversations[m.conversation].bound, s.identity) {
			o.fail("I13: an attempt at an identity that is bound no more")
		}
	case *eventv1.SendClaimed:
		s := move(b.GetSendId(), "claimed", "requested")
		if s.nonce = b.GetNonce(); b.GetAttempt() != s.attempt {
			o.fail("I12: attempt %d was claimed, %d was asked for", b.GetAttempt(), s.attempt)
		}
	case *eventv1.SendDeferred:
		move(b.GetSendId(), "deferred", "claimed")
		if report, ok := c.(*conversation.ReportOutcome); !ok || report.NotSent == nil {
			o.fail("I12: %T makes a send be tried again", c)
		}
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
		if m := o.messages[s.message]; m != nil {
			m.succeeded = true
		}
	case *eventv1.SendFailed:
		move(b.GetSendId(), "failed", "claimed", "unknown", "unresolved")
	case *eventv1.SendWithdrawn:
		move(b.GetSendId(), "withdrawn", "queued", "requested", "deferred")
	}
}

// queued shows to whom a send goes: the identity that is bound, or for a prompt
// or an answer the one that wrote.
func (o *observer) queued(e conversation.Event, b *eventv1.SendQueued) {
	switch b.GetOrigin().GetKind() {
	case eventv1.SendKind_SEND_KIND_REPLY:
		m := o.messages[b.GetOrigin().GetMessageId()]
		if before := o.sends[m.send]; before != nil && before.state != "withdrawn" {
			o.fail("I12: a second send of a message whose first is %s", before.state)
		}
		m.send = b.GetSendId()
		if m.identity != b.GetIdentityId() {
			o.fail("I13: a reply that is frozen to %s is sent to %s", m.identity, b.GetIdentityId())
		}
	case eventv1.SendKind_SEND_KIND_PROMPT:
		if l := o.links[b.GetOrigin().GetLinkId()]; l.identity != b.GetIdentityId() {
			o.fail("I14: a prompt to somebody who brought no code")
		}
	}
	if e.Stream.ID != b.GetIdentityId() {
		o.fail("I14: a send to %s lies in the lane of %s", b.GetIdentityId(), e.Stream.ID)
	}
}
