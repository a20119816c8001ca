package story_test

import (
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
)

// view asks for a view until it shows the whole log.
func (s *inProcesses) view(t testing.TB, ask func() (asOf uint64, why *refusal)) {
	t.Helper()
	s.eventually(t, "the views", func() bool {
		asOf, why := ask()
		if why != nil && why.Code != "not_found" {
			t.Fatalf("view: %v", why)
		}
		return why != nil || asOf >= s.head
	})
}

func (s *inProcesses) Timeline(t testing.TB, conversationID string) []*viewv1.TimelineItem {
	answer := &workspacev1.GetConversationResponse{}
	s.view(t, func() (uint64, *refusal) {
		why := s.workspace("GetConversation", &workspacev1.GetConversationRequest{ConversationId: conversationID, Limit: 1000}, answer)
		return answer.GetTimeline().GetAsOf(), why
	})
	for _, item := range answer.GetTimeline().GetItems() {
		if item.GetAgent() != nil {
			// The view has them in its content; the API says that they are there.
			item.Media = nil
		}
	}
	return answer.GetTimeline().GetItems()
}

func (s *inProcesses) Channel(t testing.TB, conversationID, integrationID string) *viewv1.ChannelView {
	answer := &workspacev1.GetChannelResponse{}
	s.view(t, func() (uint64, *refusal) {
		why := s.workspace("GetChannel", &workspacev1.GetChannelRequest{ConversationId: conversationID, IntegrationId: integrationID}, answer)
		return answer.GetChannel().GetAsOf(), why
	})
	return answer.GetChannel()
}

func (s *inProcesses) Route(t testing.TB, conversationID string) *viewv1.Route {
	answer := &workspacev1.GetRouteResponse{}
	s.view(t, func() (uint64, *refusal) {
		why := s.workspace("GetRoute", &workspacev1.GetRouteRequest{ConversationId: conversationID}, answer)
		return answer.GetRoute().GetAsOf(), why
	})
	s.customers[answer.GetRoute().GetCustomerId()] = conversationID
	return answer.GetRoute()
}

func (s *inProcesses) Customer(t testing.TB, customerID string) *viewv1.Customer {
	answer := &workspacev1.GetCustomerResponse{}
	s.view(t, func() (uint64, *refusal) {
		why := s.workspace("GetCustomer", &workspacev1.GetCustomerRequest{ConversationId: s.customers[customerID]}, answer)
		return answer.GetCustomer().GetAsOf(), why
	})
	for _, identity := range answer.GetCustomer().GetIdentities() {
		s.name(identity.GetAliases())
		for _, former := range identity.GetFormer() {
			s.name([]*eventv1.Alias{former.GetAlias()})
		}
	}
	return answer.GetCustomer()
}

func (s *inProcesses) Inbox(t testing.TB, query *viewv1.InboxQuery) []*viewv1.ConversationSummary {
	request := &workspacev1.ListConversationsRequest{
		Status: query.GetStatus(), Label: query.GetLabel(), Limit: 200,
	}
	switch {
	case query.GetNobody():
		request.Whose = &workspacev1.ListConversationsRequest_Nobody{Nobody: true}
	case query.GetAssigneeId() != "":
		request.Whose = &workspacev1.ListConversationsRequest_AssigneeId{AssigneeId: query.GetAssigneeId()}
	}
	counts := &workspacev1.CountConversationsResponse{}
	s.view(t, func() (uint64, *refusal) {
		why := s.workspace("CountConversations", &workspacev1.CountConversationsRequest{}, counts)
		return counts.GetCounts().GetAsOf(), why
	})
	request.MinPosition = counts.GetPosition()
	answer := &workspacev1.ListConversationsResponse{}
	if why := s.workspace("ListConversations", request, answer); why != nil {
		t.Fatalf("inbox: %v", why)
	}
	return answer.GetConversations()
}
