package router

import (
	"context"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// describe adds to an answer what an event made or was about.
func describe(body proto.Message, answer *ingressv1.ItemAnswer) {
	if _, refused := body.(*eventv1.CodeRefused); refused {
		// The link and the conversation that it names are somebody else's.
		return
	}
	if about, ok := body.(interface{ GetConversationId() string }); ok && about.GetConversationId() != "" {
		answer.ConversationId = about.GetConversationId()
	}
	switch e := body.(type) {
	case *eventv1.MessageReceived:
		if e.GetLinkId() == "" {
			answer.MessageId = e.GetMessageId()
		}
	case *eventv1.EchoReceived:
		answer.MessageId = e.GetMessageId()
	case *eventv1.ReplyQueued:
		answer.MessageId = e.GetMessageId()
		answer.RouteVersion = e.GetRoute().GetRouteVersion()
	case *eventv1.OutcomeSettled:
		answer.MessageId = e.GetMessageId()
	case *eventv1.ReactionQueued:
		answer.MessageId = e.GetMessageId()
	case *eventv1.NoteAdded:
		answer.MessageId = e.GetMessageId()
	case *eventv1.LinkRequested:
		answer.LinkId = e.GetLinkId()
	case *eventv1.LinkMatched:
		answer.LinkId = e.GetLinkId()
	case *eventv1.LinkAnswered:
		answer.LinkId = e.GetLinkId()
	case *eventv1.LinkConfirmed:
		answer.LinkId = e.GetLinkId()
	case *eventv1.LinkCancelled:
		answer.LinkId = e.GetLinkId()
	case *eventv1.RouteChanged:
		answer.RouteVersion = e.GetRouteVersion()
	}
}

// recall fills the answer to a command that took effect before with what it made
// then: the records of one command lie side by side and name it as their cause.
func (r *round) recall(ctx context.Context, h *conversation.Header, entry *entry) error {
	store, answer := r.engine.store, &entry.answer
	seen, ok, err := store.Lookup(ctx, h.Account, h.Dedup.Key)
	if err != nil {
		return err
	}
	if !ok {
		// It took effect earlier in this very round.
		r.recallFrom(h, entry)
		return nil
	}
	cause := ""
	var events []conversation.Event
	for rec, err := range store.ReadAll(ctx, seen.Position) {
		if err != nil {
			return err
		}
		if cause == "" {
			cause = rec.Causation
		}
		if rec.Causation != cause {
			break
		}
		event, err := Decode(rec)
		if err != nil {
			return err
		}
		answer.Position = rec.Position
		describe(event.Body, answer)
		events = append(events, event)
	}
	describeReply(events, answer)
	return nil
}

// describeReply adds where the reply goes that the answer names, and as what.
func describeReply(events []conversation.Event, answer *ingressv1.ItemAnswer) {
	for _, event := range events {
		switch e := event.Body.(type) {
		case *eventv1.ReplyQueued:
			if e.GetMessageId() == answer.GetMessageId() {
				answer.ReplyRoute = e.GetRoute()
			}
		case *eventv1.ReplyRerouted:
			if e.GetMessageId() == answer.GetMessageId() {
				answer.ReplyRoute, answer.FitChanges, answer.ReplyParts = e.GetRoute(), nil, 0
			}
		case *eventv1.ReplyFitted:
			if e.GetMessageId() == answer.GetMessageId() {
				answer.FitChanges, answer.ReplyParts = e.GetChanges(), e.GetParts()
			}
		}
	}
}

// recallFrom gives an entry the answer and the commit of an earlier one of the
// round with the same dedup key.
func (r *round) recallFrom(h *conversation.Header, entry *entry) {
	for _, first := range r.entries {
		if first == entry {
			return
		}
		if first.commit < 0 || conversation.HeaderOf(first.command).Dedup.Key != h.Dedup.Key {
			continue
		}
		entry.commit = first.commit
		entry.answer.ConversationId, entry.answer.MessageId = first.answer.GetConversationId(), first.answer.GetMessageId()
		entry.answer.LinkId, entry.answer.RouteVersion = first.answer.GetLinkId(), first.answer.GetRouteVersion()
		entry.answer.ReplyRoute, entry.answer.FitChanges = first.answer.GetReplyRoute(), first.answer.GetFitChanges()
		entry.answer.ReplyParts = first.answer.GetReplyParts()
		return
	}
}
