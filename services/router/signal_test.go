package router_test

import (
	"testing"

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
