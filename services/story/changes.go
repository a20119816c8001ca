package story

import (
	"strconv"
	"testing"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// changes are what people do to messages, and what becomes of who they are.
var changes = []line{
	// ana@whatsapp reacts 👍 to: hello
	{`(\w+)@(\w+)(?:, (\S+) ago)? reacts (\S+) to: (.*)`, (*player).reacts},
	{`(\w+)@(\w+)(?:, (\S+) ago)? takes the reaction back from: (.*)`, (*player).unreacts},
	{`(\w+)@(\w+) reacts (\S+) to what comes next`, (*player).reactsNext},
	// ana@instagram edits (2): hello -> hello there
	{`(\w+)@(\w+)(?:, (\S+) ago)? edits(?: \((\d+)\))?: (.*) -> (.*)`, (*player).edits},
	{`(\w+)@(\w+) edits(?: \((\d+)\))? what comes next -> (.*)`, (*player).editsNext},
	{`the business writes to (\w+)@(\w+) in its app: (.*)`, (*player).businessWrites},
	{`the business edits in its app of (\w+) for (\w+): (.*) -> (.*)`, (*player).businessEdits},
	{`the business takes back in its app of (\w+) for (\w+): (.*)`, (*player).businessTakesBack},
	{`(\w+)@(\w+) opens a link of ours`, (*player).opensLink},
	{`(\w+)@(\w+) (allows|forbids) (\w+)`, (*player).optsIn},
	// ana@whatsapp writes as bsuid DE.1 and phone ana from here on
	{`(\w+)@(\w+) writes as (\w+) (\S+)(?: and (\w+) (\S+))? from here on`, (*player).writesAs},
	{`the provider says that on (\w+) the (\w+) (\S+) is now (\S+)`, (*player).changesAddress},
	{`(\w+)@(\w+) has the key (\w+) from here on`, (*player).hasKey},
	{`(\w+) tells that (\w+) is called (.*)`, (*player).named},
	{`(\w+) tells nothing of (\w+)`, (*player).named},
	{`the provider says that (\w+)@(\w+) may be somebody else`, (*player).doubts},
	{`agent says that (\w+@\w+) is (the same person|somebody else)`, (*player).confirms},
	{`agent (links|parts) the customers of (\w+@\w+) and (\w+@\w+)`, (*player).linksCustomers},
	// ana@whatsapp says what no parser knows yet: hi
	{`(\w+)@(\w+) says what no parser knows yet: (.*)`, (*player).mumbles},
	{`(\w+)@(\w+) reacts (\S+) in a way that no parser knows yet to: (.*)`, (*player).mumblesReaction},
	{`the operator reads again what was kept`, (*player).reparses},
}

// target returns the provider's id of a message that somebody or we said.
func (p *player) target(t testing.TB, person, channel, text string) string {
	if id := p.said[person+"@"+channel+": "+text]; id != "" {
		return id
	}
	if id := p.said["the business@"+channel+": "+text]; id != "" {
		return id
	}
	return p.senders.providerID(t, text)
}

// does publishes something that a person did on a channel beside a message.
func (p *player) does(t testing.TB, person, channel, ago string, set func(*ingressv1.Inbound)) string {
	item := p.made(t, person, channel, ago, set)
	p.last[person+"@"+channel] = item
	return p.publish(t, Speaker{"channel", channel}, item)
}

// made is that as the adapter reads it.
func (p *player) made(t testing.TB, person, channel, ago string, set func(*ingressv1.Inbound)) *ingressv1.Item {
	in := &ingressv1.Inbound{
		ProviderAccountId: channel + "-account", SentAt: stamp(p.stage.Now().Add(-duration(t, ago))),
		Sender: p.sender(t, person, channel), IdentityKeyHash: p.keys[person+"@"+channel],
	}
	set(in)
	return &ingressv1.Item{Kind: &ingressv1.Item_Inbound{Inbound: in}}
}

func reaction(id, emoji string) func(*ingressv1.Inbound) {
	return func(in *ingressv1.Inbound) {
		in.Event = &ingressv1.Inbound_Reaction{Reaction: &ingressv1.Reaction{ProviderMessageId: id, Emoji: emoji}}
	}
}

func (p *player) reacts(t testing.TB, m []string) string {
	return p.does(t, m[0], m[1], m[2], reaction(p.target(t, m[0], m[1], m[4]), m[3]))
}

func (p *player) unreacts(t testing.TB, m []string) string {
	return p.does(t, m[0], m[1], m[2], reaction(p.target(t, m[0], m[1], m[3]), ""))
}

func (p *player) reactsNext(t testing.TB, m []string) string {
	return p.does(t, m[0], m[1], "", reaction(inboundID(p.count+1), m[2]))
}

func edit(t testing.TB, id, number, text string) *ingressv1.Edit {
	made := &ingressv1.Edit{ProviderMessageId: id, Content: conversation.Text(text)}
	if number != "" {
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		made.Number = uint32(n)
	}
	return made
}

func (p *player) edits(t testing.TB, m []string) string {
	return p.does(t, m[0], m[1], m[2], func(in *ingressv1.Inbound) {
		in.Event = &ingressv1.Inbound_Edit{Edit: edit(t, p.target(t, m[0], m[1], m[4]), m[3], m[5])}
	})
}

func (p *player) editsNext(t testing.TB, m []string) string {
	return p.does(t, m[0], m[1], "", func(in *ingressv1.Inbound) {
		in.Event = &ingressv1.Inbound_Edit{Edit: edit(t, inboundID(p.count+1), m[2], m[3])}
	})
}

// inApp publishes what the business did in the provider's own app, which Instagram
// does not name.
func (p *player) inApp(t testing.TB, person, channel string, set func(*ingressv1.Echo)) string {
	echo := &ingressv1.Echo{
		ProviderAccountId: channel + "-account", SentAt: stamp(p.stage.Now()),
		ProviderAppId: "the inbox of " + channel, Recipient: p.sender(t, person, channel),
	}
	if channel == "instagram" {
		echo.ProviderAppId = ""
	}
	set(echo)
	return p.publish(t, Speaker{"channel", channel}, &ingressv1.Item{Kind: &ingressv1.Item_Echo{Echo: echo}})
}

func (p *player) businessWrites(t testing.TB, m []string) string {
	p.count++
	id := inboundID(p.count)
	p.said["the business@"+m[1]+": "+m[2]] = id
	return p.inApp(t, m[0], m[1], func(echo *ingressv1.Echo) {
		echo.ProviderMessageId, echo.Content = id, conversation.Text(m[2])
	})
}

func (p *player) businessEdits(t testing.TB, m []string) string {
	return p.inApp(t, m[1], m[0], func(echo *ingressv1.Echo) {
		echo.Edit = edit(t, p.target(t, "the business", m[0], m[2]), "", m[3])
	})
}

func (p *player) businessTakesBack(t testing.TB, m []string) string {
	return p.inApp(t, m[1], m[0], func(echo *ingressv1.Echo) {
		echo.Unsend = &ingressv1.Unsend{ProviderMessageId: p.target(t, "the business", m[0], m[2])}
	})
}

func (p *player) opensLink(t testing.TB, m []string) string {
	return p.does(t, m[0], m[1], "", func(in *ingressv1.Inbound) {
		in.Event = &ingressv1.Inbound_Referral{Referral: &eventv1.Referral{Ref: "summer", Source: "SHORTLINK"}}
	})
}

func (p *player) optsIn(t testing.TB, m []string) string {
	return p.does(t, m[0], m[1], "", func(in *ingressv1.Inbound) {
		in.Event = &ingressv1.Inbound_OptIn{OptIn: &ingressv1.OptIn{Topic: m[3], Allowed: m[2] == "allows", Payload: "payload"}}
	})
}

// writesAs changes the addresses with which somebody writes.
func (p *player) writesAs(_ testing.TB, m []string) string {
	aliases := []*eventv1.Alias{{Kind: m[2], Value: m[3]}}
	if m[4] != "" {
		aliases = append(aliases, &eventv1.Alias{Kind: m[4], Value: m[5]})
	}
	p.aliases[m[0]+"@"+m[1]] = aliases
	return ""
}

// sender returns the addresses with which somebody writes.
func (p *player) sender(t testing.TB, person, channel string) []*eventv1.Alias {
	var out []*eventv1.Alias
	for _, alias := range p.aliases[person+"@"+channel] {
		out = append(out, proto.CloneOf(alias))
	}
	if out == nil {
		return []*eventv1.Alias{{Kind: aliasKind(t, channel), Value: person}}
	}
	return out
}

func (p *player) changesAddress(t testing.TB, m []string) string {
	old := []*eventv1.Alias{{Kind: m[1], Value: m[2]}}
	return p.does(t, m[2], m[0], "", func(in *ingressv1.Inbound) {
		p.count++
		in.ProviderMessageId, in.Sender = inboundID(p.count), old
		in.Event = &ingressv1.Inbound_IdentityChange{IdentityChange: &ingressv1.IdentityChange{
			Type: "user_changed_number", Old: old, New: []*eventv1.Alias{{Kind: m[1], Value: m[3]}},
		}}
	})
}

func (p *player) hasKey(_ testing.TB, m []string) string {
	p.keys[m[0]+"@"+m[1]] = m[2]
	return ""
}

func (p *player) doubts(t testing.TB, m []string) string {
	return p.does(t, m[0], m[1], "", func(in *ingressv1.Inbound) {
		p.count++
		in.ProviderMessageId, in.IdentityKeyHash = inboundID(p.count), ""
		in.Event = &ingressv1.Inbound_IdentityChange{IdentityChange: &ingressv1.IdentityChange{Type: "customer_identity_changed"}}
	})
}

func (p *player) confirms(t testing.TB, m []string) string {
	return p.agent(t, &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_ConfirmIdentity{
		ConfirmIdentity: &ingressv1.ConfirmIdentity{IdentityId: p.names.newest(m[0]), SamePerson: m[1] == "the same person"},
	}})
}

func (p *player) linksCustomers(t testing.TB, m []string) string {
	one, other := p.names.ownerOf(m[1]), p.names.ownerOf(m[2])
	if m[0] == "links" {
		return p.agent(t, &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_LinkCustomers{
			LinkCustomers: &ingressv1.LinkCustomers{CustomerId: one, OtherCustomerId: other},
		}})
	}
	return p.agent(t, &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_UnlinkCustomers{
		UnlinkCustomers: &ingressv1.UnlinkCustomers{CustomerId: one, OtherCustomerId: other},
	}})
}
