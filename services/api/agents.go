package api

import (
	"context"
	"errors"

	"google.golang.org/protobuf/types/known/timestamppb"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
)

// agentOf returns an agent as colleagues see them.
func agentOf(a *queryv1.Agent) *workspacev1.Agent {
	role := a.GetRole()
	if role == eventv1.Role_ROLE_UNSPECIFIED {
		role = eventv1.Role_ROLE_AGENT
	}
	return &workspacev1.Agent{AgentId: a.GetAgentId(), Name: a.GetName(), Role: role}
}

// ListAgents returns the agents of an account with their sessions.
func (s *adminService) ListAgents(ctx context.Context, req *adminv1.ListAgentsRequest) (*adminv1.ListAgentsResponse, error) {
	at, err := s.reachSetup(ctx, req.GetMinPosition())
	if err != nil {
		return nil, err
	}
	account, err := s.administered(ctx, req.GetAccountId())
	if err != nil {
		return nil, err
	}
	current := callingAgent(ctx).session.GetSessionId()
	response := &adminv1.ListAgentsResponse{Position: at}
	for _, a := range account.GetAgents() {
		response.Agents = append(response.Agents, &adminv1.AgentSettings{
			Agent: agentOf(a), Login: a.GetLogin(), HasPassword: a.GetPasswordId() != "", Sessions: s.sessionsOf(a, current),
		})
	}
	return response, nil
}

// touched returns an agent whom a call is about. Nobody changes who may do more.
func (s *adminService) touched(ctx context.Context, accountID, agentID string) (account string, found *queryv1.Agent, err error) {
	snapshot, err := s.administered(ctx, accountID)
	if err != nil {
		return "", nil, err
	}
	for _, a := range snapshot.GetAgents() {
		if a.GetAgentId() == agentID {
			return snapshot.GetAccountId(), a, callingAgent(ctx).mayTouch(roles[a.GetRole()])
		}
	}
	return "", nil, errNotFound
}

// PutAgent adds or changes an agent.
func (s *adminService) PutAgent(ctx context.Context, req *adminv1.PutAgentRequest) (*adminv1.PutAgentResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err != nil {
		return nil, err
	}
	account, err := s.administered(ctx, req.GetAccountId())
	if err != nil {
		return nil, err
	}
	if req.GetAgent() == nil {
		return nil, invalid("agent is missing")
	}
	answer, err := s.apply(ctx, account.GetAccountId(), token, &ingressv1.ApplySetup{Agents: []*ingressv1.AgentSetup{req.GetAgent()}})
	if err != nil {
		return nil, err
	}
	return &adminv1.PutAgentResponse{Position: s.opaque(answer.GetPosition())}, nil
}

// givesNoMore refuses a set-up by which somebody would get more than the caller has, or
// who has more would be changed.
func (s *adminService) givesNoMore(ctx context.Context, account string, agents []*ingressv1.AgentSetup) error {
	a := callingAgent(ctx)
	if len(agents) == 0 {
		return nil
	}
	if a.kind != anOperator && !a.scopes.has(writeAccess) {
		return errForbidden
	}
	for _, agent := range agents {
		if err := a.mayTouch(roles[agent.GetRole()]); err != nil {
			return err
		}
		if _, _, err := s.touched(ctx, account, agent.GetId()); err != nil && !errors.Is(err, errNotFound) {
			return err
		}
	}
	return nil
}

// RemoveAgent takes an agent out of the account.
func (s *adminService) RemoveAgent(ctx context.Context, req *adminv1.RemoveAgentRequest) (*adminv1.RemoveAgentResponse, error) {
	answer, err := s.changeAccess(ctx, req.GetAccountId(), req.GetAgentId(), req.GetClientToken(), &ingressv1.AgentCommand{
		Command: &ingressv1.AgentCommand_RemoveAgent{RemoveAgent: &ingressv1.RemoveAgent{RemovedAgentId: req.GetAgentId()}},
	})
	if err != nil {
		return nil, err
	}
	return &adminv1.RemoveAgentResponse{Position: s.opaque(answer.GetPosition())}, nil
}

// changeAccess gives a command about an agent.
func (s *adminService) changeAccess(ctx context.Context, accountID, agentID, clientsToken string, command *ingressv1.AgentCommand) (*ingressv1.ItemAnswer, error) {
	token, err := clientToken(ctx, clientsToken)
	if err != nil {
		return nil, err
	}
	account, _, err := s.touched(ctx, accountID, agentID)
	if err != nil {
		return nil, err
	}
	command.ClientToken = token
	return s.askAccess(ctx, account, callingAgent(ctx).by(), command)
}

// SetPassword gives an agent a password.
func (s *adminService) SetPassword(ctx context.Context, req *adminv1.SetPasswordRequest) (*adminv1.SetPasswordResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err != nil {
		return nil, err
	}
	account, agent, err := s.touched(ctx, req.GetAccountId(), req.GetAgentId())
	if err != nil {
		return nil, err
	}
	if err := s.setPassword(ctx, account, callingAgent(ctx).by(), agent.GetAgentId(), req.GetPassword(), token, ""); err != nil {
		return nil, err
	}
	return &adminv1.SetPasswordResponse{}, nil
}

// MakeLoginLink makes a link by which an agent can log in once.
func (s *adminService) MakeLoginLink(ctx context.Context, req *adminv1.MakeLoginLinkRequest) (*adminv1.MakeLoginLinkResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err != nil {
		return nil, err
	}
	account, agent, err := s.touched(ctx, req.GetAccountId(), req.GetAgentId())
	if err != nil {
		return nil, err
	}
	by := callingAgent(ctx).by()
	link := s.loginLink(account, by, agent.GetAgentId(), token)
	_, hash, ok := parseLink(link)
	if !ok {
		return nil, errInternal
	}
	answer, err := s.askAccess(ctx, account, by, &ingressv1.AgentCommand{
		ClientToken: token, Command: &ingressv1.AgentCommand_MakeLoginLink{
			MakeLoginLink: &ingressv1.MakeLoginLink{ForAgentId: agent.GetAgentId(), Hash: hash},
		},
	})
	if err != nil {
		return nil, err
	}
	response := &adminv1.MakeLoginLinkResponse{Path: loginPages + link, LinkToken: link, Position: s.opaque(answer.GetPosition())}
	if answer.GetStatus() == ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		response.ExpiresAt = timestamppb.New(s.Now().Add(loginLinkFor))
	}
	return response, nil
}

// EndAgentSession ends a session of an agent.
func (s *adminService) EndAgentSession(ctx context.Context, req *adminv1.EndAgentSessionRequest) (*adminv1.EndAgentSessionResponse, error) {
	snapshot, err := s.administered(ctx, req.GetAccountId())
	if err != nil {
		return nil, err
	}
	for _, a := range snapshot.GetAgents() {
		for _, opened := range a.GetSessions() {
			if opened.GetSessionId() != req.GetSessionId() {
				continue
			}
			answer, err := s.changeAccess(ctx, snapshot.GetAccountId(), a.GetAgentId(), req.GetClientToken(), endSession(opened.GetSessionId(), false))
			if err != nil {
				return nil, err
			}
			return &adminv1.EndAgentSessionResponse{Position: s.opaque(answer.GetPosition())}, nil
		}
	}
	return nil, errNotFound
}
