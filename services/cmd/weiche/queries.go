package main

import (
	"context"

	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	"weiche/services/router"
)

// queries answers what the API asks, from the directory and the log.
type queries struct {
	setups
	folder *folder
	engine *router.Engine
}

// Conversation returns the conversation of a visitor.
func (q queries) Conversation(ctx context.Context, account, widgetID, visitor string) (string, error) {
	return q.engine.VisitorConversation(ctx, account, widgetID, visitor)
}

// Incarnation names this life of the log.
func (q queries) Incarnation() string { return q.folder.store.Incarnation() }

// Events returns a page of the log, opened.
func (q queries) Events(ctx context.Context, after uint64, limit int) ([]*adminv1.LoggedEvent, uint64, error) {
	var events []*adminv1.LoggedEvent
	for rec, err := range q.folder.store.ReadAll(ctx, after+1) {
		if err != nil {
			return nil, 0, err
		}
		if len(events) == limit {
			break
		}
		event, err := router.DecodeOpened(q.folder.keys, rec)
		if err != nil {
			return nil, 0, err
		}
		body, err := anypb.New(event.Body)
		if err != nil {
			return nil, 0, err
		}
		events = append(events, &adminv1.LoggedEvent{
			Position: rec.Position, AccountId: rec.Stream.Account, Stream: rec.Stream.String(), Version: rec.Version,
			EventId: rec.ID, RecordedAt: timestamppb.New(rec.Recorded), Causation: rec.Causation,
			Actor: rec.Actor, Event: body,
		})
	}
	return events, q.folder.store.Durable(), nil
}
