package main

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"sort"

	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/query"
	"weiche/services/router"
)

// queries answers what the API asks, from the directory and the log.
type queries struct {
	setups
	query.Log
}

// Incarnation names this life of the log.
func (q queries) Incarnation() string {
	_, incarnation := q.directory.Position()
	return incarnation
}

// logOf answers what is asked of the log that is here.
type logOf struct {
	folder *folder
	engine *router.Engine
}

// pageBytes bounds a page of the log: it has to fit into one message on its way to
// another process.
const pageBytes = 4 << 20

// Conversation returns the conversation of a visitor.
func (q logOf) Conversation(ctx context.Context, account, widgetID string, visitor *eventv1.Alias) (string, error) {
	return q.engine.VisitorConversation(ctx, account, widgetID, visitor)
}

// Password returns a password of an agent as argon2id made it.
func (q logOf) Password(_ context.Context, account, agentID, passwordID string) (channel.Secret, bool, error) {
	return router.Password(q.folder.keys, account, agentID, passwordID)
}

// VisitorKey returns the secret by which a site signs who its visitors are.
func (q logOf) VisitorKey(_ context.Context, account, widgetID, keyID string) (channel.Secret, bool, error) {
	return q.folder.keys.Secret(account, router.OwnerWidget(widgetID), keyID)
}

// VisitorEnded says whether a visitor's session was ended.
func (q logOf) VisitorEnded(ctx context.Context, account string, hash []byte) (bool, error) {
	return router.VisitorEnded(ctx, q.folder.store, account, hash)
}

// Events returns a page of the log, opened; a short one where there is much in it.
func (q logOf) Events(ctx context.Context, after uint64, limit int) ([]*adminv1.LoggedEvent, uint64, error) {
	events, err := q.logged(q.folder.store.ReadAll(ctx, after+1), limit)
	return events, q.folder.store.Durable(), err
}

// Audit returns a page of what is set up for an account and of who may come in.
func (q logOf) Audit(ctx context.Context, account string, after uint64, limit int) ([]*adminv1.LoggedEvent, uint64, error) {
	var events []*adminv1.LoggedEvent
	for _, category := range []string{conversation.CategoryAccount, conversation.CategoryAccess} {
		stream := eventstore.Stream{Account: account, Category: category, ID: account}
		from, err := q.versionAfter(ctx, stream, after)
		if err != nil {
			return nil, 0, err
		}
		page, err := q.logged(q.folder.store.ReadStream(ctx, stream, from), limit)
		if err != nil {
			return nil, 0, err
		}
		events = append(events, page...)
	}
	slices.SortFunc(events, func(a, b *adminv1.LoggedEvent) int { return cmp.Compare(a.GetPosition(), b.GetPosition()) })
	return events[:min(limit, len(events))], q.folder.store.Durable(), nil
}

// versionAfter returns the first version of a stream after a position in the log.
func (q logOf) versionAfter(ctx context.Context, stream eventstore.Stream, after uint64) (uint64, error) {
	if after == 0 {
		return 1, nil
	}
	last, err := q.folder.store.StreamVersion(ctx, stream)
	if err != nil {
		return 0, err
	}
	at := sort.Search(int(last), func(i int) bool {
		for rec, readErr := range q.folder.store.ReadStream(ctx, stream, uint64(i)+1) {
			if err = errors.Join(err, readErr); readErr == nil {
				return rec.Position > after
			}
			break
		}
		return true
	})
	return uint64(at) + 1, err
}

// logged returns at most limit records, opened.
func (q logOf) logged(records iter.Seq2[*eventstore.Record, error], limit int) ([]*adminv1.LoggedEvent, error) {
	var events []*adminv1.LoggedEvent
	bytes := 0
	for rec, err := range records {
		if err != nil {
			return nil, err
		}
		if len(events) == limit || bytes >= pageBytes {
			break
		}
		event, err := router.DecodeOpened(q.folder.keys, rec)
		if err != nil {
			return nil, err
		}
		body, err := anypb.New(event.Body)
		if err != nil {
			return nil, err
		}
		events = append(events, &adminv1.LoggedEvent{
			Position: rec.Position, AccountId: rec.Stream.Account, Stream: rec.Stream.String(), Version: rec.Version,
			EventId: rec.ID, RecordedAt: timestamppb.New(rec.Recorded), Causation: rec.Causation,
			Actor: rec.Actor, Event: body,
		})
		bytes += len(body.GetValue())
	}
	return events, nil
}
