package router

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"

	"google.golang.org/protobuf/proto"
)

// load brings what a decision lacks from the log into the state.
func (e *Engine) load(ctx context.Context, account string, ref conversation.Ref) error {
	s := e.state(account)
	s.Absent(ref)
	switch ref.Kind {
	case conversation.RefAccount:
		return e.fold(ctx, s, eventstore.Stream{Account: account, Category: conversation.CategoryAccount, ID: ref.Key})
	case conversation.RefAccess:
		return e.fold(ctx, s, eventstore.Stream{Account: account, Category: conversation.CategoryAccess, ID: ref.Key})
	case conversation.RefConversation:
		return e.fold(ctx, s, eventstore.Stream{Account: account, Category: conversation.CategoryConversation, ID: ref.Key})
	case conversation.RefIdentity:
		return e.fold(ctx, s, eventstore.Stream{Account: account, Category: conversation.CategoryIdentity, ID: ref.Key})
	case conversation.RefAlias:
		value, ok, err := e.index(ctx, account, indexAlias, ref.Key)
		if ok {
			s.SetAlias([]byte(ref.Key), string(value))
		}
		return err
	case conversation.RefCode:
		value, ok, err := e.index(ctx, account, indexCode, ref.Key)
		if ids := split(value); ok && len(ids) == 2 {
			s.SetCode([]byte(ref.Key), conversation.LinkRef{ConversationID: ids[0], LinkID: ids[1]})
		}
		return err
	case conversation.RefMessage:
		value, ok, err := e.index(ctx, account, indexMessage, ref.Key)
		if ids := split(value); ok && len(ids) >= 3 {
			s.SetMessage([]byte(ref.Key), messageRef(ids))
		}
		return err
	case conversation.RefSend:
		value, ok, err := e.index(ctx, account, indexSend, ref.Key)
		if ok {
			s.SetSend(ref.Key, string(value))
		}
		return err
	case conversation.RefSeen:
		seen, ok, err := e.store.Lookup(ctx, account, ref.Key)
		if ok {
			s.SetSeen(ref.Key, seen.Hash)
		}
		return err
	case conversation.RefParked:
		return e.loadParked(ctx, s, account, ref.Key)
	case conversation.RefCustomer:
		return e.loadCustomer(ctx, s, account, ref.Key)
	case conversation.RefSaid:
		return e.loadSaid(ctx, s, account, ref.Key)
	case conversation.RefChanges:
		return e.loadChanges(ctx, s, account, ref.Key)
	case conversation.RefBound:
		return e.loadBound(ctx, s, account, conversation.CutIn(ref.Key))
	case conversation.RefUnknown:
		return e.loadUnknown(ctx, s, account, ref.Key)
	case conversation.RefUnsent:
		_, ok, err := e.index(ctx, account, indexUnsent, ref.Key)
		if ok {
			s.SetUnsent([]byte(ref.Key))
		}
		return err
	case conversation.RefQuarantine:
		return e.loadQuarantined(ctx, s, ref.Key)
	case conversation.RefContent:
		content, err := e.Content(ctx, account, ref.Key)
		s.SetContent(ref.Key, content)
		return err
	}
	return fmt.Errorf("router: no way to load %s", ref.Kind)
}

// messageRef reads an entry of the index of messages. Those of replies that were
// never split nor decided again end with the message.
func messageRef(ids []string) conversation.MessageRef {
	ref := conversation.MessageRef{IdentityID: ids[0], ConversationID: ids[1], MessageID: ids[2]}
	for at, number := range ids[3:] {
		n, err := strconv.ParseUint(number, 10, 32)
		switch {
		case err != nil:
		case at == 0:
			ref.Part = uint32(n)
		case at == 1:
			ref.Hop = uint32(n)
		}
	}
	return ref
}

// index looks an entry of a router's index up.
func (e *Engine) index(ctx context.Context, account, index, key string) ([]byte, bool, error) {
	value, _, ok, err := e.store.IndexGet(ctx, eventstore.IndexKey{Account: account, Index: index, Key: []byte(key)})
	return value, ok, err
}

// fold folds a stream into the state.
func (e *Engine) fold(ctx context.Context, s *conversation.State, stream eventstore.Stream) error {
	loader := s.Loader()
	for rec, err := range e.store.ReadStream(ctx, stream, 1) {
		if err != nil {
			return err
		}
		event, err := Decode(rec)
		if err != nil {
			return err
		}
		conversation.Evolve(loader, event)
	}
	return nil
}

// loadCustomer loads a customer with everything that was ever theirs.
func (e *Engine) loadCustomer(ctx context.Context, s *conversation.State, account, customer string) error {
	prefix := join(customer, "")
	for index, add := range map[string]func(customerID, id string){
		indexOwned: s.AddIdentity, indexTalk: s.AddConversation,
	} {
		for hit, err := range e.store.IndexScan(ctx, account, index, prefix, below(prefix)) {
			if err != nil {
				return err
			}
			add(customer, string(hit.Key[len(prefix):]))
		}
	}
	return e.fold(ctx, s, eventstore.Stream{Account: account, Category: conversation.CategoryCustomer, ID: customer})
}

