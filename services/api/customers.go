package api

import (
	"context"
	"errors"
	"slices"

	"weiche/projections"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
)

// lastActive adds to the identities of a card when the customer was last active there,
// which the route of the conversation knows that their messages join.
func (s *server) lastActive(ctx context.Context, account string, customer *viewv1.Customer) error {
	identities := slices.Clone(customer.GetIdentities())
	for _, linked := range customer.GetLinked() {
		identities = append(identities, linked.GetIdentities()...)
	}
	routes := map[string]*viewv1.Route{}
	for _, identity := range identities {
		id := identity.GetConversationId()
		if id == "" {
			continue
		}
		if routes[id] == nil {
			route, err := s.Views.Route(ctx, account, id)
			if err != nil && !errors.Is(err, projections.ErrNotFound) {
				return err
			}
			routes[id] = route
		}
		for _, b := range routes[id].GetBindings() {
			if b.GetIdentityId() == identity.GetIdentityId() {
				identity.LastActiveAt = b.GetActiveAt()
			}
		}
	}
	return nil
}

// LinkCustomers says that two customers are one person.
func (s *workspaceService) LinkCustomers(ctx context.Context, req *workspacev1.LinkCustomersRequest) (*workspacev1.LinkCustomersResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err := errors.Join(err, known(req.GetCustomerId(), req.GetOtherCustomerId())); err != nil {
		return nil, err
	}
	answer, err := s.askAgent(ctx, callingAgent(ctx), &ingressv1.AgentCommand{
		ClientToken: token,
		Command: &ingressv1.AgentCommand_LinkCustomers{LinkCustomers: &ingressv1.LinkCustomers{
			CustomerId: req.GetCustomerId(), OtherCustomerId: req.GetOtherCustomerId(),
		}},
	})
	if err != nil {
		return nil, err
	}
	return &workspacev1.LinkCustomersResponse{Position: s.opaque(answer.GetPosition())}, nil
}

// UnlinkCustomers says that two customers are two persons.
func (s *workspaceService) UnlinkCustomers(ctx context.Context, req *workspacev1.UnlinkCustomersRequest) (*workspacev1.UnlinkCustomersResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err := errors.Join(err, known(req.GetCustomerId(), req.GetOtherCustomerId())); err != nil {
		return nil, err
	}
	answer, err := s.askAgent(ctx, callingAgent(ctx), &ingressv1.AgentCommand{
		ClientToken: token,
		Command: &ingressv1.AgentCommand_UnlinkCustomers{UnlinkCustomers: &ingressv1.UnlinkCustomers{
			CustomerId: req.GetCustomerId(), OtherCustomerId: req.GetOtherCustomerId(),
		}},
	})
	if err != nil {
		return nil, err
	}
	return &workspacev1.UnlinkCustomersResponse{Position: s.opaque(answer.GetPosition())}, nil
}

// ConfirmIdentity says whether an address still belongs to the customer.
func (s *workspaceService) ConfirmIdentity(ctx context.Context, req *workspacev1.ConfirmIdentityRequest) (*workspacev1.ConfirmIdentityResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err := errors.Join(err, known(req.GetIdentityId())); err != nil {
		return nil, err
	}
	answer, err := s.askAgent(ctx, callingAgent(ctx), &ingressv1.AgentCommand{
		ClientToken: token,
		Command: &ingressv1.AgentCommand_ConfirmIdentity{ConfirmIdentity: &ingressv1.ConfirmIdentity{
			IdentityId: req.GetIdentityId(), SamePerson: req.GetSamePerson(),
		}},
	})
	if err != nil {
		return nil, err
	}
	return &workspacev1.ConfirmIdentityResponse{Position: s.opaque(answer.GetPosition())}, nil
}
