package story

import (
	"fmt"
	"strings"
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"

	"google.golang.org/protobuf/proto"
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
