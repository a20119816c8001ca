package story_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	"weiche/projections"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/keyring"
	"weiche/services/router"
	"weiche/services/story"
)

// clock is the time of a stage, which passes only when a story says so.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// bare is the first stage: the decisions alone, over a complete state, with the
// log in a slice. With twice set, every item is handed in twice.
type bare struct {
	clock  *clock
	keys   *keyring.Keyring
	engine *router.Engine
	state  *conversation.State
	events []conversation.Event
	log    recordLog
	twice  bool
}

func newBare(t *testing.T, twice bool) *bare {
	c := newClock()
	keys := openKeyring(t)
	b := &bare{
		clock: c, keys: keys, state: conversation.NewState(), twice: twice,
		engine: router.NewEngine(router.EngineConfig{Keys: keys, Store: openStore(t, c), Now: c.now}),
	}
	return b
}

func (b *bare) Publish(t testing.TB, from story.Speaker, item *ingressv1.Item) *ingressv1.ItemAnswer {
	source := channel.Source{Kind: channel.Kind(from.Kind), Account: story.Account, ID: from.ID}
	answer := b.decide(t, source, item)
	if b.twice {
		// Whatever comes again changes nothing and is answered alike.
		before := len(b.events)
		again := b.decide(t, source, item)
		if len(b.events) != before {
			t.Fatalf("handed in twice, %v took effect twice", item)
		}
		if answer.GetStatus() == ingressv1.ItemStatus_ITEM_STATUS_REFUSED && again.GetRefusal() != answer.GetRefusal() {
			t.Fatalf("handed in twice, %v was refused with %v and then %v", item, answer.GetRefusal(), again.GetRefusal())
		}
	}
	// What is due at once happens.
	b.Advance(t, 0)
	return answer
}

