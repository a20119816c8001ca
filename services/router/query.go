package router

import (
	"context"

	"weiche/eventstore"
	"weiche/services/conversation"
)

// VisitorConversation returns the conversation that a visitor of a widget is in;
// empty where none has begun.
func (e *Engine) VisitorConversation(ctx context.Context, account, widgetID, visitor string) (string, error) {
	hash := e.keys.AliasHash(account, widgetID, "visitor", visitor)
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
