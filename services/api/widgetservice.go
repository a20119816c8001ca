package api

import (
	"context"
	"errors"

	"weiche/proto/gen/weiche/widget/v1/widgetv1connect"

	"weiche/projections"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	"weiche/services/widget"
)

// widgetService is what a visitor's page may do.
type widgetService struct {
	widgetv1connect.UnimplementedWidgetServiceHandler
	*server
}

// OpenSession makes a session; the page must be one of the widget's.
func (s *widgetService) OpenSession(ctx context.Context, req *widgetv1.OpenSessionRequest) (*widgetv1.OpenSessionResponse, error) {
	found, ok := s.Queries.Widget(req.GetWidgetId())
	if !ok {
		return nil, errNotFound
	}
	if err := visitOf(ctx).enter(&found); err != nil {
		return nil, err
	}
	if req.GetVisitorToken() != "" {
		return s.signIn(ctx, &found, req.GetVisitorToken())
	}
	if found.SignedOnly {
		return nil, errUnauthenticated
	}
	shown, err := s.widgetOf(ctx, &found, nil)
	if err != nil {
		return nil, err
	}
	session := widget.NewSession(s.Keys, found.Account, found.ID)
	return &widgetv1.OpenSessionResponse{SessionToken: session.Token().Reveal(), Widget: shown}, nil
}

// SendMessage says something in the conversation, which begins with it.
func (s *widgetService) SendMessage(ctx context.Context, req *widgetv1.SendMessageRequest) (*widgetv1.SendMessageResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	var text error
	switch {
	case req.GetPressed() != nil:
		if req.GetText() != "" || len(req.GetAttachments()) > 0 {
			text = invalid("what is pressed has no text and no files beside it")
		}
	case req.GetText() != "" || len(req.GetAttachments()) == 0:
		text = visitorText(req.GetText())
	}
	if err := errors.Join(err, text, language(req.GetLanguage())); err != nil {
		return nil, err
	}
	content, err := s.posted(ctx, visitOf(ctx), req)
	if err != nil {
		return nil, err
	}
	answer, err := s.askWidget(ctx, visitOf(ctx), &ingressv1.WidgetCommand{
		ClientToken: token, Language: req.GetLanguage(),
		Command: &ingressv1.WidgetCommand_PostMessage{PostMessage: &ingressv1.PostMessage{Content: content}},
	})
	if err != nil {
		return nil, err
	}
	return &widgetv1.SendMessageResponse{
		ConversationId: answer.GetConversationId(), MessageId: answer.GetMessageId(),
		Position: s.opaque(answer.GetPosition()),
	}, nil
}

// GetTimeline returns a page of the visitor's own conversation.
func (s *widgetService) GetTimeline(ctx context.Context, req *widgetv1.GetTimelineRequest) (*widgetv1.GetTimelineResponse, error) {
	limit, err := pageSize(req.GetLimit(), 100, 500)
	if err := errors.Join(err, onePage(req)); err != nil {
		return nil, err
	}
	if err := s.reach(ctx, req.GetMinPosition()); err != nil {
		return nil, err
	}
	v, at := visitOf(ctx), s.Views.Position()
	id, timeline, route, err := s.conversation(ctx, v, projections.Page{
		After: req.GetAfter(), Before: req.GetBefore(), Last: req.GetLatest() || req.GetBefore() != 0,
		Limit: limit, Keep: forVisitors(),
	})
	if err != nil {
		return nil, err
	}
	shown, err := s.widgetOf(ctx, &v.widget, route)
	if err != nil {
		return nil, err
	}
	response := &widgetv1.GetTimelineResponse{
		ConversationId: id, Widget: shown, Position: s.opaque(at), Cursor: s.opaque(at), More: timeline.GetMore(),
	}
	if response.Links, err = s.linksOf(ctx, &v.widget, route); err != nil {
		return nil, err
	}
	for _, item := range timeline.GetItems() {
		response.Lines = append(response.Lines, s.lineOf(v.widget.Account, id, item))
	}
	if bindings := route.GetBindings(); len(bindings) > 0 {
		response.RepliesTo = bindings[0].GetChannel()
	}
	return response, nil
}

// conversation reads the visitor's conversation; all is empty where there is none
// that the views show.
func (s *widgetService) conversation(ctx context.Context, v *visit, page projections.Page) (string, *viewv1.Timeline, *viewv1.Route, error) {
	id, err := s.Queries.Conversation(ctx, v.widget.Account, v.widget.ID, v.session.Visitor())
	if err != nil || id == "" {
		return "", nil, nil, err
	}
	timeline, err := s.Views.Timeline(ctx, v.widget.Account, id, page)
	if errors.Is(err, projections.ErrNotFound) {
		return "", nil, nil, nil
	}
	if err != nil {
		return "", nil, nil, err
	}
	route, err := s.Views.Route(ctx, v.widget.Account, id)
	if err != nil && !errors.Is(err, projections.ErrNotFound) {
		return "", nil, nil, err
	}
	return id, timeline, route, nil
}

