package story_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/conversation"
	"weiche/services/story"
)

// Publish does what an item says, as whoever says it does it.
func (s *inProcesses) Publish(t testing.TB, from story.Speaker, item *ingressv1.Item) *ingressv1.ItemAnswer {
	t.Helper()
	before := int(s.head)
	answer := &ingressv1.ItemAnswer{Status: ingressv1.ItemStatus_ITEM_STATUS_COMMITTED}
	var why *refusal
	person := ""
	switch kind := item.GetKind().(type) {
	case *ingressv1.Item_Agent:
		why = s.asAgent(kind.Agent, answer)
	case *ingressv1.Item_Widget:
		person = kind.Widget.GetVisitor().GetValue()
		why = s.asVisitor(person, kind.Widget, answer)
	case *ingressv1.Item_Inbound:
		s.again(item, func() { s.onPhone(from.ID, kind.Inbound) })
	case *ingressv1.Item_Echo:
		s.inApp(from.ID, kind.Echo)
	case *ingressv1.Item_Receipt:
		s.reports(from.ID, kind.Receipt)
	case *ingressv1.Item_Sender:
		s.fileComes(kind.Sender.GetMedia())
	default:
		t.Fatalf("nobody can do this in the real world: %v", item)
	}
	if why != nil {
		answer.Status, answer.Detail = ingressv1.ItemStatus_ITEM_STATUS_REFUSED, why.Message
	}
	s.settle(t)
	for _, event := range s.log(t, before) {
		if created, ok := event.Body.(*eventv1.IdentityCreated); ok && created.GetChannel() == "widget" {
			s.people[created.GetSealed().GetAliases()[0].GetValue()] = person
		}
		if event.Stream.Category == conversation.CategoryConversation {
			answer.ConversationId = event.Stream.ID
		}
	}
	return answer
}

