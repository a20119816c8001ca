package router

import (
	"bytes"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// saidIndex keeps the indexes of what customers said, changed and took back, by the
// hashes of the provider's ids of their messages.
func saidIndex(rec *eventstore.Record, body any, change *eventstore.IndexChange) {
	key := func(index string, key []byte) eventstore.IndexKey {
		return eventstore.IndexKey{Account: rec.Stream.Account, Index: index, Key: key}
	}
	put := func(index string, at, value []byte) {
		change.Put = append(change.Put, eventstore.IndexEntry{IndexKey: key(index, at), Value: value})
	}
	said := func(hash []byte, conversationID, messageID string) {
		if len(hash) > 0 {
			put(indexSaid, saidKey(hash, rec.ID), join(conversationID, messageID))
		}
	}
	taken := func(hash []byte, eventIDs ...string) {
		for _, id := range eventIDs {
			if id != "" {
				change.Delete = append(change.Delete, key(indexChanges, saidKey(hash, id)))
			}
		}
	}
	unsent := func(hash []byte) {
		if len(hash) > 0 {
			put(indexUnsent, hash, nil)
		}
	}
	switch e := body.(type) {
	case *eventv1.MessageReceived:
		said(e.GetProviderMessageHash(), e.GetConversationId(), e.GetMessageId())
	case *eventv1.LinkMatched:
		said(e.GetProviderMessageHash(), e.GetConversationId(), "")
	case *eventv1.LinkAnswered:
		said(e.GetProviderMessageHash(), e.GetConversationId(), "")
	case *eventv1.CodeRefused:
		said(e.GetProviderMessageHash(), "", "")
	case *eventv1.ItemIgnored:
		said(e.GetProviderMessageHash(), "", "")
	case *eventv1.EchoReceived:
		if e.GetFindable() {
			said(e.GetProviderMessageHash(), e.GetConversationId(), e.GetMessageId())
		}
	case *eventv1.MessageReparsed:
		said(e.GetProviderMessageHash(), e.GetConversationId(), e.GetMessageId())
	case *eventv1.MessageEdited:
		said(e.GetProviderMessageHash(), e.GetConversationId(), e.GetMessageId())
		taken(e.GetProviderMessageHash(), e.GetContentEventId())
	case *eventv1.ReactionChanged:
		taken(e.GetProviderMessageHash(), e.GetContentEventId())
	case *eventv1.ChangeParked:
		put(indexChanges, saidKey(e.GetProviderMessageHash(), rec.ID), nil)
		if e.GetEdit() {
			said(e.GetProviderMessageHash(), "", "")
		}
	case *eventv1.ChangeForgotten:
		taken(e.GetProviderMessageHash(), e.GetContentEventIds()...)
	case *eventv1.MessageUnsent:
		unsent(e.GetProviderMessageHash())
	case *eventv1.UnsendParked:
		unsent(e.GetProviderMessageHash())
	}
}

// saidKey is the key of an event that holds a message. The hash comes first and
// always has the same length.
func saidKey(hash []byte, eventID string) []byte {
	return append(bytes.Clone(hash), eventID...)
}
