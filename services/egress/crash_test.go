package egress_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/channel"
	"weiche/services/egress"
)

// corpse is the transport of an instance that can be killed: from then on
// nothing that it says arrives, acks included.
type corpse struct {
	*house
	mu   sync.Mutex
	dead bool
}

func (c *corpse) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = true
}

func (c *corpse) gone() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return errors.New("killed")
	}
	return nil
}

func (c *corpse) Publish(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	if c.gone() != nil {
		return nil, broker.ErrClosed
	}
	return c.broker.Publish(ctx, from, batch)
}

func (c *corpse) open(ctx context.Context, name string) (egress.Inbox, error) {
	in, err := egress.FromBroker(c.broker)(ctx, name)
	return corpseInbox{in, c}, err
}

type corpseInbox struct {
	egress.Inbox
	corpse *corpse
}

func (in corpseInbox) Next(ctx context.Context, maxItems int) ([]egress.Delivery, error) {
	deliveries, err := in.Inbox.Next(ctx, maxItems)
	for i := range deliveries {
		deliveries[i].Handle = corpseHandle{deliveries[i].Handle, in.corpse}
	}
	return deliveries, err
}

type corpseHandle struct {
	egress.Handle
	corpse *corpse
}

func (h corpseHandle) Ack() error { return h.unless(h.Handle.Ack) }

func (h corpseHandle) InProgress() error { return h.unless(h.Handle.InProgress) }

func (h corpseHandle) Nak(delay time.Duration) error {
	return h.unless(func() error { return h.Handle.Nak(delay) })
}

func (h corpseHandle) unless(do func() error) error {
	if err := h.corpse.gone(); err != nil {
		return err
	}
	return do()
}

// An instance dies while the provider has the message and has not answered. The
// message comes to another, again and again, and nobody sends it.
func TestI12CrashIsNotSentAgain(t *testing.T) {
	h := newHouse(t)
	asked := h.replies(t, 1)[0]
	died := make(chan struct{})
	dying := &corpse{house: h}
	p := newProvider(func(context.Context, *ingressv1.Send) (string, error) {
		dying.kill()
		close(died)
		return "wamid", nil
	})
	config := h.config("one", p)
	config.Publisher, config.Open = dying, dying.open
	stop := run(t, config)
	h.relay(t, asked, 1)
	select {
	case <-died:
	case <-soon(t).Done():
		t.Fatal("nothing was sent")
	}
	stop()

	lost := newCounter(21)
	config = h.config("two", p)
	config.Events.ClaimLost = lost.add
	run(t, config)
	h.relay(t, asked, 20)
	lost.wait(t) // the twenty, and what the dead one had
	if of := h.tallies(t)[asked.GetSendId()+"/1"]; of != (tally{claimed: 1}) {
		t.Errorf("the log says %+v", of)
	}
	h.advance(t, time.Minute)
	h.until(t, func(tallies map[string]tally) bool { return tallies[asked.GetSendId()+"/1"].unknown == 1 })
	h.advance(t, time.Hour)
	if tallies := h.tallies(t); p.sum() != 1 || len(tallies) != 1 {
		t.Errorf("%d posts, the log says %+v", p.sum(), tallies)
	}
}
