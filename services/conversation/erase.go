package conversation

import (
	"maps"
	"slices"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// erased is the reason of replies that were not handed over when their customer
// was erased.
const erased = "erased"

// maxTaken is how many events one event can take the content of. What is beyond
// goes with the key of its day.
const maxTaken = 4096

// erase ends a customer, everybody whom an identity of theirs ever belonged to,
// since what was said over it is sealed by their keys as well, and who is the same
// person by an agent's word (P5). Done before, it
// does nothing.
func (d *decider) erase(c *EraseCustomer) error {
	if first := d.customer(c.CustomerID); first == nil {
		return refuse(notFound, "there is no such customer")
	}
	e := erasure{d: d, customers: map[string]*Customer{}, identities: map[string]*identityDraft{}}
	e.close(c.CustomerID)
	for _, id := range slices.Sorted(maps.Keys(e.identities)) {
		e.silence(e.identities[id])
	}
	for _, id := range slices.Sorted(maps.Keys(e.customers)) {
		for _, conversation := range slices.Sorted(maps.Keys(e.customers[id].Conversations)) {
			e.conversation(d.conversation(conversation))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(e.identities)) {
		e.identity(e.identities[id])
	}
	for _, id := range slices.Sorted(maps.Keys(e.customers)) {
		if !e.customers[id].Erased {
			stream := Stream{CategoryCustomer, id}
			d.expected[stream] = e.customers[id].Version
			d.emit(stream, &eventv1.CustomerErased{CustomerId: id})
		}
	}
	return nil
}

// customer returns what is known of a customer, or nil where there is none.
func (d *decider) customer(id string) *Customer {
	c := d.state.customers[id]
	if d.state.partial && (c == nil || !c.loaded) {
		panic(&Need{Ref: Ref{Kind: RefCustomer, Key: id}})
	}
	if c == nil || c.Version == 0 {
		return nil
	}
	return c
}

// erasure is one erasure in the making: all whom it is about.
type erasure struct {
	d          *decider
	customers  map[string]*Customer
	identities map[string]*identityDraft
}

// close adds a customer, the identities that ever were theirs, everybody whose
// those ever were, and who is the same person by an agent's word.
func (e *erasure) close(customerID string) {
	customer := e.d.customer(customerID)
	if customer == nil || e.customers[customerID] != nil {
		return
	}
	e.customers[customerID] = customer
	for _, id := range slices.Sorted(maps.Keys(customer.Identities)) {
		i := e.d.identity(id)
		if i == nil || e.identities[id] != nil {
			continue
		}
		e.identities[id] = i
		for _, owner := range i.base.Owners {
			e.close(owner)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(customer.Linked)) {
		e.close(id)
	}
}

// silence takes back what was not handed over to an identity, and ends the link
// that it was asked to confirm.
func (e *erasure) silence(i *identityDraft) {
	if i.erased {
		return
	}
	i.erased = true
	for _, send := range i.take(func(*eventv1.SendOrigin) bool { return true }) {
		if id := send.Origin.GetMessageId(); id != "" {
			conv := e.d.conversation(send.Origin.GetConversationId())
			e.d.move(conv, conv.message(id), MessageFailed, e.d.head.Now, &eventv1.SendError{Reason: erased})
		}
	}
	if conv := e.d.conversation(i.base.Matched.ConversationID); conv != nil {
		if link := conv.link(i.base.Matched.LinkID); link != nil && link.live() && link.IdentityID == i.id {
			e.d.cancel(conv, link, eventv1.CancelReason_CANCEL_REASON_ERASED, e.d.head.Now)
		}
	}
}

// conversation ends a conversation: its links, its bindings, itself.
func (e *erasure) conversation(conv *conversationDraft) {
	if conv == nil || conv.base.Erased {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(conv.base.Links)) {
		if link := conv.link(id); link != nil && link.live() {
			e.d.cancel(conv, link, eventv1.CancelReason_CANCEL_REASON_ERASED, e.d.head.Now)
		}
	}
	for len(conv.route) > 0 {
		conv.unbind(e.d.identity(conv.route[0].IdentityID),
			eventv1.UnboundReason_UNBOUND_REASON_ERASED, eventv1.RouteRule_ROUTE_RULE_ERASED, e.d.head.Now)
	}
	e.d.endFiles(conv, "", erased)
	e.d.emit(conv.stream(), &eventv1.ConversationErased{
		ConversationId: conv.id, CustomerId: conv.customer, ContentEventIds: conv.base.Quarantined[:min(len(conv.base.Quarantined), maxTaken)],
	})
}

// identity takes an identity out of use.
func (e *erasure) identity(i *identityDraft) {
	if i.base.Erased {
		return
	}
	gone := &eventv1.IdentityErased{IdentityId: i.id, CustomerId: i.customer, IntegrationId: i.integration}
	for _, hash := range slices.Sorted(maps.Keys(i.base.Aliases)) {
		gone.Aliases = append(gone.Aliases, &eventv1.AliasHash{Kind: i.base.Aliases[hash], Hash: []byte(hash)})
	}
	e.d.emit(i.stream(), gone)
}
