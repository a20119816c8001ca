package story

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// channels are the integrations of a story's account, each named like its
// channel, with the kind of address that it has.
var channels = []struct{ name, alias string }{
	{"whatsapp", "phone"}, {"messenger", "psid"}, {"instagram", "igsid"},
}

// player plays the people of a story, and the providers.
type player struct {
	stage Stage
	names *names
	setup *ingressv1.ApplySetup

	// read is how far the log was told, sent how far its sends were done.
	read, sent int
	// count makes provider ids and client tokens.
	count int
	// last is what each identity said last, for repeating it.
	last map[string]*ingressv1.Item
	// said leads from what people said on channels to the provider's ids of it.
	said map[string]string
	// codes are the codes in the order in which they were asked for.
	codes []string
	// links is the last link that each person asked for.
	links map[string]string
	// signed are the people whom the site has signed in, by their devices.
	signed map[string]*eventv1.Alias
	// conversation is the one that was last written in.
	conversation string

	// aliases are the addresses of those who have others than their names, and keys
	// the keys of those whose provider tells them.
	aliases map[string][]*eventv1.Alias
	keys    map[string]string

	// kept is what the parsers could not read, in order.
	kept []kept
	// garbled is what could not be read last.
	garbled garbled

	senders senders
	played  Played
}

func newPlayer(stage Stage) *player {
	return &player{
		stage: stage, names: newNames(),
		last: map[string]*ingressv1.Item{}, said: map[string]string{}, links: map[string]string{},
		signed:  map[string]*eventv1.Alias{},
		aliases: map[string][]*eventv1.Alias{}, keys: map[string]string{},
		senders: senders{ids: map[string]string{}},
	}
}

// setUp makes the account: a widget that offers everything, and one agent.
func (p *player) setUp(t testing.TB) {
	p.setup = &ingressv1.ApplySetup{
		Name:    "Shop",
		Widgets: []*ingressv1.WidgetSetup{{Id: "widget", Site: "shop.example", Languages: []string{"en"}}},
		Agents: []*ingressv1.AgentSetup{
			{Id: "agent", Name: "Kim"}, {Id: "eva", Name: "Eva"}, {Id: "max", Name: "Max", Role: eventv1.Role_ROLE_AUDITOR},
		},
	}
	for _, channel := range channels {
		p.setup.Apps = append(p.setup.Apps, &ingressv1.AppSetup{
			Id: channel.name + "-app", Channel: channel.name, ProviderAppId: "app-" + channel.name,
			AppSecrets: []string{"secret"}, VerifyToken: "verify",
		})
		p.setup.Integrations = append(p.setup.Integrations, &ingressv1.IntegrationSetup{
			Id: channel.name, Channel: channel.name, AppId: channel.name + "-app",
			ProviderAccountId: channel.name + "-account", AccessToken: "token",
		})
		p.setup.Widgets[0].Offers = append(p.setup.Widgets[0].Offers, channel.name)
	}
	if refused := p.apply(t); refused != "" {
		t.Fatalf("setup: %s", refused)
	}
	p.news(t)
}

// apply publishes the set-up as it stands.
func (p *player) apply(t testing.TB) string {
	return p.agent(t, &ingressv1.AgentCommand{
		Command: &ingressv1.AgentCommand_ApplySetup{ApplySetup: proto.CloneOf(p.setup)},
	})
}

// change changes the set-up by the arguments of a directive.
func (p *player) change(t *testing.T, d *datadriven.TestData) string {
	for _, arg := range d.CmdArgs {
		switch arg.Key {
		case "confirmation":
			name := "CONFIRMATION_" + strings.ToUpper(arg.Vals[0])
			p.setup.Widgets[0].Confirmation = eventv1.Confirmation(eventv1.Confirmation_value[name])
		case "offers":
			p.setup.Widgets[0].Offers = arg.Vals
		case "bound_elsewhere":
			name := "BOUND_ELSEWHERE_" + strings.ToUpper(arg.Vals[0])
			p.setup.BoundElsewhere = eventv1.BoundElsewhere(eventv1.BoundElsewhere_value[name])
		case "silent_disconnect":
			p.setup.Widgets[0].SilentDisconnect = true
		case "new_conversation_after":
			p.setup.Widgets[0].NewConversationAfter = durationpb.New(duration(t, arg.Vals[0]))
		case "signed_visitors_only":
			p.setup.Widgets[0].SignedVisitorsOnly = true
			p.setup.Widgets[0].VisitorKeys = []*ingressv1.VisitorKeySetup{{Id: "key", Secret: strings.Repeat("secret", 8)}}
		case "cut_withdrawn":
			p.setup.Widgets[0].CutWithdrawn = true
		case "language":
			p.setup.Widgets[0].Languages = arg.Vals
		default:
			d.Fatalf(t, "the set-up has no %q", arg.Key)
		}
	}
	if refused := p.apply(t); refused != "" {
		return "refused: " + refused + "\n"
	}
	var out strings.Builder
	for _, event := range p.news(t) {
		if text := p.names.tell(event, true); text != "" {
			fmt.Fprintln(&out, text)
		}
	}
	return out.String()
}

