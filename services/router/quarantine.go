package router

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"strconv"

	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
)

// replay makes of an item that was read anew the command that it asks for, as if
// its channel said it now, and when it was received at first. What can still not
// be used stays where it is: that is an error here.
func (t *translation) replay(r *ingressv1.ReplayItem) (conversation.Command, error) {
	e := t.engine
	received := timeOf(r.GetReceivedAt())
	if received.IsZero() || received.After(t.header.Now) {
		received = t.header.Now
	}
	inner := translation{engine: e, entry: t.entry, item: r.GetItem(), header: t.header, source: channel.Source{
		Kind: channel.KindChannel, Account: t.source.Account, ID: r.GetIntegrationId(),
	}}
	inner.header.Received = received
	command, err := inner.said()
	if err != nil {
		return nil, err
	}
	if kept, ok := command.(*conversation.KeepItem); ok {
		if kept.Ignored == "" {
			return nil, errors.New(kept.Reason)
		}
		// Its bytes were kept before, by this very item.
		kept.Dedup = conversation.Dedup{}
	}
	replay := &conversation.ReplayItem{
		Header: *conversation.HeaderOf(command), Item: quarantined(r.GetRef()), Command: command, More: r.GetMore(),
	}
	replay.Dedup = conversation.Dedup{}
	return replay, nil
}

// reparse makes of something that was kept, and was read anew, what it means now.
// What can still not be used is an error.
func (t *translation) reparse(r *ingressv1.ReparseItem) (conversation.Command, error) {
	t.dedup("reparse", strconv.FormatUint(r.GetPosition(), 10), strconv.FormatUint(uint64(r.GetIndex()), 10))
	if t.header.Received = timeOf(r.GetReceivedAt()); t.header.Received.IsZero() || t.header.Received.After(t.header.Now) {
		t.header.Received = t.header.Now
	}
	reparse := &conversation.ReparseItem{Header: t.header}
	inner := translation{engine: t.engine, entry: t.entry, item: r.GetItem(), header: t.header, source: channel.Source{
		Kind: channel.KindChannel, Account: t.source.Account, ID: r.GetIntegrationId(),
	}}
	inner.header.Dedup = conversation.Dedup{}
	if r.GetMessageId() != "" {
		said := r.GetItem().GetInbound().GetMessage()
		if said == nil {
			return nil, errors.New("it is no message")
		}
		reparse.ConversationID, reparse.MessageID = r.GetConversationId(), r.GetMessageId()
		reparse.MessageHash = inner.messageHash(r.GetItem().GetInbound().GetProviderMessageId())
		reparse.Content = said
		if _, rest, ok := conversation.FindCode(said); ok && len(rest.GetParts()) > 0 {
			reparse.Content = rest
		}
		return reparse, nil
	}
	command, err := inner.said()
	if err != nil {
		return nil, err
	}
	if kept, ok := command.(*conversation.KeepItem); ok {
		return nil, errors.New("it is of no use today either: " + kept.Ignored + kept.Reason)
	}
	reparse.Command = command
	reparse.Erased = conversation.HeaderOf(command).Erased
	return reparse, nil
}

func quarantined(ref *ingressv1.QuarantineRef) conversation.Quarantined {
	return conversation.Quarantined{
		Account: ref.GetAccountId(), Source: ref.GetSource(), Position: ref.GetPosition(),
		Conversation: ref.GetConversationId(),
	}
}

// The indexes of the quarantine, by position: what waits, and what ever waited with
// what became of it as its value; of one account, and of all of them for the
// installation.
const (
	indexWaiting        = "waiting"
	indexQuarantine     = "quarantine"
	indexAllWaiting     = "waiting-all"
	indexAllQuarantined = "quarantine-all"
)

// quarantineIndex keeps the indexes of the quarantine.
func quarantineIndex(rec *eventstore.Record, body proto.Message, change *eventstore.IndexChange) {
	account, position, state := rec.Stream.Account, rec.Position, conversation.QuarantineWaiting
	switch e := body.(type) {
	case *eventv1.ItemQuarantined:
	case *eventv1.ItemReplayed:
		account, position, state = e.GetAccountId(), e.GetPosition(), conversation.QuarantineReplayed
	case *eventv1.ItemDiscarded:
		account, position, state = e.GetAccountId(), e.GetPosition(), conversation.QuarantineDiscarded
	default:
		return
	}
	for _, key := range []eventstore.IndexKey{
		{Account: account, Index: indexQuarantine}, {Account: installation, Index: indexAllQuarantined},
	} {
		key.Key = positionKey(position)
		change.Put = append(change.Put, eventstore.IndexEntry{IndexKey: key, Value: []byte{byte(state)}})
	}
	for _, key := range []eventstore.IndexKey{
		{Account: account, Index: indexWaiting}, {Account: installation, Index: indexAllWaiting},
	} {
		key.Key = positionKey(position)
		if state == conversation.QuarantineWaiting {
			change.Put = append(change.Put, eventstore.IndexEntry{IndexKey: key})
		} else {
			change.Delete = append(change.Delete, key)
		}
	}
}

func positionKey(position uint64) []byte { return binary.BigEndian.AppendUint64(nil, position) }

// QuarantineEntry is one item in quarantine, by the position of its event.
type QuarantineEntry struct {
	Position uint64
	State    conversation.QuarantineState
}

// Quarantine returns what waits in quarantine behind a position, in log order, and
// with all also what was replayed or discarded. An empty account means all of them,
// and "-" what belongs to none. It reads an index, never the log.
func Quarantine(ctx context.Context, store *eventstore.Store, account string, all bool, after uint64) iter.Seq2[QuarantineEntry, error] {
	index := map[bool]string{false: indexWaiting, true: indexQuarantine}[all]
	if account == "" {
		account = installation
		index = map[bool]string{false: indexAllWaiting, true: indexAllQuarantined}[all]
	}
	return func(yield func(QuarantineEntry, error) bool) {
		for hit, err := range store.IndexScan(ctx, account, index, positionKey(after+1), nil) {
			entry := QuarantineEntry{}
			if err == nil {
				entry, err = quarantineEntry(hit.Key, hit.Value)
			}
			if !yield(entry, err) || err != nil {
				return
			}
		}
	}
}

// InQuarantine returns what became of an item in the quarantine of an account, and
// the position of the event that says so; ok is false where there is none.
func InQuarantine(ctx context.Context, store *eventstore.Store, account string, position uint64) (state conversation.QuarantineState, by uint64, ok bool, err error) {
	key := eventstore.IndexKey{Account: account, Index: indexQuarantine, Key: positionKey(position)}
	value, by, ok, err := store.IndexGet(ctx, key)
	if err != nil || !ok {
		return conversation.QuarantineNone, 0, false, err
	}
	entry, err := quarantineEntry(key.Key, value)
	return entry.State, by, err == nil, err
}

func quarantineEntry(key, value []byte) (QuarantineEntry, error) {
	if len(key) != 8 || len(value) > 1 {
		return QuarantineEntry{}, fmt.Errorf("router: an entry of the quarantine is %x with %x", key, value)
	}
	entry := QuarantineEntry{Position: binary.BigEndian.Uint64(key)}
	if len(value) == 1 {
		entry.State = conversation.QuarantineState(value[0])
	}
	return entry, nil
}
