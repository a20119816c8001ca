package router

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// The indexes that the log keeps for the router. Each entry follows from one
// record alone, so that a check can derive them all again.
const (
	// indexAlias leads from the hash of an alias to its identity.
	indexAlias = "alias"
	// indexCode leads from the hash of a code to conversation and link.
	indexCode = "code"
	// indexMessage leads from the hash of a provider's message id to identity,
	// conversation and message.
	indexMessage = "message"
	// indexSend leads from a send to its identity.
	indexSend = "send"
	// indexParked holds receipts that wait, by message hash and state.
	indexParked = "parked"
	// indexSaid leads from the hash of a provider's id of a customer's message,
	// and an event that holds it, to the conversation and the message.
	indexSaid = "said"
	// indexChanges holds edits and reactions that came before their message, by its
	// hash and the event that keeps them.
	indexChanges = "changes"
	// indexBound lists the bindings of an integration, those to widgets left out, by
	// the widget, the conversation and the identity.
	indexBound = "bound"
	// indexUnknown holds the codes that nobody has made, by the integration over
	// which they came and the time.
	indexUnknown = "unknown"
	// indexUnsent holds the hashes of messages that were taken back.
	indexUnsent = "unsent"
	// indexOwned lists the identities that are or ever were a customer's, and
	// indexTalk the conversations that started as theirs.
	indexOwned = "owned"
	indexTalk  = "talk"
	// indexErased lists the customers who were erased.
	indexErased = "erased"
	// indexKey leads from a customer to the key of their content.
	indexKey = "key"
	// indexAccount lists the accounts; it belongs to the installation.
	indexAccount = "account"
	// indexTimer holds what is due, by time; it belongs to the installation.
	indexTimer = "timer"
	// indexUnclaimed holds sends that were requested and not claimed; it
	// belongs to the installation.
	indexUnclaimed = "unclaimed"
	// indexUnfetched holds files that were asked for and are not there; it belongs
	// to the installation.
	indexUnfetched = "unfetched"
	// indexUnnamed holds identities of whom the provider is asked who they are; it
	// belongs to the installation.
	indexUnnamed = "unnamed"
	// indexEnded holds the hashes of visitors' sessions that were ended.
	indexEnded = "ended"
	// indexLogin leads from the name by which an agent logs in to the account and the
	// agent; indexApp, indexWidget and indexProvider lead from an app, a widget and an
	// account of a provider to the account that has it. They belong to the installation.
	indexLogin    = "login"
	indexApp      = "app"
	indexWidget   = "widget"
	indexProvider = "provider"
	// indexBlob holds the files in the blob store that a message shows.
	indexBlob = "blob"
)

// installation is the account of indexes that go over all accounts.
const installation = "-"

// parkedStates are all states under which a receipt can wait.
var parkedStates = []eventv1.ReceiptState{
	eventv1.ReceiptState_RECEIPT_STATE_SENT, eventv1.ReceiptState_RECEIPT_STATE_DELIVERED,
	eventv1.ReceiptState_RECEIPT_STATE_READ, eventv1.ReceiptState_RECEIPT_STATE_FAILED,
}

// IndexVersion is the version of what Index makes of records. It is raised with every
// change by which a record that may be stored gives other entries; logs get the new
// ones when they are opened.
const IndexVersion = 1

// LogOptions returns the options with which a log is opened that the router writes.
func LogOptions(o eventstore.Options) eventstore.Options {
	o.Index, o.IndexVersion, o.Redacts = Index, IndexVersion, Redacts
	return o
}