func (s *inProcesses) asAgent(command *ingressv1.AgentCommand, answer *ingressv1.ItemAnswer) *refusal {
	token, where := command.GetClientToken(), command.GetConversationId()
	switch c := command.GetCommand().(type) {
	case *ingressv1.AgentCommand_ApplySetup:
		setup := proto.CloneOf(c.ApplySetup)
		for _, i := range setup.GetIntegrations() {
			i.Address = address[i.GetChannel()]
		}
		made := &adminv1.ApplySetupResponse{}
		s.renew(setup)
		why := s.call("weiche.admin.v1.AdminService/ApplySetup", s.admin, &adminv1.ApplySetupRequest{AccountId: story.Account, Setup: setup}, made)
		for _, agent := range made.GetAgentTokens() {
			if agent.GetAgentId() == command.GetAgentId() {
				s.agent = agent.GetToken()
			}
		}
		if why == nil {
			for _, app := range setup.GetApps() {
				s.knows(app)
			}
		}
		return why
	case *ingressv1.AgentCommand_SendReply:
		ask := &workspacev1.SendReplyRequest{
			ConversationId: where, ClientToken: token, Automated: c.SendReply.GetAutomated(),
			ReplyToMessageId: c.SendReply.GetContent().GetReplyTo().GetMessageId(),
			SeenRouteVersion: c.SendReply.GetSeenRouteVersion(), Strict: c.SendReply.GetStrict(),
		}
		if text, ok := conversation.PlainText(c.SendReply.GetContent()); ok {
			ask.Text = text
		} else {
			ask.Content = s.contentFor(where, c.SendReply.GetContent())
		}
		switch place := c.SendReply.GetDestination().GetPlace().(type) {
		case *ingressv1.Destination_IntegrationId:
			ask.Destination = &workspacev1.Destination{Place: &workspacev1.Destination_IntegrationId{IntegrationId: place.IntegrationId}}
		case *ingressv1.Destination_Note:
			ask.Destination = &workspacev1.Destination{Place: &workspacev1.Destination_Note{Note: place.Note}}
		}
		sent := &workspacev1.SendReplyResponse{}
		why := s.workspace("SendReply", ask, sent)
		answer.MessageId, answer.RouteVersion = sent.GetMessageId(), sent.GetRouteVersion()
		return why
	case *ingressv1.AgentCommand_OfferLink:
		offered := &workspacev1.OfferLinkResponse{}
		why := s.workspace("OfferLink", &workspacev1.OfferLinkRequest{
			ConversationId: where, IntegrationId: c.OfferLink.GetIntegrationId(), ClientToken: token,
		}, offered)
		if why == nil {
			s.links[offered.GetLinkId()] = &widgetv1.Link{LinkId: offered.GetLinkId(), Url: offered.GetUrl(), Code: codeIn(offered.GetUrl())}
			answer.LinkId = offered.GetLinkId()
		}
		return why
	case *ingressv1.AgentCommand_EraseCustomer:
		why := s.callAt(s.operators, "weiche.admin.v1.OperationsService/EraseCustomer", s.admin, &adminv1.EraseCustomerRequest{
			CustomerId: c.EraseCustomer.GetCustomerId(),
		}, &adminv1.EraseCustomerResponse{})
		s.nextSecond()
		return why
	case *ingressv1.AgentCommand_Disconnect:
		return s.workspace("Disconnect", &workspacev1.DisconnectRequest{
			ConversationId: where, IntegrationId: c.Disconnect.GetIntegrationId(), ClientToken: token,
		}, &workspacev1.DisconnectResponse{})
	case *ingressv1.AgentCommand_Close:
		return s.workspace("CloseConversation", &workspacev1.CloseConversationRequest{
			ConversationId: where, ClientToken: token,
		}, &workspacev1.CloseConversationResponse{})
	case *ingressv1.AgentCommand_Reopen:
		return s.workspace("ReopenConversation", &workspacev1.ReopenConversationRequest{
			ConversationId: where, ClientToken: token,
		}, &workspacev1.ReopenConversationResponse{})
	case *ingressv1.AgentCommand_Assign:
		return s.workspace("AssignConversation", &workspacev1.AssignConversationRequest{
			ConversationId: where, AssigneeId: c.Assign.GetAssigneeId(), ClientToken: token,
		}, &workspacev1.AssignConversationResponse{})
	case *ingressv1.AgentCommand_ChangeLabels:
		return s.workspace("ChangeLabels", &workspacev1.ChangeLabelsRequest{
			ConversationId: where, Add: c.ChangeLabels.GetAdd(), Remove: c.ChangeLabels.GetRemove(), ClientToken: token,
		}, &workspacev1.ChangeLabelsResponse{})
	case *ingressv1.AgentCommand_See:
		return s.workspace("MarkSeen", &workspacev1.MarkSeenRequest{
			ConversationId: where, MessageId: c.See.GetMessageId(),
		}, &workspacev1.MarkSeenResponse{})
	case *ingressv1.AgentCommand_React:
		return s.workspace("React", &workspacev1.ReactRequest{
			ConversationId: where, MessageId: c.React.GetMessageId(), Emoji: c.React.GetEmoji(), ClientToken: token,
		}, &workspacev1.ReactResponse{})
	case *ingressv1.AgentCommand_SettleOutcome:
		ask := &workspacev1.SettleOutcomeRequest{
			ConversationId: where, MessageId: c.SettleOutcome.GetMessageId(), ClientToken: token,
			Outcome: &workspacev1.SettleOutcomeRequest_Arrived{Arrived: true},
		}
		if !c.SettleOutcome.GetArrived() {
			ask.Outcome = &workspacev1.SettleOutcomeRequest_SendAgain{SendAgain: true}
		}
		return s.workspace("SettleOutcome", ask, &workspacev1.SettleOutcomeResponse{})
	case *ingressv1.AgentCommand_ConfirmIdentity:
		why := s.workspace("ConfirmIdentity", &workspacev1.ConfirmIdentityRequest{
			IdentityId: c.ConfirmIdentity.GetIdentityId(), SamePerson: c.ConfirmIdentity.GetSamePerson(), ClientToken: token,
		}, &workspacev1.ConfirmIdentityResponse{})
		s.nextSecond()
		return why
	case *ingressv1.AgentCommand_LinkCustomers:
		return s.workspace("LinkCustomers", &workspacev1.LinkCustomersRequest{
			CustomerId: c.LinkCustomers.GetCustomerId(), OtherCustomerId: c.LinkCustomers.GetOtherCustomerId(), ClientToken: token,
		}, &workspacev1.LinkCustomersResponse{})
	case *ingressv1.AgentCommand_UnlinkCustomers:
		return s.workspace("UnlinkCustomers", &workspacev1.UnlinkCustomersRequest{
			CustomerId: c.UnlinkCustomers.GetCustomerId(), OtherCustomerId: c.UnlinkCustomers.GetOtherCustomerId(), ClientToken: token,
		}, &workspacev1.UnlinkCustomersResponse{})
	}
	s.t.Fatalf("an agent cannot do this in the real world: %v", command)
	return nil
}

