package story

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// keeping is how agents keep their conversations.
var keeping = []line{
	{`agent (closes|reopens)( c\d+)?`, (*player).closes},
	// agent assigns to eva | to nobody
	{`agent assigns to (\w+)`, (*player).assigns},
	// agent labels refund, vip
	{`agent (labels|unlabels) (.*)`, (*player).labels},
	{`agent has seen: (.*)`, (*player).sees},
	// agent asks, having seen route 1: size? [S, M, L]
	{`the admin removes the agent (\w+)`, (*player).removesAgent},
	{`the admin removes (\w+)`, (*player).removesIntegration},
	// ana says in the widget that it was her
	{`(\w+) says in the widget that it was her`, (*player).confirmsLink},
	// phone@widget is signed in as a-7, called Ana Lima
	{`(\w+)@widget is signed in as (\S+?)(?:, called (.*))?`, (*player).signsIn},
	{`(\w+)@widget signs out`, (*player).signsOut},
	{`agent asks, having seen route (\d+): (.*) \[(.*)\]`, (*player).agentAsksSeeing},
}

func (p *player) closes(t testing.TB, m []string) string {
	command := &ingressv1.AgentCommand{ConversationId: p.conversation}
	if name := strings.TrimSpace(m[1]); name != "" {
		command.ConversationId = p.names.conversationID(name)
	}
	if m[0] == "closes" {
		command.Command = &ingressv1.AgentCommand_Close{Close: &ingressv1.CloseConversation{}}
	} else {
		command.Command = &ingressv1.AgentCommand_Reopen{Reopen: &ingressv1.ReopenConversation{}}
	}
	return p.agent(t, command)
}

func (p *player) assigns(t testing.TB, m []string) string {
	assignee := m[0]
	if assignee == "nobody" {
		assignee = ""
	}
	return p.agent(t, &ingressv1.AgentCommand{
		ConversationId: p.conversation, Command: &ingressv1.AgentCommand_Assign{Assign: &ingressv1.AssignConversation{AssigneeId: assignee}},
	})
}

func (p *player) labels(t testing.TB, m []string) string {
	change := &ingressv1.ChangeLabels{Add: strings.Split(m[1], ", ")}
	if m[0] == "unlabels" {
		change.Add, change.Remove = nil, change.Add
	}
	return p.agent(t, &ingressv1.AgentCommand{
		ConversationId: p.conversation, Command: &ingressv1.AgentCommand_ChangeLabels{ChangeLabels: change},
	})
}

func (p *player) sees(t testing.TB, m []string) string {
	return p.agent(t, &ingressv1.AgentCommand{
		ConversationId: p.conversation, Command: &ingressv1.AgentCommand_See{
			See: &ingressv1.SeeConversation{MessageId: p.messageID(t, m[0])},
		},
	})
}

func (p *player) agentAsksSeeing(t testing.TB, m []string) string {
	reply := question(m[1], m[2])
	if _, err := fmt.Sscan(m[0], &reply.SeenRouteVersion); err != nil {
		t.Fatal(err)
	}
	return p.say(t, "", reply)
}

func (p *player) removesAgent(t testing.TB, m []string) string {
	return p.agent(t, &ingressv1.AgentCommand{
		Command: &ingressv1.AgentCommand_RemoveAgent{RemoveAgent: &ingressv1.RemoveAgent{RemovedAgentId: m[0]}},
	})
}

func (p *player) removesIntegration(t testing.TB, m []string) string {
	return p.agent(t, &ingressv1.AgentCommand{
		Command: &ingressv1.AgentCommand_RemoveIntegration{RemoveIntegration: &ingressv1.RemoveIntegration{IntegrationId: m[0]}},
	})
}

func (p *player) confirmsLink(t testing.TB, m []string) string {
	refused, _ := p.visitor(t, m[0], &ingressv1.WidgetCommand{Command: &ingressv1.WidgetCommand_ConfirmLink{
		ConfirmLink: &ingressv1.ConfirmLink{LinkId: p.links[m[0]]},
	}})
	return refused
}

// signsIn brings the site's word for who is in front of a device.
func (p *player) signsIn(t testing.TB, m []string) string {
	said := &ingressv1.IdentifyVisitor{External: &eventv1.Alias{Kind: conversation.ExternalID, Value: m[1]}}
	if m[2] != "" {
		said.Profile = &eventv1.Profile{Name: m[2]}
	}
	if _, again := p.signed[m[0]]; !again {
		said.SessionHash = sessionOf(m[0])
	}
	delete(p.signed, m[0])
	refused, _ := p.visitor(t, m[0], &ingressv1.WidgetCommand{Command: &ingressv1.WidgetCommand_Identify{Identify: said}})
	p.signed[m[0]] = said.GetExternal()
	return refused
}

func (p *player) signsOut(t testing.TB, m []string) string {
	refused, _ := p.visitor(t, m[0], &ingressv1.WidgetCommand{Command: &ingressv1.WidgetCommand_EndSession{
		EndSession: &ingressv1.EndVisitorSession{Hash: sessionOf(m[0] + ", signed in")},
	}})
	delete(p.signed, m[0])
	return refused
}

// sessionOf is the hash of the session that a device has.
func sessionOf(device string) []byte {
	hash := sha256.Sum256([]byte("the session of " + device))
	return hash[:]
}

// tellInbox says how agents keep a conversation.
func (n *names) tellInbox(body proto.Message) string {
	switch e := body.(type) {
	case *eventv1.ConversationClosed:
		return "is closed by " + e.GetAgentId()
	case *eventv1.ConversationReopened:
		switch {
		case e.GetAgentId() != "":
			return "is opened again by " + e.GetAgentId()
		case e.GetMessageId() == "":
			return "is opened again by a link"
		}
		return "is opened again"
	case *eventv1.ConversationContinued:
		return "goes on in " + n.conversation(e.GetByConversationId())
	case *eventv1.ConversationAssigned:
		if e.GetAssigneeId() == "" {
			return "is nobody's work"
		}
		return "is the work of " + e.GetAssigneeId()
	case *eventv1.LabelsChanged:
		text := "is labelled"
		for _, label := range e.GetAdded() {
			text += " +" + label
		}
		for _, label := range e.GetRemoved() {
			text += " -" + label
		}
		return text
	case *eventv1.ConversationSeen:
		return fmt.Sprintf("is seen up to %q", n.messages[e.GetMessageId()])
	}
	return ""
}
