package operations

import (
	"context"
	"errors"

	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	adminv1 "weiche/proto/gen/weiche/admin/v1"
	errorv1 "weiche/proto/gen/weiche/error/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
	"weiche/services/router"
)

const (
	// nobody is the account of what belongs to none.
	nobody = "-"
	// pageItems and maxItems are how many items a page of the quarantine has where
	// nothing is said, and at most.
	pageItems, maxItems = 100, 1000
)

// ListQuarantine returns a page of the quarantine in log order. The
// positions come from an index.
func (o *Operations) ListQuarantine(ctx context.Context, r *adminv1.ListQuarantineRequest) (*adminv1.ListQuarantineResponse, error) {
	limit := int(r.GetLimit())
	if limit < 0 || limit > maxItems {
		return nil, fail(errorv1.Reason_REASON_INVALID, "the limit is 1 to %d", maxItems)
	}
	if limit == 0 {
		limit = pageItems
	}
	page := &adminv1.ListQuarantineResponse{}
	for entry, err := range router.Quarantine(ctx, o.Store, r.GetAccountId(), r.GetAll(), r.GetAfter()) {
		if err != nil {
			return nil, err
		}
		item, err := o.quarantined(ctx, entry.Position, false)
		if err != nil {
			return nil, err
		}
		if page.Items = append(page.Items, item.told()); len(page.Items) == limit {
			break
		}
	}
	return page, nil
}

// GetQuarantined returns one item with its bytes, whatever became of it.
func (o *Operations) GetQuarantined(ctx context.Context, r *adminv1.GetQuarantinedRequest) (*adminv1.GetQuarantinedResponse, error) {
	item, err := o.quarantined(ctx, r.GetPosition(), true)
	if err != nil {
		return nil, err
	}
	return &adminv1.GetQuarantinedResponse{Item: item.told(), Raw: item.event.GetSealed().GetRaw()}, nil
}

// DiscardQuarantined gives an item up. Once that is durable it can no longer be
// replayed; doing it again changes nothing.
func (o *Operations) DiscardQuarantined(ctx context.Context, r *adminv1.DiscardQuarantinedRequest) (*adminv1.DiscardQuarantinedResponse, error) {
	item, err := o.quarantined(ctx, r.GetPosition(), false)
	if err != nil {
		return nil, err
	}
	answer, err := o.say(ctx, item.rec.Stream.Account, &ingressv1.Item{Kind: &ingressv1.Item_Discard{
		Discard: &ingressv1.DiscardItem{Ref: item.ref()},
	}})
	if err != nil {
		return nil, err
	}
	if answer.GetStatus() == ingressv1.ItemStatus_ITEM_STATUS_REFUSED {
		return nil, fail(errorv1.Reason_REASON_ENDED, "item %d: %s", r.GetPosition(), answer.GetDetail())
	}
	if item, err = o.quarantined(ctx, r.GetPosition(), false); err != nil {
		return nil, err
	}
	return &adminv1.DiscardQuarantinedResponse{Item: item.told()}, nil
}

// ReplayQuarantined reads an item with today's parser and processes what it finds
// as if it came in now, for the integration that it belongs to today. What follows
// and that it was replayed are one commit; of an item that turns out to be several
// each is a commit of its own, and only the last takes it out of quarantine. By
// their dedup keys each takes effect once, however often this is called.
//
// What still cannot be used waits on, and the answer says why.
func (o *Operations) ReplayQuarantined(ctx context.Context, r *adminv1.ReplayQuarantinedRequest) (*adminv1.ReplayQuarantinedResponse, error) {
	item, err := o.quarantined(ctx, r.GetPosition(), true)
	if err != nil {
		return nil, err
	}
	switch item.state {
	case conversation.QuarantineDiscarded:
		return nil, fail(errorv1.Reason_REASON_ENDED, "item %d was discarded", r.GetPosition())
	case conversation.QuarantineReplayed:
		return o.replayed(ctx, item)
	}
	if item.event.GetSealed() == nil {
		return nil, fail(errorv1.Reason_REASON_ENDED,
			"item %d cannot be read any more: the key of its day is destroyed after 30 days. It can only be discarded", r.GetPosition())
	}
	answer := &adminv1.ReplayQuarantinedResponse{Item: item.told()}
	found, err := o.reread(item)
	if err != nil {
		answer.Detail = err.Error()
		return answer, nil
	}
	for at, one := range found {
		said, err := o.say(ctx, one.account, &ingressv1.Item{Kind: &ingressv1.Item_Replay{Replay: &ingressv1.ReplayItem{
			Ref: item.ref(), IntegrationId: one.source, Item: one.item,
			ReceivedAt: timestamppb.New(item.received()), More: at < len(found)-1,
		}}})
		if err != nil {
			return nil, err
		}
		if said.GetStatus() == ingressv1.ItemStatus_ITEM_STATUS_REFUSED {
			answer.Detail = said.GetDetail()
			return answer, nil
		}
	}
	if item, err = o.quarantined(ctx, r.GetPosition(), false); err != nil {
		return nil, err
	}
	return o.replayed(ctx, item)
}

