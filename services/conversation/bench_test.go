package conversation_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// BenchmarkDecideReply shows that deciding a reply costs the same in a long
// conversation as in a short one.
func BenchmarkDecideReply(b *testing.B) {
	for _, messages := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("messages=%d", messages), func(b *testing.B) {
			s := longConversation(messages)
			c := &conversation.SendReply{
				Header: conversation.Header{
					ID: "01J00000000000000000000000", Account: account, Now: start, Received: start,
					Dedup: conversation.Dedup{Key: "token", Hash: []byte("hash")},
				},
				Agent:   conversation.Agent{AgentID: "kim", ConversationID: "c"},
				Content: conversation.Text("hello"),
			}
			b.ReportAllocs()
			for b.Loop() {
				if d, err := conversation.Decide(s, c); err != nil || len(d.Events) != 3 {
					b.Fatal(len(d.Events), err)
				}
			}
		})
	}
}

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// longConversation returns the state after a customer and an agent have written to
// each other over WhatsApp, each message delivered and half of them read.
func longConversation(messages int) *conversation.State {
	s := conversation.NewState()
	n := 0
	add := func(category, id string, body conversation.Event) {
		n++
		body.Stream, body.ID, body.At = conversation.Stream{Category: category, ID: id}, fmt.Sprint(n), start
		conversation.Evolve(s, body)
	}
	add("account", account, conversation.Event{Body: &eventv1.AgentAdded{AgentId: "kim", Name: "Kim"}})
	add("account", account, conversation.Event{Body: &eventv1.IntegrationConnected{IntegrationId: "whatsapp", Channel: "whatsapp"}})
	add("identity", "i", conversation.Event{Body: &eventv1.IdentityCreated{
		IdentityId: "i", CustomerId: "a", IntegrationId: "whatsapp", Channel: "whatsapp",
		Aliases: []*eventv1.AliasHash{{Kind: "phone", Hash: []byte("i")}},
	}})
	add("conversation", "c", conversation.Event{Body: &eventv1.ConversationStarted{ConversationId: "c", CustomerId: "a"}})
	add("conversation", "c", conversation.Event{Body: &eventv1.ChannelBound{ConversationId: "c", IdentityId: "i", IntegrationId: "whatsapp", Channel: "whatsapp"}})
	add("identity", "i", conversation.Event{Body: &eventv1.IdentityBound{IdentityId: "i", ConversationId: "c"}})
	add("conversation", "c", conversation.Event{Body: &eventv1.RouteChanged{ConversationId: "c", RouteVersion: 1, IdentityIds: []string{"i"}}})
	for at := range messages / 2 {
		add("conversation", "c", conversation.Event{Body: &eventv1.MessageReceived{
			MessageId: fmt.Sprint("in", at), ConversationId: "c", IdentityId: "i", SentAt: timestamppb.New(start),
		}})
		id := fmt.Sprint("out", at)
		origin := &eventv1.SendOrigin{ConversationId: "c", MessageId: id, Kind: eventv1.SendKind_SEND_KIND_REPLY}
		add("conversation", "c", conversation.Event{Body: &eventv1.ReplyQueued{
			MessageId: id, ConversationId: "c",
			Route: &eventv1.FrozenRoute{IntegrationId: "whatsapp", IdentityId: "i", Channel: "whatsapp", RouteVersion: 1},
		}})
		add("identity", "i", conversation.Event{Body: &eventv1.SendQueued{SendId: id, IdentityId: "i", Origin: origin}})
		add("identity", "i", conversation.Event{Body: &eventv1.SendRequested{SendId: id, IdentityId: "i", Attempt: 1, Origin: origin}})
		add("identity", "i", conversation.Event{Body: &eventv1.SendSucceeded{SendId: id, IdentityId: "i", Origin: origin, ProviderMessageHash: []byte(id)}})
		add("conversation", "c", conversation.Event{Body: &eventv1.MessageSent{MessageId: id, ConversationId: "c"}})
		add("conversation", "c", conversation.Event{Body: &eventv1.MessageDelivered{MessageId: id, ConversationId: "c"}})
		if at%2 == 0 {
			add("conversation", "c", conversation.Event{Body: &eventv1.MessageRead{MessageId: id, ConversationId: "c"}})
		}
	}
	return s
}
