package router_test

import (
	"fmt"
	"testing"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/router"
)

// That somebody types is shown to whoever wrote last, and to nobody of whom it is not
// known that they are still the customer.
func TestSignalsToADoubtedAddress(t *testing.T) {
	s := newStage(t)
	writes := func(id, key string) string {
		t.Helper()
		item := s.message(id, "491700000067", "hello")
		item.GetInbound().IdentityKeyHash = key
		return s.one(whatsapp, item).GetConversationId()
	}
	conversation := writes("first", "one key")
	shown := func() bool {
		t.Helper()
		said, err := router.Shown(t.Context(), s.engine, &ingressv1.Signal{AccountId: "shop", ConversationId: conversation, AgentId: "kim"})
		if err != nil {
			t.Fatal(err)
		}
		return said != nil
	}
	if !shown() {
		t.Error("it is not shown to who wrote")
	}
	writes("second", "another key")
	if shown() {
		t.Error("it is shown at a doubted address")
	}
	s.one(admin, agent("sure", "", &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_ConfirmIdentity{
		ConfirmIdentity: &ingressv1.ConfirmIdentity{IdentityId: bodies[*eventv1.AddressDoubted](s)[0].GetIdentityId(), SamePerson: true},
	}}))
	if !shown() {
		t.Error("it is not shown to who was confirmed")
	}
}

// Somebody types without end: the conversation is read once each two seconds for it,
// and others do not wait for that.
func TestSignalsOfAConversationAreBounded(t *testing.T) {
	limit, now, passed := router.LastPassed{}, time.Unix(1_800_000_000, 0), 0
	signal := func(conversation string, kind ingressv1.SignalKind) *ingressv1.Signal {
		return &ingressv1.Signal{AccountId: "shop", ConversationId: conversation, Kind: kind}
	}
	for range 100 {
		if router.Pass(limit, signal("one", ingressv1.SignalKind_SIGNAL_KIND_TYPING_ON), now) {
			passed++
		}
		now = now.Add(100 * time.Millisecond)
	}
	if passed != 5 {
		t.Errorf("in ten seconds %d signals were passed on, not 5", passed)
	}
	for _, other := range []*ingressv1.Signal{
		signal("one", ingressv1.SignalKind_SIGNAL_KIND_TYPING_OFF), signal("two", ingressv1.SignalKind_SIGNAL_KIND_TYPING_ON),
	} {
		if !router.Pass(limit, other, now) {
			t.Errorf("%v waits for another", other)
		}
	}
	for n := range 10_000 {
		router.Pass(limit, signal(fmt.Sprint(n), ingressv1.SignalKind_SIGNAL_KIND_SEEN), now)
	}
	if len(limit) > 4096 {
		t.Errorf("%d are remembered", len(limit))
	}
}
