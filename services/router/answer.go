package router

import (
	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// describe adds to an answer what an event made.
func describe(body proto.Message, answer *ingressv1.ItemAnswer) {
	if about, ok := body.(interface{ GetConversationId() string }); ok && about.GetConversationId() != "" {
		answer.ConversationId = about.GetConversationId()
	}
	switch e := body.(type) {
	case *eventv1.MessageReceived:
		answer.MessageId = e.GetMessageId()
	case *eventv1.ReplyQueued:
		answer.MessageId = e.GetMessageId()
		answer.RouteVersion = e.GetRoute().GetRouteVersion()
	case *eventv1.NoteAdded:
		answer.MessageId = e.GetMessageId()
	case *eventv1.LinkRequested:
		answer.LinkId = e.GetLinkId()
	case *eventv1.RouteChanged:
		answer.RouteVersion = e.GetRouteVersion()
	}
}
