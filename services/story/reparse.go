package story

import (
	"testing"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// kept is what the parsers of the day could not read, with what they make of it
// later.
type kept struct {
	integration             string
	position                uint64
	conversation, messageID string
	item                    *ingressv1.Item
}

// mumbles publishes a message of a type that is not known, with what it says.
func (p *player) mumbles(t testing.TB, m []string) string {
	item := p.doing(t, m[0], m[1], conversation.Text(m[2]), "")
	item.Raw = []byte("raw of " + item.GetInbound().GetProviderMessageId())
	unread := proto.CloneOf(item)
	unread.GetInbound().Event = &ingressv1.Inbound_Message{Message: &eventv1.Content{Parts: []*eventv1.Part{{
		Kind: &eventv1.Part_Unsupported{Unsupported: &eventv1.Unsupported{Type: "hologram"}},
	}}}}
	p.said[m[0]+"@"+m[1]+": "+m[2]] = item.GetInbound().GetProviderMessageId()
	refused := p.publish(t, Speaker{"channel", m[1]}, unread)
	p.keep(t, m[1], item)
	return refused
}

// mumblesReaction publishes a reaction as something that is of no use yet.
func (p *player) mumblesReaction(t testing.TB, m []string) string {
	item := p.made(t, m[0], m[1], "", reaction(p.target(t, m[0], m[1], m[3]), m[2]))
	item.Raw = []byte("raw reaction " + m[2])
	refused := p.publish(t, Speaker{"channel", m[1]}, &ingressv1.Item{Raw: item.Raw, Kind: &ingressv1.Item_Ignored{
		Ignored: &ingressv1.Ignored{What: "hologram", ProviderAccountId: m[1] + "-account"},
	}})
	p.keep(t, m[1], item)
	return refused
}

// keep notes where the log has what was just published.
func (p *player) keep(t testing.TB, integration string, item *ingressv1.Item) {
	k := kept{integration: integration, item: item}
	for at, event := range p.stage.Events(t, 0) {
		switch body := event.Body.(type) {
		case *eventv1.MessageReceived:
			k.position, k.conversation, k.messageID = uint64(at)+1, body.GetConversationId(), body.GetMessageId()
		case *eventv1.ItemIgnored:
			k.position, k.conversation, k.messageID = uint64(at)+1, "", ""
		}
	}
	p.kept = append(p.kept, k)
}

// reparses reads all of it with the parsers of today.
func (p *player) reparses(t testing.TB, _ []string) string {
	for _, k := range p.kept {
		refused := p.publish(t, Speaker{"api", "operator"}, &ingressv1.Item{Kind: &ingressv1.Item_Reparse{
			Reparse: &ingressv1.ReparseItem{
				Source: k.integration, Position: k.position, IntegrationId: k.integration,
				ConversationId: k.conversation, MessageId: k.messageID,
				Item: proto.CloneOf(k.item), ReceivedAt: k.item.GetInbound().GetSentAt(),
			},
		}})
		if refused != "" {
			return refused
		}
	}
	return ""
}