func (e *Engine) loadSaid(ctx context.Context, s *conversation.State, account, hash string) error {
	for hit, err := range e.store.IndexScan(ctx, account, indexSaid, []byte(hash), below([]byte(hash))) {
		if err != nil {
			return err
		}
		if ids := split(hit.Value); len(ids) == 2 {
			s.AddSaid([]byte(hash), conversation.SaidEvent{
				EventID: string(hit.Key[len(hash):]), ConversationID: ids[0], MessageID: ids[1],
			})
		}
	}
	return nil
}

func (e *Engine) loadChanges(ctx context.Context, s *conversation.State, account, hash string) error {
	var changes []conversation.ParkedChange
	err := e.waiting(ctx, account, indexChanges, hash, func(rec *eventstore.Record, body proto.Message) {
		if change, ok := body.(*eventv1.ChangeParked); ok {
			changes = append(changes, conversation.ParkedChangeOf(rec.ID, change))
		}
	})
	if err == nil {
		slices.SortFunc(changes, func(a, b conversation.ParkedChange) int { return cmp.Compare(a.EventID, b.EventID) })
		s.SetChanges([]byte(hash), changes)
	}
	return err
}

// waiting reads what waits for a message in an index: the facts of the events that
// made its entries.
func (e *Engine) waiting(ctx context.Context, account, index, hash string, each func(*eventstore.Record, proto.Message)) error {
	for hit, err := range e.store.IndexScan(ctx, account, index, []byte(hash), below([]byte(hash))) {
		if err != nil {
			return err
		}
		rec, err := e.store.ReadAt(ctx, hit.Position)
		if err != nil {
			return err
		}
		body, err := decodeFacts(rec)
		if err != nil {
			return err
		}
		each(rec, body)
	}
	return nil
}

// loadBound loads as many bindings of a channel as one commit ends, and one more.
func (e *Engine) loadBound(ctx context.Context, s *conversation.State, account string, cut conversation.Cut) error {
	prefix := join(cut.IntegrationID, "")
	if cut.WidgetID != "" {
		prefix = join(cut.IntegrationID, cut.WidgetID, "")
	}
	var found []conversation.BoundTo
	for hit, err := range e.store.IndexScan(ctx, account, indexBound, prefix, below(prefix)) {
		if err != nil {
			return err
		}
		if ids := split(hit.Key); len(ids) == 4 {
			bound := conversation.BoundTo{WidgetID: ids[1], ConversationID: ids[2], IdentityID: ids[3]}
			if !s.IsUnbound(cut.IntegrationID, bound) {
				found = append(found, bound)
			}
		}
		if len(found) > conversation.CutBatch {
			break
		}
	}
	s.SetBound(cut, found)
	return nil
}

// loadUnknown loads when codes that nobody has made came over an integration, as far
// as it matters.
func (e *Engine) loadUnknown(ctx context.Context, s *conversation.State, account, integration string) error {
	var times []time.Time
	prefix := join(integration, "")
	since := unknownKey(integration, e.now().Add(-conversation.UnknownWindow))
	for hit, err := range e.store.IndexScan(ctx, account, indexUnknown, since, below(prefix)) {
		if err != nil {
			return err
		}
		if at := hit.Key[len(prefix):]; len(at) >= 8 {
			times = append(times, time.UnixMicro(int64(binary.BigEndian.Uint64(at))).UTC())
		}
	}
	s.SetUnknown(integration, times)
	return nil
}

// below returns the end of the keys that are a prefix with an id behind it.
func below(prefix []byte) []byte { return append(bytes.Clone(prefix), 0xff) }

func (e *Engine) loadQuarantined(ctx context.Context, s *conversation.State, key string) error {
	account, number, _ := strings.Cut(key, " ")
	position, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return fmt.Errorf("router: no way to load an item %q", key)
	}
	state, _, ok, err := InQuarantine(ctx, e.store, account, position)
	if ok {
		s.SetQuarantine(conversation.Quarantined{Account: account, Position: position}, state)
	}
	return err
}

func (e *Engine) loadParked(ctx context.Context, s *conversation.State, account, hash string) error {
	var receipts []*eventv1.ReceiptParked
	err := e.waiting(ctx, account, indexParked, hash, func(_ *eventstore.Record, body proto.Message) {
		if receipt, ok := body.(*eventv1.ReceiptParked); ok {
			receipts = append(receipts, receipt)
		}
	})
	if err == nil {
		s.SetParked([]byte(hash), receipts)
	}
	return err
}

// Content returns the content that an event of an account holds, that of all parts
// of a fitted reply, or nil where it was erased.
func (e *Engine) Content(ctx context.Context, account, eventID string) (*eventv1.Content, error) {
	body, err := e.opened(ctx, account, eventID)
	if err != nil {
		return nil, err
	}
	return HeldBy(body), nil
}
