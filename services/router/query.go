package router

import (
	"context"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// VisitorConversation returns the conversation that a visitor of a widget is in;
// empty where none has begun.
func (e *Engine) VisitorConversation(ctx context.Context, account, widgetID string, visitor *eventv1.Alias) (string, error) {
	hash := e.keys.AliasHash(account, widgetID, visitor.GetKind(), visitor.GetValue())
	identity, ok, err := e.index(ctx, account, indexAlias, string(hash))
	if err != nil || !ok {
		return "", err
	}
	state := conversation.NewState()
	stream := eventstore.Stream{Account: account, Category: conversation.CategoryIdentity, ID: string(identity)}
	if err := e.fold(ctx, state, stream); err != nil {
		return "", err
	}
	if i := state.Identity(string(identity)); i != nil {
		return i.Conversation, nil
	}
	return "", nil
}
