package conversation

import (
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// Wrong codes are answered at most once a day, and looked up no more once an
// identity brought too many within an hour (L6).
const (
	answerEvery     = 24 * time.Hour
	refusalWindow   = time.Hour
	refusalsAllowed = 5
)

// useCode attaches an identity to the link whose code it brought. It reports
// whether the message is used up: what was said beside the code is held by the
// link, or has joined the conversation with it.
func (d *decider) useCode(i *identityDraft, c *ReceiveMessage, at time.Time) bool {
	if i.recentRefusals(d.head.Now) >= refusalsAllowed {
		d.refuseCode(i, c, LinkRef{}, c.Language, eventv1.CodeRefusal_CODE_REFUSAL_TOO_MANY)
		return false
	}
	ref := look(d, d.state.codes, RefCode, string(c.Code.Hash))
	if ref.LinkID == "" {
		d.refuseCode(i, c, ref, c.Language, eventv1.CodeRefusal_CODE_REFUSAL_UNKNOWN)
		return false
	}
	conv := d.conversation(ref.ConversationID)
	link := conv.link(ref.LinkID)
	if link == nil || link.IdentityID == i.id {
		// The same identity using the same code again changes nothing (L7), even
		// where this very message found that its time had run out.
		return false
	}
	if reason := d.whyNot(conv, link, i, at); reason != 0 {
		d.refuseCode(i, c, ref, link.Language, reason)
		switch {
		case reason == eventv1.CodeRefusal_CODE_REFUSAL_BOUND_ELSEWHERE:
			d.fail(conv, link, reason)
		case reason == eventv1.CodeRefusal_CODE_REFUSAL_CANCELLED && link.live() && d.withdrawn(conv.widget, link):
			d.cancel(conv, link, eventv1.CancelReason_CANCEL_REASON_WITHDRAWN, at)
		}
		return false
	}
	d.match(conv, link, i, c, at)
	return true
}

// whyNot returns why a code attaches nothing, or 0.
func (d *decider) whyNot(conv *conversationDraft, link *Link, i *identityDraft, at time.Time) eventv1.CodeRefusal {
	switch {
	case link.IntegrationID != i.integration:
		return eventv1.CodeRefusal_CODE_REFUSAL_WRONG_CHANNEL
	case link.IdentityID != "":
		return eventv1.CodeRefusal_CODE_REFUSAL_USED
	case link.State == LinkCancelled || link.State == LinkFailed,
		conv.base.Newest[link.IntegrationID] != link.ID,
		d.withdrawn(conv.widget, link):
		return eventv1.CodeRefusal_CODE_REFUSAL_CANCELLED
	case at.After(link.ExpiresAt):
		return eventv1.CodeRefusal_CODE_REFUSAL_EXPIRED
	case d.boundElsewhere(i, conv):
		return eventv1.CodeRefusal_CODE_REFUSAL_BOUND_ELSEWHERE
	}
	// An expired link whose code was brought in time is honest: only the
	// webhook was late (L2).
	return 0
}

// boundElsewhere says whether the identity belongs to another customer's widget
// conversation and may not be moved from there (L9). A conversation of its own,
// without a widget, gives way.
func (d *decider) boundElsewhere(i *identityDraft, conv *conversationDraft) bool {
	if i.conversation == "" || i.conversation == conv.id ||
		d.account().BoundElsewhere == eventv1.BoundElsewhere_BOUND_ELSEWHERE_MOVE {
		return false
	}
	other := d.conversation(i.conversation)
	return other != nil && other.widget != ""
}

// match ties the identity to the link, and asks it to confirm where the widget
// wants that.
func (d *decider) match(conv *conversationDraft, link *Link, i *identityDraft, c *ReceiveMessage, at time.Time) {
	held := c.Code.Rest
	matched := *link
	matched.IdentityID, matched.MatchedAt, matched.MessageHash = i.id, at, c.MessageHash
	// The customer gets as long again to confirm.
	matched.AsksInWidget = link.Confirmation == eventv1.Confirmation_CONFIRMATION_BOTH
	matched.ExpiresAt = d.head.Now.Add(link.ExpiresAt.Sub(link.RequestedAt))
	d.emit(conv.stream(), &eventv1.LinkMatched{
		LinkId: link.ID, ConversationId: conv.id, IdentityId: i.id, CustomerId: i.customer,
		CodeExpiresAt: stamp(link.ExpiresAt), ExpiresAt: stamp(matched.ExpiresAt),
		Held: held != nil, SentAt: stamp(at), ProviderMessageHash: c.MessageHash,
		AsksInWidget: matched.AsksInWidget,
		Sealed: &eventv1.LinkMatched_Sealed{
			Held: held, ProviderMessageId: c.ProviderMessageID, Raw: c.Raw, Hint: hint(c.Sender),
		},
	})
	d.answer.ConversationID, d.answer.LinkID = conv.id, link.ID
	d.emit(i.stream(), &eventv1.IdentityMatched{IdentityId: i.id, ConversationId: conv.id, LinkId: link.ID})
	if link.Confirmation == eventv1.Confirmation_CONFIRMATION_IMMEDIATE {
		d.confirm(conv, &matched, i, at)
		if held != nil {
			d.joins(conv, &matched, i, held)
		}
		return
	}
	if link.Confirmation == eventv1.Confirmation_CONFIRMATION_USER_ACTIVITY {
		return
	}
	d.prompt(conv, &matched, i)
}

// prompt asks whoever brought a code to confirm the link, where the window is open.
// Of an address that came into other hands that question waits for the other one.
func (d *decider) prompt(conv *conversationDraft, link *Link, i *identityDraft) {
	if i.unconfirmed() || !d.fresh(i, link.MatchedAt) {
		return
	}
	site := d.account().Widgets[conv.widget].Config.GetSite()
	prompt := d.emit(conv.stream(), &eventv1.LinkPrompted{
		LinkId: link.ID, ConversationId: conv.id, IdentityId: i.id, CustomerId: i.customer,
		Sealed: &eventv1.LinkPrompted_Sealed{
			Content: languageOf(link.Language).promptFor(site, conv.base.StartedAt, link.ID),
		},
	})
	i.enqueue(&eventv1.SendOrigin{
		ConversationId: conv.id, LinkId: link.ID, Kind: eventv1.SendKind_SEND_KIND_PROMPT,
	}, prompt)
}

// promptAfter asks about a link whose code came while the address was in doubt.
func (d *decider) promptAfter(i *identityDraft) {
	ref := i.base.Matched
	if ref.LinkID == "" {
		return
	}
	conv := d.conversation(ref.ConversationID)
	if conv == nil || d.account().Widgets[conv.widget] == nil {
		return
	}
	link := conv.link(ref.LinkID)
	if link == nil || link.State != LinkMatched || link.IdentityID != i.id ||
		link.MatchedAt.Before(i.base.KeyAt) || d.head.Now.After(link.ExpiresAt) {
		return
	}
	if link.Confirmation != eventv1.Confirmation_CONFIRMATION_USER_ACTIVITY {
		d.prompt(conv, link, i)
	}
}

// fresh says whether what an identity did then leaves its window open for what
// Weiche says by itself.
func (d *decider) fresh(i *identityDraft, at time.Time) bool {
	open, _ := d.window(Binding{IntegrationID: i.integration, Channel: i.channel, WroteAt: d.sentAt(at)}, true)
	return open
}

// hint returns the end of an address that the widget may show: the last two
// digits of a phone number.
func hint(sender []Address) string {
	for _, a := range sender {
		if a.Kind == "phone" && len(a.Value) > 4 {
			return a.Value[len(a.Value)-2:]
		}
	}
	return ""
}

// refuseCode writes down that a code attaches nothing, and answers once a day, in
// the language of its link where one is known.
func (d *decider) refuseCode(i *identityDraft, c *ReceiveMessage, ref LinkRef, language string, reason eventv1.CodeRefusal) {
	refused := &eventv1.CodeRefused{
		IdentityId: i.id, CustomerId: i.customer, IntegrationId: i.integration, Reason: reason,
		RefusedAt: stamp(d.head.Now), LinkId: ref.LinkID, ConversationId: ref.ConversationID,
		ProviderMessageHash: c.MessageHash,
		Sealed:              &eventv1.CodeRefused_Sealed{Raw: c.Raw},
	}
	isWidget := d.account().Widgets[i.integration] != nil
	refused.Answered = !isWidget && !i.unconfirmed() && d.fresh(i, c.SentAt) && (i.base.AnsweredAt.IsZero() || d.head.Now.Sub(i.base.AnsweredAt) >= answerEvery)
	if refused.Answered {
		said := languageOf(language)
		answer := said.codeNotValid
		if reason == eventv1.CodeRefusal_CODE_REFUSAL_BOUND_ELSEWHERE {
			answer = said.taken
		}
		refused.Sealed.Answer = Text(answer)
	}
	event := d.emit(i.stream(), refused)
	if refused.Answered {
		i.enqueue(&eventv1.SendOrigin{Kind: eventv1.SendKind_SEND_KIND_NOTICE}, event)
	}
}

// recentRefusals counts the wrong codes of the last hour.
func (i *identityDraft) recentRefusals(now time.Time) int {
	recent := slices.DeleteFunc(slices.Clone(i.base.Refusals), func(at time.Time) bool {
		return now.Sub(at) > refusalWindow
	})
	return len(recent)
}

// answerLink reads an answer to the prompt of a link. It reports whether the
// message was one and is used up.
func (d *decider) answerLink(i *identityDraft, c *ReceiveMessage, at time.Time) bool {
	said, isAnswer := answerIn(c.Content)
	ref := i.base.Matched
	if said.LinkID != "" && said.LinkID != ref.LinkID {
		return d.answeredUnknown(i, c)
	}
	conv := d.conversation(ref.ConversationID)
	if conv == nil {
		return false
	}
	link := conv.link(ref.LinkID)
	if link == nil || link.State != LinkMatched || link.IdentityID != i.id {
		if said.LinkID == "" {
			return false
		}
		d.answered(conv, said.LinkID, i, c, said.Yes, true, at)
		return true
	}
	if said.LinkID == "" && at.Before(link.MatchedAt) {
		// Words that were written before the code and come after it answer
		// nothing.
		return false
	}
	if at.After(link.ExpiresAt) {
		d.expire(conv, link)
		if isAnswer {
			d.answered(conv, link.ID, i, c, said.Yes, true, at)
		}
		return isAnswer
	}
	if !isAnswer {
		if c.Code == nil && link.Confirmation == eventv1.Confirmation_CONFIRMATION_USER_ACTIVITY {
			d.confirmHeld(conv, link, i, at)
		}
		return false
	}
	d.answered(conv, link.ID, i, c, said.Yes, false, at)
	switch {
	case !said.Yes:
		d.cancel(conv, link, eventv1.CancelReason_CANCEL_REASON_ANSWERED_NO, at)
	case !link.AsksInWidget || link.Approved:
		d.confirmHeld(conv, link, i, at)
	}
	return true
}

// answeredUnknown takes a button of a link that was not this identity's last: an
// old prompt. It changes nothing, but it is no comment either.
func (d *decider) answeredUnknown(i *identityDraft, c *ReceiveMessage) bool {
	d.emit(Stream{CategoryQuarantine, i.integration}, &eventv1.ItemIgnored{
		Source: i.integration, IntegrationId: i.integration, Channel: i.channel, What: "answer to an old prompt",
		ProviderMessageHash: c.MessageHash,
		Sealed:              &eventv1.ItemIgnored_Sealed{Raw: c.Raw},
	})
	return true
}

// answered writes the answer down; it is a system line, not a comment.
func (d *decider) answered(conv *conversationDraft, linkID string, i *identityDraft, c *ReceiveMessage, yes, tooLate bool, at time.Time) {
	d.emit(conv.stream(), &eventv1.LinkAnswered{
		LinkId: linkID, ConversationId: conv.id, IdentityId: i.id, CustomerId: i.customer,
		Yes: yes, TooLate: tooLate, SentAt: stamp(at), ProviderMessageHash: c.MessageHash,
		Sealed: &eventv1.LinkAnswered_Sealed{
			Content: c.Content, ProviderMessageId: c.ProviderMessageID, Raw: c.Raw,
		},
	})
	d.answer.ConversationID, d.answer.LinkID = conv.id, linkID
}

// confirmHeld confirms a link and lets the text that it held join.
func (d *decider) confirmHeld(conv *conversationDraft, link *Link, i *identityDraft, at time.Time) {
	switch {
	case d.withdrawn(conv.widget, link):
		d.cancel(conv, link, eventv1.CancelReason_CANCEL_REASON_WITHDRAWN, at)
	case d.boundElsewhere(i, conv):
		d.fail(conv, link, eventv1.CodeRefusal_CODE_REFUSAL_BOUND_ELSEWHERE)
	default:
		d.confirm(conv, link, i, at)
		d.release(link)
	}
}

// confirm binds the identity to the conversation and lets it lead (R2).
func (d *decider) confirm(conv *conversationDraft, link *Link, i *identityDraft, at time.Time) {
	d.emit(conv.stream(), &eventv1.LinkConfirmed{
		LinkId: link.ID, ConversationId: conv.id, IdentityId: i.id, ExpiresAt: stamp(link.ExpiresAt),
	})
	conv.ended[link.ID] = true
	if i.conversation != "" {
		other := d.conversation(i.conversation)
		other.unbind(i, eventv1.UnboundReason_UNBOUND_REASON_LINKED_ELSEWHERE, eventv1.RouteRule_ROUTE_RULE_DISCONNECTED, at)
	}
	conv.bind(i, link.ID)
	if i.customer != conv.customer {
		d.emit(i.stream(), &eventv1.IdentityMoved{
			IdentityId: i.id, FromCustomerId: i.customer, ToCustomerId: conv.customer, LinkId: link.ID,
		})
		i.customer = conv.customer
	}
	conv.lead(i.id, eventv1.RouteRule_ROUTE_RULE_LINK_CONFIRMED, at)
	// Whoever says yes to going on wants to go on.
	conv.reopen("", "")
	d.answer.ConversationID, d.answer.LinkID, d.answer.RouteVersion = conv.id, link.ID, conv.version
}
