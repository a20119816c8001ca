package router_test

import (
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
	"weiche/services/router"
)

// A reply answers a message: whoever sends it gets the provider's id of that, be it
// the customer's or ours, and none where it was taken back meanwhile.
func TestSendersGetTheIDOfWhatIsQuoted(t *testing.T) {
	s := newStage(t)
	hello := s.one(whatsapp, s.message("wamid.hello", "491700000067", "hello"))
	// relayed returns what a sender gets of the newest request.
	relayed := func() *ingressv1.Send {
		t.Helper()
		requests := bodies[*eventv1.SendRequested](s)
		send, err := router.SendOf(t.Context(), s.engine, "shop", requests[len(requests)-1])
		if err != nil {
			t.Fatal(err)
		}
		return send
	}
	answers := func(token, to string) *ingressv1.ItemAnswer {
		t.Helper()
		content := conversation.Text("to that")
		content.ReplyTo = &eventv1.ReplyTo{MessageId: to}
		return s.one(admin, agent(token, hello.GetConversationId(), &ingressv1.AgentCommand{
			Command: &ingressv1.AgentCommand_SendReply{SendReply: &ingressv1.SendReply{Content: content}},
		}))
	}
	leaves := func(id string) {
		t.Helper()
		send := relayed().GetSendId()
		s.one(egress, claim(send))
		s.one(egress, sent(send, id))
	}
	first := answers("1", hello.GetMessageId())
	if got := relayed(); got.GetContent().GetReplyTo().GetProviderMessageId() != "wamid.hello" {
		t.Errorf("the customer's message is quoted as %v", got.GetContent())
	}
	leaves("wamid.ours")
	answers("2", first.GetMessageId())
	if got := relayed(); got.GetContent().GetReplyTo().GetProviderMessageId() != "wamid.ours" {
		t.Errorf("our own message is quoted as %v", got.GetContent())
	}
	leaves("wamid.second")
	answers("3", hello.GetMessageId())
	unsent := s.one(whatsapp, &ingressv1.Item{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
		ProviderAccountId: "whatsapp-account",
		Sender:            []*eventv1.Alias{{Kind: "phone", Value: "491700000067"}},
		Event:             &ingressv1.Inbound_Unsend{Unsend: &ingressv1.Unsend{ProviderMessageId: "wamid.hello"}},
	}}})
	if unsent.GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		t.Fatalf("not taken back: %v", unsent)
	}
	if got := relayed(); got.GetContent() == nil || got.GetContent().GetReplyTo() != nil {
		t.Errorf("what was taken back is quoted: %v", got.GetContent())
	}
}
