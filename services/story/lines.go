package story

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// line is the form of a line, and what it does. It returns why that was refused.
type line struct {
	form string
	do   func(p *player, t testing.TB, m []string) string
}

// lines are what people and providers can do in a story. <code> stands for the
// code that was asked for last, <code 1> for the first.
var lines = []line{
	// ana@whatsapp shows a picture: caption
	{`(\w+)@(\w+) shows a picture: (.*)`, (*player).shows},
	{`agent shows a picture( of somebody else)?: (.*)`, (*player).agentShows},
	{`the file (comes|is gone|cannot be reached)`, (*player).fetches},
	// ana@whatsapp: hi
	// ana@whatsapp, 10s ago: hi
	{`(\w+)@(\w+)(?:, (\S+) ago)?: (.*)`, (*player).customerWrites},
	{`(\w+@\w+|agent) repeats`, (*player).repeats},
	// ana@whatsapp taps yes
	{`(\w+)@(\w+) taps (yes|no)`, (*player).taps},
	// ana@messenger opens the link: the ref comes without words.
	{`(\w+)@(\w+) opens the link`, (*player).opens},
	{`(\w+) asks for (\w+)`, (*player).asks},
	// ana links whatsapp: asks for it and sends the code as the link has it
	{`(\w+) links (\w+)`, (*player).linksTo},
	{`(\w+) cancels`, (*player).cancels},
	{`(\w+) disconnects (\w+)`, (*player).disconnects},
	{`(\w+) has read everything in the widget`, (*player).readsWidget},
	// agent in c2 to whatsapp, having seen route 1, strictly: hello
	{`agent(?: in (c\d+))?(?: to (\w+))?(?:, having seen route (\d+))?(, strictly)?: (.*)`, (*player).agentWrites},
	{`agent offers (\w+)`, (*player).offers},
	// whatsapp reports delivered: hello
	{`(\w+) reports (sent|delivered|read|failed): (.*)`, (*player).reports},
	{`(\w+) reports everything (delivered|read) to (\w+)`, (*player).reportsAll},
	{`(\w+) echoes: (.*)`, (*player).echoes},
	// ana@instagram takes back: hi
	{`(\w+)@(\w+) takes back: (.*)`, (*player).takesBack},
	// the news of it overtakes what is said next
	{`(\w+)@(\w+) takes back what comes next`, (*player).takesBackNext},
	{`the operator erases (\w+@\w+)`, (*player).erases},
	// ana@whatsapp says what cannot be read: hi
	{`(\w+)@(\w+) says what cannot be read: (.*)`, (*player).garbles},
	// The provider delivers it again, to a parser that can read it.
	{`the provider repeats it`, (*player).repeatsGarbled},
	{`the operator (replays|discards) it`, (*player).operates},
	{`wait (\S+)`, (*player).waits},
	{`senders (stop|start)`, (*player).stopSenders},
	// the next send is refused | never leaves | is lost | is slow
	{`the next send (is refused|never leaves|is lost|is slow|shows that the channel fails|has to wait)`, (*player).nextSend},
	{`the answer comes`, (*player).answerComes},
}

// do does one line.
func (p *player) do(t testing.TB, line string) string {
	for _, l := range slices.Concat(keeping, replies, changes, lines) {
		if m := regexp.MustCompile(`^` + l.form + `$`).FindStringSubmatch(line); m != nil {
			return l.do(p, t, m[1:])
		}
	}
	t.Fatalf("nobody can do this in a story: %q", line)
	return ""
}

var codeForm = regexp.MustCompile(`<(code|CODE)(?: (\d+))?>`)

// fill puts the codes into a text.
func (p *player) fill(t testing.TB, text string) string {
	return codeForm.ReplaceAllStringFunc(text, func(found string) string {
		m := codeForm.FindStringSubmatch(found)
		place := len(p.codes)
		if m[2] != "" {
			place, _ = strconv.Atoi(m[2])
		}
		if place < 1 || place > len(p.codes) {
			t.Fatalf("%s was not asked for", found)
		}
		if m[1] == "CODE" {
			return strings.ToUpper(p.codes[place-1])
		}
		return p.codes[place-1]
	})
}

func (p *player) customerWrites(t testing.TB, m []string) string {
	text := p.fill(t, m[3])
	if m[1] != "widget" {
		return p.inbound(t, m[0], m[1], conversation.Text(text), m[2])
	}
	refused, _ := p.visitor(t, m[0], &ingressv1.WidgetCommand{Command: &ingressv1.WidgetCommand_PostMessage{
		PostMessage: &ingressv1.PostMessage{Content: conversation.Text(text)},
	}})
	return refused
}

