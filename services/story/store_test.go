package story_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

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

func openKeyring(t testing.TB) *keyring.Keyring {
	keys, err := keyring.Open("keyring", keyring.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	return keys
}

func openStore(t testing.TB, c *clock) *eventstore.Store {
	store, err := eventstore.Open("log", router.LogOptions(eventstore.Options{FS: vfs.NewMem(), Now: c.now}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// opener opens content with a keyring, as projections want it.
func opener(keys *keyring.Keyring) projections.Opener {
	return func(account, category, id, eventID, keyID string, ciphertext []byte) ([]byte, error) {
		plain, err := keys.Unseal(keyID, keyring.AAD(account, category, id, eventID), ciphertext)
		if errors.Is(err, keyring.ErrKeyGone) {
			return nil, projections.ErrKeyGone
		}
		return plain, err
	}
}

func read[V any](t testing.TB) func(V, error) V {
	return func(view V, err error) V {
		t.Helper()
		if err != nil && !errors.Is(err, projections.ErrNotFound) {
			t.Fatal(err)
		}
		return view
	}
}

// inStore is the third stage: the engine that the router runs, over a store in
// memory, with live projections.
type inStore struct {
	clock  *clock
	keys   *keyring.Keyring
	store  *eventstore.Store
	engine *router.Engine
	views  *projections.Views
	stop   func()
}

func newInStore(t *testing.T) *inStore {
	s := &inStore{clock: newClock(), keys: openKeyring(t)}
	s.store = openStore(t, s.clock)
	s.engine = router.NewEngine(router.EngineConfig{Store: s.store, Keys: s.keys, Now: s.clock.now})
	s.views, s.stop = openViews(t, s.store, s.keys)
	return s
}

// openViews opens views in memory and lets them follow the log.
func openViews(t *testing.T, store *eventstore.Store, keys *keyring.Keyring) (*projections.Views, func()) {
	views, err := projections.Open("views", projections.Options{FS: vfs.NewMem(), Opener: opener(keys)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- views.Run(ctx, store) }()
	stop := func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("views: %v", err)
		}
		done <- context.Canceled
	}
	t.Cleanup(func() { stop(); views.Close() })
	return views, stop
}

func (s *inStore) Publish(t testing.TB, from story.Speaker, item *ingressv1.Item) *ingressv1.ItemAnswer {
	answers, err := s.engine.Round(t.Context(), []router.Request{{
		Source: channel.Source{Kind: channel.Kind(from.Kind), Account: story.Account, ID: from.ID},
		Batch:  &ingressv1.Batch{Items: []*ingressv1.Item{item}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.destroyErased(t)
	// What is due at once happens.
	s.Advance(t, 0)
	return answers[0].GetItems()[0]
}

// destroyErased does what follows an erasure.
func (s *inStore) destroyErased(t testing.TB) {
	if err := router.DestroyErased(t.Context(), s.store, s.keys); err != nil {
		t.Fatal(err)
	}
}

func (s *inStore) Events(t testing.TB, from int) []conversation.Event {
	return readEvents(t, s.store, s.keys, from)
}

func readEvents(t testing.TB, store *eventstore.Store, keys *keyring.Keyring, from int) []conversation.Event {
	var events []conversation.Event
	for rec, err := range store.ReadAll(t.Context(), uint64(from)+1) {
		if err != nil {
			t.Fatal(err)
		}
		event, err := router.DecodeOpened(keys, rec)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

func (s *inStore) Now() time.Time            { return s.clock.now() }
func (s *inStore) Code(linkID string) string { return s.keys.Code(story.Account, linkID) }

// Advance fires the timers of the log's index, each at its time.
func (s *inStore) Advance(t testing.TB, by time.Duration) {
	until := s.clock.now().Add(by)
	for {
		account, timer, ok, err := s.engine.NextTimer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !ok || timer.Due.After(until) {
			break
		}
		s.clock.set(timer.Due)
		before := s.store.Durable()
		if err := s.engine.Fire(t.Context(), account, timer); err != nil {
			t.Fatal(err)
		}
		if s.store.Durable() == before {
			t.Fatalf("the timer %v was due and nothing came of it", timer)
		}
	}
	s.clock.set(until)
}

func (s *inStore) Timeline(t testing.TB, conversationID string) []*viewv1.TimelineItem {
	s.caughtUp(t)
	return read[*viewv1.Timeline](t)(s.views.Timeline(t.Context(), story.Account, conversationID, projections.Page{Limit: 1000})).GetItems()
}

func (s *inStore) Channel(t testing.TB, conversationID, integrationID string) *viewv1.ChannelView {
	s.caughtUp(t)
	return read[*viewv1.ChannelView](t)(s.views.Channel(t.Context(), story.Account, conversationID, integrationID))
}

func (s *inStore) Route(t testing.TB, conversationID string) *viewv1.Route {
	s.caughtUp(t)
	return read[*viewv1.Route](t)(s.views.Route(t.Context(), story.Account, conversationID))
}

func (s *inStore) Inbox(t testing.TB, query *viewv1.InboxQuery) []*viewv1.ConversationSummary {
	s.caughtUp(t)
	return read[*viewv1.InboxPage](t)(s.views.Inbox(t.Context(), story.Account, query)).GetConversations()
}

func (s *inStore) Customer(t testing.TB, customerID string) *viewv1.Customer {
	s.caughtUp(t)
	return read[*viewv1.Customer](t)(s.views.Customer(t.Context(), story.Account, customerID))
}

func (s *inStore) caughtUp(t testing.TB) {
	if err := s.views.WaitFor(t.Context(), s.store.Durable()); err != nil {
		t.Fatal(err)
	}
}

// rebuilt shows that views made anew from the log are those that followed it
// live, byte for byte, and that the log verifies.
func (s *inStore) rebuilt(t *testing.T) {
	s.caughtUp(t)
	again, _ := openViews(t, s.store, s.keys)
	if err := again.WaitFor(t.Context(), s.store.Durable()); err != nil {
		t.Fatal(err)
	}
	for _, projection := range projections.All() {
		live, err := s.views.Digest(t.Context(), projection.Name)
		if err != nil {
			t.Fatal(err)
		}
		rebuilt, err := again.Digest(t.Context(), projection.Name)
		if err != nil {
			t.Fatal(err)
		}
		if live != rebuilt {
			t.Errorf("I17: the rebuilt %s differs from the live one", projection.Name)
		}
	}
	if err := s.store.Verify(t.Context(), nil); err != nil {
		t.Errorf("the log does not verify: %v", err)
	}
}
