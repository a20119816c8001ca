package story

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// tell says an event in words; empty for one that a story does not show. Those of
// lanes and identities are shown only with all.
func (n *names) tell(event conversation.Event, all bool) string {
	if text := n.tellConversation(event.Body); text != "" {
		return n.conversation(event.Stream.ID) + " " + text
	}
	if text := n.tellIdentity(event.Body); text != "" {
		return text
	}
	if all {
		return n.tellRest(event)
	}
	return ""
}

func (n *names) tellConversation(body proto.Message) string {
	switch e := body.(type) {
	case *eventv1.ConversationStarted:
		if e.GetWidgetId() == "" {
			return "starts outside of any widget"
		}
		if e.GetFollowsConversationId() != "" {
			return "starts in the " + e.GetWidgetId() + ", following " + n.conversation(e.GetFollowsConversationId())
		}
		return "starts in the " + e.GetWidgetId()
	case *eventv1.ChannelBound:
		if e.GetLinkId() == "" {
			return "binds " + n.identity(e.GetIdentityId())
		}
		return "binds " + n.identity(e.GetIdentityId()) + " by " + n.link(e.GetLinkId())
	case *eventv1.ChannelUnbound:
		return "unbinds " + n.identity(e.GetIdentityId()) + " (" + plain(e.GetReason(), "UNBOUND_REASON_") + ")"
	case *eventv1.RouteChanged:
		return fmt.Sprintf("route %d: %s (%s)", e.GetRouteVersion(), n.route(e.GetIdentityIds()), plain(e.GetRule(), "ROUTE_RULE_"))
	case *eventv1.MessageReceived:
		text := n.identity(e.GetIdentityId()) + " says: " + words(e.GetSealed().GetContent())
		if e.GetLate() {
			text += "  [late]"
		}
		if e.GetLinkId() != "" {
			text += "  [held by " + n.link(e.GetLinkId()) + "]"
		}
		return text
	case *eventv1.EchoReceived:
		return "the business says in the app of " + e.GetChannel() + ": " + words(e.GetSealed().GetContent())
	case *eventv1.ReplyQueued:
		return n.reply(e)
	case *eventv1.ReplyRerouted:
		return fmt.Sprintf("%q goes to %s instead%s", n.messages[e.GetMessageId()],
			n.identity(e.GetRoute().GetIdentityId()), n.passedOver(e.GetRoute()))
	case *eventv1.NoteAdded:
		return e.GetAgentId() + " notes: " + words(e.GetSealed().GetContent())
	case *eventv1.NoticeQueued:
		return "tells " + n.identity(e.GetIdentityId()) + ": " + words(e.GetSealed().GetContent())
	case *eventv1.MessageSent:
		if e.GetChannel() == "widget" {
			return fmt.Sprintf("%q stands in the widget", n.messages[e.GetMessageId()])
		}
		return fmt.Sprintf("%q was sent over %s", n.messages[e.GetMessageId()], e.GetChannel())
	case *eventv1.MessageDelivered:
		return fmt.Sprintf("%q was delivered", n.messages[e.GetMessageId()])
	case *eventv1.MessageRead:
		return fmt.Sprintf("%q was read", n.messages[e.GetMessageId()])
	case *eventv1.MessageFailed:
		return fmt.Sprintf("%q failed: %s", n.messages[e.GetMessageId()], e.GetError().GetReason())
	case *eventv1.MessageUnsent:
		if e.GetMessageId() == "" {
			return "words that a link held were taken back"
		}
		return fmt.Sprintf("%q was taken back", n.messages[e.GetMessageId()])
	case *eventv1.ConversationErased:
		return "is erased"
	case *eventv1.MessageOutcomeUnknown:
		return fmt.Sprintf("%q may or may not have arrived: %s", n.messages[e.GetMessageId()], e.GetError().GetReason())
	}
	return n.tellChange(body)
}

