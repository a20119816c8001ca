package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/channel"
	"weiche/services/egress"
)

// mortal is the transport of an instance that can be killed: from then on nothing
// that it says arrives, acks included.
type mortal struct {
	*broker.Broker
	dead    atomic.Bool
	claims  atomic.Int64
	reports atomic.Int64
}

func (m *mortal) Publish(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	if m.dead.Load() {
		return nil, broker.ErrClosed
	}
	answer, err := m.Broker.Publish(ctx, from, batch)
	if m.dead.Load() {
		return nil, broker.ErrClosed
	}
	switch sender := batch.GetItems()[0].GetSender(); {
	case err != nil:
	case sender.GetClaim() != nil && answer.GetItems()[0].GetStatus() == ingressv1.ItemStatus_ITEM_STATUS_COMMITTED:
		m.claims.Add(1)
	case sender.GetOutcome() != nil:
		m.reports.Add(1)
	}
	return answer, err
}

// restarts runs one instance after the other beside the first. Each is killed after
// some claims; hits is told how many of its sends were under way then.
func (r *graphRun) restarts(ctx context.Context, hits func(underWay int)) error {
	for n := 2; ctx.Err() == nil; n++ {
		m := &mortal{Broker: r.broker}
		config := r.config(fmt.Sprint("mortal-", n), asIs)
		config.Publisher, config.InFlight = m, 4
		e, err := egress.New(config)
		if err != nil {
			return err
		}
		life, die := context.WithCancel(ctx)
		over := make(chan error, 1)
		go func() { over <- e.Run(life) }()
		tick := time.NewTicker(time.Millisecond)
		for m.claims.Load() < 40 && life.Err() == nil {
			select {
			case <-tick.C:
			case <-life.Done():
			}
		}
		tick.Stop()
		if ctx.Err() == nil {
			m.dead.Store(true)
			hits(int(m.claims.Load() - m.reports.Load()))
		}
		die()
		if err := <-over; err != nil {
			return err
		}
	}
	return nil
}