// nextSecond waits for it. Providers tell the time in seconds: what is written within
// the one in which somebody was erased or disconnected would be from before.
func (s *inProcesses) nextSecond() {
	ended := time.Now()
	s.eventually(s.t, "the next second", func() bool { return time.Now().Unix() > ended.Unix() })
}

// codeIn returns the code in a deep link.
func codeIn(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	query := u.Query()
	for word := range strings.FieldsSeq(query.Get("ref") + " " + query.Get("text")) {
		if strings.HasPrefix(word, "w1") {
			return word
		}
	}
	return ""
}

func (s *inProcesses) asVisitor(person string, command *ingressv1.WidgetCommand, answer *ingressv1.ItemAnswer) *refusal {
	token := command.GetClientToken()
	switch c := command.GetCommand().(type) {
	case *ingressv1.WidgetCommand_PostMessage:
		ask := &widgetv1.SendMessageRequest{ClientToken: token}
		if text, ok := conversation.PlainText(c.PostMessage.GetContent()); ok {
			ask.Text = text
		} else {
			ask.Text, ask.Attachments = s.attached(person, c.PostMessage.GetContent())
		}
		sent := &widgetv1.SendMessageResponse{}
		why := s.widget(person, "SendMessage", ask, sent)
		answer.MessageId = sent.GetMessageId()
		return why
	case *ingressv1.WidgetCommand_RequestLink:
		made := &widgetv1.RequestLinkResponse{}
		why := s.widget(person, "RequestLink", &widgetv1.RequestLinkRequest{
			IntegrationId: c.RequestLink.GetIntegrationId(), ClientToken: token,
		}, made)
		if why == nil {
			s.links[made.GetLink().GetLinkId()] = made.GetLink()
			answer.LinkId = made.GetLink().GetLinkId()
		}
		return why
	case *ingressv1.WidgetCommand_CancelLink:
		return s.widget(person, "CancelLink", &widgetv1.CancelLinkRequest{
			LinkId: c.CancelLink.GetLinkId(), ClientToken: token,
		}, &widgetv1.CancelLinkResponse{})
	case *ingressv1.WidgetCommand_ConfirmLink:
		return s.widget(person, "ConfirmLink", &widgetv1.ConfirmLinkRequest{
			LinkId: c.ConfirmLink.GetLinkId(), ClientToken: token,
		}, &widgetv1.ConfirmLinkResponse{})
	case *ingressv1.WidgetCommand_Disconnect:
		return s.widget(person, "Disconnect", &widgetv1.DisconnectRequest{
			IntegrationId: c.Disconnect.GetIntegrationId(), ClientToken: token,
		}, &widgetv1.DisconnectResponse{})
	case *ingressv1.WidgetCommand_MarkRead:
		return s.widget(person, "MarkRead", &widgetv1.MarkReadRequest{MessageId: c.MarkRead.GetMessageId()}, &widgetv1.MarkReadResponse{})
	}
	s.t.Fatalf("a visitor cannot do this in the real world: %v", command)
	return nil
}