// tellChange says what was done to a message, and what is said of an address.
func (n *names) tellChange(body proto.Message) string {
	switch e := body.(type) {
	case *eventv1.ReactionChanged:
		who := n.identity(e.GetIdentityId())
		if e.GetByBusiness() {
			who = "the business"
		}
		if e.GetRemoved() {
			return fmt.Sprintf("%s takes the reaction to %q back", who, n.messages[e.GetMessageId()])
		}
		return fmt.Sprintf("%s reacts %s to %q", who, e.GetSealed().GetEmoji(), n.messages[e.GetMessageId()])
	case *eventv1.MessageEdited:
		return fmt.Sprintf("%q is edited: %s", n.messages[e.GetMessageId()], words(e.GetSealed().GetContent()))
	case *eventv1.MessageReparsed:
		return fmt.Sprintf("%q is understood: %s", n.messages[e.GetMessageId()], words(e.GetSealed().GetContent()))
	case *eventv1.ThreadOpened:
		return n.identity(e.GetIdentityId()) + " opens the thread"
	case *eventv1.AddressDoubted:
		text := n.identity(e.GetIdentityId()) + " may be somebody else"
		if e.GetQuestionId() != "" {
			text += ", and is asked: " + words(e.GetSealed().GetContent())
		}
		return text
	case *eventv1.AddressConfirmed:
		if e.GetAgentId() != "" {
			return n.identity(e.GetIdentityId()) + " is the same person, says " + e.GetAgentId()
		}
		return n.identity(e.GetIdentityId()) + " is the same person"
	case *eventv1.AddressContested:
		return n.identity(e.GetIdentityId()) + " may be " + n.identity(e.GetOtherIdentityId())
	}
	if text := n.tellMedia(body); text != "" {
		return text
	}
	if text := n.tellInbox(body); text != "" {
		return text
	}
	if text := n.tellReply(body); text != "" {
		return text
	}
	return n.tellLink(body)
}

// tellAliases says which addresses came and went. That a provider tells nothing of
// somebody is not worth a word.
func (n *names) tellAliases(e *eventv1.IdentityAliasesChanged) string {
	if e.GetProfileSettled() && e.GetSealed() == nil {
		return ""
	}
	text := n.identity(e.GetIdentityId())
	for _, added := range e.GetSealed().GetAdded() {
		text += fmt.Sprintf(", and %s %s", added.GetKind(), added.GetValue())
	}
	if name := e.GetSealed().GetProfile().GetName(); name != "" {
		text += ", and called " + name
	}
	for _, removed := range e.GetRemoved() {
		text += ", no longer by that " + removed.GetKind()
	}
	return text
}

func (n *names) tellLink(body proto.Message) string {
	switch e := body.(type) {
	case *eventv1.LinkRequested:
		by := ""
		if e.GetAgentId() != "" {
			by = " offered by " + e.GetAgentId()
		}
		return n.link(e.GetLinkId()) + " to " + e.GetIntegrationId() + " requested" + by
	case *eventv1.LinkMatched:
		text := n.link(e.GetLinkId()) + " matched: " + n.identity(e.GetIdentityId())
		if e.GetHeld() {
			text += ", holding: " + words(e.GetSealed().GetHeld())
		}
		return text
	case *eventv1.LinkPrompted:
		return n.link(e.GetLinkId()) + " asks " + n.identity(e.GetIdentityId())
	case *eventv1.LinkAnswered:
		text := n.link(e.GetLinkId()) + " answered: no"
		if e.GetYes() {
			text = n.link(e.GetLinkId()) + " answered: yes"
		}
		if e.GetTooLate() {
			text += ", too late"
		}
		return text
	case *eventv1.LinkApproved:
		return n.link(e.GetLinkId()) + " approved in the widget"
	case *eventv1.LinkConfirmed:
		return n.link(e.GetLinkId()) + " confirmed"
	case *eventv1.LinkCancelled:
		return n.link(e.GetLinkId()) + " cancelled (" + plain(e.GetReason(), "CANCEL_REASON_") + ")"
	case *eventv1.LinkFailed:
		return n.link(e.GetLinkId()) + " failed (" + plain(e.GetReason(), "CODE_REFUSAL_") + ")"
	case *eventv1.LinkExpired:
		return n.link(e.GetLinkId()) + " expired"
	}
	return ""
}

