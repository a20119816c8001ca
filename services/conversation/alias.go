package conversation

import (
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// ChangeIdentity says that a provider told of a change of somebody's addresses, or
// that an address may have come into other hands.
type ChangeIdentity struct {
	Header
	IntegrationID string
	// Sender holds the aliases of who it is about, the strongest first.
	Sender []Address
	// Old hold no longer, and New hold now.
	Old, New []Address
	// Doubt says that nothing but the identity key changed; KeyHash is the keyed
	// hash of the provider's hash of it, nil where it tells none.
	Doubt   bool
	KeyHash []byte
	// At is the provider's time; zero where it gave none.
	At time.Time
	// Otherwise keeps the item where it is about nobody who is known.
	Otherwise *KeepItem
}

// changeIdentity replaces addresses, with history (P1). An address that leads to
// another customer is not taken: that is for agents to decide (P2).
func (d *decider) changeIdentity(c *ChangeIdentity) error {
	if _, err := d.integration(c.IntegrationID); err != nil {
		return err
	}
	at := d.sentAt(c.At)
	i := d.find(slices.Concat(c.Old, c.Sender, c.New))
	if i == nil {
		return d.keep(c.Otherwise)
	}
	d.answer.ConversationID = i.conversation
	if c.Doubt {
		if !at.Before(i.base.KeyAt) && !i.knows(c.KeyHash) {
			d.doubt(i, c.KeyHash, at, time.Time{}, "")
		}
		return nil
	}
	var other *identityDraft
	for _, a := range c.New {
		if id := look(d, d.state.aliases, RefAlias, string(a.Hash)); id != "" && id != i.id {
			other = d.identity(id)
			d.conflict(i, other)
		}
	}
	heir := i
	if other != nil && other.customer == i.customer {
		// The same customer wrote from the new address before: that goes on.
		heir = other
	}
	d.replace(i, heir, c.Old, c.New)
	if len(d.left(i, c.Old, c.New)) > 0 {
		return nil
	}
	d.inherit(i, heir, at)
	return nil
}

// knows says whether a hash of the identity key is the one that is known.
func (i *identityDraft) knows(hash []byte) bool {
	return len(hash) > 0 && string(hash) == string(i.base.KeyHash)
}

// replace takes old addresses away from an identity, and gives its heir the new ones
// that lead nowhere.
func (d *decider) replace(i, heir *identityDraft, old, new []Address) {
	changed := &eventv1.IdentityAliasesChanged{IdentityId: i.id, CustomerId: i.customer, IntegrationId: i.integration}
	for _, a := range old {
		if i.base.Aliases[string(a.Hash)] != "" && !holds(new, a.Hash) {
			changed.Removed = append(changed.Removed, &eventv1.AliasHash{Kind: a.Kind, Hash: a.Hash})
		}
	}
	added := d.unled(new)
	if heir == i {
		added.into(changed)
	}
	if len(changed.Removed) > 0 || len(changed.Added) > 0 {
		d.emit(i.stream(), changed)
	}
	if heir != i && len(added) > 0 {
		d.learn(heir, added)
	}
}

// left returns the hashes of the addresses that lead to an identity once old ones
// are gone and new ones came that led nowhere.
func (d *decider) left(i *identityDraft, old, new []Address) []string {
	var left []string
	for hash := range i.base.Aliases {
		if !holds(old, []byte(hash)) || holds(new, []byte(hash)) {
			left = append(left, hash)
		}
	}
	for _, a := range new {
		if look(d, d.state.aliases, RefAlias, string(a.Hash)) == "" {
			left = append(left, string(a.Hash))
		}
	}
	return left
}

// inherit takes an identity to which no address leads any more out of its
// conversation: nothing can be sent there. Where the same customer has the new
// address at an identity that is in no conversation, that takes its place.
func (d *decider) inherit(i, heir *identityDraft, at time.Time) {
	conv := d.conversationOf(i)
	if conv == nil {
		return
	}
	led := conv.binding(i.id) == 0
	bound := heir != i && heir.conversation == ""
	if bound {
		conv.bind(heir, "")
	}
	conv.unbind(i, eventv1.UnboundReason_UNBOUND_REASON_ADDRESS_GONE, eventv1.RouteRule_ROUTE_RULE_DISCONNECTED, at)
	if bound && led && conv.binding(heir.id) > 0 {
		conv.lead(heir.id, eventv1.RouteRule_ROUTE_RULE_DISCONNECTED, at)
	}
}

func holds(addresses []Address, hash []byte) bool {
	return slices.ContainsFunc(addresses, func(a Address) bool { return string(a.Hash) == string(hash) })
}

// newAddresses are addresses that lead nowhere yet.
type newAddresses []Address

// unled returns the addresses that lead nowhere.
func (d *decider) unled(addresses []Address) newAddresses {
	var found newAddresses
	for _, a := range addresses {
		if look(d, d.state.aliases, RefAlias, string(a.Hash)) == "" {
			found = append(found, a)
		}
	}
	return found
}

// into adds them to what an identity learns.
func (n newAddresses) into(learnt *eventv1.IdentityAliasesChanged) {
	for _, a := range n {
		learnt.Added = append(learnt.Added, &eventv1.AliasHash{Kind: a.Kind, Hash: a.Hash})
		if learnt.Sealed == nil {
			learnt.Sealed = &eventv1.IdentityAliasesChanged_Sealed{}
		}
		learnt.Sealed.Added = append(learnt.Sealed.Added, &eventv1.Alias{Kind: a.Kind, Value: a.Value})
	}
}

// learn gives an identity addresses that lead nowhere yet.
func (d *decider) learn(i *identityDraft, addresses newAddresses) {
	if len(addresses) == 0 {
		return
	}
	learnt := &eventv1.IdentityAliasesChanged{IdentityId: i.id, CustomerId: i.customer, IntegrationId: i.integration}
	addresses.into(learnt)
	d.emit(i.stream(), learnt)
}

// conflict writes down, once, that addresses of one person lead to the identities of
// two customers. Nothing is merged (P2).
func (d *decider) conflict(i, other *identityDraft) (found bool) {
	if other == nil || other.id == i.id || other.customer == i.customer ||
		i.base.Conflicts[other.id] != "" || other.base.Conflicts[i.id] != "" || i.clashed[other.id] {
		return false
	}
	if i.clashed == nil {
		i.clashed = map[string]bool{}
	}
	i.clashed[other.id] = true
	d.emit(i.stream(), &eventv1.AliasConflictFound{
		IdentityId: i.id, CustomerId: i.customer, OtherIdentityId: other.id, OtherCustomerId: other.customer,
		IntegrationId: i.integration, Channel: i.channel,
		ConversationId: i.conversation, OtherConversationId: other.conversation,
	})
	for _, pair := range [][2]*identityDraft{{i, other}, {other, i}} {
		if conv := d.conversationOf(pair[0]); conv != nil {
			d.emit(conv.stream(), &eventv1.AddressContested{
				ConversationId: conv.id, IdentityId: pair[0].id, IntegrationId: i.integration, Channel: i.channel,
				OtherIdentityId: pair[1].id, OtherCustomerId: pair[1].customer,
			})
		}
	}
	return true
}
