package conversation

import (
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/capability"
)

// conversationDraft is a conversation in the course of a decision. It holds its
// own copy of the route, which is short, and shares the rest with the state.
type conversationDraft struct {
	d    *decider
	base *Conversation

	id, customer, widget, language string
	route                          []Binding
	version                        uint64
	causedAt                       time.Time
	closed                         bool
	continuedBy                    string
	// links that this decision ended, so that it does not end them twice.
	ended map[string]bool
	// messages are the replies that this decision looked at or made.
	messages map[string]*Message
}

// conversation returns the draft of a conversation, or nil where there is none.
func (d *decider) conversation(id string) *conversationDraft {
	if draft := d.conversations[id]; draft != nil {
		return draft
	}
	base := look(d, d.state.conversations, RefConversation, id)
	if base == nil {
		return nil
	}
	d.expected[Stream{CategoryConversation, id}] = base.Version
	draft := &conversationDraft{
		d: d, base: base, id: id,
		customer: base.Customer, widget: base.Widget, language: base.Language,
		route: slices.Clone(base.Route), version: base.RouteVersion, causedAt: base.CausedAt,
		closed: base.Closed, continuedBy: base.ContinuedBy,
		ended: map[string]bool{}, messages: map[string]*Message{},
	}
	d.conversations[id] = draft
	return draft
}

func (c *conversationDraft) stream() Stream { return Stream{CategoryConversation, c.id} }

// start begins a conversation of an identity, which leads its route.
func (d *decider) start(i *identityDraft, widget, language string, at time.Time) *conversationDraft {
	id := d.ids.next()
	c := &conversationDraft{
		d: d, base: &Conversation{ID: id, StartedAt: d.head.Now}, id: id,
		customer: i.customer, widget: widget, language: language,
		ended: map[string]bool{}, messages: map[string]*Message{},
	}
	d.conversations[id] = c
	d.expected[c.stream()] = 0
	d.emit(c.stream(), &eventv1.ConversationStarted{
		ConversationId: id, CustomerId: i.customer, WidgetId: widget, Language: language,
	})
	c.bind(i, "")
	c.lead(i.id, eventv1.RouteRule_ROUTE_RULE_STARTED, at)
	return c
}

// bind ties the conversation and the identity to each other. It does not lead
// the route yet.
func (c *conversationDraft) bind(i *identityDraft, linkID string) {
	c.d.emit(c.stream(), &eventv1.ChannelBound{
		ConversationId: c.id, IdentityId: i.id, IntegrationId: i.integration, Channel: i.channel, LinkId: linkID,
		WidgetId: c.widget,
	})
	c.d.emit(i.stream(), &eventv1.IdentityBound{IdentityId: i.id, ConversationId: c.id})
	binding := Binding{IdentityID: i.id, IntegrationID: i.integration, Channel: i.channel}
	if link := c.base.Links[linkID]; link != nil {
		binding.WroteAt = link.ActedAt
	}
	c.route = append(c.route, binding)
	i.conversation = c.id
}

// binding returns the place of an identity in the route, or -1.
func (c *conversationDraft) binding(identityID string) int {
	return slices.IndexFunc(c.route, func(b Binding) bool { return b.IdentityID == identityID })
}

// boundTo returns the place of an integration in the route, or -1.
func (c *conversationDraft) boundTo(integrationID string) int {
	return slices.IndexFunc(c.route, func(b Binding) bool { return b.IntegrationID == integrationID })
}

// lead moves an identity to the front of the route.
func (c *conversationDraft) lead(identityID string, rule eventv1.RouteRule, at time.Time) {
	place := c.binding(identityID)
	first := c.route[place]
	c.route = slices.Insert(slices.Delete(c.route, place, place+1), 0, first)
	c.changed(rule, at)
}

// changed writes the route down as it stands.
func (c *conversationDraft) changed(rule eventv1.RouteRule, at time.Time) {
	c.version++
	c.causedAt = at
	route := &eventv1.RouteChanged{ConversationId: c.id, RouteVersion: c.version, Rule: rule, CausedAt: stamp(at)}
	for _, b := range c.route {
		route.IdentityIds = append(route.IdentityIds, b.IdentityID)
	}
	c.d.emit(c.stream(), route)
}

