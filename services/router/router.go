package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"weiche/eventstore"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/conversation"
)

// The bounds of one round: what is taken from the inbox at once.
const (
	roundItems = 512
	roundBytes = 4 << 20
)

// Router takes what comes in over a broker and gives it to an engine, in rounds:
// while one is on its way to the disk, the next gathers.
type Router struct {
	engine *Engine
	broker *broker.Broker
	logger *slog.Logger
	// stuck are timers that were due and came to nothing.
	stuck map[conversation.Timer]bool
}

// New returns a router. The caller holds the broker's router lease.
func New(engine *Engine, b *broker.Broker, logger *slog.Logger) *Router {
	if logger == nil {
		logger = slog.Default()
	}
	return &Router{engine: engine, broker: b, logger: logger, stuck: map[conversation.Timer]bool{}}
}

// Run takes rounds until the context ends, and returns nil then. Any other end
// is an error after which the process should end: the log is broken, or another
// router has taken over.
func (r *Router) Run(ctx context.Context) error {
	inbox, err := r.broker.Ingress(ctx)
	if err != nil {
		return ended(ctx, err)
	}
	defer inbox.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.rounds(ctx, inbox) })
	group.Go(func() error { return r.timers(ctx) })
	return ended(ctx, group.Wait())
}

// ended returns nil where the context's end is the reason.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Canceled)) {
		return nil
	}
	return err
}

// rounds decides what comes in. An answer leaves after its events are durable,
// the ack after the answer.
func (r *Router) rounds(ctx context.Context, inbox *broker.Inbox) error {
	for {
		deliveries, err := inbox.Next(ctx, roundItems, roundBytes)
		if err != nil {
			return err
		}
		var requests []Request
		var decided []*broker.Delivery
		for _, d := range deliveries {
			if d.Err != nil {
				r.logger.Warn("a message on INGRESS cannot be read", "error", d.Err)
				r.answer(d, &ingressv1.Answer{Error: "the message cannot be read: " + d.Err.Error()})
				continue
			}
			if d.Stale && claims(d.Batch) {
				// Whoever asked may be gone, and what is granted to nobody becomes
				// unknown. Who is still there asks again.
				r.acked(d)
				continue
			}
			requests = append(requests, Request{Source: d.Source, Batch: d.Batch})
			decided = append(decided, d)
		}
		// What was taken is decided, whatever becomes of the context: its
		// senders wait.
		answers, err := r.engine.Round(context.WithoutCancel(ctx), requests)
		if err != nil {
			return fmt.Errorf("router: %w", err)
		}
		for at, d := range decided {
			r.answer(d, answers[at])
		}
	}
}

// answer answers a delivery and takes it from the stream. Either may be lost: the
// same comes again then and is a duplicate.
func (r *Router) answer(d *broker.Delivery, answer *ingressv1.Answer) {
	if err := d.Answer(answer); err != nil {
		r.logger.Warn("answer not sent", "error", err)
	}
	r.acked(d)
}

// claims reports whether a batch is a sender's claim and nothing else.
func claims(batch *ingressv1.Batch) bool {
	for _, item := range batch.GetItems() {
		if item.GetSender().GetClaim() == nil {
			return false
		}
	}
	return true
}

func (r *Router) acked(d *broker.Delivery) {
	if err := d.Ack(); err != nil {
		r.logger.Warn("ack not sent", "error", err)
	}
}

// idle is how long the timers wait at most before they look again: a clock may
// have been set.
const idle = time.Minute

// untilRoom is how long they wait where the disk is full.
const untilRoom = time.Second

// timers fires what is due, in order. It wakes when a timer is set that is due sooner
// than what it waits for.
func (r *Router) timers(ctx context.Context) error {
	for {
		wait, err := r.fireDue(ctx)
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.engine.due.sooner:
		case <-time.After(min(wait, idle)):
		}
	}
}

// fireDue fires the timers that are due and returns how long the next one waits.
func (r *Router) fireDue(ctx context.Context) (time.Duration, error) {
	// A cut is due until all its bindings have ended: others have their turn between.
	var behind conversation.Timer
	for {
		account, timer, ok, err := r.engine.nextTimer(ctx, func(t conversation.Timer) bool { return r.stuck[t] || t == behind })
		if err != nil {
			return 0, err
		}
		if behind.Kind != "" && (!ok || timer.Due.After(r.engine.now())) {
			behind = conversation.Timer{}
			continue
		}
		if !ok {
			return idle, nil
		}
		if wait := timer.Due.Sub(r.engine.now()); wait > 0 {
			return wait, nil
		}
		before := r.engine.store.Durable()
		err = r.engine.Fire(context.WithoutCancel(ctx), account, timer)
		if errors.Is(err, eventstore.ErrDiskFull) {
			return untilRoom, nil
		}
		if err != nil {
			return 0, err
		}
		if r.engine.store.Durable() == before {
			// It stands in the index although no state knows it: that is a bug
			// of ours. It must not hold up the timers behind it.
			r.logger.Error("a timer was due and nothing came of it", "kind", timer.Kind, "id", timer.ID)
			r.stuck[timer] = true
		}
		if behind = (conversation.Timer{}); timer.Kind == conversation.TimerCut {
			behind = timer
		}
	}
}
