package router

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/proto/schema"
	"weiche/services/conversation"
	"weiche/services/keyring"
)

// The fields by which an event is taken apart: its sealed part, and the customer
// whose key seals it.
const (
	sealedField   = protoreflect.Name("sealed")
	customerField = protoreflect.Name("customer_id")
)

// Decode returns the event that a record holds, without its sealed part. The
// error is a [schema.ErrLater] where a later version of this program wrote it.
func Decode(rec *eventstore.Record) (conversation.Event, error) {
	body, err := decodeFacts(rec)
	if err != nil {
		return conversation.Event{}, err
	}
	event := conversation.Event{
		Stream: conversation.Stream{Category: rec.Stream.Category, ID: rec.Stream.ID},
		ID:     rec.ID, At: rec.Recorded, Position: rec.Position, Body: body,
	}
	for _, key := range rec.Dedup {
		event.Dedup = append(event.Dedup, conversation.Dedup{Key: key.Key, Hash: key.Hash})
	}
	return event, nil
}

func decodeFacts(rec *eventstore.Record) (proto.Message, error) {
	body, err := schema.Facts(rec.Type, rec.SchemaVersion, rec.Facts)
	if err != nil {
		return nil, fmt.Errorf("router: event at position %d: %w", rec.Position, err)
	}
	return body, nil
}

// DecodeOpened returns the event that a record holds, with its sealed part where
// that can be opened. Content whose key is gone is left out: it was erased.
func DecodeOpened(keys *keyring.Keyring, rec *eventstore.Record) (conversation.Event, error) {
	event, err := Decode(rec)
	if err != nil || len(rec.Sealed) == 0 {
		return event, err
	}
	aad := keyring.AAD(rec.Stream.Account, rec.Stream.Category, rec.Stream.ID, rec.ID)
	plain, err := keys.Unseal(rec.KeyID, aad, rec.Sealed)
	if errors.Is(err, keyring.ErrKeyGone) {
		return event, nil
	}
	if err != nil {
		return event, fmt.Errorf("router: sealed part of event %d: %w", rec.Position, err)
	}
	body := event.Body.ProtoReflect()
	field := body.Descriptor().Fields().ByName(sealedField)
	if field == nil {
		return event, nil
	}
	sealed, err := schema.Sealed(rec.Type, rec.SchemaVersion, plain)
	if err != nil {
		return event, fmt.Errorf("router: sealed part of the event at position %d: %w", rec.Position, err)
	}
	body.Set(field, protoreflect.ValueOfMessage(sealed.ProtoReflect()))
	return event, nil
}

// Encode makes of a decided event what the store appends.
func (e *Engine) Encode(h *conversation.Header, actor string, event conversation.Event) (eventstore.Event, error) {
	return e.encode(h, actor, event)
}

// encode makes of an event what the store appends: facts in clear, and the sealed
// part encrypted under the key of its customer.
func (e *Engine) encode(h *conversation.Header, actor string, event conversation.Event) (eventstore.Event, error) {
	body := event.Body.ProtoReflect()
	out := eventstore.Event{
		Stream:        eventstore.Stream{Account: h.Account, Category: event.Stream.Category, ID: event.Stream.ID},
		ID:            event.ID,
		Type:          string(body.Descriptor().FullName()),
		SchemaVersion: schema.Version(string(body.Descriptor().FullName())),
		Received:      h.Received,
		Causation:     h.ID,
		Actor:         actor,
	}
	for _, key := range event.Dedup {
		out.Dedup = append(out.Dedup, eventstore.DedupKey{Key: key.Key, Hash: key.Hash})
	}
	if field := body.Descriptor().Fields().ByName("sent_at"); field != nil && body.Has(field) {
		out.Provider = body.Get(field).Message().Interface().(*timestamppb.Timestamp).AsTime()
	}
	var sealed proto.Message
	if field := body.Descriptor().Fields().ByName(sealedField); field != nil && body.Has(field) {
		sealed = body.Get(field).Message().Interface()
		body.Clear(field)
		defer body.Set(field, protoreflect.ValueOfMessage(sealed.ProtoReflect()))
	}
	var err error
	if out.Facts, err = deterministic.Marshal(event.Body); err != nil {
		return out, fmt.Errorf("router: facts of a %s: %w", out.Type, err)
	}
	if _, isCustomer := event.Body.(*eventv1.CustomerCreated); sealed == nil && !isCustomer {
		return out, nil
	}
	customer := ""
	if field := body.Descriptor().Fields().ByName(customerField); field != nil {
		customer = body.Get(field).String()
	}
	if out.KeyID, err = e.keyOf(h, customer); err != nil {
		return out, err
	}
	if sealed == nil {
		return out, nil
	}
	plain, err := deterministic.Marshal(sealed)
	if err != nil {
		return out, fmt.Errorf("router: sealed part of a %s: %w", out.Type, err)
	}
	aad := keyring.AAD(out.Stream.Account, out.Stream.Category, out.Stream.ID, out.ID)
	if out.Sealed, err = e.keys.Seal(out.KeyID, aad, plain); err != nil {
		return out, fmt.Errorf("router: seal a %s: %w", out.Type, err)
	}
	return out, nil
}

var deterministic = proto.MarshalOptions{Deterministic: true}

// ContentOf returns the content that the sealed part of an event holds, whatever
// its field is called, or nil.
func ContentOf(body proto.Message) *eventv1.Content {
	reflected := body.ProtoReflect()
	field := reflected.Descriptor().Fields().ByName(sealedField)
	if field == nil || !reflected.Has(field) {
		return nil
	}
	var content *eventv1.Content
	reflected.Get(field).Message().Range(func(_ protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		if message, ok := value.Interface().(protoreflect.Message); ok {
			content, _ = message.Interface().(*eventv1.Content)
		}
		return content == nil
	})
	return content
}

// HeldBy returns what a decision may want to know of an event's content: that of
// ContentOf, or of all parts of a fitted reply.
func HeldBy(body proto.Message) *eventv1.Content {
	fitted, ok := body.(*eventv1.ReplyFitted)
	if !ok {
		return ContentOf(body)
	}
	var all *eventv1.Content
	for _, content := range fitted.GetSealed().GetParts() {
		if all == nil {
			all = &eventv1.Content{}
		}
		all.Parts = append(all.Parts, content.GetParts()...)
	}
	return all
}
