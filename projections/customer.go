package projections

import (
	"bytes"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// applyCustomer folds the customer card (V5): a row for the customer, one for
// each identity and conversation, and one that says whom an identity belongs to.
func applyCustomer(rows Rows, rec *eventstore.Record, event proto.Message) {
	c := customerFold{rows: rows, rec: rec, account: rec.Stream.Account}
	switch e := event.(type) {
	case *eventv1.CustomerCreated:
		rows.Put(rowKey(c.account, e.CustomerId, kindCustomer), &viewv1.Customer{
			CustomerId: e.CustomerId, CreatedAt: recordedAt(rec),
		})
	case *eventv1.ConversationStarted:
		k := rowKey(c.account, e.CustomerId, kindCustomerTalk).number(rec.Position).text(e.ConversationId)
		rows.Put(k, &viewv1.CustomerConversation{
			ConversationId: e.ConversationId, WidgetId: e.WidgetId, Started: rec.Position, StartedAt: recordedAt(rec),
		})
	case *eventv1.IdentityCreated:
		c.put(&viewv1.Identity{
			IdentityId: e.IdentityId, CustomerId: e.CustomerId, IntegrationId: e.IntegrationId, Channel: e.Channel,
			FirstSeen: rec.Position, FirstSeenAt: recordedAt(rec),
			Names: []*viewv1.SealedAliases{c.names(e.Aliases)},
		})
	case *eventv1.IdentityAliasesChanged:
		c.change(e.IdentityId, func(i *viewv1.Identity) {
			for _, removed := range e.Removed {
				c.forget(i, removed)
			}
			if len(e.Added) > 0 || sealedOf(rec) != nil {
				i.Names = append(i.Names, c.names(e.Added))
			}
		})
	case *eventv1.IdentityMoved:
		c.change(e.IdentityId, func(i *viewv1.Identity) {
			// An erasure later on does not know of this place any more.
			before := rowKey(c.account, i.CustomerId, kindCustomerIdentity).text(i.IdentityId)
			rows.Delete(before)
			rows.Forget(before)
			i.MovedFrom, i.CustomerId = i.CustomerId, e.ToCustomerId
		})
	case *eventv1.IdentityBound:
		c.change(e.IdentityId, func(i *viewv1.Identity) { i.ConversationId = e.ConversationId })
	case *eventv1.IdentityReleased:
		c.change(e.IdentityId, func(i *viewv1.Identity) {
			i.Unconfirmed = false
			// A release that comes after the next binding is of the one before.
			if i.ConversationId == e.ConversationId {
				i.ConversationId = ""
			}
		})
	case *eventv1.IdentityKeyChanged:
		c.change(e.IdentityId, func(i *viewv1.Identity) { i.Unconfirmed = i.Unconfirmed || e.ConversationId != "" })
	case *eventv1.IdentityConfirmed:
		c.change(e.IdentityId, func(i *viewv1.Identity) { i.Unconfirmed = false })
	case *eventv1.OptInChanged:
		c.change(e.IdentityId, func(i *viewv1.Identity) { optIn(i, e) })
	case *eventv1.AliasConflictFound:
		c.conflict(e.CustomerId, e.IdentityId, e.OtherIdentityId, e.OtherCustomerId)
		c.conflict(e.OtherCustomerId, e.OtherIdentityId, e.IdentityId, e.CustomerId)
	case *eventv1.CustomersLinked:
		c.decide(e.CustomerId, e.OtherCustomerId, &viewv1.LinkedCustomer{
			CustomerId: e.OtherCustomerId, AgentId: e.AgentId, LinkedAt: recordedAt(rec),
		})
	case *eventv1.CustomersUnlinked:
		c.decide(e.CustomerId, e.OtherCustomerId, nil)
	}
}

type customerFold struct {
	rows    Rows
	rec     *eventstore.Record
	account string
}

// put keeps an identity with its customer.
func (c *customerFold) put(i *viewv1.Identity) {
	c.rows.Put(rowKey(c.account, i.IdentityId, kindOwner), &viewv1.IdentityOwner{CustomerId: i.CustomerId})
	c.rows.Put(rowKey(c.account, i.CustomerId, kindCustomerIdentity).text(i.IdentityId), i)
}

func (c *customerFold) change(identity string, f func(*viewv1.Identity)) {
	owner := get[viewv1.IdentityOwner](c.rows, rowKey(c.account, identity, kindOwner))
	if owner == nil {
		return
	}
	i := get[viewv1.Identity](c.rows, rowKey(c.account, owner.CustomerId, kindCustomerIdentity).text(identity))
	if i == nil {
		return
	}
	f(i)
	c.put(i)
}

func (c *customerFold) names(hashes []*eventv1.AliasHash) *viewv1.SealedAliases {
	return &viewv1.SealedAliases{
		Sealed: sealedOf(c.rec), Hashes: hashes, Gone: make([]bool, len(hashes)), LearntAt: recordedAt(c.rec),
	}
}

// forget marks an alias as taken away. What is sealed stays until its key goes.
func (c *customerFold) forget(i *viewv1.Identity, removed *eventv1.AliasHash) {
	for _, names := range i.Names {
		for n, hash := range names.Hashes {
			if hash.Kind == removed.Kind && bytes.Equal(hash.Hash, removed.Hash) {
				for len(names.GoneAt) < len(names.Hashes) {
					names.GoneAt = append(names.GoneAt, new(timestamppb.Timestamp))
				}
				if !names.Gone[n] && recordedAt(c.rec) != nil {
					names.GoneAt[n] = recordedAt(c.rec)
				}
				names.Gone[n] = true
			}
		}
	}
}