// RequestLink asks for a code and returns it with the ways to bring it.
func (s *widgetService) RequestLink(ctx context.Context, req *widgetv1.RequestLinkRequest) (*widgetv1.RequestLinkResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err := errors.Join(err, known(req.GetIntegrationId()), language(req.GetLanguage())); err != nil {
		return nil, err
	}
	v := visitOf(ctx)
	answer, err := s.askWidget(ctx, v, &ingressv1.WidgetCommand{
		ClientToken: token, Language: req.GetLanguage(),
		Command: &ingressv1.WidgetCommand_RequestLink{
			RequestLink: &ingressv1.RequestLink{IntegrationId: req.GetIntegrationId()},
		},
	})
	if err != nil {
		return nil, err
	}
	// The same request again may meet a link that has ended, so it is read.
	if err := s.reachPlace(ctx, answer.GetPosition()); err != nil {
		return nil, err
	}
	link, err := s.link(ctx, &v.widget, answer.GetConversationId(), answer.GetLinkId(), req.GetLanguage())
	if err != nil {
		return nil, err
	}
	return &widgetv1.RequestLinkResponse{Link: link, Position: s.opaque(answer.GetPosition())}, nil
}

// GetLink returns a link of the visitor's own conversation.
func (s *widgetService) GetLink(ctx context.Context, req *widgetv1.GetLinkRequest) (*widgetv1.GetLinkResponse, error) {
	if err := language(req.GetLanguage()); err != nil {
		return nil, err
	}
	if err := s.reach(ctx, req.GetMinPosition()); err != nil {
		return nil, err
	}
	v, at := visitOf(ctx), s.Views.Position()
	id, err := s.Queries.Conversation(ctx, v.widget.Account, v.widget.ID, v.session.Visitor())
	if err != nil {
		return nil, err
	}
	link, err := s.link(ctx, &v.widget, id, req.GetLinkId(), req.GetLanguage())
	if err != nil {
		return nil, err
	}
	return &widgetv1.GetLinkResponse{Link: link, Position: s.opaque(at)}, nil
}

// ConfirmLink says that it was the visitor who brought a link's code.
func (s *widgetService) ConfirmLink(ctx context.Context, req *widgetv1.ConfirmLinkRequest) (*widgetv1.ConfirmLinkResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err := errors.Join(err, known(req.GetLinkId())); err != nil {
		return nil, err
	}
	answer, err := s.askWidget(ctx, visitOf(ctx), &ingressv1.WidgetCommand{
		ClientToken: token,
		Command: &ingressv1.WidgetCommand_ConfirmLink{
			ConfirmLink: &ingressv1.ConfirmLink{LinkId: req.GetLinkId()},
		},
	})
	if err != nil {
		return nil, err
	}
	return &widgetv1.ConfirmLinkResponse{Position: s.opaque(answer.GetPosition())}, nil
}

// CancelLink ends a link of the visitor's own conversation.
func (s *widgetService) CancelLink(ctx context.Context, req *widgetv1.CancelLinkRequest) (*widgetv1.CancelLinkResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err := errors.Join(err, known(req.GetLinkId())); err != nil {
		return nil, err
	}
	answer, err := s.askWidget(ctx, visitOf(ctx), &ingressv1.WidgetCommand{
		ClientToken: token,
		Command: &ingressv1.WidgetCommand_CancelLink{
			CancelLink: &ingressv1.CancelLink{LinkId: req.GetLinkId()},
		},
	})
	if err != nil {
		return nil, err
	}
	return &widgetv1.CancelLinkResponse{Position: s.opaque(answer.GetPosition())}, nil
}

// Disconnect takes a channel out of the visitor's own conversation.
func (s *widgetService) Disconnect(ctx context.Context, req *widgetv1.DisconnectRequest) (*widgetv1.DisconnectResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err := errors.Join(err, known(req.GetIntegrationId())); err != nil {
		return nil, err
	}
	answer, err := s.askWidget(ctx, visitOf(ctx), &ingressv1.WidgetCommand{
		ClientToken: token,
		Command: &ingressv1.WidgetCommand_Disconnect{
			Disconnect: &ingressv1.Disconnect{IntegrationId: req.GetIntegrationId()},
		},
	})
	if err != nil {
		return nil, err
	}
	return &widgetv1.DisconnectResponse{Position: s.opaque(answer.GetPosition())}, nil
}

// MarkRead says how far the visitor has read. It needs no client token: the same
// again changes nothing.
func (s *widgetService) MarkRead(ctx context.Context, req *widgetv1.MarkReadRequest) (*widgetv1.MarkReadResponse, error) {
	if err := known(req.GetMessageId()); err != nil {
		return nil, err
	}
	answer, err := s.askWidget(ctx, visitOf(ctx), &ingressv1.WidgetCommand{
		Command: &ingressv1.WidgetCommand_MarkRead{
			MarkRead: &ingressv1.MarkRead{MessageId: req.GetMessageId()},
		},
	})
	if err != nil {
		return nil, err
	}
	return &widgetv1.MarkReadResponse{Position: s.opaque(answer.GetPosition())}, nil
}
