package conversation

import (
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

func (s *State) evolveConversation(e Event) {
	c := s.conversations[e.Stream.ID]
	if c == nil {
		c = &Conversation{
			ID: e.Stream.ID, StartedAt: e.At,
			Links: map[string]*Link{}, Newest: map[string]string{},
			Messages: map[string]*Message{}, Open: map[string]*Message{}, Inbound: map[string]Inbound{},
			Asides: map[string]uint64{}, Labels: map[string]bool{},
		}
		s.conversations[e.Stream.ID] = c
	}
	c.Version++
	switch b := e.Body.(type) {
	case *eventv1.ConversationStarted:
		c.Customer, c.Widget, c.Language = b.GetCustomerId(), b.GetWidgetId(), b.GetLanguage()
		s.AddConversation(c.Customer, c.ID)
	case *eventv1.ConversationErased:
		c.Erased = true
	case *eventv1.ConversationClosed, *eventv1.ConversationReopened, *eventv1.ConversationContinued,
		*eventv1.ConversationAssigned, *eventv1.LabelsChanged, *eventv1.ConversationSeen:
		c.evolveInbox(e)
	case *eventv1.MessageUnsent:
		if reply := c.Messages[b.GetMessageId()]; reply != nil {
			reply.Unsent = true
		}
		if len(b.GetProviderMessageHash()) > 0 {
			s.SetUnsent(b.GetProviderMessageHash())
		}
	case *eventv1.LinkAnswered:
		if link := c.Links[b.GetLinkId()]; link != nil && !b.GetTooLate() {
			link.ActedAt, link.Answered = moment(b.GetSentAt()), b.GetYes()
		}
		s.hold(e, b.GetProviderMessageHash(), c.ID, "")
	case *eventv1.ChannelBound, *eventv1.ChannelUnbound, *eventv1.RouteChanged, *eventv1.TemplateOffered:
		s.evolveRoute(c, e)
	case *eventv1.MessageReceived:
		c.wrote(e, b)
		s.hold(e, b.GetProviderMessageHash(), c.ID, b.GetMessageId())
	case *eventv1.LinkRequested, *eventv1.LinkMatched, *eventv1.LinkApproved, *eventv1.LinkConfirmed, *eventv1.LinkCancelled,
		*eventv1.LinkFailed, *eventv1.LinkExpired:
		s.evolveLink(c, e)
	case *eventv1.ReplyQueued, *eventv1.ReplyRerouted, *eventv1.ReplyFitted, *eventv1.PartAdvanced,
		*eventv1.OutcomeAsked, *eventv1.OutcomeSettled, *eventv1.MessageSending, *eventv1.MessageSent,
		*eventv1.MessageDelivered, *eventv1.MessageRead, *eventv1.MessageFailed, *eventv1.MessageOutcomeUnknown:
		c.evolveReply(e)
	case *eventv1.NoteAdded:
		c.Asides[b.GetMessageId()] = c.Version
	case *eventv1.LinkPrompted, *eventv1.NoticeQueued,
		*eventv1.ReactionQueued, *eventv1.ReactionFailed,
		*eventv1.AddressDoubted, *eventv1.AddressConfirmed, *eventv1.AddressContested:
		// They are shown; nothing is decided by them.
	case *eventv1.EchoReceived:
		c.Asides[b.GetMessageId()] = c.Version
		if b.GetFindable() {
			s.hold(e, b.GetProviderMessageHash(), c.ID, b.GetMessageId())
		}
	case *eventv1.MessageEdited:
		s.hold(e, b.GetProviderMessageHash(), c.ID, b.GetMessageId())
		s.unpark(b.GetProviderMessageHash(), b.GetContentEventId())
	case *eventv1.ReactionChanged:
		s.unpark(b.GetProviderMessageHash(), b.GetContentEventId())
	case *eventv1.MessageReparsed:
		s.hold(e, b.GetProviderMessageHash(), c.ID, b.GetMessageId())
	case *eventv1.ThreadOpened:
		c.opened(b.GetIdentityId(), moment(b.GetSentAt()))
	case *eventv1.MediaRequested, *eventv1.MediaStored, *eventv1.MediaFailed:
		c.evolveFile(e)
	case *eventv1.ItemQuarantined:
		c.Quarantined = append(c.Quarantined, e.ID)
	case *eventv1.ItemReplayed, *eventv1.ItemDiscarded:
		s.evolveOther(e)
	default:
		panic(unknown(e))
	}
}

// evolveRoute folds what the conversation is bound to, and in which order.
func (s *State) evolveRoute(c *Conversation, e Event) {
	switch b := e.Body.(type) {
	case *eventv1.ChannelBound:
		s.noteBound(b.GetIntegrationId(), b.GetChannel(), BoundTo{b.GetWidgetId(), c.ID, b.GetIdentityId()}, true)
		binding := Binding{
			IdentityID: b.GetIdentityId(), IntegrationID: b.GetIntegrationId(), Channel: b.GetChannel(),
			WroteAt: moment(b.GetWroteAt()), Offered: b.GetTemplateOffered(),
		}
		if link := c.Links[b.GetLinkId()]; link != nil {
			// Bringing the code was an act of the customer there.
			binding.WroteAt = link.ActedAt
		}
		c.Route = append(c.Route, binding)
	case *eventv1.ChannelUnbound:
		s.noteBound(b.GetIntegrationId(), b.GetChannel(), BoundTo{b.GetWidgetId(), c.ID, b.GetIdentityId()}, false)
		c.Route = slices.DeleteFunc(c.Route, func(r Binding) bool { return r.IdentityID == b.GetIdentityId() })
	case *eventv1.RouteChanged:
		c.reorder(b.GetIdentityIds())
		c.RouteVersion, c.CausedAt = b.GetRouteVersion(), moment(b.GetCausedAt())
	case *eventv1.TemplateOffered:
		for place := range c.Route {
			if c.Route[place].IdentityID == b.GetIdentityId() {
				c.Route[place].Offered = true
			}
		}
	}
}

// reorder puts the bindings into the order of the route.
func (c *Conversation) reorder(identityIDs []string) {
	slices.SortStableFunc(c.Route, func(a, b Binding) int {
		return slices.Index(identityIDs, a.IdentityID) - slices.Index(identityIDs, b.IdentityID)
	})
}

// wrote notes what the customer wrote, and when the customer last wrote over a binding.
func (c *Conversation) wrote(e Event, b *eventv1.MessageReceived) {
	if holds := c.holds(e, b); holds != "" {
		c.Inbound[b.GetMessageId()] = Inbound{IdentityID: b.GetIdentityId(), EventID: holds, Version: c.Version}
		c.Unseen = append(c.Unseen, c.Version)
	}
	at := moment(b.GetSentAt())
	for place := range c.Route {
		r := &c.Route[place]
		if r.IdentityID != b.GetIdentityId() {
			continue
		}
		r.acted(at)
		if place == 0 && !b.GetLate() && at.After(c.CausedAt) {
			c.CausedAt = at
		}
	}
}

// holds returns the event whose sealed part has the provider's id of a message; empty
// where none in this conversation has it. A widget's message has none and is its own.
func (c *Conversation) holds(e Event, b *eventv1.MessageReceived) string {
	if b.GetLinkId() == "" {
		return e.ID
	}
	if link := c.Links[b.GetLinkId()]; link != nil {
		return link.HeldEvent
	}
	return ""
}

// opened notes when the customer last opened a link of ours over a binding.
func (c *Conversation) opened(identityID string, at time.Time) {
	for place := range c.Route {
		if r := &c.Route[place]; r.IdentityID == identityID {
			r.acted(at)
		}
	}
}

func (s *State) evolveLink(c *Conversation, e Event) {
	switch b := e.Body.(type) {
	case *eventv1.LinkRequested:
		c.Links[b.GetLinkId()] = &Link{
			ID: b.GetLinkId(), IntegrationID: b.GetIntegrationId(), Channel: b.GetChannel(),
			WidgetID: b.GetWidgetId(), Language: b.GetLanguage(), State: LinkRequested,
			Confirmation: b.GetConfirmation(), RequestedAt: moment(b.GetRequestedAt()),
			ExpiresAt: moment(b.GetExpiresAt()), SetupVersion: b.GetSetupVersion(),
		}
		c.Newest[b.GetIntegrationId()] = b.GetLinkId()
		s.codes[string(b.GetCodeHash())] = LinkRef{ConversationID: c.ID, LinkID: b.GetLinkId()}
	case *eventv1.LinkMatched:
		s.hold(e, b.GetProviderMessageHash(), c.ID, "")
		link := c.Links[b.GetLinkId()]
		link.State, link.IdentityID = LinkMatched, b.GetIdentityId()
		link.MatchedAt, link.ExpiresAt = moment(b.GetSentAt()), moment(b.GetExpiresAt())
		link.ActedAt, link.AsksInWidget = link.MatchedAt, b.GetAsksInWidget()
		link.MessageHash = b.GetProviderMessageHash()
		if b.GetHeld() {
			link.HeldEvent = e.ID
		}
	case *eventv1.LinkApproved:
		c.Links[b.GetLinkId()].Approved = true
	case *eventv1.LinkConfirmed:
		c.Links[b.GetLinkId()].State = LinkConfirmed
	case *eventv1.LinkCancelled:
		c.Links[b.GetLinkId()].State = LinkCancelled
	case *eventv1.LinkFailed:
		c.Links[b.GetLinkId()].State = LinkFailed
	case *eventv1.LinkExpired:
		c.Links[b.GetLinkId()].State = LinkExpired
	}
}