// unbind removes an identity from the conversation, decides again what was not
// yet handed over to it, and lets the next binding lead.
func (c *conversationDraft) unbind(i *identityDraft, reason eventv1.UnboundReason, rule eventv1.RouteRule, at time.Time) {
	place := c.binding(i.id)
	if place < 0 {
		return
	}
	c.d.emit(c.stream(), &eventv1.ChannelUnbound{
		ConversationId: c.id, IdentityId: i.id, IntegrationId: i.integration, Channel: i.channel,
		Reason: reason, UnboundAt: stamp(at), WidgetId: c.widget,
	})
	c.d.emit(i.stream(), &eventv1.IdentityReleased{IdentityId: i.id, ConversationId: c.id, ReleasedAt: stamp(at)})
	i.conversation, i.released, i.releasedAt, i.unsure = "", c.id, at, false
	c.route = slices.Delete(c.route, place, place+1)
	c.changed(rule, at)
	c.rerouteFrom(i, disconnected)
}

// link returns a link of the conversation, or nil.
func (c *conversationDraft) link(id string) *Link {
	if c.ended[id] {
		return nil
	}
	return c.base.Links[id]
}

// identityDraft is an identity in the course of a decision.
type identityDraft struct {
	d    *decider
	base *Identity

	id, customer, integration, channel string
	conversation, released             string
	releasedAt                         time.Time
	lane                               []Send
	// unsure says that the address may have come into other hands.
	unsure bool
	// clashed are the identities with which this decision found a conflict.
	clashed map[string]bool
	// erased says that nothing of it may be written down again.
	erased bool
}

// identity returns the draft of an identity, or nil where there is none.
func (d *decider) identity(id string) *identityDraft {
	if draft := d.identities[id]; draft != nil {
		return draft
	}
	base := look(d, d.state.identities, RefIdentity, id)
	if base == nil {
		return nil
	}
	d.expected[Stream{CategoryIdentity, id}] = base.Version
	draft := &identityDraft{
		d: d, base: base, id: id,
		customer: base.Customer, integration: base.IntegrationID, channel: base.Channel,
		conversation: base.Conversation, released: base.Released, releasedAt: base.ReleasedAt,
		lane: slices.Clone(base.Lane), erased: base.Erased, unsure: base.Unconfirmed,
	}
	d.identities[id] = draft
	return draft
}

func (i *identityDraft) stream() Stream { return Stream{CategoryIdentity, i.id} }

// find returns the identity that one of the addresses leads to, the strongest
// first, or nil.
func (d *decider) find(addresses []Address) *identityDraft {
	for _, a := range addresses {
		if id := look(d, d.state.aliases, RefAlias, string(a.Hash)); id != "" {
			return d.identity(id)
		}
	}
	return nil
}

// identify returns the identity that the addresses belong to. Where there is
// none it is created, with a customer of its own; where it is known by some of
// them, it learns the others that lead nowhere yet.
func (d *decider) identify(integration *eventv1.IntegrationConnected, sender []Address, profile *eventv1.Profile) *identityDraft {
	i := d.find(sender)
	if i == nil {
		return d.createIdentity(integration, sender, profile)
	}
	for _, a := range sender {
		if id := look(d, d.state.aliases, RefAlias, string(a.Hash)); id != "" && id != i.id {
			d.conflict(i, d.identity(id))
		}
	}
	d.learn(i, d.unled(sender))
	return i
}

func (d *decider) createIdentity(integration *eventv1.IntegrationConnected, sender []Address, profile *eventv1.Profile) *identityDraft {
	i := &identityDraft{
		d: d, id: d.ids.next(), customer: d.ids.next(),
		integration: integration.GetIntegrationId(), channel: integration.GetChannel(),
	}
	i.base = &Identity{ID: i.id}
	customer := Stream{CategoryCustomer, i.customer}
	d.identities[i.id] = i
	d.expected[i.stream()], d.expected[customer] = 0, 0
	created := &eventv1.IdentityCreated{
		IdentityId: i.id, CustomerId: i.customer, IntegrationId: i.integration, Channel: i.channel,
		ProfileWanted: profile == nil && capability.Of(i.channel).Profile,
		Sealed:        &eventv1.IdentityCreated_Sealed{Profile: profile},
	}
	for _, a := range sender {
		created.Aliases = append(created.Aliases, &eventv1.AliasHash{Kind: a.Kind, Hash: a.Hash})
		created.Sealed.Aliases = append(created.Sealed.Aliases, &eventv1.Alias{Kind: a.Kind, Value: a.Value})
	}
	d.emit(customer, &eventv1.CustomerCreated{CustomerId: i.customer})
	d.emit(i.stream(), created)
	return i
}
