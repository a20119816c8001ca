package projections

import (
	"cmp"
	"slices"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// optIn keeps what the customer allowed last of each kind, by the provider's time.
func optIn(i *viewv1.Identity, e *eventv1.OptInChanged) {
	for _, known := range i.OptIns {
		if known.Topic != e.Topic {
			continue
		}
		if !e.At.AsTime().Before(known.At.AsTime()) {
			known.Allowed, known.At = e.Allowed, e.At
		}
		return
	}
	i.OptIns = append(i.OptIns, &viewv1.OptIn{Topic: e.Topic, Allowed: e.Allowed, At: e.At})
}

// card changes the row of a customer.
func (c *customerFold) card(customer string, f func(*viewv1.Customer)) {
	at := rowKey(c.account, customer, kindCustomer)
	if card := get[viewv1.Customer](c.rows, at); card != nil && !card.Erased {
		f(card)
		c.rows.Put(at, card)
	}
}

// conflict notes with a customer that an address leads to another one too.
func (c *customerFold) conflict(customer, identity, otherIdentity, otherCustomer string) {
	c.card(customer, func(card *viewv1.Customer) {
		card.Conflicts = append(card.Conflicts, &viewv1.AliasConflict{
			IdentityId: identity, OtherIdentityId: otherIdentity, OtherCustomerId: otherCustomer, FoundAt: recordedAt(c.rec),
		})
	})
}

// decide notes with a customer that another one is the same person, or with nil that
// they are two.
func (c *customerFold) decide(customer, other string, linked *viewv1.LinkedCustomer) {
	c.card(customer, func(card *viewv1.Customer) {
		for _, conflict := range card.Conflicts {
			conflict.Decided = conflict.Decided || conflict.OtherCustomerId == other
		}
		card.Linked = slices.DeleteFunc(card.Linked, func(l *viewv1.LinkedCustomer) bool { return l.CustomerId == other })
		if linked != nil {
			card.Linked = append(card.Linked, linked)
			slices.SortFunc(card.Linked, func(a, b *viewv1.LinkedCustomer) int { return cmp.Compare(a.CustomerId, b.CustomerId) })
		}
	})
}
