package api_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	"weiche/projections"
	"weiche/proto/gen/weiche/admin/v1/adminv1connect"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/api"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/directory"
	"weiche/services/keyring"
	"weiche/services/router"
	"weiche/services/stream"
)

// stage is the API over the engine that the router runs, in memory, with live
// views.
type stage struct {
	keys   *keyring.Keyring
	store  *eventstore.Store
	engine *router.Engine
	views  *projections.Views
	server *httptest.Server

	// publish stands in for the engine where it is set.
	publish func(context.Context, channel.Source, *ingressv1.Batch) (*ingressv1.Answer, error)
	// incarnation stands in for the log's where it is set.
	incarnation string

	// ahead is by how much the engine's clock is ahead, in nanoseconds.
	ahead atomic.Int64

	signals signals

	mu    sync.Mutex
	state *conversation.State
	read  uint64

	known   *directory.Directory
	knownAt uint64
}

// newStage starts the API; change adapts its configuration.
func newStage(t testing.TB, change func(*api.Config)) *stage {
	t.Helper()
	keys, err := keyring.Open("keyring", keyring.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	store, err := eventstore.Open("log", router.LogOptions(eventstore.Options{FS: vfs.NewMem()}))
	if err != nil {
		t.Fatal(err)
	}
	views, err := projections.Open("views", projections.Options{FS: vfs.NewMem(), Opener: opener(keys)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- views.Run(ctx, store) }()

	s := &stage{keys: keys, store: store, views: views, state: conversation.NewState()}
	s.engine = router.NewEngine(router.EngineConfig{
		Store: store, Keys: keys, Now: func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) },
	})
	config := api.Config{
		Publisher: s, Queries: s, Views: views, Keys: keys, Links: links,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Limits: api.Limits{VisitorPerSecond: -1, AddressPerSecond: -1, CallerPerSecond: -1, LoginPerSecond: -1, UploadPerSecond: -1},
	}
	live := liveLog{store: store, log: router.NewPublicLog(s.engine)}
	hub := stream.New(stream.Config{Live: live, Log: live.log, Signals: s.signals.hear})
	config.Stream, config.Log, config.Signals = hub, live.log, s.signals.tell
	if change != nil {
		change(&config)
	}
	hubEnded := make(chan error, 1)
	go func() { hubEnded <- hub.Run(ctx) }()
	s.server = httptest.NewUnstartedServer(everything(config))
	s.server.Config.Protocols = new(http.Protocols)
	s.server.Config.Protocols.SetHTTP1(true)
	s.server.Config.Protocols.SetUnencryptedHTTP2(true)
	s.server.Start()
	t.Cleanup(func() {
		cancel()
		if err := <-hubEnded; err != nil {
			t.Errorf("hub: %v", err)
		}
		s.server.Close()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("views: %v", err)
		}
		views.Close()
		store.Close()
		keys.Close()
	})
	s.setup(t, "acme", `{"name":"Acme","apps":[
		{"id":"acme-wa","channel":"whatsapp","providerAppId":"1"},
		{"id":"acme-ms","channel":"messenger","providerAppId":"2"}],
		"integrations":[
		{"id":"wa","channel":"whatsapp","appId":"acme-wa","providerAccountId":"100","address":"+1 555 000 1111","name":"Acme on WhatsApp"},
		{"id":"page","channel":"messenger","appId":"acme-ms","providerAccountId":"200","address":"acme","name":"Acme"}],
		"widgets":[{"id":"shop","site":"Acme Shop","origins":["https://shop.example"],"languages":["en","de"],"confirmation":"CONFIRMATION_IMMEDIATE","offers":["wa"]}],
		"agents":[{"id":"eva","name":"Eva"}]}`)
	s.setup(t, "other", `{"name":"Other","widgets":[{"id":"blog","site":"Blog","origins":["https://blog.example"]}],"agents":[{"id":"eva","name":"Another Eva"}]}`)
	return s
}

