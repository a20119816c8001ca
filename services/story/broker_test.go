package story_test

import (
	"context"
	"testing"
	"time"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/channel"
	"weiche/services/router"
	"weiche/services/story"
)

// inBroker is the fourth stage: the router behind an embedded broker, with the
// store in memory. What is published goes over INGRESS and comes back as a
// receipt.
type inBroker struct {
	*inStore
	broker *broker.Broker
}

func newInBroker(t *testing.T) *inBroker {
	s := &inBroker{inStore: newInStore(t)}
	b, err := broker.Start(t.Context(), broker.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s.broker = b
	lease, err := b.AcquireRouter(t.Context(), "story")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- router.New(s.engine, b, nil).Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("router: %v", err)
		}
		lease.Close()
		b.Close()
	})
	return s
}

func (s *inBroker) Publish(t testing.TB, from story.Speaker, item *ingressv1.Item) *ingressv1.ItemAnswer {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	answer, err := s.broker.Publish(ctx,
		channel.Source{Kind: channel.Kind(from.Kind), Account: story.Account, ID: from.ID},
		&ingressv1.Batch{Items: []*ingressv1.Item{item}})
	if err != nil {
		t.Fatal(err)
	}
	if answer.GetError() != "" {
		t.Fatal(answer.GetError())
	}
	s.destroyErased(t)
	// What is due at once happens, by the router's own timers or here.
	s.Advance(t, 0)
	return answer.GetItems()[0]
}

// Advance lets time pass. The router's own timers may be quicker than this.
func (s *inBroker) Advance(t testing.TB, by time.Duration) {
	until := s.clock.now().Add(by)
	for {
		account, timer, ok, err := s.engine.NextTimer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !ok || timer.Due.After(until) {
			break
		}
		s.clock.set(timer.Due)
		if err := s.engine.Fire(t.Context(), account, timer); err != nil {
			t.Fatal(err)
		}
	}
	s.clock.set(until)
}