// repeats delivers again what somebody said last, as providers and clients do.
func (p *player) repeats(t testing.TB, m []string) string {
	item := p.last[m[0]]
	if item == nil {
		t.Fatalf("%s said nothing yet", m[0])
	}
	from := Speaker{"api", "story"}
	if _, channel, ok := strings.Cut(m[0], "@"); ok {
		from = Speaker{"channel", channel}
		if channel == "widget" {
			from.Kind = "widget"
		}
	}
	return p.publish(t, from, item)
}

// taps answers the prompt that an identity got last.
func (p *player) taps(t testing.TB, m []string) string {
	var buttons []*eventv1.Button
	for _, event := range p.stage.Events(t, 0) {
		prompt, ok := event.Body.(interface{ GetIdentityId() string })
		if asked := questionIn(event.Body); ok && asked != nil && p.names.identity(prompt.GetIdentityId()) == m[0]+"@"+m[1] {
			buttons = asked.GetParts()[0].GetButtons().GetButtons()
		}
	}
	if len(buttons) != 2 {
		t.Fatalf("%s@%s was asked nothing", m[0], m[1])
	}
	button := buttons[0]
	if m[2] == "no" {
		button = buttons[1]
	}
	return p.inbound(t, m[0], m[1], &eventv1.Content{Parts: []*eventv1.Part{{
		Kind: &eventv1.Part_Answer{Answer: &eventv1.Answer{
			Kind: eventv1.AnswerKind_ANSWER_KIND_BUTTON, Payload: button.GetPayload(), Title: button.GetTitle(),
		}},
	}}}, "")
}

// questionIn returns the question with buttons that an event holds, or nil.
func questionIn(body any) *eventv1.Content {
	switch e := body.(type) {
	case *eventv1.LinkPrompted:
		return e.GetSealed().GetContent()
	case *eventv1.AddressDoubted:
		return e.GetSealed().GetContent()
	}
	return nil
}

// opens follows a deep link in a thread that exists: nothing is said.
func (p *player) opens(t testing.TB, m []string) string {
	return p.inbound(t, m[0], m[1], &eventv1.Content{Referral: &eventv1.Referral{Ref: p.fill(t, "<code>")}}, "")
}

func (p *player) asks(t testing.TB, m []string) string {
	refused, answer := p.visitor(t, m[0], &ingressv1.WidgetCommand{Command: &ingressv1.WidgetCommand_RequestLink{
		RequestLink: &ingressv1.RequestLink{IntegrationId: m[1]},
	}})
	if refused == "" {
		p.codes = append(p.codes, p.stage.Code(answer.GetLinkId()))
		p.links[m[0]] = answer.GetLinkId()
	}
	return refused
}

func (p *player) linksTo(t testing.TB, m []string) string {
	if refused := p.asks(t, m); refused != "" {
		return refused
	}
	if m[1] == "whatsapp" {
		return p.inbound(t, m[0], m[1], conversation.Text(conversation.LinkSentence("en", p.fill(t, "<code>"))), "")
	}
	return p.opens(t, m)
}

func (p *player) cancels(t testing.TB, m []string) string {
	refused, _ := p.visitor(t, m[0], &ingressv1.WidgetCommand{Command: &ingressv1.WidgetCommand_CancelLink{
		CancelLink: &ingressv1.CancelLink{LinkId: p.links[m[0]]},
	}})
	return refused
}

func (p *player) disconnects(t testing.TB, m []string) string {
	command := &ingressv1.Disconnect{IntegrationId: m[1]}
	if m[0] == "agent" {
		return p.agent(t, &ingressv1.AgentCommand{
			ConversationId: p.conversation, Command: &ingressv1.AgentCommand_Disconnect{Disconnect: command},
		})
	}
	refused, _ := p.visitor(t, m[0], &ingressv1.WidgetCommand{
		Command: &ingressv1.WidgetCommand_Disconnect{Disconnect: command},
	})
	return refused
}

func (p *player) readsWidget(t testing.TB, m []string) string {
	refused, _ := p.visitor(t, m[0], &ingressv1.WidgetCommand{Command: &ingressv1.WidgetCommand_MarkRead{
		MarkRead: &ingressv1.MarkRead{MessageId: p.names.lastReply},
	}})
	return refused
}

func (p *player) agentWrites(t testing.TB, m []string) string {
	reply := &ingressv1.SendReply{Content: conversation.Text(m[4]), Strict: m[3] != ""}
	switch m[1] {
	case "":
	case "note":
		reply.Destination = &ingressv1.Destination{Place: &ingressv1.Destination_Note{Note: true}}
	default:
		reply.Destination = &ingressv1.Destination{Place: &ingressv1.Destination_IntegrationId{IntegrationId: m[1]}}
	}
	if m[2] != "" {
		reply.SeenRouteVersion, _ = strconv.ParseUint(m[2], 10, 64)
	}
	where := p.conversation
	if m[0] != "" {
		where = p.names.conversationID(m[0])
	}
	return p.agent(t, &ingressv1.AgentCommand{
		ConversationId: where, Command: &ingressv1.AgentCommand_SendReply{SendReply: reply},
	})
}