// news returns the events that were not told yet.
func (p *player) news(t testing.TB) []conversation.Event {
	events := p.stage.Events(t, p.read)
	p.read += len(events)
	for _, event := range events {
		p.names.learn(event)
	}
	return events
}

// publish hands an item in and returns why it was refused, if it was.
func (p *player) publish(t testing.TB, from Speaker, item *ingressv1.Item) string {
	answer := p.stage.Publish(t, from, item)
	if answer.GetConversationId() != "" {
		p.conversation = answer.GetConversationId()
	}
	switch answer.GetStatus() {
	case ingressv1.ItemStatus_ITEM_STATUS_REFUSED:
		return answer.GetDetail()
	case ingressv1.ItemStatus_ITEM_STATUS_UNSPECIFIED:
		t.Fatalf("the router gave no answer to %v", item)
	}
	return ""
}

// agent publishes a command of the agent.
func (p *player) agent(t testing.TB, command *ingressv1.AgentCommand) string {
	command.AgentId = "agent"
	p.count++
	command.ClientToken = fmt.Sprintf("agent-%d", p.count)
	item := &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: command}}
	p.last["agent"] = item
	return p.publish(t, Speaker{"api", "story"}, item)
}

// visitor publishes a command of a person in the widget.
func (p *player) visitor(t testing.TB, person string, command *ingressv1.WidgetCommand) (string, *ingressv1.ItemAnswer) {
	command.Visitor = &eventv1.Alias{Kind: "visitor", Value: person}
	if signed := p.signed[person]; signed != nil {
		command.Visitor = signed
	}
	p.count++
	command.ClientToken = fmt.Sprintf("%s-%d", person, p.count)
	item := &ingressv1.Item{Kind: &ingressv1.Item_Widget{Widget: command}}
	p.last[person+"@widget"] = item
	answer := p.stage.Publish(t, Speaker{"widget", "widget"}, item)
	if answer.GetConversationId() != "" {
		p.conversation = answer.GetConversationId()
	}
	if answer.GetStatus() == ingressv1.ItemStatus_ITEM_STATUS_REFUSED {
		return answer.GetDetail(), answer
	}
	return "", answer
}

// inbound publishes what a person did on a channel.
func (p *player) inbound(t testing.TB, person, channel string, content *eventv1.Content, ago string) string {
	item := p.doing(t, person, channel, content, ago)
	p.said[person+"@"+channel+": "+words(content)] = item.GetInbound().GetProviderMessageId()
	p.last[person+"@"+channel] = item
	return p.publish(t, Speaker{"channel", channel}, item)
}

// doing is what a person did on a channel, as its adapter reads it.
func (p *player) doing(t testing.TB, person, channel string, content *eventv1.Content, ago string) *ingressv1.Item {
	p.count++
	return &ingressv1.Item{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
		ProviderAccountId: channel + "-account",
		ProviderMessageId: inboundID(p.count),
		SentAt:            timestamppb.New(p.stage.Now().Add(-duration(t, ago))),
		Sender:            p.sender(t, person, channel),
		IdentityKeyHash:   p.keys[person+"@"+channel],
		Event:             &ingressv1.Inbound_Message{Message: content},
	}}}
}

// inboundID is the provider's id of a message of a customer.
func inboundID(count int) string { return fmt.Sprintf("in-%d", count) }

func aliasKind(t testing.TB, channel string) string {
	for _, known := range channels {
		if known.name == channel {
			return known.alias
		}
	}
	t.Fatalf("there is no channel %q", channel)
	return ""
}
