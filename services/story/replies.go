package story

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// replies are what agents say that is more than a text, and what becomes of it.
var replies = []line{
	// agent asks: size? [S, M, L]
	{`agent(?: to (\w+))? asks: (.*) \[(.*)\]`, (*player).agentAsks},
	{`agent(?: to (\w+))? sends the template (\w+)`, (*player).agentTemplate},
	{`agent sends the place (.*)`, (*player).agentPlace},
	// agent answers "is it in stock?": it is
	{`agent answers "(.*)": (.*)`, (*player).agentAnswers},
	// agent writes 30 times: what a text
	{`agent writes (\d+) times: (.*)`, (*player).agentRepeats},
	{`the machine writes: (.*)`, (*player).machineWrites},
	{`agent reacts (\S+) to: (.*)`, (*player).agentReacts},
	{`agent says of "(.*)" that it (arrived|is to be sent again)`, (*player).agentSettles},
	{`(\w+) (fails|works again)`, (*player).healthOf},
	{`(\w+) gets a new token`, (*player).newToken},
	{`people may answer for longer on (\w+)`, (*player).humanAgent},
	// instagram reports part 2 of the reply delivered
	{`(\w+) reports part (\d+) of the reply (sent|delivered|read|failed)`, (*player).reportsPart},
}

// say publishes a reply of the agent by the route, or to a named destination.
func (p *player) say(t testing.TB, to string, reply *ingressv1.SendReply) string {
	if to != "" {
		reply.Destination = &ingressv1.Destination{Place: &ingressv1.Destination_IntegrationId{IntegrationId: to}}
	}
	return p.agent(t, &ingressv1.AgentCommand{
		ConversationId: p.conversation, Command: &ingressv1.AgentCommand_SendReply{SendReply: reply},
	})
}

func onePart(part *eventv1.Part) *ingressv1.SendReply {
	return &ingressv1.SendReply{Content: &eventv1.Content{Parts: []*eventv1.Part{part}}}
}

func (p *player) agentAsks(t testing.TB, m []string) string {
	return p.say(t, m[0], question(m[1], m[2]))
}

// question is one with buttons.
func question(body, titles string) *ingressv1.SendReply {
	asked := &eventv1.Buttons{Body: body}
	for _, title := range strings.Split(titles, ", ") {
		asked.Buttons = append(asked.Buttons, &eventv1.Button{Payload: "choice " + title, Title: title})
	}
	return onePart(&eventv1.Part{Kind: &eventv1.Part_Buttons{Buttons: asked}})
}

func (p *player) agentTemplate(t testing.TB, m []string) string {
	return p.say(t, m[0], onePart(&eventv1.Part{Kind: &eventv1.Part_Template{
		Template: &eventv1.Template{Name: m[1], Language: "en"},
	}}))
}

func (p *player) agentPlace(t testing.TB, m []string) string {
	return p.say(t, "", onePart(&eventv1.Part{Kind: &eventv1.Part_Location{
		Location: &eventv1.Location{Latitude: 52.5, Longitude: 13.25, Name: m[0]},
	}}))
}

func (p *player) agentAnswers(t testing.TB, m []string) string {
	reply := &ingressv1.SendReply{Content: conversation.Text(m[1])}
	reply.Content.ReplyTo = &eventv1.ReplyTo{MessageId: p.messageID(t, m[0])}
	return p.say(t, "", reply)
}

// messageID returns our id of the last message that says something.
func (p *player) messageID(t testing.TB, text string) string {
	found := ""
	for id, said := range p.names.messages {
		if said == text && id > found {
			found = id
		}
	}
	if found == "" {
		t.Fatalf("nobody said %q", text)
	}
	return found
}

func (p *player) agentRepeats(t testing.TB, m []string) string {
	times, _ := strconv.Atoi(m[0])
	return p.say(t, "", &ingressv1.SendReply{Content: conversation.Text(strings.TrimSpace(strings.Repeat(m[1]+" ", times)))})
}

func (p *player) machineWrites(t testing.TB, m []string) string {
	return p.say(t, "", &ingressv1.SendReply{Content: conversation.Text(m[0]), Automated: true})
}

func (p *player) agentReacts(t testing.TB, m []string) string {
	return p.agent(t, &ingressv1.AgentCommand{
		ConversationId: p.conversation, Command: &ingressv1.AgentCommand_React{
			React: &ingressv1.React{MessageId: p.messageID(t, m[1]), Emoji: m[0]},
		},
	})
}

