package api

import (
	"cmp"
	"context"
	"errors"

	"weiche/proto/gen/weiche/workspace/v1/workspacev1connect"

	"weiche/projections"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/blob"
)

// workspaceService is what an agent may do, in the account of their token.
type workspaceService struct {
	workspacev1connect.UnimplementedWorkspaceServiceHandler
	*server
}

// read waits until the views show what the agent has seen, and checks the ids.
func (s *workspaceService) read(ctx context.Context, min string, ids ...string) (actor, error) {
	if err := known(ids...); err != nil {
		return actor{}, err
	}
	return callingAgent(ctx), s.reach(ctx, min)
}

// GetConversation returns a page of a conversation with all its lines.
func (s *workspaceService) GetConversation(ctx context.Context, req *workspacev1.GetConversationRequest) (*workspacev1.GetConversationResponse, error) {
	limit, err := pageSize(req.GetLimit(), 200, 1000)
	if err := errors.Join(err, onePage(req)); err != nil {
		return nil, err
	}
	who, err := s.read(ctx, req.GetMinPosition(), req.GetConversationId())
	if err != nil {
		return nil, err
	}
	timeline, err := s.Views.Timeline(ctx, who.account, req.GetConversationId(), projections.Page{
		After: req.GetAfter(), Before: req.GetBefore(), Last: req.GetLatest() || req.GetBefore() != 0,
		Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	for _, item := range timeline.GetItems() {
		forAgent(item)
		item.Media = s.files(who.account, req.GetConversationId(), blob.ForAgent, item)
	}
	route, err := s.Views.Route(ctx, who.account, req.GetConversationId())
	if err != nil {
		return nil, err
	}
	s.windows(who.account, route)
	summary, err := s.Views.Summary(ctx, who.account, req.GetConversationId())
	if err != nil {
		return nil, err
	}
	// What was read first shows no more than what was read after it.
	return &workspacev1.GetConversationResponse{
		Timeline: timeline, Route: route, Summary: summary, Position: s.opaque(timeline.GetAsOf()), Cursor: s.opaque(timeline.GetAsOf()),
	}, nil
}

// GetChannel returns what was exchanged over one integration.
func (s *workspaceService) GetChannel(ctx context.Context, req *workspacev1.GetChannelRequest) (*workspacev1.GetChannelResponse, error) {
	who, err := s.read(ctx, req.GetMinPosition(), req.GetConversationId(), req.GetIntegrationId())
	if err != nil {
		return nil, err
	}
	view, err := s.Views.Channel(ctx, who.account, req.GetConversationId(), req.GetIntegrationId())
	if err != nil {
		return nil, err
	}
	for _, segment := range view.GetSegments() {
		for _, entry := range segment.GetEntries() {
			forAgent(entry.GetItem())
			if item := entry.GetItem(); item != nil {
				item.Media = s.files(who.account, req.GetConversationId(), blob.ForAgent, item)
			}
		}
	}
	return &workspacev1.GetChannelResponse{Channel: view, Position: s.opaque(view.GetAsOf())}, nil
}

// GetRoute returns where a reply goes now.
func (s *workspaceService) GetRoute(ctx context.Context, req *workspacev1.GetRouteRequest) (*workspacev1.GetRouteResponse, error) {
	who, err := s.read(ctx, req.GetMinPosition(), req.GetConversationId())
	if err != nil {
		return nil, err
	}
	route, err := s.Views.Route(ctx, who.account, req.GetConversationId())
	if err != nil {
		return nil, err
	}
	s.windows(who.account, route)
	return &workspacev1.GetRouteResponse{Route: route, Position: s.opaque(route.GetAsOf())}, nil
}

// GetCustomer returns a customer, named by id or by a conversation of theirs.
func (s *workspaceService) GetCustomer(ctx context.Context, req *workspacev1.GetCustomerRequest) (*workspacev1.GetCustomerResponse, error) {
	if req.GetCustomerId() != "" && req.GetConversationId() != "" {
		return nil, invalid("customer_id and conversation_id are not set both")
	}
	named := cmp.Or(req.GetCustomerId(), req.GetConversationId())
	who, err := s.read(ctx, req.GetMinPosition(), named)
	if err != nil {
		return nil, err
	}
	customerID := req.GetCustomerId()
	if customerID == "" {
		route, err := s.Views.Route(ctx, who.account, req.GetConversationId())
		if err != nil {
			return nil, err
		}
		customerID = route.GetCustomerId()
	}
	customer, err := s.Views.Customer(ctx, who.account, customerID)
	if err != nil {
		return nil, err
	}
	if err := s.lastActive(ctx, who.account, customer); err != nil {
		return nil, err
	}
	return &workspacev1.GetCustomerResponse{Customer: customer, Position: s.opaque(customer.GetAsOf())}, nil
}

// OfferLink offers the customer a code, and returns the address that brings it.
func (s *workspaceService) OfferLink(ctx context.Context, req *workspacev1.OfferLinkRequest) (*workspacev1.OfferLinkResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err := errors.Join(err, known(req.GetConversationId(), req.GetIntegrationId())); err != nil {
		return nil, err
	}
	who := callingAgent(ctx)
	answer, err := s.askAgent(ctx, who, &ingressv1.AgentCommand{
		ClientToken: token, ConversationId: req.GetConversationId(),
		Command: &ingressv1.AgentCommand_OfferLink{
			OfferLink: &ingressv1.RequestLink{IntegrationId: req.GetIntegrationId()},
		},
	})
	if err != nil {
		return nil, err
	}
	if err := s.reachPlace(ctx, answer.GetPosition()); err != nil {
		return nil, err
	}
	route, err := s.Views.Route(ctx, who.account, req.GetConversationId())
	if err != nil {
		return nil, err
	}
	of, ok := s.Queries.Widget(route.GetWidgetId())
	if !ok || of.Account != who.account {
		return nil, errNotFound
	}
	link, err := s.link(ctx, &of, req.GetConversationId(), answer.GetLinkId(), route.GetLanguage())
	if err != nil {
		return nil, err
	}
	return &workspacev1.OfferLinkResponse{
		LinkId: link.GetLinkId(), Url: link.GetUrl(), Position: s.opaque(answer.GetPosition()),
	}, nil
}

// CancelLink ends a link of a conversation.
func (s *workspaceService) CancelLink(ctx context.Context, req *workspacev1.CancelLinkRequest) (*workspacev1.CancelLinkResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err := errors.Join(err, known(req.GetConversationId(), req.GetLinkId())); err != nil {
		return nil, err
	}
	answer, err := s.askAgent(ctx, callingAgent(ctx), &ingressv1.AgentCommand{
		ClientToken: token, ConversationId: req.GetConversationId(),
		Command: &ingressv1.AgentCommand_CancelLink{
			CancelLink: &ingressv1.CancelLink{LinkId: req.GetLinkId()},
		},
	})
	if err != nil {
		return nil, err
	}
	return &workspacev1.CancelLinkResponse{Position: s.opaque(answer.GetPosition())}, nil
}

// Disconnect takes a channel out of a conversation.
func (s *workspaceService) Disconnect(ctx context.Context, req *workspacev1.DisconnectRequest) (*workspacev1.DisconnectResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err := errors.Join(err, known(req.GetConversationId(), req.GetIntegrationId())); err != nil {
		return nil, err
	}
	answer, err := s.askAgent(ctx, callingAgent(ctx), &ingressv1.AgentCommand{
		ClientToken: token, ConversationId: req.GetConversationId(),
		Command: &ingressv1.AgentCommand_Disconnect{
			Disconnect: &ingressv1.Disconnect{IntegrationId: req.GetIntegrationId()},
		},
	})
	if err != nil {
		return nil, err
	}
	return &workspacev1.DisconnectResponse{Position: s.opaque(answer.GetPosition())}, nil
}
