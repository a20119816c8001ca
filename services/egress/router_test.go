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

// counter counts, and lets a test wait for a number.
type counter struct {
	mu      sync.Mutex
	n, want int
	reached chan struct{}
}

func newCounter(want int) *counter { return &counter{want: want, reached: make(chan struct{})} }

func (c *counter) add(string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n++; c.n == c.want {
		close(c.reached)
	}
}

func (c *counter) wait(t *testing.T) {
	t.Helper()
	select {
	case <-c.reached:
	case <-soon(t).Done():
		t.Fatalf("%d of %d", c.n, c.want)
	}
}

// Every send lies on EGRESS twenty times, and two instances take from it.
func TestI12OnePostForAClaim(t *testing.T) {
	const sends, copies = 20, 20
	h := newHouse(t)
	asked := h.replies(t, sends)
	for range copies {
		for _, send := range asked {
			h.relay(t, send, 1)
		}
	}
	p := newProvider(nil)
	claims := newCounter(sends * copies)
	for _, instance := range []string{"one", "two"} {
		config := h.config(instance, p)
		config.Events = egress.Events{Claimed: claims.add, ClaimLost: claims.add, Copied: claims.add}
		run(t, config)
	}
	claims.wait(t)
	tallies := h.until(t, func(tallies map[string]tally) bool {
		ended := 0
		for _, of := range tallies {
			ended += of.outcomes()
		}
		return ended >= sends
	})
	if len(tallies) != sends || p.sum() != sends {
		t.Errorf("%d attempts in the log, %d at the provider, of %d", len(tallies), p.sum(), sends)
	}
	for key, of := range tallies {
		if posts := p.of(key); posts != 1 || of != (tally{claimed: 1, sent: 1}) {
			t.Errorf("%s: %d posts, the log says %+v", key, posts, of)
		}
	}
}

// deaf is a publisher to whom the first answers to each claim and each report do
// not get through, although the router gave them.
type deaf struct {
	*broker.Broker
	times int

	mu   sync.Mutex
	said map[string]int
}

func (d *deaf) Publish(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	answer, err := d.Broker.Publish(ctx, from, batch)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	key := batch.GetItems()[0].String()
	if d.said[key]++; d.said[key] <= d.times {
		return nil, broker.ErrNoAnswer
	}
	return answer, nil
}

// Whatever becomes of an attempt is in the log once, although every claim and
// every report has to be repeated.
func TestI15EveryClaimHasOneOutcome(t *testing.T) {
	h := newHouse(t)
	asked := h.replies(t, 10)
	place := map[string]int{}
	for i, send := range asked {
		place[send.GetSendId()] = i
	}
	p := newProvider(func(_ context.Context, s *ingressv1.Send) (string, error) {
		switch place[s.GetSendId()] % 5 {
		case 0:
			return "wamid-" + s.GetSendId(), nil
		case 1:
			return "", &channel.SendError{Outcome: channel.Refused, Detail: because("no_such_user")}
		case 2:
			return "", &channel.SendError{Outcome: channel.NotSent, Detail: because("network"), RetryAfter: time.Hour}
		case 3:
			return "", nil
		}
		panic("of the sender")
	})
	config := h.config("one", p)
	config.Publisher = &deaf{Broker: h.broker, times: 2, said: map[string]int{}}
	recorded := newCounter(len(asked))
	config.Events.Recorded = func(_, outcome string) { recorded.add(outcome) }
	run(t, config)
	for _, send := range asked {
		h.relay(t, send, 3)
	}
	recorded.wait(t)
	tallies := h.tallies(t)
	for i, send := range asked {
		key := send.GetSendId() + "/1"
		want := []tally{{1, 1, 0, 0, 0}, {1, 0, 1, 0, 0}, {1, 0, 0, 1, 0}, {1, 0, 0, 0, 1}, {1, 0, 0, 0, 1}}[i%5]
		if posts := p.of(key); tallies[key] != want || posts != 1 {
			t.Errorf("send %d: %d posts, the log says %+v, want %+v", i, posts, tallies[key], want)
		}
	}
}

// A claim that was granted unheard and given back is made again.
func TestI15ReleasedClaimIsSentLater(t *testing.T) {
	h := newHouse(t)
	asked := h.replies(t, 1)[0]
	p := newProvider(nil)
	config := h.config("one", p)
	ctx, stop := context.WithCancel(t.Context())
	config.Publisher = &leaving{Broker: h.broker, stop: stop}
	e, err := egress.New(config)
	if err != nil {
		t.Fatal(err)
	}
	h.relay(t, asked, 1)
	if err := e.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if of := h.tallies(t)[asked.GetSendId()+"/1"]; of != (tally{claimed: 1, deferred: 1}) || p.sum() != 0 {
		t.Fatalf("%d posts, the log says %+v", p.sum(), of)
	}
	h.advance(t, time.Minute)
	asked.Attempt = 2
	run(t, h.config("two", p))
	h.relay(t, asked, 1)
	h.until(t, func(tallies map[string]tally) bool {
		return tallies[asked.GetSendId()+"/2"] == tally{claimed: 1, sent: 1}
	})
}

// leaving is a publisher that ends the run with the first claim, whose answer
// does not get through, nor that to any other.
type leaving struct {
	*broker.Broker
	stop func()
}

func (l *leaving) Publish(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	answer, err := l.Broker.Publish(ctx, from, batch)
	if err == nil && batch.GetItems()[0].GetSender().GetClaim() != nil {
		l.stop()
		return nil, broker.ErrClosed
	}
	return answer, err
}

// A claim that lay there while no router ran is granted to nobody: who asked may be
// gone, and its send would become unknown although no byte of it ever left.
func TestI12StaleClaimIsDropped(t *testing.T) {
	h := newHouse(t)
	asked := h.replies(t, 1)[0]
	h.away()
	item := &ingressv1.Item{Kind: &ingressv1.Item_Sender{Sender: &ingressv1.SenderCommand{Command: &ingressv1.SenderCommand_Claim{
		Claim: &ingressv1.ClaimSend{SendId: asked.GetSendId(), Attempt: 1, Nonce: "of the dead"},
	}}}}
	from := channel.Source{Kind: channel.KindEgress, Account: "acme", ID: "dead"}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := h.broker.Publish(ctx, from, &ingressv1.Batch{Items: []*ingressv1.Item{item}}); !errors.Is(err, broker.ErrNoAnswer) {
		t.Fatalf("without a router: %v", err)
	}
	h.route(t)
	p := newProvider(nil)
	run(t, h.config("one", p))
	h.relay(t, asked, 1)
	h.until(t, func(tallies map[string]tally) bool {
		return tallies[asked.GetSendId()+"/1"] == tally{claimed: 1, sent: 1}
	})
	h.advance(t, time.Hour)
	if of := h.tallies(t); of[asked.GetSendId()+"/1"] != (tally{claimed: 1, sent: 1}) || p.sum() != 1 {
		t.Errorf("%d posts, the log says %+v", p.sum(), of)
	}
}
