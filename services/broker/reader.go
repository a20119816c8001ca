package broker

import (
	"context"
	"errors"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
)

// Filter chooses events by their stream. What is empty matches all.
type Filter struct {
	Account, Category, ID string
}

// Place is a place in the log.
type Place struct {
	Incarnation string
	Position    uint64
}

// EventReader reads EVENTS in order. It is lossy: EVENTS forgets what is old, so
// a reader compares positions, or an account's sequence where it filters, and
// reads from the log what is missing.
type EventReader struct {
	broker   *Broker
	from     Place
	messages jetstream.MessagesContext
	once     sync.Once
}

// Events opens a reader of the events that match, from a place on. Position 0
// means those to come. Where EVENTS does not go back that far the first event
// is a later one; where it holds another incarnation, only what is to come is
// read. Each reader costs the server a consumer, of which it allows 1,000: one
// for a process is enough.
func (b *Broker) Events(ctx context.Context, filter Filter, from Place) (*EventReader, error) {
	subject, err := filterSubject(filter)
	if err != nil {
		return nil, err
	}
	start, err := b.sequenceOf(ctx, from)
	if err != nil {
		return nil, err
	}
	consumer, err := b.js.OrderedConsumer(ctx, streamEvents, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{subject},
		DeliverPolicy:  jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:    start,
	})
	if err != nil {
		return nil, b.failed(err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		return nil, b.failed(err)
	}
	r := &EventReader{broker: b, from: from, messages: messages}
	if err := b.closeWith(r); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// sequenceOf returns a sequence of EVENTS that is not after a place. Every record
// makes one message, so it can be counted back from the last; where that does
// not hold it is the first.
func (b *Broker) sequenceOf(ctx context.Context, from Place) (uint64, error) {
	state, last, err := b.lastEvent(ctx)
	if err != nil {
		return 0, err
	}
	next := state.LastSeq + 1
	if from.Position == 0 || last == nil || last.Incarnation != from.Incarnation || from.Position > last.Position {
		return next, nil
	}
	back := last.Position - from.Position
	if back > state.LastSeq-state.FirstSeq {
		return state.FirstSeq, nil
	}
	stream, err := b.js.Stream(ctx, streamEvents)
	if err != nil {
		return 0, b.failed(err)
	}
	msg, err := stream.GetMsg(ctx, state.LastSeq-back)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return state.FirstSeq, nil
	}
	if err != nil {
		return 0, b.failed(err)
	}
	event, err := readEvent(msg.Subject, msg.Header, msg.Data)
	if err != nil || event.Incarnation != from.Incarnation || event.Position > from.Position {
		return state.FirstSeq, nil
	}
	return msg.Sequence, nil
}

// Next waits for the next event. Errors are that of ctx and ErrClosed; after any
// other the reader is closed and opened again by its owner.
func (r *EventReader) Next(ctx context.Context) (Event, error) {
	for {
		msg, err := r.messages.Next(jetstream.NextContext(ctx))
		switch {
		case errors.Is(err, jetstream.ErrMsgIteratorClosed):
			return Event{}, ErrClosed
		case ctx.Err() != nil && err != nil:
			return Event{}, ctx.Err()
		case err != nil:
			return Event{}, r.broker.failed(err)
		}
		event, err := readEvent(msg.Subject(), msg.Headers(), msg.Data())
		if err != nil {
			return Event{}, err
		}
		if event.Incarnation == r.from.Incarnation && event.Position < r.from.Position {
			continue
		}
		return event, nil
	}
}

// Close ends the reader.
func (r *EventReader) Close() {
	r.once.Do(func() {
		r.messages.Stop()
		r.broker.forget(r)
	})
}