// replayed answers for an item that was replayed, now or before.
func (o *Operations) replayed(ctx context.Context, item quarantined) (*adminv1.ReplayQuarantinedResponse, error) {
	answer := &adminv1.ReplayQuarantinedResponse{Item: item.told()}
	rec, err := o.Store.ReadAt(ctx, item.by)
	if err != nil {
		return nil, err
	}
	event, err := router.Decode(rec)
	if err != nil {
		return nil, err
	}
	if replayed, ok := event.Body.(*eventv1.ItemReplayed); ok {
		answer.ConversationId = replayed.GetConversationId()
		if replayed.GetDuplicate() {
			answer.Detail = "it had been processed before"
		}
	}
	return answer, nil
}

// quarantined is an item in quarantine.
type quarantined struct {
	rec   *eventstore.Record
	event *eventv1.ItemQuarantined
	state conversation.QuarantineState
	// by is the position of the event that made the state what it is, and channel
	// whose parser reads it; empty where that is not known.
	by      uint64
	channel string
}

// quarantined returns the item whose event is at a position, with its bytes where
// they are asked for and there.
func (o *Operations) quarantined(ctx context.Context, position uint64, opened bool) (item quarantined, err error) {
	notFound := fail(errorv1.Reason_REASON_NOT_FOUND, "there is no item %d in quarantine", position)
	if position == 0 {
		return item, notFound
	}
	item.rec, err = o.Store.ReadAt(ctx, position)
	if errors.Is(err, eventstore.ErrNotFound) {
		return item, notFound
	}
	if err != nil {
		return item, err
	}
	event, err := router.Decode(item.rec)
	if opened && err == nil {
		event, err = router.DecodeOpened(o.Keys, item.rec)
	}
	if err != nil {
		return item, err
	}
	var ok bool
	if item.event, ok = event.Body.(*eventv1.ItemQuarantined); !ok {
		return item, notFound
	}
	if item.state, item.by, ok, err = router.InQuarantine(ctx, o.Store, item.rec.Stream.Account, position); err != nil {
		return item, err
	}
	if !ok {
		return item, notFound
	}
	if item.channel = item.event.GetChannel(); item.channel == "" {
		if app, ok := o.Directory.App(item.event.GetSource()); ok {
			item.channel = app.Channel
		}
	}
	return item, nil
}

// states are what the states are called outside.
var states = map[conversation.QuarantineState]adminv1.QuarantineState{
	conversation.QuarantineWaiting:   adminv1.QuarantineState_QUARANTINE_STATE_WAITING,
	conversation.QuarantineReplayed:  adminv1.QuarantineState_QUARANTINE_STATE_REPLAYED,
	conversation.QuarantineDiscarded: adminv1.QuarantineState_QUARANTINE_STATE_DISCARDED,
}

// told is the item as callers are told of it, without its bytes.
func (q quarantined) told() *adminv1.QuarantinedItem {
	return &adminv1.QuarantinedItem{
		Position: q.rec.Position, AccountId: q.rec.Stream.Account, Source: q.event.GetSource(),
		IntegrationId: q.event.GetIntegrationId(), Channel: q.channel, Reason: q.event.GetReason(),
		RecordedAt: timestamppb.New(q.rec.Recorded), State: states[q.state],
	}
}

func (q quarantined) ref() *ingressv1.QuarantineRef {
	return &ingressv1.QuarantineRef{
		AccountId: q.rec.Stream.Account, Source: q.event.GetSource(), Position: q.rec.Position,
		ConversationId: q.event.GetConversationId(),
	}
}
