package projections

import (
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// applyRoute folds the route of a conversation (V4): one row for each.
func applyRoute(rows Rows, rec *eventstore.Record, event proto.Message) {
	r := routeFold{rows: rows, rec: rec}
	switch e := event.(type) {
	case *eventv1.ConversationStarted:
		r.change(e.ConversationId, func(route *viewv1.Route) {
			route.CustomerId, route.WidgetId, route.Language = e.CustomerId, e.WidgetId, e.Language
		})
	case *eventv1.ChannelBound:
		r.change(e.ConversationId, func(route *viewv1.Route) { r.bind(route, e) })
	case *eventv1.ChannelUnbound:
		r.change(e.ConversationId, func(route *viewv1.Route) {
			b := takeBinding(route, e.IdentityId)
			b.Unbound, b.UnboundReason = rec.Position, e.Reason
			route.Others = append(route.Others, b)
		})
	case *eventv1.RouteChanged:
		r.change(e.ConversationId, func(route *viewv1.Route) { r.order(route, e) })
	case *eventv1.MessageReceived:
		r.active(e.ConversationId, e.IdentityId, e.SentAt)
	case *eventv1.ThreadOpened:
		r.active(e.ConversationId, e.IdentityId, e.SentAt)
	case *eventv1.AddressDoubted:
		r.change(e.ConversationId, func(route *viewv1.Route) { doubt(route, e.IdentityId, true) })
	case *eventv1.AddressConfirmed:
		r.change(e.ConversationId, func(route *viewv1.Route) { doubt(route, e.IdentityId, false) })
	case *eventv1.LinkMatched:
		r.active(e.ConversationId, e.IdentityId, e.SentAt)
	case *eventv1.LinkAnswered:
		r.active(e.ConversationId, e.IdentityId, e.SentAt)
	case *eventv1.LinkRequested:
		r.change(e.ConversationId, func(route *viewv1.Route) { route.LinkIds = append(route.LinkIds, e.LinkId) })
	case *eventv1.LinkConfirmed:
		r.linkEnded(e.ConversationId, e.LinkId)
	case *eventv1.LinkCancelled:
		r.linkEnded(e.ConversationId, e.LinkId)
	case *eventv1.LinkFailed:
		r.linkEnded(e.ConversationId, e.LinkId)
	case *eventv1.LinkExpired:
		r.linkEnded(e.ConversationId, e.LinkId)
	}
}

type routeFold struct {
	rows Rows
	rec  *eventstore.Record
}

func (r *routeFold) change(conversation string, f func(*viewv1.Route)) {
	k := rowKey(r.rec.Stream.Account, conversation, kindRoute)
	route := getOrNew[viewv1.Route](r.rows, k)
	route.ConversationId = conversation
	f(route)
	r.rows.Put(k, route)
}

// linkEnded forgets a link that waits no longer.
func (r *routeFold) linkEnded(conversation, link string) {
	r.change(conversation, func(route *viewv1.Route) {
		route.LinkIds = slices.DeleteFunc(route.LinkIds, func(id string) bool { return id == link })
	})
}

// bind adds a binding behind the others; the RouteChanged that follows gives it
// its place.
func (r *routeFold) bind(route *viewv1.Route, e *eventv1.ChannelBound) {
	b := takeBinding(route, e.IdentityId)
	route.Bindings = append(route.Bindings, &viewv1.Binding{
		IdentityId: e.IdentityId, IntegrationId: e.IntegrationId, Channel: e.Channel, LinkId: e.LinkId,
		Bound: r.rec.Position, BoundAt: recordedAt(r.rec), ActiveAt: b.ActiveAt,
	})
	if e.WroteAt != nil {
		// Taken over from the conversation before.
		route.Bindings[len(route.Bindings)-1].ActiveAt = e.WroteAt
	}
	if e.Unconfirmed {
		doubt(route, e.IdentityId, true)
	}
}

func (r *routeFold) order(route *viewv1.Route, e *eventv1.RouteChanged) {
	route.Version, route.Rule, route.CausedAt = e.RouteVersion, e.Rule, e.CausedAt
	route.Since, route.SinceAt = r.rec.Position, recordedAt(r.rec)
	ordered := make([]*viewv1.Binding, 0, len(e.IdentityIds))
	for _, id := range e.IdentityIds {
		ordered = append(ordered, takeBinding(route, id))
	}
	route.Others = append(route.Others, route.Bindings...)
	route.Bindings = ordered
}

// active remembers when the customer last did something that opens a messaging
// window (R7).
func (r *routeFold) active(conversation, identity string, at *timestamppb.Timestamp) {
	r.change(conversation, func(route *viewv1.Route) {
		b := findBinding(route, identity)
		if b == nil {
			b = &viewv1.Binding{IdentityId: identity}
			route.Others = append(route.Others, b)
		}
		if b.ActiveAt == nil || at.AsTime().After(b.ActiveAt.AsTime()) {
			b.ActiveAt = at
		}
	})
}

func doubt(route *viewv1.Route, identity string, unconfirmed bool) {
	if b := findBinding(route, identity); b != nil {
		b.Unconfirmed = unconfirmed
	}
}

func findBinding(route *viewv1.Route, identity string) *viewv1.Binding {
	for _, list := range [][]*viewv1.Binding{route.Bindings, route.Others} {
		for _, b := range list {
			if b.IdentityId == identity {
				return b
			}
		}
	}
	return nil
}

// takeBinding removes the binding of an identity from both lists and returns it,
// a new one if there is none.
func takeBinding(route *viewv1.Route, identity string) *viewv1.Binding {
	b := findBinding(route, identity)
	if b == nil {
		return &viewv1.Binding{IdentityId: identity}
	}
	is := func(other *viewv1.Binding) bool { return other == b }
	route.Bindings = slices.DeleteFunc(route.Bindings, is)
	route.Others = slices.DeleteFunc(route.Others, is)
	return b
}

// recordedAt returns when a record was stored, nil if it does not say.
func recordedAt(rec *eventstore.Record) *timestamppb.Timestamp {
	if rec.Recorded.IsZero() {
		return nil
	}
	return timestamppb.New(rec.Recorded)
}
