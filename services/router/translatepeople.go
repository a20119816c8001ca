package router

import (
	"encoding/hex"
	"fmt"

	"google.golang.org/protobuf/proto"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// widget translates a visitor's command.
func (t *translation) widget(w *ingressv1.WidgetCommand) (conversation.Command, error) {
	visitor := &conversation.Visitor{
		WidgetID: t.source.ID, Address: t.address(w.GetVisitor()), Language: w.GetLanguage(),
	}
	if w.GetVisitor().GetValue() == "" {
		return nil, fmt.Errorf("the command names no visitor")
	}
	asked := &ingressv1.WidgetCommand{Command: w.GetCommand()}
	if err := t.clientToken(w.GetVisitor().GetValue(), w.GetClientToken(), asked); err != nil {
		return nil, err
	}
	t.header.Deadline = timeOf(w.GetDeadline())
	switch c := w.GetCommand().(type) {
	case *ingressv1.WidgetCommand_PostMessage:
		return &conversation.ReceiveMessage{
			Header: t.header, IntegrationID: t.source.ID, Sender: []conversation.Address{visitor.Address},
			SentAt: t.header.Received, Content: c.PostMessage.GetContent(), Language: w.GetLanguage(),
		}, nil
	case *ingressv1.WidgetCommand_RequestLink:
		return t.requestLink(visitor, nil, c.RequestLink), nil
	case *ingressv1.WidgetCommand_CancelLink:
		return &conversation.CancelLink{Header: t.header, Visitor: visitor, LinkID: c.CancelLink.GetLinkId()}, nil
	case *ingressv1.WidgetCommand_ConfirmLink:
		return &conversation.ConfirmLink{Header: t.header, Visitor: *visitor, LinkID: c.ConfirmLink.GetLinkId()}, nil
	case *ingressv1.WidgetCommand_Identify:
		return t.identify(visitor, c.Identify)
	case *ingressv1.WidgetCommand_Disconnect:
		return &conversation.Disconnect{
			Header: t.header, Visitor: visitor, IntegrationID: c.Disconnect.GetIntegrationId(),
		}, nil
	case *ingressv1.WidgetCommand_MarkRead:
		return &conversation.MarkRead{Header: t.header, Visitor: *visitor, MessageID: c.MarkRead.GetMessageId()}, nil
	case *ingressv1.WidgetCommand_EndSession:
		// A session ends once, whoever says so again.
		t.dedup("visitor session", hex.EncodeToString(c.EndSession.GetHash()))
		return &conversation.EndVisitorSession{Header: t.header, Hash: c.EndSession.GetHash()}, nil
	}
	return nil, fmt.Errorf("the widget's command is not known")
}

// maxExternal is the longest id that a site may have for a person, in bytes.
const maxExternal = 512

// identify translates the word of a site for who its visitor is.
func (t *translation) identify(visitor *conversation.Visitor, said *ingressv1.IdentifyVisitor) (conversation.Command, error) {
	external := said.GetExternal()
	if external.GetKind() != conversation.ExternalID || external.GetValue() == "" || len(external.GetValue()) > maxExternal {
		return nil, fmt.Errorf("the site's id of its visitor is missing, or none")
	}
	command := &conversation.IdentifyVisitor{
		Header: t.header, Visitor: *visitor, External: t.address(external), Profile: said.GetProfile(),
		Session: said.GetSessionHash(),
	}
	if proto.Size(said.GetProfile()) > 0 {
		plain, err := deterministic.Marshal(said.GetProfile())
		if err != nil {
			return nil, fmt.Errorf("the profile cannot be written down: %w", err)
		}
		command.ProfileHash = t.engine.keys.Hash("profile", t.source.Account, t.source.ID, string(plain))
	}
	return command, nil
}

// requestLink gives a link its id and the hash of the code that follows from it.
func (t *translation) requestLink(v *conversation.Visitor, a *conversation.Agent, c *ingressv1.RequestLink) conversation.Command {
	linkID := t.engine.newID(t.header.Now)
	code := t.engine.keys.Code(t.source.Account, linkID)
	return &conversation.RequestLink{
		Header: t.header, Visitor: v, Agent: a, IntegrationID: c.GetIntegrationId(),
		LinkID: linkID, CodeHash: t.engine.keys.CodeHash(t.source.Account, code),
	}
}

// agent translates an agent's or admin's command.
func (t *translation) agent(a *ingressv1.AgentCommand) (conversation.Command, error) {
	asked := &ingressv1.AgentCommand{ConversationId: a.GetConversationId(), Command: a.GetCommand()}
	if err := t.clientToken(a.GetAgentId(), a.GetClientToken(), asked); err != nil {
		return nil, err
	}
	t.header.Deadline = timeOf(a.GetDeadline())
	agent := conversation.Agent{AgentID: a.GetAgentId(), ConversationID: a.GetConversationId()}
	switch c := a.GetCommand().(type) {
	case *ingressv1.AgentCommand_SendReply:
		return &conversation.SendReply{
			Header: t.header, Agent: agent, Content: c.SendReply.GetContent(),
			IntegrationID:    c.SendReply.GetDestination().GetIntegrationId(),
			Note:             c.SendReply.GetDestination().GetNote(),
			SeenRouteVersion: c.SendReply.GetSeenRouteVersion(), Strict: c.SendReply.GetStrict(),
			Automated: c.SendReply.GetAutomated(),
		}, nil
	case *ingressv1.AgentCommand_SettleOutcome:
		return &conversation.SettleOutcome{
			Header: t.header, Agent: agent, MessageID: c.SettleOutcome.GetMessageId(),
			Arrived: c.SettleOutcome.GetArrived(), SendAgain: c.SettleOutcome.GetSendAgain(),
		}, nil
	case *ingressv1.AgentCommand_React:
		return &conversation.React{
			Header: t.header, Agent: agent, MessageID: c.React.GetMessageId(), Emoji: c.React.GetEmoji(),
		}, nil
	case *ingressv1.AgentCommand_OfferLink:
		return t.requestLink(nil, &agent, c.OfferLink), nil
	case *ingressv1.AgentCommand_CancelLink:
		return &conversation.CancelLink{Header: t.header, Agent: &agent, LinkID: c.CancelLink.GetLinkId()}, nil
	case *ingressv1.AgentCommand_Disconnect:
		return &conversation.Disconnect{
			Header: t.header, Agent: &agent, IntegrationID: c.Disconnect.GetIntegrationId(),
		}, nil
	case *ingressv1.AgentCommand_ApplySetup:
		return t.setup(a.GetAgentId(), c.ApplySetup)
	case *ingressv1.AgentCommand_LinkCustomers:
		return &conversation.LinkCustomers{
			Header: t.header, AgentID: a.GetAgentId(),
			CustomerID: c.LinkCustomers.GetCustomerId(), Other: c.LinkCustomers.GetOtherCustomerId(),
		}, nil
	case *ingressv1.AgentCommand_UnlinkCustomers:
		return &conversation.UnlinkCustomers{
			Header: t.header, AgentID: a.GetAgentId(),
			CustomerID: c.UnlinkCustomers.GetCustomerId(), Other: c.UnlinkCustomers.GetOtherCustomerId(),
		}, nil
	case *ingressv1.AgentCommand_ConfirmIdentity:
		return &conversation.ConfirmIdentity{
			Header: t.header, AgentID: a.GetAgentId(),
			IdentityID: c.ConfirmIdentity.GetIdentityId(), SamePerson: c.ConfirmIdentity.GetSamePerson(),
		}, nil
	case *ingressv1.AgentCommand_Close:
		return &conversation.CloseConversation{Header: t.header, Agent: agent}, nil
	case *ingressv1.AgentCommand_Reopen:
		return &conversation.ReopenConversation{Header: t.header, Agent: agent}, nil
	case *ingressv1.AgentCommand_Assign:
		return &conversation.AssignConversation{Header: t.header, Agent: agent, AssigneeID: c.Assign.GetAssigneeId()}, nil
	case *ingressv1.AgentCommand_ChangeLabels:
		return &conversation.ChangeLabels{
			Header: t.header, Agent: agent, Add: c.ChangeLabels.GetAdd(), Remove: c.ChangeLabels.GetRemove(),
		}, nil
	case *ingressv1.AgentCommand_See:
		return &conversation.SeeConversation{Header: t.header, Agent: agent, MessageID: c.See.GetMessageId()}, nil
	case *ingressv1.AgentCommand_RemoveIntegration:
		id := c.RemoveIntegration.GetIntegrationId()
		t.entry.prepare = func() error {
			return t.engine.keys.PutSecrets(t.source.Account, OwnerIntegration(id), SecretToken, nil)
		}
		return &conversation.RemoveIntegration{Header: t.header, IntegrationID: id, By: a.GetAgentId()}, nil
	case *ingressv1.AgentCommand_RemoveAgent:
		return &conversation.RemoveAgent{Header: t.header, AgentID: c.RemoveAgent.GetRemovedAgentId(), By: a.GetAgentId()}, nil
	case *ingressv1.AgentCommand_EraseCustomer:
		return &conversation.EraseCustomer{Header: t.header, CustomerID: c.EraseCustomer.GetCustomerId()}, nil
	}
	return t.access(a)
}
