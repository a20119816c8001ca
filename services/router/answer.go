package router

import (
	"context"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
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

// recall fills the answer to a command that took effect before with what it made
// then: the records of one command lie side by side and name it as their cause.
func (e *Engine) recall(ctx context.Context, h *conversation.Header, r *round, answer *ingressv1.ItemAnswer) error {
	seen, ok, err := e.store.Lookup(ctx, h.Account, h.Dedup.Key)
	if err != nil {
		return err
	}
	if !ok {
		// It took effect earlier in this very round.
		r.recallFrom(h, answer)
		return nil
	}
	answer.Position = seen.Position
	cause := ""
	for rec, err := range e.store.ReadAll(ctx, seen.Position) {
		if err != nil {
			return err
		}
		if cause == "" {
			cause = rec.Causation
		}
		if rec.Causation != cause {
			return nil
		}
		event, err := Decode(rec)
		if err != nil {
			return err
		}
		answer.Position = rec.Position
		describe(event.Body, answer)
	}
	return nil
}

// recallFrom copies the answer of an earlier entry of the round with the same
// dedup key.
func (r *round) recallFrom(h *conversation.Header, answer *ingressv1.ItemAnswer) {
	for _, entry := range r.entries {
		if entry.command == nil || &entry.answer == answer {
			continue
		}
		if conversation.HeaderOf(entry.command).Dedup.Key != h.Dedup.Key {
			continue
		}
		first := &entry.answer
		answer.ConversationId, answer.MessageId = first.GetConversationId(), first.GetMessageId()
		answer.LinkId, answer.RouteVersion = first.GetLinkId(), first.GetRouteVersion()
		return
	}
}
