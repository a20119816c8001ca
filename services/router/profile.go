package router

import (
	"bytes"
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
)

// unnamed keeps the index of identities whose profile is wanted.
func unnamed(account string, body any, change *eventstore.IndexChange) {
	key := func(identityID string) eventstore.IndexKey {
		return eventstore.IndexKey{Account: installation, Index: indexUnnamed, Key: join(account, identityID)}
	}
	switch e := body.(type) {
	case *eventv1.IdentityCreated:
		if e.GetProfileWanted() {
			change.Put = append(change.Put, eventstore.IndexEntry{IndexKey: key(e.GetIdentityId())})
		}
	case *eventv1.IdentityAliasesChanged:
		if e.GetProfileSettled() {
			change.Delete = append(change.Delete, key(e.GetIdentityId()))
		}
	case *eventv1.IdentityErased:
		change.Delete = append(change.Delete, key(e.GetIdentityId()))
	}
}

const (
	// askAgain is how often it is asked again who somebody is, and askAtATime of how
	// many at most: fewer than a sender lets wait.
	askAgain   = time.Minute
	askAtATime = 200
)

// Profiles asks senders who the customers are whom webhooks do not name: as soon as
// there is one, and once a minute of those whom nobody has told of, in turn where they
// are many. A question that is lost is asked again; it is the report that ends it.
type Profiles struct {
	engine *Engine
	logger *slog.Logger
	// ask is broker.PublishWanted.
	ask func(*ingressv1.WantedProfile) error
	// head is where the log ended when this was made.
	head uint64
	// from is whom it is asked of first when the next time has come: where there are
	// more than are asked of at a time, all have their turn.
	from []byte
}

// NewProfiles returns what asks. The logger is slog.Default if nil.
func NewProfiles(engine *Engine, b *broker.Broker, logger *slog.Logger) *Profiles {
	if logger == nil {
		logger = slog.Default()
	}
	return &Profiles{engine: engine, logger: logger, ask: b.PublishWanted, head: engine.store.Durable()}
}

// Run asks until ctx ends, and returns nil then.
func (p *Profiles) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.asTheyCome(ctx) })
	group.Go(func() error { return p.again(ctx) })
	return ended(ctx, group.Wait())
}

func (p *Profiles) asTheyCome(ctx context.Context) error {
	created := typeOf(&eventv1.IdentityCreated{})
	for rec, err := range p.engine.store.Subscribe(ctx, p.head+1) {
		if err != nil {
			return err
		}
		if rec.Type != created {
			continue
		}
		if err := p.askOf(ctx, rec); err != nil && ctx.Err() == nil {
			p.logger.Debug("nobody is asked who a customer is", "position", rec.Position, "error", err)
		}
	}
	return ctx.Err()
}

func (p *Profiles) again(ctx context.Context) error {
	tick := time.NewTicker(askAgain)
	defer tick.Stop()
	for {
		if err := p.askAll(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// askAll asks of those who are in the index, or of the next of them.
func (p *Profiles) askAll(ctx context.Context) error {
	asked := 0
	for hit, err := range p.engine.store.IndexScan(ctx, installation, indexUnnamed, p.from, nil) {
		if err != nil {
			return err
		}
		if asked++; asked > askAtATime {
			p.from = bytes.Clone(hit.Key)
			return nil
		}
		rec, err := p.engine.store.ReadAt(ctx, hit.Position)
		if err != nil {
			return err
		}
		if err := p.askOf(ctx, rec); err != nil {
			p.logger.Debug("nobody is asked who a customer is", "position", rec.Position, "error", err)
			if isAway(err) {
				return nil
			}
		}
	}
	p.from = nil
	return nil
}

// askOf asks who the identity of a record is, where that is wanted.
func (p *Profiles) askOf(ctx context.Context, rec *eventstore.Record) error {
	event, err := Decode(rec)
	if err != nil {
		return err
	}
	created := event.Body.(*eventv1.IdentityCreated)
	if !created.GetProfileWanted() {
		return nil
	}
	customer, err := p.engine.addresses(ctx, rec.Stream.Account, created.GetIdentityId())
	if err != nil {
		return err
	}
	return p.ask(&ingressv1.WantedProfile{
		IdentityId: created.GetIdentityId(), AccountId: rec.Stream.Account, IntegrationId: created.GetIntegrationId(),
		Channel: created.GetChannel(), Customer: customer, Since: timestamppb.New(rec.Recorded),
	})
}
