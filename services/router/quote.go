package router

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// contentOf returns what a request is to send: the part that it is of a reply, with
// the provider's id of the message that it answers or reacts to. It is nil where it
// was erased.
func (e *Engine) contentOf(ctx context.Context, account string, request *eventv1.SendRequested) (*eventv1.Content, error) {
	body, err := e.opened(ctx, account, request.GetContentEventId())
	if err != nil {
		return nil, err
	}
	content := ContentOf(body)
	if fitted, ok := body.(*eventv1.ReplyFitted); ok {
		if part := int(request.GetOrigin().GetPart()); part < len(fitted.GetSealed().GetParts()) {
			content = fitted.GetSealed().GetParts()[part]
		}
	}
	if content == nil {
		return nil, nil
	}
	quoted := ""
	if id := request.GetQuotedEventId(); id != "" {
		body, err := e.opened(ctx, account, id)
		if err != nil {
			return nil, err
		}
		if quoted = providerMessageID(body); quoted != "" {
			gone, err := e.takenBack(ctx, account, body)
			if err != nil {
				return nil, err
			}
			if gone {
				quoted = ""
			}
		}
	}
	content = proto.CloneOf(content)
	if parts := content.GetParts(); len(parts) == 1 && parts[0].GetReacted() != nil {
		if quoted == "" {
			return nil, nil
		}
		parts[0].GetReacted().ProviderMessageId = quoted
	}
	// A message that was taken back is not quoted.
	if content.ReplyTo = nil; quoted != "" {
		content.ReplyTo = &eventv1.ReplyTo{ProviderMessageId: quoted}
	}
	return content, nil
}

// takenBack says whether the message of an event was taken back, whoever said it.
func (e *Engine) takenBack(ctx context.Context, account string, body proto.Message) (bool, error) {
	message, ok := body.(interface{ GetProviderMessageHash() []byte })
	if !ok || len(message.GetProviderMessageHash()) == 0 {
		return false, nil
	}
	_, _, gone, err := e.store.IndexGet(ctx, eventstore.IndexKey{
		Account: account, Index: indexUnsent, Key: message.GetProviderMessageHash(),
	})
	return gone, err
}

// opened returns an event of an account with its sealed part, where that is not
// erased.
func (e *Engine) opened(ctx context.Context, account, eventID string) (proto.Message, error) {
	rec, err := e.store.ReadEvent(ctx, account, eventID)
	if err != nil {
		return nil, fmt.Errorf("router: content of event %s: %w", eventID, err)
	}
	event, err := DecodeOpened(e.keys, rec)
	if err != nil {
		return nil, err
	}
	return event.Body, nil
}

// providerMessageID returns the provider's id that the sealed part of an event has;
// empty for none.
func providerMessageID(body proto.Message) string {
	reflected := body.ProtoReflect()
	field := reflected.Descriptor().Fields().ByName(sealedField)
	if field == nil || !reflected.Has(field) {
		return ""
	}
	sealed := reflected.Get(field).Message()
	id := sealed.Descriptor().Fields().ByName("provider_message_id")
	if id == nil {
		return ""
	}
	return sealed.Get(id).String()
}
