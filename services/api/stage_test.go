package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	"weiche/projections"
	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/api"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/keyring"
	"weiche/services/router"
	"weiche/services/widget"
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

	mu    sync.Mutex
	state *conversation.State
	read  uint64
}

// newStage starts the API; change adapts its configuration.
func newStage(t testing.TB, change func(*api.Config)) *stage {
	t.Helper()
	keys, err := keyring.Open("keyring", keyring.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	store, err := eventstore.Open("log", eventstore.Options{FS: vfs.NewMem(), Index: router.Index})
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
	s.engine = router.NewEngine(router.EngineConfig{Store: store, Keys: keys})
	config := api.Config{
		Publisher: s, Queries: s, Views: views, Keys: keys, Links: links,
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Limits: api.Limits{VisitorPerSecond: -1, AddressPerSecond: -1},
	}
	if change != nil {
		change(&config)
	}
	s.server = httptest.NewUnstartedServer(api.New(config))
	s.server.Config.Protocols = new(http.Protocols)
	s.server.Config.Protocols.SetHTTP1(true)
	s.server.Config.Protocols.SetUnencryptedHTTP2(true)
	s.server.Start()
	t.Cleanup(func() {
		s.server.Close()
		cancel()
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
		return "https://wa.me/" + digits + "?text=" + url.QueryEscape(conversation.LinkSentence(language, code))
	case "messenger":
		return "https://m.me/" + address + "?ref=" + code
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

// folded gives f the log, folded up to its end.
func (s *stage) folded(f func(*conversation.State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for rec, err := range s.store.ReadAll(context.Background(), s.read+1) {
		if err != nil {
			panic(err)
		}
		event, err := router.Decode(rec)
		if err != nil {
			panic(err)
		}
		conversation.Evolve(s.state, event)
		s.read = rec.Position
	}
	f(s.state)
}

var accounts = []string{"acme", "other"}

func (s *stage) each(f func(*conversation.Account)) {
	s.folded(func(state *conversation.State) {
		for _, id := range accounts {
			if account := state.Account(id); account != nil {
				f(account)
			}
		}
	})
}

func (s *stage) Widget(id string) (found api.Widget, ok bool) {
	s.each(func(account *conversation.Account) {
		w := account.Widgets[id]
		if w == nil {
			return
		}
		found, ok = api.Widget{
			Account: account.ID, ID: id, Site: w.Config.GetSite(),
			Languages: w.Config.GetLanguages(), Origins: w.Config.GetOrigins(),
		}, true
		for _, offered := range slices.Sorted(maps.Keys(w.Offers)) {
			i := account.Integrations[offered]
			found.Offers = append(found.Offers, api.Offer{
				IntegrationID: offered, Channel: i.GetChannel(), Name: i.GetName(), Address: i.GetAddress(),
			})
		}
	})
	return found, ok
}

func (s *stage) ListsOrigin(origin string) (listed bool) {
	s.each(func(account *conversation.Account) {
		for _, w := range account.Widgets {
			listed = listed || slices.Contains(w.Config.GetOrigins(), origin)
		}
	})
	return listed
}

func (s *stage) Agent(account, id string) (name string, ok bool) {
	s.folded(func(state *conversation.State) {
		if found := state.Account(account); found != nil {
			name, ok = found.Agents[id]
		}
	})
	return name, ok
}

func (s *stage) AppOwner(id string) (owner string, ok bool) {
	s.each(func(account *conversation.Account) {
		if account.Apps[id] != nil {
			owner, ok = account.ID, true
		}
	})
	return owner, ok
}

func (s *stage) ProviderAccountOwner(channel, id string) (owner string, ok bool) {
	s.each(func(account *conversation.Account) {
		for _, i := range account.Integrations {
			if i.GetChannel() == channel && i.GetProviderAccountId() == id {
				owner, ok = account.ID, true
			}
		}
	})
	return owner, ok
}

func (s *stage) Conversation(ctx context.Context, account, widgetID, visitor string) (string, error) {
	hash := s.keys.AliasHash(account, widgetID, widget.AliasVisitor, visitor)
	identity, _, ok, err := s.store.IndexGet(ctx, eventstore.IndexKey{Account: account, Index: "alias", Key: hash})
	if err != nil || !ok {
		return "", err
	}
	found, err := s.views.Identity(ctx, account, string(identity))
	if errors.Is(err, projections.ErrNotFound) {
		return "", nil
	}
	return found.GetConversationId(), err
}

func (s *stage) Events(ctx context.Context, after uint64, limit int) ([]*adminv1.LoggedEvent, uint64, error) {
	var events []*adminv1.LoggedEvent
	head := s.store.Durable()
	for rec, err := range s.store.ReadAll(ctx, after+1) {
		if err != nil {
			return nil, 0, err
		}
		if len(events) == limit {
			break
		}
		event, err := router.DecodeOpened(s.keys, rec)
		if err != nil {
			return nil, 0, err
		}
		body, err := anypb.New(event.Body)
		if err != nil {
			return nil, 0, err
		}
		events = append(events, &adminv1.LoggedEvent{
			Position: rec.Position, AccountId: rec.Stream.Account, Stream: rec.Stream.Category + "-" + rec.Stream.ID,
			Version: rec.Version, EventId: rec.ID, RecordedAt: timestamppb.New(rec.Recorded),
			Causation: rec.Causation, Actor: rec.Actor, Event: body,
		})
	}
	return events, head, nil
}

func (s *stage) Incarnation() string {
	if s.incarnation != "" {
		return s.incarnation
	}
	return s.store.Incarnation()
}

// whatsApp lets somebody write on WhatsApp.
func (s *stage) whatsApp(t testing.TB, phone, id, text string) {
	t.Helper()
	answer, err := s.give(t.Context(), channel.Source{Kind: channel.KindChannel, Account: "acme", ID: "wa"},
		&ingressv1.Batch{Items: []*ingressv1.Item{{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
			ProviderAccountId: "100", ProviderMessageId: id, SentAt: timestamppb.New(time.Now()),
			Sender: []*eventv1.Alias{{Kind: "phone", Value: phone}},
			Event:  &ingressv1.Inbound_Message{Message: conversation.Text(text)},
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

// values is a JSON object as a caller reads it.
type values map[string]any

// get follows a path through objects and arrays: lines.0.content.
func (v values) get(path string) any {
	var at any = map[string]any(v)
	for step := range strings.SplitSeq(path, ".") {
		switch here := at.(type) {
		case map[string]any:
			at = here[step]
		case []any:
			n := 0
			if _, err := fmt.Sscan(step, &n); err != nil || n >= len(here) {
				return nil
			}
			at = here[n]
		default:
			return nil
		}
	}
	return at
}

func (v values) text(path string) string {
	text, _ := v.get(path).(string)
	return text
}

func (v values) length(path string) int {
	list, _ := v.get(path).([]any)
	return len(list)
}

// reason is the reason in the error's ErrorInfo.
func (v values) reason() string { return v.text("details.0.debug.reason") }

const (
	widgetService    = "/weiche.widget.v1.WidgetService/"
	workspaceService = "/weiche.workspace.v1.WorkspaceService/"
	adminService     = "/weiche.admin.v1.AdminService/"
)

// answer is what came back.
type answer struct {
	status int
	header http.Header
	values
}

// call posts JSON like curl.
func (s *stage) call(t testing.TB, method, token, body string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.server.URL+method, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for at := 0; at < len(header); at += 2 {
		req.Header.Set(header[at], header[at+1])
	}
	return s.do(t, req)
}

func (s *stage) do(t testing.TB, req *http.Request) answer {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := answer{status: resp.StatusCode, header: resp.Header}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		if err := json.Unmarshal(data, &out.values); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
	}
	return out
}

// must is call that has to succeed.
func (s *stage) must(t testing.TB, method, token, body string, header ...string) answer {
	t.Helper()
	got := s.call(t, method, token, body, header...)
	if got.status != http.StatusOK {
		t.Fatalf("%s: %d %v", method, got.status, got.values)
	}
	return got
}

// want is call that has to fail in one way.
func (s *stage) want(t testing.TB, code, reason, method, token, body string, header ...string) answer {
	t.Helper()
	got := s.call(t, method, token, body, header...)
	if got.text("code") != code || got.reason() != "REASON_"+reason {
		t.Errorf("%s %s: %d %v, want %s %s", method, body, got.status, got.values, code, reason)
	}
	return got
}

func (s *stage) setup(t testing.TB, account, setup string) answer {
	t.Helper()
	return s.must(t, adminService+"ApplySetup", s.admin(),
		fmt.Sprintf(`{"accountId":%q,"setup":%s}`, account, setup))
}

func (s *stage) admin() string { return api.AdminToken(s.keys).Reveal() }
func (s *stage) eva() string   { return api.AgentToken(s.keys, "acme", "eva").Reveal() }

// visitor opens a session.
func (s *stage) visitor(t testing.TB, widgetID string) string {
	t.Helper()
	return s.must(t, widgetService+"OpenSession", "", fmt.Sprintf(`{"widgetId":%q}`, widgetID)).text("sessionToken")
}
