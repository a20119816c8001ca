package router

import (
	"context"
	"errors"
	"iter"

	"weiche/eventstore"
	"weiche/proto/schema"
	"weiche/services/broker"
	"weiche/services/conversation"
	"weiche/services/public"
)

// publicEvent returns what subscribers see of a record: its place, and what is public
// of it. Every record gives exactly one message, so that positions have no gaps.
func (e *Engine) publicEvent(rec *eventstore.Record) (broker.Event, error) {
	out := broker.Event{
		Account: rec.Stream.Account, Category: rec.Stream.Category, ID: rec.Stream.ID,
		Incarnation: e.store.Incarnation(), Position: rec.Position, Version: rec.Version,
		Sequence: rec.AccountSequence,
	}
	stored, err := DecodeOpened(e.keys, rec)
	if errors.Is(err, schema.ErrLater) {
		// Nobody here can say what of it is public.
		return out, nil
	}
	if err != nil {
		return out, err
	}
	event := public.Event(&public.Record{
		EventID: rec.ID, Account: rec.Stream.Account, Category: rec.Stream.Category, ID: rec.Stream.ID,
		Version: rec.Version, Sequence: rec.AccountSequence,
		Position: public.Position{Place: rec.Position, Incarnation: e.store.Incarnation()},
		At:       rec.Recorded, Body: stored.Body,
	})
	if event == nil {
		return out, nil
	}
	out.Type = event.GetType()
	out.Data, err = deterministic.Marshal(event)
	return out, err
}

// publicBytes bounds what is read of the public log at once: it has to fit into one
// message on its way to another process.
const publicBytes = 4 << 20

// PublicLog is the log as subscribers see it. It gives what EVENTS gave, and what was
// taken back since is gone from it.
type PublicLog struct{ engine *Engine }

// NewPublicLog returns the public log of an engine.
func NewPublicLog(engine *Engine) PublicLog { return PublicLog{engine} }

// Follow calls take with what is public of each record from a place on, as soon as it is
// in the log; those to come if it is the zero value, or one of another log. It returns
// when ctx ends or the log cannot be read, and never nil.
func (l PublicLog) Follow(ctx context.Context, from broker.Place, take func(broker.Event)) error {
	store := l.engine.store
	if from.Position == 0 || from.Incarnation != store.Incarnation() {
		from.Position = store.Durable() + 1
	}
	for rec, err := range store.Subscribe(ctx, from.Position) {
		if err != nil {
			return err
		}
		event, err := l.engine.publicEvent(rec)
		if err != nil {
			return err
		}
		take(event)
	}
	return ctx.Err()
}

// Head returns where the log ends, and its incarnation.
func (l PublicLog) Head(context.Context) (broker.Place, error) {
	return broker.Place{Incarnation: l.engine.store.Incarnation(), Position: l.engine.store.Durable()}, nil
}

// Sequence returns the sequence of an account's last record that is not after a
// position; 0 where there is none.
func (l PublicLog) Sequence(ctx context.Context, account string, position uint64) (uint64, error) {
	return l.engine.store.AccountSequence(ctx, account, position)
}

// Account returns at most limit records of an account after a sequence, in order and
// without a gap: each is one event, empty where nothing is public. It returns none
// where that was the last.
func (l PublicLog) Account(ctx context.Context, account string, after uint64, limit int) ([]broker.Event, error) {
	return l.page(l.engine.store.ReadAccount(ctx, account, after+1), limit)
}

// Conversation is Account for the records of one conversation, after a version.
func (l PublicLog) Conversation(ctx context.Context, account, conversationID string, after uint64, limit int) ([]broker.Event, error) {
	stream := eventstore.Stream{Account: account, Category: conversation.CategoryConversation, ID: conversationID}
	return l.page(l.engine.store.ReadStream(ctx, stream, after+1), limit)
}

// page returns what is public of the first records, bounded by a limit and in bytes.
func (l PublicLog) page(records iter.Seq2[*eventstore.Record, error], limit int) ([]broker.Event, error) {
	var events []broker.Event
	bytes := 0
	for rec, err := range records {
		if err != nil {
			return nil, err
		}
		event, err := l.engine.publicEvent(rec)
		if err != nil {
			return nil, err
		}
		events, bytes = append(events, event), bytes+len(event.Data)
		if len(events) >= limit || bytes >= publicBytes {
			break
		}
	}
	return events, nil
}