func (n *names) reply(e *eventv1.ReplyQueued) string {
	text := fmt.Sprintf("%s replies to %s", e.GetAgentId(), n.identity(e.GetRoute().GetIdentityId()))
	if e.GetRoute().GetRule() == eventv1.ReplyRule_REPLY_RULE_NAMED {
		text += " (named" + n.passedOver(e.GetRoute()) + ")"
	} else if passed := n.passedOver(e.GetRoute()); passed != "" {
		text += " (" + plain(e.GetRoute().GetRule(), "REPLY_RULE_") + passed + ")"
	}
	if e.GetRoute().GetHumanAgent() {
		text += " (as a person)"
	}
	return text + ": " + words(e.GetSealed().GetContent())
}

func (n *names) passedOver(route *eventv1.FrozenRoute) string {
	var out strings.Builder
	for _, p := range route.GetPassedOver() {
		fmt.Fprintf(&out, ", not %s: %s", n.identity(p.GetIdentityId()), plain(p.GetReason(), "PASSED_OVER_REASON_"))
	}
	return out.String()
}

func (n *names) tellIdentity(body proto.Message) string {
	switch e := body.(type) {
	case *eventv1.IdentityCreated:
		return "new: " + n.identity(e.GetIdentityId())
	case *eventv1.IdentityMoved:
		return fmt.Sprintf("%s is now an identity of the customer who was %s@widget",
			n.identity(e.GetIdentityId()), n.customers[e.GetToCustomerId()])
	case *eventv1.CodeRefused:
		text := fmt.Sprintf("%s brought a code that attaches nothing (%s)",
			n.identity(e.GetIdentityId()), plain(e.GetReason(), "CODE_REFUSAL_"))
		if e.GetAnswered() {
			text += ", and is told so"
		}
		return text
	case *eventv1.ItemQuarantined:
		if e.GetConversationId() != "" {
			return fmt.Sprintf("%s a message is quarantined: %s", n.conversation(e.GetConversationId()), e.GetReason())
		}
		return "quarantined: " + e.GetReason()
	case *eventv1.ItemReplayed:
		if e.GetDuplicate() {
			return "taken out of quarantine: it had been processed before"
		}
		return "taken out of quarantine"
	case *eventv1.ItemDiscarded:
		return "discarded"
	case *eventv1.ItemIgnored:
		return "ignored: " + e.GetWhat()
	case *eventv1.IdentityErased:
		return n.identity(e.GetIdentityId()) + " is erased"
	case *eventv1.CustomerErased:
		return "the customer who was " + n.customers[e.GetCustomerId()] + " is erased"
	case *eventv1.UnsendParked:
		return "an unsend waits for its message"
	case *eventv1.ChangeParked:
		what := "a reaction"
		if e.GetEdit() {
			what = "an edit"
		}
		return what + " of " + n.identity(e.GetIdentityId()) + " waits for its message"
	case *eventv1.ChangeForgotten:
		return "what waited for a message is forgotten"
	case *eventv1.IdentityAliasesChanged:
		return n.tellAliases(e)
	case *eventv1.AliasConflictFound:
		return fmt.Sprintf("an address of %s leads to %s too", n.identity(e.GetIdentityId()), n.identity(e.GetOtherIdentityId()))
	case *eventv1.IdentityKeyChanged:
		if e.GetFirst() {
			return "the key of " + n.identity(e.GetIdentityId()) + " is learnt"
		}
		return "the key of " + n.identity(e.GetIdentityId()) + " is another one"
	case *eventv1.OptInChanged:
		return fmt.Sprintf("%s allows %s: %t", n.identity(e.GetIdentityId()), e.GetTopic(), e.GetAllowed())
	case *eventv1.CustomersLinked:
		return fmt.Sprintf("the customer who was %s is also the one who was %s", n.customers[e.GetCustomerId()], n.customers[e.GetOtherCustomerId()])
	case *eventv1.CustomersUnlinked:
		return fmt.Sprintf("the customer who was %s is not the one who was %s", n.customers[e.GetCustomerId()], n.customers[e.GetOtherCustomerId()])
	case *eventv1.VisitorSessionEnded:
		return "a visitor's session has ended"
	case *eventv1.ReceiptParked:
		return "a receipt waits for its message (" + plain(e.GetState(), "RECEIPT_STATE_") + ")"
	}
	return ""
}