func (p *player) offers(t testing.TB, m []string) string {
	refused := p.agent(t, &ingressv1.AgentCommand{
		ConversationId: p.conversation,
		Command:        &ingressv1.AgentCommand_OfferLink{OfferLink: &ingressv1.RequestLink{IntegrationId: m[0]}},
	})
	for _, event := range p.stage.Events(t, p.read) {
		if link, ok := event.Body.(*eventv1.LinkRequested); ok {
			p.codes = append(p.codes, p.stage.Code(link.GetLinkId()))
		}
	}
	return refused
}

var receiptStates = map[string]eventv1.ReceiptState{
	"sent":      eventv1.ReceiptState_RECEIPT_STATE_SENT,
	"delivered": eventv1.ReceiptState_RECEIPT_STATE_DELIVERED,
	"read":      eventv1.ReceiptState_RECEIPT_STATE_READ,
	"failed":    eventv1.ReceiptState_RECEIPT_STATE_FAILED,
}

func (p *player) reports(t testing.TB, m []string) string {
	receipt := &ingressv1.Receipt{
		ProviderAccountId: m[0] + "-account", ProviderMessageId: p.senders.providerID(t, m[2]),
		State: receiptStates[m[1]],
	}
	if m[0] == "whatsapp" {
		receipt.SendId = p.senders.sendID(m[2])
	}
	if m[1] == "failed" {
		receipt.Error = &eventv1.SendError{Code: 131026, Reason: "undeliverable"}
	}
	return p.publish(t, Speaker{"channel", m[0]}, &ingressv1.Item{Kind: &ingressv1.Item_Receipt{Receipt: receipt}})
}

func (p *player) reportsAll(t testing.TB, m []string) string {
	return p.publish(t, Speaker{"channel", m[0]}, &ingressv1.Item{Kind: &ingressv1.Item_Receipt{Receipt: &ingressv1.Receipt{
		ProviderAccountId: m[0] + "-account", State: receiptStates[m[1]], Watermark: stamp(p.stage.Now()),
		Recipient: []*eventv1.Alias{{Kind: aliasKind(t, m[0]), Value: m[2]}},
	}}})
}

// echoes reports a send of ours back, as Messenger does, with its metadata.
func (p *player) echoes(t testing.TB, m []string) string {
	echo := &ingressv1.Echo{
		ProviderAccountId: m[0] + "-account", ProviderMessageId: p.senders.providerID(t, m[1]),
		ProviderAppId: "app-" + m[0], SentAt: stamp(p.stage.Now()), Content: conversation.Text(m[1]),
	}
	if m[0] == "messenger" {
		echo.SendId = p.senders.sendID(m[1])
	}
	return p.publish(t, Speaker{"channel", m[0]}, &ingressv1.Item{Kind: &ingressv1.Item_Echo{Echo: echo}})
}

func (p *player) takesBack(t testing.TB, m []string) string {
	id := p.said[m[0]+"@"+m[1]+": "+p.fill(t, m[2])]
	if id == "" {
		t.Fatalf("%s@%s did not say %q", m[0], m[1], m[2])
	}
	return p.unsend(t, m[0], m[1], id)
}

func (p *player) takesBackNext(t testing.TB, m []string) string {
	return p.unsend(t, m[0], m[1], inboundID(p.count+1))
}

// unsend says that a message was taken back.
func (p *player) unsend(t testing.TB, person, channel, id string) string {
	item := &ingressv1.Item{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
		ProviderAccountId: channel + "-account", SentAt: stamp(p.stage.Now()),
		Sender: []*eventv1.Alias{{Kind: aliasKind(t, channel), Value: person}},
		Event:  &ingressv1.Inbound_Unsend{Unsend: &ingressv1.Unsend{ProviderMessageId: id}},
	}}}
	p.last[person+"@"+channel] = item
	return p.publish(t, Speaker{"channel", channel}, item)
}

// erases erases whom an identity belongs to. The operator gives no token: what was
// erased before is erased by itself.
func (p *player) erases(t testing.TB, m []string) string {
	where := p.conversation
	defer func() { p.conversation = where }()
	return p.publish(t, Speaker{"api", "operator"}, &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
		AgentId: "operator", Command: &ingressv1.AgentCommand_EraseCustomer{
			EraseCustomer: &ingressv1.EraseCustomer{CustomerId: p.names.ownerOf(m[0])},
		},
	}}})
}

func (p *player) waits(t testing.TB, m []string) string {
	p.stage.Advance(t, duration(t, m[0]))
	return ""
}

func duration(t testing.TB, text string) time.Duration {
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(fmt.Errorf("how long is that: %w", err))
	}
	return d
}