// Index derives the router's index entries from one record. See [LogOptions].
func Index(rec *eventstore.Record) eventstore.IndexChange {
	body, err := decodeFacts(rec)
	if err != nil {
		// Written by a later version, or damaged: to leave its entries out, or
		// those that it ends in, would be to index wrongly.
		return eventstore.IndexChange{Err: err}
	}
	account := rec.Stream.Account
	var change eventstore.IndexChange
	put := func(index string, key, value []byte) {
		change.Put = append(change.Put, eventstore.IndexEntry{
			IndexKey: eventstore.IndexKey{Account: account, Index: index, Key: key}, Value: value,
		})
	}
	remove := func(index string, key []byte) {
		change.Delete = append(change.Delete, eventstore.IndexKey{Account: account, Index: index, Key: key})
	}
	switch e := body.(type) {
	case *eventv1.AccountCreated:
		change.Put = append(change.Put, eventstore.IndexEntry{IndexKey: eventstore.IndexKey{
			Account: installation, Index: indexAccount, Key: []byte(e.GetAccountId()),
		}})
	case *eventv1.VisitorSessionEnded:
		put(indexEnded, e.GetHash(), nil)
	case *eventv1.CustomerCreated:
		put(indexKey, []byte(e.GetCustomerId()), []byte(rec.KeyID))
	case *eventv1.CustomerErased:
		put(indexErased, []byte(e.GetCustomerId()), nil)
	case *eventv1.ConversationStarted:
		put(indexTalk, join(e.GetCustomerId(), e.GetConversationId()), nil)
	case *eventv1.IdentityMoved:
		put(indexOwned, join(e.GetToCustomerId(), e.GetIdentityId()), nil)
	case *eventv1.IdentityErased:
		for _, alias := range e.GetAliases() {
			remove(indexAlias, alias.GetHash())
		}
	case *eventv1.ChannelBound:
		if e.GetChannel() != conversation.ChannelWidget {
			put(indexBound, boundKey(e), nil)
		}
	case *eventv1.ChannelUnbound:
		if e.GetChannel() != conversation.ChannelWidget {
			remove(indexBound, boundKey(e))
		}
	case *eventv1.CodeRefused:
		if e.GetReason() == eventv1.CodeRefusal_CODE_REFUSAL_UNKNOWN {
			put(indexUnknown, append(unknownKey(e.GetIntegrationId(), timeOf(e.GetRefusedAt())), rec.ID...), nil)
		}
	case *eventv1.IdentityCreated:
		put(indexOwned, join(e.GetCustomerId(), e.GetIdentityId()), nil)
		for _, alias := range e.GetAliases() {
			put(indexAlias, alias.GetHash(), []byte(e.GetIdentityId()))
		}
	case *eventv1.IdentityAliasesChanged:
		for _, alias := range e.GetRemoved() {
			remove(indexAlias, alias.GetHash())
		}
		for _, alias := range e.GetAdded() {
			put(indexAlias, alias.GetHash(), []byte(e.GetIdentityId()))
		}
	case *eventv1.LinkRequested:
		put(indexCode, e.GetCodeHash(), join(e.GetConversationId(), e.GetLinkId()))
	case *eventv1.SendQueued:
		put(indexSend, []byte(e.GetSendId()), []byte(e.GetIdentityId()))
	case *eventv1.SendSucceeded:
		put(indexMessage, e.GetProviderMessageHash(), messageEntry(e.GetIdentityId(), e.GetOrigin()))
		for _, state := range parkedStates {
			remove(indexParked, parkedKey(e.GetProviderMessageHash(), state))
		}
	case *eventv1.ReceiptParked:
		put(indexParked, parkedKey(e.GetProviderMessageHash(), e.GetState()), nil)
	}
	saidIndex(rec, body, &change)
	unclaimed(account, body, &change)
	uniqueIndex(account, body, &change)
	mediaIndex(account, body, &change)
	unnamed(account, body, &change)
	quarantineIndex(rec, body, &change)
	set, end := conversation.Timers(body)
	for _, timer := range end {
		change.Delete = append(change.Delete, timerKey(account, timer))
	}
	for _, timer := range set {
		change.Put = append(change.Put, eventstore.IndexEntry{IndexKey: timerKey(account, timer)})
	}
	return change
}

