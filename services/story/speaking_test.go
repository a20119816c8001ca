package story_test

import (
	"maps"
	"net/http"
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
	"weiche/services/simulator"
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
		s.onPhone(from.ID, kind.Inbound)
	default:
		t.Fatalf("nobody can do this in the real world: %v", item)
	}
	if why != nil {
		answer.Status, answer.Detail = ingressv1.ItemStatus_ITEM_STATUS_REFUSED, why.Message
	}
	s.settle(t)
	for _, event := range s.Events(t, before) {
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
		why := s.call("weiche.admin.v1.AdminService/ApplySetup", s.admin, &adminv1.ApplySetupRequest{AccountId: story.Account, Setup: setup}, made)
		for _, agent := range made.GetAgentTokens() {
			s.agent = agent.GetToken()
		}
		return why
	case *ingressv1.AgentCommand_SendReply:
		text, _ := conversation.PlainText(c.SendReply.GetContent())
		ask := &workspacev1.SendReplyRequest{
			ConversationId: where, Text: text, ClientToken: token,
			SeenRouteVersion: c.SendReply.GetSeenRouteVersion(), Strict: c.SendReply.GetStrict(),
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
		why := s.call("weiche.admin.v1.OperationsService/EraseCustomer", s.admin, &adminv1.EraseCustomerRequest{
			CustomerId: c.EraseCustomer.GetCustomerId(),
		}, &adminv1.EraseCustomerResponse{})
		// Providers tell the time in seconds: what is written within this one
		// would be from before.
		erased := time.Now()
		s.eventually(s.t, "the next second", func() bool { return time.Now().Unix() > erased.Unix() })
		return why
	case *ingressv1.AgentCommand_Disconnect:
		return s.workspace("Disconnect", &workspacev1.DisconnectRequest{
			ConversationId: where, IntegrationId: c.Disconnect.GetIntegrationId(), ClientToken: token,
		}, &workspacev1.DisconnectResponse{})
	}
	s.t.Fatalf("an agent cannot do this in the real world: %v", command)
	return nil
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
		text, _ := conversation.PlainText(c.PostMessage.GetContent())
		sent := &widgetv1.SendMessageResponse{}
		why := s.widget(person, "SendMessage", &widgetv1.SendMessageRequest{Text: text, ClientToken: token}, sent)
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

// onPhone does on a person's phone what an inbound says that they did.
func (s *inProcesses) onPhone(channel string, in *ingressv1.Inbound) {
	s.t.Helper()
	name, account := in.GetSender()[0].GetValue(), in.GetProviderAccountId()
	if !s.known[name] {
		s.known[name] = true
		var person simulator.Person
		s.simulate(http.MethodPost, "/sim/people", simulator.Person{
			Name: name, WhatsApp: simulator.WhatsAppIdentity{Mode: simulator.ModePhone},
		}, &person)
		s.people[person.WhatsApp.Phone] = name
		for _, ids := range []map[string]string{person.Messenger, person.Instagram} {
			for id := range maps.Values(ids) {
				s.people[id] = name
			}
		}
	}
	if late := time.Since(in.GetSentAt().AsTime()); late > 2*time.Second {
		s.t.Fatalf("a message of %s ago cannot be sent now", late)
	}
	path := "/sim/people/" + url.PathEscape(name) + "/"
	if unsend := in.GetUnsend(); unsend != nil {
		s.simulate(http.MethodPost, path+"unsend", map[string]string{
			"integration": account, "message": s.said[unsend.GetProviderMessageId()],
		}, nil)
		return
	}
	content := in.GetMessage()
	for _, part := range content.GetParts() {
		if answer := part.GetAnswer(); answer != nil {
			s.simulate(http.MethodPost, path+"tap", simulator.Press{Integration: account, Button: answer.GetPayload()}, nil)
			return
		}
	}
	if ref := content.GetReferral().GetRef(); ref != "" {
		s.simulate(http.MethodPost, path+"open", simulator.Visit{URL: s.linkWith(ref).GetUrl()}, nil)
		return
	}
	text, ok := conversation.PlainText(content)
	if !ok {
		s.t.Fatalf("nobody can do this on a phone: %v", in)
	}
	for _, link := range s.links {
		if u, err := url.Parse(link.GetUrl()); err == nil && u.Query().Get("text") == text {
			s.simulate(http.MethodPost, path+"open", simulator.Visit{URL: link.GetUrl(), Send: true}, nil)
			return
		}
	}
	var typed simulator.Message
	s.simulate(http.MethodPost, path+"send", simulator.Typed{Integration: account, Text: text}, &typed)
	s.said[in.GetProviderMessageId()] = typed.ID
}

func (s *inProcesses) linkWith(code string) *widgetv1.Link {
	for _, link := range s.links {
		if link.GetCode() == code {
			return link
		}
	}
	s.t.Fatalf("no link has the code %q", code)
	return nil
}
