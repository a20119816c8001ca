package story

import (
	"testing"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// garbled is what somebody said last that could not be read.
type garbled struct {
	from Speaker
	// item is what a parser makes of it that can read it; position is where it
	// waits.
	item     *ingressv1.Item
	position uint64
	// conversation is the one that shows it; empty for none.
	conversation string
}

// garbles publishes what somebody said as something that the channel's parser cannot
// read yet.
func (p *player) garbles(t testing.TB, m []string) string {
	item := p.doing(t, m[0], m[1], conversation.Text(m[2]), "")
	item.Raw = []byte("raw of " + item.GetInbound().GetProviderMessageId())
	unread := &ingressv1.Item{Raw: item.Raw, Kind: &ingressv1.Item_Unreadable{Unreadable: &ingressv1.Unreadable{
		Reason: "a word that nobody knows", ProviderAccountId: item.GetInbound().GetProviderAccountId(),
		SentAt: item.GetInbound().GetSentAt(), Sender: item.GetInbound().GetSender(),
	}}}
	p.garbled = garbled{from: Speaker{"channel", m[1]}, item: item}
	refused := p.publish(t, p.garbled.from, unread)
	for at, event := range p.stage.Events(t, 0) {
		if kept, ok := event.Body.(*eventv1.ItemQuarantined); ok {
			p.garbled.position, p.garbled.conversation = uint64(at)+1, kept.GetConversationId()
		}
	}
	return refused
}

// repeatsGarbled delivers it again, to a parser that can read it.
func (p *player) repeatsGarbled(t testing.TB, _ []string) string {
	return p.publish(t, p.garbled.from, proto.CloneOf(p.garbled.item))
}

// operates replays or discards it.
func (p *player) operates(t testing.TB, m []string) string {
	ref := &ingressv1.QuarantineRef{AccountId: Account, Source: p.garbled.from.ID, Position: p.garbled.position, ConversationId: p.garbled.conversation}
	item := &ingressv1.Item{Kind: &ingressv1.Item_Discard{Discard: &ingressv1.DiscardItem{Ref: ref}}}
	if m[0] == "replays" {
		item.Kind = &ingressv1.Item_Replay{Replay: &ingressv1.ReplayItem{
			Ref: ref, IntegrationId: p.garbled.from.ID, Item: proto.CloneOf(p.garbled.item),
			ReceivedAt: p.garbled.item.GetInbound().GetSentAt(),
		}}
	}
	return p.publish(t, Speaker{"api", "operator"}, item)
}
