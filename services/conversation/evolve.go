package conversation

import (
	"fmt"
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// Evolve folds event e into s. It never reads the sealed part of an event: a log
// whose content is gone folds to the same state. It panics on an event that it
// does not know: a stream that cannot be read is a bug, not a condition.
func Evolve(s *State, e Event) {
	for _, key := range e.Dedup {
		s.SetSeen(key.Key, key.Hash)
	}
	switch e.Stream.Category {
	case CategoryAccount:
		s.evolveAccount(e)
	case CategoryIdentity:
		s.evolveIdentity(e)
	case CategoryConversation:
		s.evolveConversation(e)
	case CategoryCustomer:
		s.evolveCustomer(e)
	default:
		s.evolveOther(e)
	}
}

func unknown(e Event) string {
	return fmt.Sprintf("conversation: no state for a %T in a stream of category %s", e.Body, e.Stream.Category)
}

func (s *State) evolveCustomer(e Event) {
	c := s.customer(e.Stream.ID)
	c.Version++
	switch b := e.Body.(type) {
	case *eventv1.CustomerCreated:
	case *eventv1.CustomersLinked:
		c.Linked[b.GetOtherCustomerId()] = true
		delete(c.Apart, b.GetOtherCustomerId())
	case *eventv1.CustomersUnlinked:
		c.Apart[b.GetOtherCustomerId()] = true
		delete(c.Linked, b.GetOtherCustomerId())
	case *eventv1.CustomerErased:
		c.Erased = true
	default:
		panic(unknown(e))
	}
}

func (s *State) evolveAccount(e Event) {
	a := s.accounts[e.Stream.ID]
	if a == nil {
		a = &Account{
			ID:           e.Stream.ID,
			Apps:         map[string]*eventv1.AppConnected{},
			Integrations: map[string]*eventv1.IntegrationConnected{},
			Widgets:      map[string]*Widget{},
			Agents:       map[string]string{},
			Unhealthy:    map[string]*Unhealthy{},
		}
		s.accounts[e.Stream.ID] = a
	}
	a.Version++
	switch b := e.Body.(type) {
	case *eventv1.AccountCreated:
		a.Name = b.GetName()
	case *eventv1.LinkPolicyChanged:
		a.BoundElsewhere = b.GetBoundElsewhere()
	case *eventv1.AppConnected:
		a.Apps[b.GetAppId()] = b
	case *eventv1.IntegrationConnected:
		a.Integrations[b.GetIntegrationId()] = b
	case *eventv1.IntegrationRemoved:
		delete(a.Integrations, b.GetIntegrationId())
		delete(a.Unhealthy, b.GetIntegrationId())
		for _, w := range a.Widgets {
			delete(w.Offers, b.GetIntegrationId())
		}
	case *eventv1.WidgetConfigured:
		w := a.Widgets[b.GetWidgetId()]
		if w == nil {
			w = &Widget{Offers: map[string]bool{}}
			a.Widgets[b.GetWidgetId()] = w
		}
		w.Config = b
	case *eventv1.ChannelOffered:
		a.Widgets[b.GetWidgetId()].Offers[b.GetIntegrationId()] = true
	case *eventv1.ChannelWithdrawn:
		delete(a.Widgets[b.GetWidgetId()].Offers, b.GetIntegrationId())
	case *eventv1.AgentAdded:
		a.Agents[b.GetAgentId()] = b.GetName()
	case *eventv1.AgentRemoved:
		delete(a.Agents, b.GetAgentId())
	case *eventv1.IntegrationUnhealthy:
		a.Unhealthy[b.GetIntegrationId()] = &Unhealthy{Error: b.GetError(), Since: e.At}
	case *eventv1.IntegrationRecovered:
		delete(a.Unhealthy, b.GetIntegrationId())
	default:
		panic(unknown(e))
	}
}

func (s *State) evolveIdentity(e Event) {
	i := s.identities[e.Stream.ID]
	if i == nil {
		i = &Identity{
			ID: e.Stream.ID, Aliases: map[string]string{}, Conflicts: map[string]string{}, Unresolved: map[string]Send{},
		}
		s.identities[e.Stream.ID] = i
	}
	i.Version++
	switch b := e.Body.(type) {
	case *eventv1.IdentityCreated:
		i.Customer, i.IntegrationID, i.Channel = b.GetCustomerId(), b.GetIntegrationId(), b.GetChannel()
		s.learn(i, b.GetAliases())
		s.own(i)
	case *eventv1.IdentityAliasesChanged:
		for _, a := range b.GetRemoved() {
			delete(i.Aliases, string(a.GetHash()))
			s.aliases[string(a.GetHash())] = ""
		}
		s.learn(i, b.GetAdded())
	case *eventv1.IdentityMoved:
		i.Customer = b.GetToCustomerId()
		s.own(i)
	case *eventv1.IdentityErased:
		for _, a := range b.GetAliases() {
			delete(i.Aliases, string(a.GetHash()))
			s.aliases[string(a.GetHash())] = ""
		}
		i.Conversation, i.Released, i.Matched, i.Erased = "", "", LinkRef{}, true
		i.confirmed()
	case *eventv1.IdentityMatched:
		i.Matched = LinkRef{ConversationID: b.GetConversationId(), LinkID: b.GetLinkId()}
	case *eventv1.IdentityBound:
		i.Conversation = b.GetConversationId()
	case *eventv1.IdentityReleased:
		i.Conversation = ""
		// Nothing ties it to somebody any more who may not be there.
		i.confirmed()
		i.Released, i.ReleasedAt = b.GetConversationId(), moment(b.GetReleasedAt())
	case *eventv1.CodeRefused:
		s.hold(e, b.GetProviderMessageHash(), "", "")
		at := moment(b.GetRefusedAt())
		i.Refusals = append(i.Refusals, at)
		if more := len(i.Refusals) - refusalsAllowed; more > 0 {
			i.Refusals = slices.Clone(i.Refusals[more:])
		}
		if b.GetAnswered() {
			i.AnsweredAt = at
		}
	case *eventv1.IdentityKeyChanged:
		i.KeyHash, i.KeyAt = b.GetKeyHash(), moment(b.GetAt())
		if b.GetConversationId() != "" {
			i.Unconfirmed, i.Question = true, b.GetQuestionId()
		}
	case *eventv1.IdentityConfirmed:
		i.confirmed()
	case *eventv1.AliasConflictFound:
		i.Conflicts[b.GetOtherIdentityId()] = b.GetOtherCustomerId()
	case *eventv1.OptInChanged:
		// It is shown; nothing is decided by it.
	default:
		s.evolveLane(i, e)
	}
}

// own notes whom an identity belongs to.
func (s *State) own(i *Identity) {
	if !slices.Contains(i.Owners, i.Customer) {
		i.Owners = append(i.Owners, i.Customer)
	}
	s.AddIdentity(i.Customer, i.ID)
}

// hold notes that an event holds a message of a customer.
func (s *State) hold(e Event, hash []byte, conversationID, messageID string) {
	if len(hash) > 0 {
		s.AddSaid(hash, SaidEvent{EventID: e.ID, ConversationID: conversationID, MessageID: messageID})
	}
}

func (s *State) learn(i *Identity, aliases []*eventv1.AliasHash) {
	for _, a := range aliases {
		i.Aliases[string(a.GetHash())] = a.GetKind()
		s.aliases[string(a.GetHash())] = i.ID
	}
}

func (s *State) evolveLane(i *Identity, e Event) {
	switch b := e.Body.(type) {
	case *eventv1.SendQueued:
		s.sends[b.GetSendId()] = i.ID
		i.Lane = append(i.Lane, Send{
			ID: b.GetSendId(), IntegrationID: b.GetIntegrationId(), Channel: b.GetChannel(),
			ContentEvent: b.GetContentEventId(), Quoted: b.GetQuotedEventId(), Origin: b.GetOrigin(),
			State: SendQueued, QueuedAt: e.At,
		})
	case *eventv1.SendRequested:
		i.change(b.GetSendId(), func(send *Send) {
			send.State, send.Attempt, send.Nonce, send.Due = SendRequested, b.GetAttempt(), "", moment(nil)
		})
	case *eventv1.SendClaimed:
		i.change(b.GetSendId(), func(send *Send) {
			send.State, send.Nonce, send.Due = SendClaimed, b.GetNonce(), moment(b.GetOutcomeDue())
		})
	case *eventv1.SendDeferred:
		i.change(b.GetSendId(), func(send *Send) {
			send.State, send.Due = SendDeferred, moment(b.GetRetryAt())
			if !b.GetUncounted() {
				send.Tries++
			}
		})
	case *eventv1.SendOutcomeUnknown:
		i.change(b.GetSendId(), func(send *Send) {
			send.State, send.Due, send.AskAt = SendUnknown, moment(b.GetLaneUntil()), moment(b.GetAskAt())
		})
	case *eventv1.LaneReleased:
		i.change(b.GetSendId(), func(send *Send) {
			unresolved := *send
			unresolved.Due = moment(nil)
			i.Unresolved[send.ID] = unresolved
		})
		i.end(b.GetSendId())
	case *eventv1.SendSucceeded:
		delete(i.Unresolved, b.GetSendId())
		i.end(b.GetSendId())
		s.messages[string(b.GetProviderMessageHash())] = MessageRef{
			IdentityID:     i.ID,
			ConversationID: b.GetOrigin().GetConversationId(),
			MessageID:      b.GetOrigin().GetMessageId(),
			Part:           b.GetOrigin().GetPart(),
			Hop:            b.GetOrigin().GetHop(),
		}
	case *eventv1.SendFailed:
		delete(i.Unresolved, b.GetSendId())
		i.end(b.GetSendId())
	case *eventv1.SendWithdrawn:
		i.end(b.GetSendId())
	default:
		panic(unknown(e))
	}
}

// change changes a send of the lane; one that is not in it is not the lane's any
// more.
func (i *Identity) change(sendID string, change func(*Send)) {
	for at := range i.Lane {
		if i.Lane[at].ID == sendID {
			change(&i.Lane[at])
			return
		}
	}
}

func (i *Identity) end(sendID string) {
	i.Lane = slices.DeleteFunc(i.Lane, func(send Send) bool { return send.ID == sendID })
}

func (s *State) evolveConversation(e Event) {
	c := s.conversations[e.Stream.ID]
	if c == nil {
		c = &Conversation{
			ID: e.Stream.ID, StartedAt: e.At,
			Links: map[string]*Link{}, Newest: map[string]string{},
			Messages: map[string]*Message{}, Open: map[string]*Message{}, Inbound: map[string]Inbound{},
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
	case *eventv1.MessageUnsent:
		if reply := c.Messages[b.GetMessageId()]; reply != nil {
			reply.Unsent = true
		}
		if len(b.GetProviderMessageHash()) > 0 {
			s.SetUnsent(b.GetProviderMessageHash())
		}
	case *eventv1.LinkAnswered:
		if link := c.Links[b.GetLinkId()]; link != nil && !b.GetTooLate() {
			link.ActedAt = moment(b.GetSentAt())
		}
		s.hold(e, b.GetProviderMessageHash(), c.ID, "")
	case *eventv1.ChannelBound:
		binding := Binding{
			IdentityID: b.GetIdentityId(), IntegrationID: b.GetIntegrationId(), Channel: b.GetChannel(),
		}
		if link := c.Links[b.GetLinkId()]; link != nil {
			// Bringing the code was an act of the customer there.
			binding.WroteAt = link.ActedAt
		}
		c.Route = append(c.Route, binding)
	case *eventv1.ChannelUnbound:
		c.Route = slices.DeleteFunc(c.Route, func(r Binding) bool { return r.IdentityID == b.GetIdentityId() })
	case *eventv1.RouteChanged:
		c.reorder(b.GetIdentityIds())
		c.RouteVersion, c.CausedAt = b.GetRouteVersion(), moment(b.GetCausedAt())
	case *eventv1.MessageReceived:
		c.wrote(e, b)
		s.hold(e, b.GetProviderMessageHash(), c.ID, b.GetMessageId())
	case *eventv1.LinkRequested, *eventv1.LinkMatched, *eventv1.LinkConfirmed, *eventv1.LinkCancelled,
		*eventv1.LinkFailed, *eventv1.LinkExpired:
		s.evolveLink(c, e)
	case *eventv1.ReplyQueued:
		m := &Message{
			ID: b.GetMessageId(), State: MessageQueued, QueuedAt: e.At, Place: len(c.Messages), Content: e.ID,
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
	case *eventv1.TemplateOffered:
		for place := range c.Route {
			if c.Route[place].IdentityID == b.GetIdentityId() {
				c.Route[place].Offered = true
			}
		}
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
	case *eventv1.LinkPrompted, *eventv1.NoticeQueued, *eventv1.NoteAdded,
		*eventv1.ReactionQueued, *eventv1.ReactionFailed,
		*eventv1.AddressDoubted, *eventv1.AddressConfirmed, *eventv1.AddressContested:
		// They are shown; nothing is decided by them.
	case *eventv1.EchoReceived:
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

// reorder puts the bindings into the order of the route.
func (c *Conversation) reorder(identityIDs []string) {
	slices.SortStableFunc(c.Route, func(a, b Binding) int {
		return slices.Index(identityIDs, a.IdentityID) - slices.Index(identityIDs, b.IdentityID)
	})
}

// wrote notes what the customer wrote, and when the customer last wrote over a binding.
func (c *Conversation) wrote(e Event, b *eventv1.MessageReceived) {
	if holds := c.holds(e, b); holds != "" {
		c.Inbound[b.GetMessageId()] = Inbound{IdentityID: b.GetIdentityId(), EventID: holds}
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
			ExpiresAt: moment(b.GetExpiresAt()),
		}
		c.Newest[b.GetIntegrationId()] = b.GetLinkId()
		s.codes[string(b.GetCodeHash())] = LinkRef{ConversationID: c.ID, LinkID: b.GetLinkId()}
	case *eventv1.LinkMatched:
		s.hold(e, b.GetProviderMessageHash(), c.ID, "")
		link := c.Links[b.GetLinkId()]
		link.State, link.IdentityID = LinkMatched, b.GetIdentityId()
		link.MatchedAt, link.ExpiresAt = moment(b.GetSentAt()), moment(b.GetExpiresAt())
		link.ActedAt = link.MatchedAt
		link.MessageHash = b.GetProviderMessageHash()
		if b.GetHeld() {
			link.HeldEvent = e.ID
		}
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

// evolveOther folds events of streams that hold no state of their own.
func (s *State) evolveOther(e Event) {
	switch b := e.Body.(type) {
	case *eventv1.ChangeParked:
		s.parkChange(e, b)
	case *eventv1.ChangeForgotten:
		s.unpark(b.GetProviderMessageHash(), b.GetContentEventIds()...)
	case *eventv1.ItemQuarantined, *eventv1.LogRestored:
		// They are shown; nothing is decided by them.
	case *eventv1.ItemIgnored:
		s.hold(e, b.GetProviderMessageHash(), "", "")
	case *eventv1.UnsendParked:
		if len(b.GetProviderMessageHash()) > 0 {
			s.SetUnsent(b.GetProviderMessageHash())
		}
	case *eventv1.ItemReplayed:
		s.SetQuarantine(Quarantined{Account: b.GetAccountId(), Position: b.GetPosition()}, QuarantineReplayed)
	case *eventv1.ItemDiscarded:
		s.SetQuarantine(Quarantined{Account: b.GetAccountId(), Position: b.GetPosition()}, QuarantineDiscarded)
	case *eventv1.ReceiptParked:
		hash := string(b.GetProviderMessageHash())
		if before, known := s.parked[hash]; known || !s.partial {
			s.parked[hash] = append(before, b)
		}
	default:
		panic(unknown(e))
	}
}
