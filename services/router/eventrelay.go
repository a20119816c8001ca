package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/broker"
)

// eventsAgain is how many records a server gets again that has lost EVENTS: more than can
// have been under way. Who follows finds a gap before them and reads the log; what comes
// now does not wait for weeks of what was.
const eventsAgain = 10_000

// EventRelay follows the log: every record becomes one message on EVENTS, in log order.
// What is put there is not the record: a subscriber gets what is public of it. It is
// for those who do not have the log: other processes, and back ends.
type EventRelay struct {
	engine *Engine
	broker *broker.Broker
	logger *slog.Logger

	again chan struct{}
	// head is where the log ended when the relay was made.
	head uint64
	// published is the position of the last record on EVENTS.
	published atomic.Uint64
}

// NewEventRelay returns a relay of everything that is appended from now on, and of what
// EVENTS lacks before that.
func NewEventRelay(engine *Engine, b *broker.Broker, logger *slog.Logger) *EventRelay {
	if logger == nil {
		logger = slog.Default()
	}
	r := &EventRelay{engine: engine, broker: b, logger: logger, again: make(chan struct{}, 1), head: engine.store.Durable()}
	r.published.Store(r.head)
	return r
}

// Position returns the position of the last record that is on EVENTS.
func (r *EventRelay) Position() uint64 { return r.published.Load() }

// Again makes the relay try at once what failed: after a reconnect it will not.
func (r *EventRelay) Again() {
	select {
	case r.again <- struct{}{}:
	default:
	}
}

// Run relays until the context ends, and returns nil then. It goes on from where
// EVENTS ends.
func (r *EventRelay) Run(ctx context.Context) error {
	for {
		err := r.follow(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, eventstore.ErrClosed) || errors.Is(err, eventstore.ErrCorrupt) {
			return err
		}
		r.logger.Warn("relay to EVENTS interrupted", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		case <-r.again:
		}
	}
}

func (r *EventRelay) follow(ctx context.Context) error {
	incarnation, position, ok, err := r.broker.LastEvent(ctx)
	if err != nil {
		return err
	}
	if !ok || incarnation != r.engine.store.Incarnation() {
		position = r.lost()
	}
	for rec, err := range r.engine.store.Subscribe(ctx, position+1) {
		if err != nil {
			return err
		}
		if takesBack(rec) {
			if err := r.broker.ForgetEvents(ctx, rec.Stream.Account, rec.Stream.Category, rec.Stream.ID); err != nil {
				return fmt.Errorf("event %d: %w", rec.Position, err)
			}
		}
		event, err := r.engine.publicEvent(rec)
		if err != nil {
			return err
		}
		if err := r.broker.PublishEvent(ctx, event); err != nil {
			return fmt.Errorf("event %d: %w", rec.Position, err)
		}
		r.published.Store(rec.Position)
	}
	return ctx.Err()
}

// lost returns the position after which EVENTS is told where it holds nothing of this log.
func (r *EventRelay) lost() uint64 {
	published := r.published.Load()
	return max(r.head, published-min(published, eventsAgain))
}

// takesBack says whether a record makes what was said before in its conversation
// unreadable: EVENTS holds it opened.
func takesBack(rec *eventstore.Record) bool {
	switch rec.Type {
	case typeOf(&eventv1.ConversationErased{}), typeOf(&eventv1.MessageUnsent{}):
		return true
	}
	return false
}