func (p *player) agentSettles(t testing.TB, m []string) string {
	return p.agent(t, &ingressv1.AgentCommand{
		ConversationId: p.conversation, Command: &ingressv1.AgentCommand_SettleOutcome{SettleOutcome: &ingressv1.SettleOutcome{
			MessageId: p.messageID(t, m[0]), Arrived: m[1] == "arrived", SendAgain: m[1] != "arrived",
		}},
	})
}

// badToken is what a provider says of a token that it takes no more.
var badToken = &eventv1.SendError{Code: 190, Reason: "token_refused"}

func (p *player) healthOf(t testing.TB, m []string) string {
	report := &ingressv1.ReportHealth{IntegrationId: m[0], Healthy: m[1] != "fails"}
	if !report.Healthy {
		report.Error = badToken
	}
	return p.egress(t, &ingressv1.SenderCommand{Command: &ingressv1.SenderCommand_Health{Health: report}})
}

func (p *player) newToken(t testing.TB, m []string) string {
	for _, i := range p.setup.GetIntegrations() {
		if i.GetId() == m[0] {
			p.count++
			i.AccessToken = fmt.Sprintf("token %d", p.count)
		}
	}
	return p.apply(t)
}

func (p *player) humanAgent(t testing.TB, m []string) string {
	for _, i := range p.setup.GetIntegrations() {
		i.HumanAgent = i.GetHumanAgent() || i.GetId() == m[0]
	}
	return p.apply(t)
}

func (p *player) reportsPart(t testing.TB, m []string) string {
	part, _ := strconv.ParseUint(m[1], 10, 32)
	sendID := ""
	for _, event := range p.stage.Events(t, 0) {
		queued, ok := event.Body.(*eventv1.SendQueued)
		if ok && queued.GetIntegrationId() == m[0] && queued.GetOrigin().GetParts() > 0 && uint64(queued.GetOrigin().GetPart()) == part-1 {
			sendID = queued.GetSendId()
		}
	}
	receipt := &ingressv1.Receipt{
		ProviderAccountId: m[0] + "-account", ProviderMessageId: p.senders.ids[sendID], State: receiptStates[m[2]],
	}
	if receipt.ProviderMessageId == "" {
		t.Fatalf("there is no part %d at %s", part, m[0])
	}
	if m[2] == "failed" {
		receipt.Error = &eventv1.SendError{Code: 131026, Reason: "undeliverable"}
	}
	return p.publish(t, Speaker{"channel", m[0]}, &ingressv1.Item{Kind: &ingressv1.Item_Receipt{Receipt: receipt}})
}

// tellReply says the events of replies that cannot be sent as they were written, or
// where they were to go.
func (n *names) tellReply(body any) string {
	switch e := body.(type) {
	case *eventv1.ReplyFitted:
		text := fmt.Sprintf("%s gets %s instead", e.GetChannel(), count(len(e.GetSealed().GetParts()), "message"))
		for _, change := range e.GetChanges() {
			text += ", " + plain(change, "FIT_CHANGE_")
		}
		for at, part := range e.GetSealed().GetParts() {
			text += fmt.Sprintf("\n    %d: %s", at+1, strings.ReplaceAll(words(part), "\n", " / "))
		}
		return text
	case *eventv1.PartAdvanced:
		return fmt.Sprintf("part %d of %d: %s", e.GetPart()+1, e.GetParts(), plain(e.GetState(), "PART_STATE_"))
	case *eventv1.TemplateOffered:
		return fmt.Sprintf("a template may be sent to %s", n.identity(e.GetIdentityId()))
	case *eventv1.OutcomeAsked:
		return fmt.Sprintf("the agent is asked what became of %q", n.messages[e.GetMessageId()])
	case *eventv1.OutcomeSettled:
		if e.GetArrived() {
			return fmt.Sprintf("%s says that %q arrived", e.GetAgentId(), n.messages[e.GetMessageId()])
		}
		return fmt.Sprintf("%s wants %q to be sent again", e.GetAgentId(), n.messages[e.GetMessageId()])
	case *eventv1.ReactionQueued:
		return fmt.Sprintf("%s reacts to %q of %s", e.GetAgentId(), n.messages[e.GetMessageId()], n.identity(e.GetIdentityId()))
	case *eventv1.ReactionFailed:
		return fmt.Sprintf("the reaction to %q failed: %s", n.messages[e.GetMessageId()], e.GetError().GetReason())
	}
	return ""
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
