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

// Link returns a link of a conversation as decisions see it, and the text that the
// widget may show of the address; false where the conversation has no such link.
func (e *Engine) Link(ctx context.Context, account, conversationID, linkID string) (conversation.Link, bool, error) {
	state := conversation.NewState()
	stream := eventstore.Stream{Account: account, Category: conversation.CategoryConversation, ID: conversationID}
	if err := e.fold(ctx, state, stream); err != nil {
		return conversation.Link{}, false, err
	}
	c := state.Conversation(conversationID)
	if c == nil || c.Links[linkID] == nil {
		return conversation.Link{}, false, nil
	}
	return *c.Links[linkID], true, nil
}