// unclaimed keeps the index of sends that nobody has claimed yet.
func unclaimed(account string, body any, change *eventstore.IndexChange) {
	key := func(sendID string) eventstore.IndexKey {
		return eventstore.IndexKey{Account: installation, Index: indexUnclaimed, Key: join(account, sendID)}
	}
	switch e := body.(type) {
	case *eventv1.SendRequested:
		change.Put = append(change.Put, eventstore.IndexEntry{IndexKey: key(e.GetSendId())})
	case *eventv1.SendClaimed:
		change.Delete = append(change.Delete, key(e.GetSendId()))
	case *eventv1.SendWithdrawn:
		change.Delete = append(change.Delete, key(e.GetSendId()))
	case *eventv1.SendDeferred:
		// Claimed mostly, and then the entry is gone; not so where its turn was put
		// off, or it failed, before that.
		change.Delete = append(change.Delete, key(e.GetSendId()))
	case *eventv1.SendFailed:
		change.Delete = append(change.Delete, key(e.GetSendId()))
	case *eventv1.SendOutcomeUnknown:
		// Claimed mostly, and then the entry is gone; not so after a restore.
		change.Delete = append(change.Delete, key(e.GetSendId()))
	}
}

// messageEntry is what the index says of a provider's id of a message of ours.
func messageEntry(identityID string, o *eventv1.SendOrigin) []byte {
	ids := []string{identityID, o.GetConversationId(), o.GetMessageId()}
	if o.GetPart() > 0 || o.GetHop() > 0 {
		ids = append(ids, strconv.FormatUint(uint64(o.GetPart()), 10), strconv.FormatUint(uint64(o.GetHop()), 10))
	}
	return join(ids...)
}

// Redacts returns the events whose sealed parts a record takes away. See [LogOptions].
func Redacts(rec *eventstore.Record) []string {
	switch rec.Type {
	case typeOf(&eventv1.MessageUnsent{}), typeOf(&eventv1.UnsendParked{}), typeOf(&eventv1.ConversationErased{}),
		typeOf(&eventv1.ChangeForgotten{}):
		body, err := decodeFacts(rec)
		if err != nil {
			// Facts that cannot be read: what they redact is nobody's to say.
			return nil
		}
		return body.(interface{ GetContentEventIds() []string }).GetContentEventIds()
	}
	return nil
}

// typeOf returns the type of the records that hold an event.
func typeOf(event proto.Message) string { return string(event.ProtoReflect().Descriptor().FullName()) }

// boundKey is the key of a binding.
func boundKey(e interface {
	GetIntegrationId() string
	GetWidgetId() string
	GetConversationId() string
	GetIdentityId() string
},
) []byte {
	return join(e.GetIntegrationId(), e.GetWidgetId(), e.GetConversationId(), e.GetIdentityId())
}

// unknownKey orders codes that nobody has made by when they came.
func unknownKey(integrationID string, at time.Time) []byte {
	return binary.BigEndian.AppendUint64(join(integrationID, ""), uint64(at.UnixMicro()))
}

func parkedKey(hash []byte, state eventv1.ReceiptState) []byte {
	return append(bytes.Clone(hash), byte(state))
}

// timerKey orders timers by the time at which they are due.
func timerKey(account string, timer conversation.Timer) eventstore.IndexKey {
	key := binary.BigEndian.AppendUint64(nil, uint64(timer.Due.UnixMicro()))
	key = append(key, join(account, string(timer.Kind), timer.Owner, timer.ID)...)
	return eventstore.IndexKey{Account: installation, Index: indexTimer, Key: key}
}

// timerIn reads a timer's key.
func timerIn(key []byte) (account string, timer conversation.Timer, ok bool) {
	if len(key) < 8 {
		return "", timer, false
	}
	parts := split(key[8:])
	if len(parts) != 4 {
		return "", timer, false
	}
	return parts[0], conversation.Timer{
		Kind:  conversation.TimerKind(parts[1]),
		Due:   time.UnixMicro(int64(binary.BigEndian.Uint64(key))).UTC(),
		Owner: parts[2], ID: parts[3],
	}, true
}

// join and split hold several ids in one value; no id holds a zero byte.
func join(ids ...string) []byte {
	var out []byte
	for at, id := range ids {
		if at > 0 {
			out = append(out, 0)
		}
		out = append(out, id...)
	}
	return out
}

func split(value []byte) []string {
	var ids []string
	for _, id := range bytes.Split(value, []byte{0}) {
		ids = append(ids, string(id))
	}
	return ids
}