// everything serves what everybody may reach and what operators may.
func everything(config api.Config) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(operationsService, api.NewOperations(config, adminv1connect.UnimplementedOperationsServiceHandler{}))
	if all, ok := config.Keys.(*keyring.Keyring); ok {
		// A process of its own has the keys of these hashes and of no others.
		hashes := keyring.Hashes{}
		for _, domain := range api.Domains() {
			hashes[domain] = all.HashKey(domain)
		}
		config.Keys = hashes
	}
	mux.Handle("/", api.New(config))
	return mux
}

func opener(keys *keyring.Keyring) projections.Opener {
	return func(account, category, id, eventID, keyID string, ciphertext []byte) ([]byte, error) {
		plain, err := keys.Unseal(keyID, keyring.AAD(account, category, id, eventID), ciphertext)
		if errors.Is(err, keyring.ErrKeyGone) {
			return nil, projections.ErrKeyGone
		}
		return plain, err
	}
}

func links(channel, address, language, code string) string {
	switch channel {
	case "whatsapp":
		digits := strings.NewReplacer("+", "", " ", "").Replace(address)
		if code == "" {
			return "https://wa.me/" + digits
		}
		return "https://wa.me/" + digits + "?text=" + url.QueryEscape(conversation.LinkSentence(language, code))
	case "messenger":
		return strings.TrimSuffix("https://m.me/"+address+"?ref="+code, "?ref=")
	}
	return ""
}

// Publish gives a batch to the engine as the broker would: as bytes.
func (s *stage) Publish(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	if s.publish != nil {
		return s.publish(ctx, from, batch)
	}
	return s.give(ctx, from, batch)
}

func (s *stage) give(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	data, err := proto.Marshal(batch)
	if err != nil {
		return nil, err
	}
	received := &ingressv1.Batch{}
	if err := proto.Unmarshal(data, received); err != nil {
		return nil, err
	}
	answers, err := s.engine.Round(ctx, []router.Request{{Source: from, Batch: received}})
	if err != nil {
		return nil, err
	}
	return answers[0], nil
}

// whatsApp lets somebody write on WhatsApp.
func (s *stage) whatsApp(t testing.TB, phone, id, text string) {
	t.Helper()
	s.inbound(t, phone, id, conversation.Text(text))
}

// inbound lets anything come in over WhatsApp.
func (s *stage) inbound(t testing.TB, phone, id string, content *eventv1.Content) {
	t.Helper()
	answer, err := s.give(t.Context(), channel.Source{Kind: channel.KindChannel, Account: "acme", ID: "wa"},
		&ingressv1.Batch{Items: []*ingressv1.Item{{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
			ProviderAccountId: "100", ProviderMessageId: id, SentAt: timestamppb.New(time.Now()),
			Sender: []*eventv1.Alias{{Kind: "phone", Value: phone}},
			Event:  &ingressv1.Inbound_Message{Message: content},
		}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.GetItems()[0].GetStatus(); got != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		t.Fatalf("the message was not taken: %v", answer)
	}
	if err := s.views.WaitFor(t.Context(), s.store.Durable()); err != nil {
		t.Fatal(err)
	}
}

// onPage lets somebody write to the page, and returns the conversation.
func (s *stage) onPage(t testing.TB) string {
	t.Helper()
	answer, err := s.give(t.Context(), channel.Source{Kind: channel.KindChannel, Account: "acme", ID: "page"},
		&ingressv1.Batch{Items: []*ingressv1.Item{{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
			ProviderAccountId: "200", ProviderMessageId: "m_1", SentAt: timestamppb.New(time.Now()),
			Sender: []*eventv1.Alias{{Kind: "psid", Value: "4711"}},
			Event:  &ingressv1.Inbound_Message{Message: conversation.Text("hello")},
		}}}}})
	if err != nil || answer.GetItems()[0].GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		t.Fatalf("%v: %v", answer, err)
	}
	if err := s.views.WaitFor(t.Context(), s.store.Durable()); err != nil {
		t.Fatal(err)
	}
	return answer.GetItems()[0].GetConversationId()
}
