package router

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
)

// relayAgain is how often sends that nobody has claimed are relayed again. Claims
// make that harmless.
const relayAgain = time.Minute

// relaySoon is when a request is relayed again that the broker was away for.
const relaySoon = time.Second

// relayFor is how long a server may take to hold a request. One that does not answer for
// longer holds up nothing else: the request is relayed again with what is unclaimed.
const relayFor = 10 * time.Second

// relayAtATime is how many requests are relayed at a time.
const relayAtATime = 8

// Relay follows the log: every send or file that was requested becomes one message on
// EGRESS or FETCH.
type Relay struct {
	engine *Engine
	logger *slog.Logger

	// send puts a send on EGRESS, as broker.PublishSend does, and fetch a file on FETCH,
	// as broker.PublishFetch does, each within some time.
	send   func(context.Context, *ingressv1.Send) error
	fetch  func(context.Context, *ingressv1.FetchMedia) error
	within time.Duration

	again chan struct{}
	// missed says that the broker was away for a request.
	missed atomic.Bool
	// head is where the log ended when the relay was made.
	head uint64
	// seen is the position of the last record whose request, if it is one, is on its
	// way.
	seen atomic.Uint64
}

// NewRelay returns a relay of everything that is appended from now on. What the
// log owes already is found by its index.
func NewRelay(engine *Engine, b *broker.Broker, logger *slog.Logger) *Relay {
	if logger == nil {
		logger = slog.Default()
	}
	r := &Relay{
		engine: engine, logger: logger, send: b.PublishSend, fetch: b.PublishFetch, within: relayFor,
		again: make(chan struct{}, 1), head: engine.store.Durable(),
	}
	r.seen.Store(r.head)
	return r
}

// Position returns the position up to which every request is on its way.
func (r *Relay) Position() uint64 { return r.seen.Load() }

// Again makes the relay look at once for sends that nobody has claimed: after a
// reconnect the broker may have forgotten them.
func (r *Relay) Again() {
	select {
	case r.again <- struct{}{}:
	default:
	}
}

// Run relays until the context ends, and returns nil then.
func (r *Relay) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.sends(ctx) })
	group.Go(func() error { return r.unclaimed(ctx) })
	return ended(ctx, group.Wait())
}

// sends relays what is requested, as it is requested: several at a time, since each
// waits for the broker. An identity has one request at a time, so that what is said to
// it keeps its order.
func (r *Relay) sends(ctx context.Context) error {
	var group errgroup.Group
	group.SetLimit(relayAtATime)
	defer func() { _ = group.Wait() }() // none returns an error
	send, media := typeOf(&eventv1.SendRequested{}), typeOf(&eventv1.MediaRequested{})
	for rec, err := range r.engine.store.Subscribe(ctx, r.head+1) {
		if err != nil {
			return err
		}
		if rec.Type == send || rec.Type == media {
			group.Go(func() error {
				if err := r.relay(ctx, rec); err != nil {
					// The broker is away or full: the send stays unclaimed, the file
					// is not fetched, and it is relayed again.
					if isAway(err) {
						r.missed.Store(true)
					}
					r.logger.Warn("request not relayed", "position", rec.Position, "error", err)
				}
				return nil
			})
		}
		r.seen.Store(rec.Position)
	}
	return ctx.Err()
}

// unclaimed relays what was requested and is not claimed: at the start, after a
// reconnect, soon after the broker was away, and every minute.
func (r *Relay) unclaimed(ctx context.Context) error {
	tick := time.NewTicker(relaySoon)
	defer tick.Stop()
	for files := true; ; {
		looked := time.Now()
		if files {
			if err := r.relayAll(ctx, indexUnfetched); err != nil {
				return err
			}
		}
		if err := r.relayAll(ctx, indexUnclaimed); err != nil {
			return err
		}
		files = false
		for !files && time.Since(looked) < relayAgain {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-r.again:
				files = true
			case <-tick.C:
				files = r.missed.Swap(false)
			}
		}
	}
}

// relayAll relays again what an index of requests holds.
func (r *Relay) relayAll(ctx context.Context, index string) error {
	full := 0
	defer func() {
		if full > 0 {
			r.logger.Warn("requests not relayed: their integrations have as many waiting as may be", "index", index, "requests", full)
		}
	}()
	for hit, err := range r.engine.store.IndexScan(ctx, installation, index, nil, nil) {
		if err != nil {
			return err
		}
		rec, err := r.engine.store.ReadAt(ctx, hit.Position)
		if err != nil {
			return err
		}
		switch err := r.relay(ctx, rec); {
		case errors.Is(err, broker.ErrOverloaded):
			// The next may be of another integration.
			full++
		case isAway(err):
			r.missed.Store(true)
			r.logger.Warn("request not relayed", "position", rec.Position, "error", err)
			return nil
		case err != nil:
			// What cannot be read must not hold up what can.
			r.logger.Error("request not relayed", "position", rec.Position, "error", err)
		}
	}
	return nil
}

// isAway reports whether an error says that the broker takes nothing now.
func isAway(err error) bool {
	for _, away := range []error{broker.ErrUnavailable, broker.ErrClosed, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, away) {
			return true
		}
	}
	return false
}

// relay puts one requested send on EGRESS, with the address and the content opened,
// or one requested file on FETCH.
func (r *Relay) relay(ctx context.Context, rec *eventstore.Record) error {
	event, err := Decode(rec)
	if err != nil {
		return err
	}
	return r.relayRequest(ctx, rec, event.Body)
}

// sendOf makes of a request what a sender needs.
func (e *Engine) sendOf(ctx context.Context, account string, position uint64, request *eventv1.SendRequested) (*ingressv1.Send, error) {
	send := &ingressv1.Send{
		SendId: request.GetSendId(), Attempt: request.GetAttempt(), AccountId: account,
		IntegrationId: request.GetIntegrationId(), Channel: request.GetChannel(), Position: position,
	}
	content, err := e.contentOf(ctx, account, request)
	if err != nil {
		return nil, err
	}
	send.HumanAgent = request.GetHumanAgent()
	recipient, err := e.addresses(ctx, account, request.GetIdentityId())
	if err != nil {
		return nil, err
	}
	send.Content, send.Recipient = content, recipient
	send.Erased = content == nil || len(recipient) == 0
	at, err := e.connected(ctx, account, request.GetIntegrationId())
	if err != nil {
		return nil, err
	}
	send.ProviderAccountId, send.PageId = at.providerAccount, at.page
	return send, nil
}
