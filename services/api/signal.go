package api

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
)

// SendTyping shows the customer that the agent types.
func (s *workspaceService) SendTyping(ctx context.Context, req *workspacev1.SendTypingRequest) (*workspacev1.SendTypingResponse, error) {
	if err := s.shows(ctx, typing(req.GetOn()), req.GetConversationId()); err != nil {
		return nil, err
	}
	return &workspacev1.SendTypingResponse{}, nil
}

// MarkSeen shows the customer that what they wrote was seen, and writes down up to
// where. It needs no client token: the same again changes nothing.
func (s *workspaceService) MarkSeen(ctx context.Context, req *workspacev1.MarkSeenRequest) (*workspacev1.MarkSeenResponse, error) {
	if err := s.shows(ctx, ingressv1.SignalKind_SIGNAL_KIND_SEEN, req.GetConversationId()); err != nil {
		return nil, err
	}
	if req.GetMessageId() == "" {
		return &workspacev1.MarkSeenResponse{}, nil
	}
	if err := known(req.GetMessageId()); err != nil {
		return nil, err
	}
	answer, err := s.askAgent(ctx, callingAgent(ctx), &ingressv1.AgentCommand{
		ConversationId: req.GetConversationId(),
		Command:        &ingressv1.AgentCommand_See{See: &ingressv1.SeeConversation{MessageId: req.GetMessageId()}},
	})
	if err != nil {
		return nil, err
	}
	return &workspacev1.MarkSeenResponse{Position: s.opaque(answer.GetPosition())}, nil
}

// shows says something of the agent in a conversation of theirs.
func (s *workspaceService) shows(ctx context.Context, kind ingressv1.SignalKind, conversationID string) error {
	who, err := s.read(ctx, "", conversationID)
	if err != nil {
		return err
	}
	if _, err := s.Views.Route(ctx, who.account, conversationID); err != nil {
		return err
	}
	s.signal(&ingressv1.Signal{Kind: kind, AccountId: who.account, ConversationId: conversationID, AgentId: who.id})
	return nil
}

// SendTyping shows the agents that the visitor types.
func (s *widgetService) SendTyping(ctx context.Context, req *widgetv1.SendTypingRequest) (*widgetv1.SendTypingResponse, error) {
	v := visitOf(ctx)
	conversationID, err := s.Queries.Conversation(ctx, v.widget.Account, v.widget.ID, v.session.Visitor())
	if err != nil {
		return nil, err
	}
	if conversationID != "" {
		s.signal(&ingressv1.Signal{Kind: typing(req.GetOn()), AccountId: v.widget.Account, ConversationId: conversationID})
	}
	return &widgetv1.SendTypingResponse{}, nil
}

func typing(on bool) ingressv1.SignalKind {
	if on {
		return ingressv1.SignalKind_SIGNAL_KIND_TYPING_ON
	}
	return ingressv1.SignalKind_SIGNAL_KIND_TYPING_OFF
}

// signal tells whoever listens. One that is lost was not worth an error.
func (s *server) signal(signal *ingressv1.Signal) {
	if s.Signals == nil {
		return
	}
	signal.At = timestamppb.New(s.Now())
	if err := s.Signals(signal); err != nil {
		s.Logger.Debug("a signal was not passed on", "error", err)
	}
}
