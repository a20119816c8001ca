package conversation_test

import (
	"bytes"
	"encoding/hex"
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// route keeps the bindings and the order of a conversation.
func (o *observer) route(c conversation.Command, e conversation.Event) {
	conv := o.conversations[e.Stream.ID]
	switch b := e.Body.(type) {
	case *eventv1.ChannelBound:
		if slices.Contains(conv.bound, b.GetIdentityId()) {
			o.fail("I08: %s is bound twice", b.GetIdentityId())
		}
		if b.GetLinkId() == "" && len(conv.bound) > 0 {
			before := o.conversations[conv.follows]
			if before == nil || o.identities[b.GetIdentityId()].released != before.id {
				o.fail("I24: a binding was made without a link")
			}
		}
		if b.GetLinkId() != "" {
			o.bindByLink(c, conv, b)
		}
		conv.bound = append(conv.bound, b.GetIdentityId())
	case *eventv1.ChannelUnbound:
		if b.GetIntegrationId() == conv.widget && b.GetReason() != eventv1.UnboundReason_UNBOUND_REASON_ERASED &&
			b.GetReason() != eventv1.UnboundReason_UNBOUND_REASON_CONTINUED {
			o.fail("R1: the widget's own binding is gone")
		}
		conv.bound = slices.DeleteFunc(conv.bound, func(id string) bool { return id == b.GetIdentityId() })
	case *eventv1.RouteChanged:
		if b.GetRouteVersion() != conv.version+1 {
			o.fail("the route's versions have a gap: %d after %d", b.GetRouteVersion(), conv.version)
		}
		conv.version, conv.route, conv.caused = b.GetRouteVersion(), b.GetIdentityIds(), b.GetCausedAt().AsTime()
		if b.GetRule() == eventv1.RouteRule_ROUTE_RULE_CUSTOMER_WROTE {
			o.wrote = conv.route[0]
		}
		if !slices.Equal(slices.Sorted(slices.Values(conv.bound)), slices.Sorted(slices.Values(conv.route))) {
			o.fail("R1: the route is %v, bound are %v", conv.route, conv.bound)
		}
	}
}

// bindByLink shows I24: a code that was good, used by one identity, and the
// confirmation that the widget asks for.
func (o *observer) bindByLink(c conversation.Command, conv *seenConversation, b *eventv1.ChannelBound) {
	l := o.links[b.GetLinkId()]
	receive, _ := c.(*conversation.ReceiveMessage)
	_, approve := c.(*conversation.ConfirmLink)
	both := l.confirmation == eventv1.Confirmation_CONFIRMATION_BOTH
	switch {
	case receive == nil && (!approve || !both):
		o.fail("I24: a %T made a binding", c)
	case l.state != "confirmed" || l.identity != b.GetIdentityId() || l.conversation != conv.id || l.integration != b.GetIntegrationId():
		o.fail("I24: the binding of %s follows from no confirmed link, but %+v", b.GetIdentityId(), l)
	case both:
		if !l.approved || !l.answered {
			o.fail("I24: of channel and widget one has not said yes")
		}
	case l.confirmation == eventv1.Confirmation_CONFIRMATION_IMMEDIATE:
		if receive.Code == nil || !bytes.Equal(receive.Code.Hash, l.code) {
			o.fail("I24: the code that confirms was not brought")
		}
	case l.confirmation == eventv1.Confirmation_CONFIRMATION_USER_ACTIVITY:
		if l.saidYes == "" && receive.SentAt.Before(l.matched) && !receive.SentAt.IsZero() {
			o.fail("I24: what was said before the code confirms the link")
		}
	default:
		if l.saidYes != l.identity {
			o.fail("I24: nobody said yes")
		}
	}
}

// link keeps the links.
func (o *observer) link(c conversation.Command, e conversation.Event) {
	switch b := e.Body.(type) {
	case *eventv1.LinkRequested:
		for _, l := range o.links {
			if l.conversation == b.GetConversationId() && l.integration == b.GetIntegrationId() &&
				(l.state == "requested" || l.state == "matched") {
				o.fail("L1: two live codes for one channel of a conversation")
			}
		}
		o.links[b.GetLinkId()] = &seenLink{
			id: b.GetLinkId(), conversation: b.GetConversationId(), integration: b.GetIntegrationId(),
			code: b.GetCodeHash(), confirmation: b.GetConfirmation(), expires: b.GetExpiresAt().AsTime(), state: "requested",
		}
		o.linkIDs = append(o.linkIDs, b.GetLinkId())
	case *eventv1.LinkMatched:
		l, receive := o.links[b.GetLinkId()], c.(*conversation.ReceiveMessage)
		i := o.identities[b.GetIdentityId()]
		switch {
		case l.identity != "":
			o.fail("I24: the code of %s was used twice", l.id)
		case l.state != "requested" && l.state != "expired":
			o.fail("I24: a link that is %s was matched", l.state)
		case !bytes.Equal(receive.Code.Hash, l.code):
			o.fail("I24: a wrong code matched")
		case b.GetSentAt().AsTime().After(l.expires):
			o.fail("I24: a code was good after its end")
		case i.integration != l.integration:
			o.fail("I24: a code was good on another channel")
		}
		l.state, l.identity, l.matched, l.expires = "matched", b.GetIdentityId(), b.GetSentAt().AsTime(), b.GetExpiresAt().AsTime()
	case *eventv1.LinkAnswered:
		_, words := conversation.PlainText(c.(*conversation.ReceiveMessage).Content)
		if words && !b.GetTooLate() && b.GetSentAt().AsTime().Before(o.links[b.GetLinkId()].matched) {
			o.fail("L5: words from before the code answer the question")
		}
		if b.GetYes() && !b.GetTooLate() {
			o.links[b.GetLinkId()].saidYes = b.GetIdentityId()
			o.links[b.GetLinkId()].answered = true
		}
	case *eventv1.LinkApproved:
		l := o.links[b.GetLinkId()]
		if l.approved || l.state != "matched" || l.identity != b.GetIdentityId() {
			o.fail("L5: the widget says yes to %s, which is %+v", b.GetLinkId(), l)
		}
		l.approved = true
	case *eventv1.LinkConfirmed:
		o.endLink(b.GetLinkId(), "confirmed", "matched")
	case *eventv1.LinkCancelled:
		o.endLink(b.GetLinkId(), "cancelled", "requested", "matched")
	case *eventv1.LinkFailed:
		o.endLink(b.GetLinkId(), "failed", "requested", "matched", "expired")
	case *eventv1.LinkExpired:
		o.endLink(b.GetLinkId(), "expired", "requested", "matched")
	}
}

func (o *observer) endLink(id, to string, from ...string) {
	if l := o.links[id]; !slices.Contains(from, l.state) {
		o.fail("a link that was %s is %s", l.state, to)
	}
	o.links[id].state = to
}

// received shows that a provider's message is there once, and that only a timely
// one leads.
func (o *observer) received(c conversation.Command, b *eventv1.MessageReceived) {
	if hash := string(b.GetProviderMessageHash()); hash != "" {
		if other := o.byHash[hash]; other != "" {
			o.fail("I05: one provider message is %s and %s", other, b.GetMessageId())
		}
		o.byHash[hash] = b.GetMessageId()
	}
	conv, i := o.conversations[b.GetConversationId()], o.identities[b.GetIdentityId()]
	sent := b.GetSentAt().AsTime()
	if conv.kept.closed {
		o.fail("R11: a message joins a conversation that stays closed")
	}
	if b.GetLinkId() != "" {
		// It stood beside a code; when it joins is the link's end.
		if i.conversation != conv.id {
			o.fail("L4: what a link held joins a conversation to which its writer is not bound")
		}
		if conv.route[0] == b.GetIdentityId() && sent.After(conv.caused) {
			conv.caused = sent
		}
		return
	}
	before := i.released != "" && sent.Before(i.releasedAt)
	late := sent.Before(conv.caused.Add(-5 * time.Second))
	switch {
	case sent.After(conversation.HeaderOf(c).Received):
		o.fail("R3: a message from the future")
	case before && conv.id != i.released:
		o.fail("L11: what was written before the disconnect joins another conversation")
	case !before && conv.id != i.conversation:
		o.fail("I08: a message joins a conversation to which its writer is not bound")
	case b.GetLate() != (late || before):
		o.fail("R3: late is %v, sent at %v, the route is caused at %v", b.GetLate(), sent, conv.caused)
	case !b.GetLate() && conv.route[0] != b.GetIdentityId():
		o.fail("R2: %s wrote and does not lead", b.GetIdentityId())
	case b.GetLate() && o.wrote != "":
		o.fail("R3: a late message has switched the route to %s", o.wrote)
	}
	if !b.GetLate() && sent.After(conv.caused) {
		conv.caused = sent
	}
}

// agrees shows that a state is what the events say, and that what has to go on is
// held by a timer or by a sender, and nothing else is.
func (o *observer) agrees(s *conversation.State) {
	live := map[conversation.Timer]bool{}
	lanes := map[string]int{}
	for id, seen := range o.identities {
		i := s.Identity(id)
		if i.Conversation != seen.conversation || i.Customer != seen.customer {
			o.fail("I08: the state of %s is %q of %q, the events say %+v", id, i.Conversation, i.Customer, seen)
		}
		if v := o.versions[conversation.Stream{Category: conversation.CategoryIdentity, ID: id}]; v != i.Version {
			o.fail("I07: the identity is at version %d, the events say %d", i.Version, v)
		}
		if conv := o.conversations[seen.conversation]; conv != nil && !slices.Contains(conv.bound, id) {
			o.fail("I08: %s is bound to a conversation that does not know", id)
		}
		for at, send := range i.Lane {
			if (at == 0) == (send.State == conversation.SendQueued && send.Attempt == 0) {
				o.fail("M5: place %d of a lane is in state %d", at, send.State)
			}
			if m := o.messages[send.Origin.GetMessageId()]; m != nil && m.hop == send.Origin.GetHop() {
				lanes[m.id]++
			}
			o.asks(s, live, id, send)
			kind := map[conversation.SendState]conversation.TimerKind{
				conversation.SendClaimed: conversation.TimerOutcome, conversation.SendDeferred: conversation.TimerRetry,
				conversation.SendUnknown: conversation.TimerLane,
			}[send.State]
			if kind != "" {
				live[conversation.Timer{Kind: kind, Due: send.Due, Owner: id, ID: send.ID}] = true
			}
		}
	}
	for id := range o.identities {
		for _, send := range s.Identity(id).Unresolved {
			o.asks(s, live, id, send)
		}
	}
	for id, seen := range o.conversations {
		conv := s.Conversation(id)
		var route []string
		for _, b := range conv.Route {
			route = append(route, b.IdentityID)
			if o.identities[b.IdentityID].conversation != id {
				o.fail("I08: %s leads to %s, which is bound elsewhere", id, b.IdentityID)
			}
			if o.identities[b.IdentityID].customer != seen.customer {
				o.fail("I14: an identity of another customer is bound")
			}
		}
		if !slices.Equal(route, seen.route) || conv.RouteVersion != seen.version {
			o.fail("the state's route is %v at %d, the events say %v at %d", route, conv.RouteVersion, seen.route, seen.version)
		}
		if v := o.versions[conversation.Stream{Category: conversation.CategoryConversation, ID: id}]; v != conv.Version {
			o.fail("I07: the conversation is at version %d, the events say %d", conv.Version, v)
		}
		for _, l := range conv.Links {
			if l.State == conversation.LinkRequested || l.State == conversation.LinkMatched {
				live[conversation.Timer{Kind: conversation.TimerLink, Due: l.ExpiresAt, Owner: id, ID: l.ID}] = true
			}
		}
	}
	for hash, waiting := range o.changed.parked {
		for _, w := range waiting {
			if !o.changed.over[w.event] {
				live[conversation.Timer{
					Kind: conversation.TimerParked, Due: w.expires, Owner: w.integration, ID: hex.EncodeToString([]byte(hash)),
				}] = true
			}
		}
	}
	for cut, since := range s.Account(account).Cuts {
		live[conversation.Timer{Kind: conversation.TimerCut, Due: since, Owner: cut.IntegrationID, ID: cut.WidgetID}] = true
	}
	for timer := range live {
		if !o.running[timer] {
			o.fail("I15: nothing ends the wait for %v", timer)
		}
	}
	for timer := range o.running {
		if !live[timer] {
			o.fail("I15: the timer %v is left over", timer)
		}
	}
	for id, m := range o.messages {
		waits := m.state == "queued" || m.state == "sending"
		if n := lanes[id]; waits && (n < 1 || n > max(1, len(m.parts))) || !waits && m.state != "unknown" && m.state != "failed" && !m.settled && n != 0 {
			o.fail("I15: a message that is %s is in %d lanes", m.state, n)
		}
	}
}
