package projections

import (
	"bytes"
	"context"
	"strings"

	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// erasing wraps the fold of a projection: what is erased loses its rows, all but
// one that says so.
func erasing(apply, erase func(Rows, *eventstore.Record, proto.Message)) func(Rows, *eventstore.Record, proto.Message) {
	return func(rows Rows, rec *eventstore.Record, event proto.Message) {
		switch event.(type) {
		case *eventv1.ConversationErased, *eventv1.IdentityErased, *eventv1.CustomerErased:
			erase(rows, rec, event)
		default:
			apply(rows, rec, event)
		}
	}
}

// eraseTimeline leaves one line of a conversation.
func eraseTimeline(rows Rows, rec *eventstore.Record, event proto.Message) {
	if e, ok := event.(*eventv1.ConversationErased); ok {
		rows.DeleteAll(allOf(rec, e.ConversationId))
		t := timelineFold{rows: rows, rec: rec, account: rec.Stream.Account}
		t.line(e.ConversationId, &viewv1.SystemLine{Kind: viewv1.SystemLineKind_SYSTEM_LINE_KIND_ERASED})
	}
}

// eraseChannelView leaves nothing of a conversation.
func eraseChannelView(rows Rows, rec *eventstore.Record, event proto.Message) {
	if e, ok := event.(*eventv1.ConversationErased); ok {
		rows.DeleteAll(allOf(rec, e.ConversationId))
	}
}

// eraseRoute leaves a route that leads nowhere, and whose it was.
func eraseRoute(rows Rows, rec *eventstore.Record, event proto.Message) {
	e, ok := event.(*eventv1.ConversationErased)
	if !ok {
		return
	}
	r := routeFold{rows: rows, rec: rec}
	r.change(e.ConversationId, func(route *viewv1.Route) {
		route.Rule, route.Since, route.SinceAt = eventv1.RouteRule_ROUTE_RULE_ERASED, rec.Position, recordedAt(rec)
		route.CausedAt, route.Language = nil, ""
		route.Bindings, route.Others, route.LinkIds = nil, nil, nil
	})
}

// eraseCustomer leaves the card of a customer with the ids of the conversations.
func eraseCustomer(rows Rows, rec *eventstore.Record, event proto.Message) {
	account := rec.Stream.Account
	switch e := event.(type) {
	case *eventv1.IdentityErased:
		at := rowKey(account, e.IdentityId, kindOwner)
		if owner := get[viewv1.IdentityOwner](rows, at); owner != nil {
			identity := rowKey(account, owner.CustomerId, kindCustomerIdentity).text(e.IdentityId)
			rows.Delete(identity)
			rows.Forget(identity)
			rows.Delete(at)
		}
	case *eventv1.CustomerErased:
		rows.DeleteAll(rowKey(account, e.CustomerId, kindCustomerIdentity))
		at := rowKey(account, e.CustomerId, kindCustomer)
		if customer := get[viewv1.Customer](rows, at); customer != nil {
			customer.Erased, customer.ErasedAt = true, recordedAt(rec)
			customer.Linked, customer.Conflicts = nil, nil
			rows.Put(at, customer)
		}
	}
}

// allOf is where the keys of a conversation's rows begin.
func allOf(rec *eventstore.Record, conversation string) []byte {
	return key{}.text(rec.Stream.Account).text(conversation)
}

// DeleteAll removes the rows whose keys begin with a prefix.
func (m *Memory) DeleteAll(prefix []byte) {
	for k := range m.rows {
		if strings.HasPrefix(k, string(prefix)) {
			delete(m.rows, k)
		}
	}
}

// DeleteAll removes the rows whose keys begin with a prefix, also those that are
// not in memory.
func (c *cache) DeleteAll(prefix []byte) {
	var keys []string
	for _, rows := range []map[string]*cached{c.young, c.old} {
		for k, entry := range rows {
			if entry.row != nil && strings.HasPrefix(k, string(prefix)) {
				keys = append(keys, k)
			}
		}
	}
	for _, k := range keys {
		c.Delete([]byte(k))
		c.Forget([]byte(k))
	}
	if c.err != nil {
		return
	}
	stored := snapshotRows{db: c.db, prefix: c.prefix}
	c.err = stored.each(stored.at(prefix), prefixEnd(stored.at(prefix)), false, func(k, _ []byte) (bool, error) {
		if entry := c.lookup(k); entry == nil || entry.row != nil {
			c.Delete(bytes.Clone(k))
			c.Forget(k)
		}
		return true, nil
	})
}

// erasedLater erases in rows of the past what was erased after them, where there
// is something to erase.
func (p *Past) erasedLater(rows *Memory, rec *eventstore.Record, event proto.Message, fold func(*eventstore.Record)) {
	switch event.(type) {
	case *eventv1.ConversationErased, *eventv1.CustomerErased:
		if len(rows.rows) > 0 {
			fold(rec)
		}
	}
}

// customerErasedLater erases a card of the past where the customer was erased
// after it.
func (p *Past) customerErasedLater(ctx context.Context, account, customer string, rows *Memory, fold func(*eventstore.Record)) error {
	for rec, err := range p.readStream(ctx, eventstore.Stream{Account: account, Category: customerCategory, ID: customer}) {
		if err != nil {
			return p.wrap(err)
		}
		if event, _ := decode(rec); rec.Position > p.position && event != nil {
			p.erasedLater(rows, rec, event, fold)
		}
	}
	return nil
}

// conversationErasedLater erases a row of the inbox of the past where the
// conversation was erased after it.
func (p *Past) conversationErasedLater(ctx context.Context, account, conversation string, fold func(*eventstore.Record)) error {
	for rec, err := range p.readStream(ctx, eventstore.Stream{Account: account, Category: conversationCategory, ID: conversation}) {
		if err != nil {
			return p.wrap(err)
		}
		if event, _ := decode(rec); rec.Position > p.position {
			if _, ok := event.(*eventv1.ConversationErased); ok {
				fold(rec)
			}
		}
	}
	return nil
}