// tellRest says the events of lanes and set-ups.
func (n *names) tellRest(event conversation.Event) string {
	who := n.identity(event.Stream.ID)
	switch e := event.Body.(type) {
	case *eventv1.IdentityBound:
		return who + " writes to " + n.conversation(e.GetConversationId())
	case *eventv1.IdentityReleased:
		return who + " no longer writes to " + n.conversation(e.GetConversationId())
	case *eventv1.SendQueued:
		return fmt.Sprintf("lane of %s: %q queued", who, n.sends[e.GetSendId()])
	case *eventv1.SendRequested:
		return fmt.Sprintf("lane of %s: %q requested, attempt %d", who, n.sends[e.GetSendId()], e.GetAttempt())
	case *eventv1.SendClaimed:
		return fmt.Sprintf("lane of %s: %q claimed", who, n.sends[e.GetSendId()])
	case *eventv1.SendSucceeded:
		return fmt.Sprintf("lane of %s: %q done (%s)", who, n.sends[e.GetSendId()], plain(e.GetSource(), "OUTCOME_SOURCE_"))
	case *eventv1.SendFailed:
		return fmt.Sprintf("lane of %s: %q failed", who, n.sends[e.GetSendId()])
	case *eventv1.SendDeferred:
		return fmt.Sprintf("lane of %s: %q deferred (%s)", who, n.sends[e.GetSendId()], e.GetError().GetReason())
	case *eventv1.SendOutcomeUnknown:
		return fmt.Sprintf("lane of %s: %q unknown (%s)", who, n.sends[e.GetSendId()], e.GetError().GetReason())
	case *eventv1.SendWithdrawn:
		return fmt.Sprintf("lane of %s: %q withdrawn", who, n.sends[e.GetSendId()])
	case *eventv1.LaneReleased:
		return fmt.Sprintf("lane of %s: goes on past %q", who, n.sends[e.GetSendId()])
	case *eventv1.IntegrationUnhealthy:
		return e.GetIntegrationId() + " is unhealthy: " + e.GetError().GetReason()
	case *eventv1.IntegrationRecovered:
		return e.GetIntegrationId() + " has recovered"
	case *eventv1.ChannelOffered:
		return e.GetWidgetId() + " offers " + e.GetIntegrationId()
	case *eventv1.ChannelWithdrawn:
		return e.GetWidgetId() + " no longer offers " + e.GetIntegrationId()
	case *eventv1.IntegrationRemoved:
		return e.GetIntegrationId() + " is removed"
	case *eventv1.BindingsCut:
		return "the bindings of " + e.GetIntegrationId() + " have ended"
	case *eventv1.AgentRemoved:
		return "agent " + e.GetAgentId() + " is removed"
	case *eventv1.WidgetConfigured:
		return e.GetWidgetId() + " is configured"
	case *eventv1.LinkPolicyChanged:
		return "identities that are bound elsewhere: " + plain(e.GetBoundElsewhere(), "BOUND_ELSEWHERE_")
	}
	return ""
}
