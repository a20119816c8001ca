package api

import (
	"context"
	"errors"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
)

// work gives a command about a conversation that has nothing to answer but where it
// stands, after what was wrong with the request, if anything.
func (s *workspaceService) work(ctx context.Context, req interface {
	GetConversationId() string
	GetClientToken() string
}, command *ingressv1.AgentCommand, wrong ...error,
) (position string, err error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err := errors.Join(append(wrong, err, known(req.GetConversationId()))...); err != nil {
		return "", err
	}
	command.ClientToken, command.ConversationId = token, req.GetConversationId()
	answer, err := s.askAgent(ctx, callingAgent(ctx), command)
	if err != nil {
		return "", err
	}
	return s.opaque(answer.GetPosition()), nil
}

// CloseConversation says that there is nothing to do.
func (s *workspaceService) CloseConversation(ctx context.Context, req *workspacev1.CloseConversationRequest) (*workspacev1.CloseConversationResponse, error) {
	position, err := s.work(ctx, req, &ingressv1.AgentCommand{
		Command: &ingressv1.AgentCommand_Close{Close: &ingressv1.CloseConversation{}},
	})
	if err != nil {
		return nil, err
	}
	return &workspacev1.CloseConversationResponse{Position: position}, nil
}

// ReopenConversation says that there is something to do again.
func (s *workspaceService) ReopenConversation(ctx context.Context, req *workspacev1.ReopenConversationRequest) (*workspacev1.ReopenConversationResponse, error) {
	position, err := s.work(ctx, req, &ingressv1.AgentCommand{
		Command: &ingressv1.AgentCommand_Reopen{Reopen: &ingressv1.ReopenConversation{}},
	})
	if err != nil {
		return nil, err
	}
	return &workspacev1.ReopenConversationResponse{Position: position}, nil
}

// AssignConversation says whose work it is.
func (s *workspaceService) AssignConversation(ctx context.Context, req *workspacev1.AssignConversationRequest) (*workspacev1.AssignConversationResponse, error) {
	position, err := s.work(ctx, req, &ingressv1.AgentCommand{
		Command: &ingressv1.AgentCommand_Assign{Assign: &ingressv1.AssignConversation{AssigneeId: req.GetAssigneeId()}},
	}, assignee(req.GetAssigneeId()))
	if err != nil {
		return nil, err
	}
	return &workspacev1.AssignConversationResponse{Position: position}, nil
}

// ChangeLabels adds labels and takes others away.
func (s *workspaceService) ChangeLabels(ctx context.Context, req *workspacev1.ChangeLabelsRequest) (*workspacev1.ChangeLabelsResponse, error) {
	position, err := s.work(ctx, req, &ingressv1.AgentCommand{
		Command: &ingressv1.AgentCommand_ChangeLabels{ChangeLabels: &ingressv1.ChangeLabels{
			Add: req.GetAdd(), Remove: req.GetRemove(),
		}},
	})
	if err != nil {
		return nil, err
	}
	return &workspacev1.ChangeLabelsResponse{Position: position}, nil
}

// assignee checks whose work it is to be; nobody's is fine.
func assignee(id string) error {
	if id == "" {
		return nil
	}
	return known(id)
}