func (b *bare) decide(t testing.TB, source channel.Source, item *ingressv1.Item) *ingressv1.ItemAnswer {
	command, err := b.engine.Translate(source, proto.CloneOf(item), b.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	return b.give(t, command)
}

func (b *bare) give(t testing.TB, command conversation.Command) *ingressv1.ItemAnswer {
	decision, err := conversation.Decide(b.state, command)
	var refusal *conversation.Refusal
	if errors.As(err, &refusal) {
		return &ingressv1.ItemAnswer{
			Status: ingressv1.ItemStatus_ITEM_STATUS_REFUSED, Refusal: refusal.Reason, Detail: refusal.Detail,
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if erase, ok := command.(*conversation.EraseCustomer); ok {
		if err := b.engine.EnterErasure(erase, decision); err != nil {
			t.Fatal(err)
		}
		defer destroyKeys(t, b.keys)
	}
	for _, event := range decision.Events {
		conversation.Evolve(b.state, event)
		if content := router.HeldBy(event.Body); content != nil {
			b.state.SetContent(event.ID, content)
		}
		b.events = append(b.events, event)
		encoded, err := b.engine.Encode(conversation.HeaderOf(command), "story", event)
		if err != nil {
			t.Fatal(err)
		}
		b.log.add(encoded, b.clock.now())
	}
	if decision.Refused != nil {
		return &ingressv1.ItemAnswer{
			Status: ingressv1.ItemStatus_ITEM_STATUS_REFUSED, Refusal: decision.Refused.Reason, Detail: decision.Refused.Detail,
		}
	}
	return &ingressv1.ItemAnswer{
		Status: ingressv1.ItemStatus_ITEM_STATUS_COMMITTED, ConversationId: decision.ConversationID,
		MessageId: decision.MessageID, LinkId: decision.LinkID, RouteVersion: decision.RouteVersion,
	}
}

func (b *bare) Events(_ testing.TB, from int) []conversation.Event { return b.events[from:] }
func (b *bare) Now() time.Time                                     { return b.clock.now() }
func (b *bare) Code(linkID string) string                          { return b.keys.Code(story.Account, linkID) }

// Advance fires what every event so far has set, and none has ended, in order.
func (b *bare) Advance(t testing.TB, by time.Duration) {
	until := b.clock.now().Add(by)
	for {
		var due []conversation.Timer
		for _, event := range b.events {
			set, end := conversation.Timers(event.Body)
			due = slices.DeleteFunc(due, func(timer conversation.Timer) bool { return slices.Contains(end, timer) })
			due = append(due, set...)
		}
		slices.SortStableFunc(due, func(x, y conversation.Timer) int { return x.Due.Compare(y.Due) })
		if len(due) == 0 || due[0].Due.After(until) {
			break
		}
		b.clock.set(due[0].Due)
		before := len(b.events)
		b.give(t, &conversation.FireTimer{Header: conversation.Header{
			ID: b.engine.NewID(), Account: story.Account, Now: b.clock.now(), Received: b.clock.now(),
		}, Timer: due[0]})
		if len(b.events) == before {
			t.Fatalf("the timer %v was due and nothing came of it", due[0])
		}
	}
	b.clock.set(until)
}

func (b *bare) past() *projections.Past {
	return projections.AsOf(&b.log, b.log.Durable(), opener(b.keys))
}

func (b *bare) Timeline(t testing.TB, conversationID string) []*viewv1.TimelineItem {
	return read[*viewv1.Timeline](t)(b.past().Timeline(t.Context(), story.Account, conversationID, projections.Page{Limit: 1000})).GetItems()
}

func (b *bare) Channel(t testing.TB, conversationID, integrationID string) *viewv1.ChannelView {
	return read[*viewv1.ChannelView](t)(b.past().Channel(t.Context(), story.Account, conversationID, integrationID))
}

func (b *bare) Route(t testing.TB, conversationID string) *viewv1.Route {
	return read[*viewv1.Route](t)(b.past().Route(t.Context(), story.Account, conversationID))
}

func (b *bare) Inbox(t testing.TB, query *viewv1.InboxQuery) []*viewv1.ConversationSummary {
	return read[*viewv1.InboxPage](t)(b.past().Inbox(t.Context(), story.Account, query)).GetConversations()
}

func (b *bare) Customer(t testing.TB, customerID string) *viewv1.Customer {
	return read[*viewv1.Customer](t)(b.past().Customer(t.Context(), story.Account, customerID))
}

// recordLog is a log in memory, as projections read one.
type recordLog struct{ records []*eventstore.Record }

func (l *recordLog) add(event eventstore.Event, at time.Time) {
	rec := &eventstore.Record{Event: event, Position: uint64(len(l.records)) + 1, Version: 1, Recorded: at}
	for _, before := range l.records {
		if before.Stream == event.Stream {
			rec.Version++
		}
	}
	rec.AccountSequence = rec.Position
	l.records = append(l.records, rec)
	for _, gone := range router.Redacts(rec) {
		for _, before := range l.records {
			if before.ID == gone {
				before.Sealed = nil
			}
		}
	}
}

// destroyKeys destroys what the ledger says.
func destroyKeys(t testing.TB, keys *keyring.Keyring) {
	entries, err := keys.Erasures()
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if err := errors.Join(keys.Destroy(entry.Keys...), keys.FinishErasure(entry.Account, entry.Customer)); err != nil {
			t.Fatal(err)
		}
	}
}

func (l *recordLog) Incarnation() string { return "story" }
func (l *recordLog) Durable() uint64     { return uint64(len(l.records)) }

func (l *recordLog) ReadAt(_ context.Context, position uint64) (*eventstore.Record, error) {
	if position < 1 || position > l.Durable() {
		return nil, eventstore.ErrNotFound
	}
	return l.records[position-1], nil
}

func (l *recordLog) ReadAll(_ context.Context, from uint64) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		for _, rec := range l.records[max(from, 1)-1:] {
			if !yield(rec, nil) {
				return
			}
		}
	}
}

func (l *recordLog) ReadStream(_ context.Context, stream eventstore.Stream, from uint64) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		for _, rec := range l.records {
			if rec.Stream == stream && rec.Version >= from && !yield(rec, nil) {
				return
			}
		}
	}
}

func (l *recordLog) Subscribe(ctx context.Context, from uint64) iter.Seq2[*eventstore.Record, error] {
	return l.ReadAll(ctx, from)
}
