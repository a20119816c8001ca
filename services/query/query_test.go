package query_test

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"weiche/eventstore"
	"weiche/projections"
	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/services/blob"
	"weiche/services/broker"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/directory"
	"weiche/services/keyring"
	"weiche/services/query"
	"weiche/services/router"
)

// knows is what both sides are.
type knows interface {
	query.Views
	query.Log
}

// here is the router's side: views and a log that says what it was asked.
type here struct {
	*projections.Views
	logged
}

type logged struct{}

func (logged) Conversation(_ context.Context, account, widgetID string, visitor *eventv1.Alias) (string, error) {
	if visitor.GetValue() == "nobody" {
		return "", projections.ErrNotFound
	}
	return account + "/" + widgetID + "/" + visitor.GetKind() + visitor.GetValue(), nil
}

func (logged) Events(_ context.Context, after uint64, limit int) ([]*adminv1.LoggedEvent, uint64, error) {
	return []*adminv1.LoggedEvent{{Position: after + 1, Version: uint64(limit)}}, after + 9, nil
}

func (logged) Audit(_ context.Context, account string, after uint64, limit int) ([]*adminv1.LoggedEvent, uint64, error) {
	return []*adminv1.LoggedEvent{{Position: after + 1, Version: uint64(limit), AccountId: account}}, after + 7, nil
}

func (logged) Password(_ context.Context, account, agentID, passwordID string) (channel.Secret, bool, error) {
	if passwordID == "none" {
		return "", false, nil
	}
	return channel.Secret(account + agentID + passwordID), true, nil
}

func (logged) VisitorKey(_ context.Context, account, widgetID, keyID string) (channel.Secret, bool, error) {
	if keyID == "none" {
		return "", false, nil
	}
	return channel.Secret(account + widgetID + keyID), true, nil
}

func (logged) VisitorEnded(_ context.Context, account string, hash []byte) (bool, error) {
	return account+string(hash) == "shopended", nil
}

// house is a router's process, and another one that asks it.
type house struct {
	t      *testing.T
	broker *broker.Broker
	store  *eventstore.Store
	keys   *keyring.Keyring
	views  *projections.Views
	direct router.Direct
	local  *directory.Directory
	files  blob.FromKeyring
	keyID  string
}

func newHouse(t *testing.T) *house {
	quiet := slog.New(slog.DiscardHandler)
	h := &house{t: t}
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	h.keys, err = keyring.Open("keyring", keyring.Options{FS: vfs.NewMem(), Logger: quiet})
	fail(err)
	h.store, err = eventstore.Open("log", router.LogOptions(eventstore.Options{FS: vfs.NewMem()}))
	fail(err)
	h.views, err = projections.Open("views", projections.Options{FS: vfs.NewMem(), Opener: func(account, category, id, eventID, keyID string, sealed []byte) ([]byte, error) {
		return h.keys.Unseal(keyID, keyring.AAD(account, category, id, eventID), sealed)
	}})
	fail(err)
	h.broker, err = broker.Start(t.Context(), broker.Config{Logger: quiet})
	fail(err)
	h.local, err = router.NewDirectory(t.Context(), h.store, h.keys)
	fail(err)
	h.keyID, err = h.keys.NewKey()
	fail(err)
	h.direct = router.Direct{Engine: router.NewEngine(router.EngineConfig{Store: h.store, Keys: h.keys, Logger: quiet})}
	h.files = blob.FromKeyring{Keyring: h.keys, KeyOf: func(_ context.Context, _, customer string) (string, error) {
		if customer == "ana" {
			return h.keyID, nil
		}
		return "", nil
	}}
	server := query.NewServer(query.Config{
		Directory: h.local, Views: h.views, Log: logged{}, Incarnation: h.store.Incarnation(), Head: h.store.Durable, Files: h.files,
		HashKey: h.keys.HashKey, Domains: map[broker.Role][]string{broker.RoleAPI: {"a"}, broker.RoleEgress: {"b"}},
	})
	h.run(func(ctx context.Context) error {
		if err := h.views.Run(ctx, h.store); ctx.Err() == nil {
			return err
		}
		return nil
	})
	h.run(h.local.Run)
	h.run(func(ctx context.Context) error { return server.Run(ctx, h.broker) })
	for client := query.NewClient(h.broker, broker.RoleAPI); ; { // until it answers
		if err := client.Begin(h.soon()); !errors.Is(err, broker.ErrUnavailable) {
			fail(err)
			return h
		}
	}
}

// run runs something until the test ends. What is opened is closed after it.
func (h *house) run(f func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	h.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			h.t.Error(err)
		}
	})
}

func (h *house) soon() context.Context {
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	h.t.Cleanup(cancel)
	return ctx
}

// decides has the router decide one item.
func (h *house) decides(kind channel.Kind, id string, item *ingressv1.Item) *ingressv1.ItemAnswer {
	h.t.Helper()
	answer, err := h.direct.Publish(h.soon(), channel.Source{Kind: kind, Account: "shop", ID: id}, &ingressv1.Batch{Items: []*ingressv1.Item{item}})
	if err != nil || answer.GetItems()[0].GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		h.t.Fatalf("%v, %v", answer, err)
	}
	return answer.GetItems()[0]
}

func (h *house) setsUp(name, token string) *ingressv1.ItemAnswer {
	h.t.Helper()
	return h.decides(channel.KindAgent, "admin", &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
		Command: &ingressv1.AgentCommand_ApplySetup{ApplySetup: &ingressv1.ApplySetup{
			Name:         name,
			Apps:         []*ingressv1.AppSetup{{Id: "app", Channel: "whatsapp", ProviderAppId: "1", AppSecrets: []string{"secret"}, VerifyToken: "verify"}},
			Integrations: []*ingressv1.IntegrationSetup{{Id: "wa", Channel: "whatsapp", AppId: "app", ProviderAccountId: "100", AccessToken: token}},
			Agents:       []*ingressv1.AgentSetup{{Id: "kim", Name: "Kim"}},
		}},
	}}})
}

func (h *house) hears(id, text string) *ingressv1.ItemAnswer {
	h.t.Helper()
	return h.decides(channel.KindChannel, "wa", &ingressv1.Item{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
		ProviderAccountId: "100", ProviderMessageId: id,
		Sender: []*eventv1.Alias{{Kind: "phone", Value: "15550100000"}},
		Event:  &ingressv1.Inbound_Message{Message: conversation.Text(text)},
	}}})
}

// A place that a client has made up keeps nobody waiting: the router answers so many at
// a time.
func TestNobodyWaitsForWhatDoesNotCome(t *testing.T) {
	h := newHouse(t)
	client := query.NewClient(h.broker, broker.RoleAPI)
	ctx := h.soon()
	for range 50 {
		if err := client.WaitFor(ctx, 1_000_000); !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			t.Fatalf("%v, and the test's own time: %v", err, ctx.Err())
		}
	}
}

// TestBothSidesAnswerAlike asks everything that can be asked of the router's side and
// over the broker. A question without a row fails.
func TestBothSidesAnswerAlike(t *testing.T) {
	h := newHouse(t)
	h.setsUp("Shop", "token")
	in := h.hears("m1", "hello")
	last := h.hears("m2", "and more")
	client := query.NewClient(h.broker, broker.RoleAPI)
	if err := client.WaitFor(h.soon(), last.GetPosition()); err != nil {
		t.Fatal(err)
	}
	if at := client.Position(); at < last.GetPosition() {
		t.Errorf("it waited for %d and is at %d", last.GetPosition(), at)
	}
	id := in.GetConversationId()
	route, err := h.views.Route(t.Context(), "shop", id)
	if err != nil {
		t.Fatal(err)
	}
	ctx := h.soon()
	two := func(answer any, err error) ([]any, error) { return []any{answer}, err }
	type row struct {
		method string
		ask    func(k knows) ([]any, error)
	}
	rows := []row{
		{"Timeline", func(k knows) ([]any, error) { return two(k.Timeline(ctx, "shop", id, projections.Page{Limit: 50})) }},
		{"Timeline", func(k knows) ([]any, error) {
			return two(k.Timeline(ctx, "shop", id, projections.Page{Limit: 1, Last: true, Enough: true, Keep: projections.Lines{Kinds: []viewv1.ItemKind{viewv1.ItemKind_ITEM_KIND_COMMENT}}}))
		}},
		{"Timeline", func(k knows) ([]any, error) { return two(k.Timeline(ctx, "other", id, projections.Page{})) }},
		{"Channel", func(k knows) ([]any, error) { return two(k.Channel(ctx, "shop", id, "wa")) }},
		{"Channel", func(k knows) ([]any, error) { return two(k.Channel(ctx, "shop", id, "none")) }},
		{"Route", func(k knows) ([]any, error) { return two(k.Route(ctx, "shop", id)) }},
		{"Route", func(k knows) ([]any, error) { return two(k.Route(ctx, "shop", "none")) }},
		{"Customer", func(k knows) ([]any, error) { return two(k.Customer(ctx, "shop", route.GetCustomerId())) }},
		{"Inbox", func(k knows) ([]any, error) { return two(k.Inbox(ctx, "shop", &viewv1.InboxQuery{Limit: 10})) }},
		{"Summary", func(k knows) ([]any, error) { return two(k.Summary(ctx, "shop", id)) }},
		{"Summary", func(k knows) ([]any, error) { return two(k.Summary(ctx, "shop", "none")) }},
		{"Counts", func(k knows) ([]any, error) { return two(k.Counts(ctx, "shop", "kim")) }},
		{"OfferUse", func(k knows) ([]any, error) {
			uses, err := k.OfferUse(ctx, "shop")
			return []any{len(uses)}, err
		}},
		{"Position", func(k knows) ([]any, error) { return []any{k.Position() >= last.GetPosition()}, nil }},
		{"WaitFor", func(k knows) ([]any, error) { return nil, k.WaitFor(ctx, last.GetPosition()) }},
		{"WaitFor", func(k knows) ([]any, error) {
			short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
			err := k.WaitFor(short, 1_000_000)
			return []any{errors.Is(err, context.DeadlineExceeded)}, nil
		}},
		{"Conversation", func(k knows) ([]any, error) {
			return two(k.Conversation(ctx, "shop", "site", &eventv1.Alias{Kind: "visitor", Value: "ana"}))
		}},
		{"Conversation", func(k knows) ([]any, error) {
			return two(k.Conversation(ctx, "shop", "site", &eventv1.Alias{Kind: "visitor", Value: "nobody"}))
		}},
		{"Events", func(k knows) ([]any, error) {
			events, head, err := k.Events(ctx, 3, 5)
			return []any{events, head}, err
		}},
		{"Audit", func(k knows) ([]any, error) {
			events, head, err := k.Audit(ctx, "shop", 3, 5)
			return []any{events, head}, err
		}},
	}
	for _, id := range []string{"one", "none", "ended"} {
		rows = append(rows, []row{
			{"Password", func(k knows) ([]any, error) {
				hash, ok, err := k.Password(ctx, "shop", "kim", id)
				return []any{hash.Reveal(), ok}, err
			}},
			{"VisitorKey", func(k knows) ([]any, error) {
				key, ok, err := k.VisitorKey(ctx, "shop", "site", id)
				return []any{key.Reveal(), ok}, err
			}},
			{"VisitorEnded", func(k knows) ([]any, error) { return two(k.VisitorEnded(ctx, "shop", []byte(id))) }},
		}...)
	}
	asked := map[string]bool{}
	failed := 0
	for _, row := range rows {
		asked[row.method] = true
		want, wantErr := row.ask(here{h.views, logged{}})
		got, err := row.ask(client)
		if wantErr != nil {
			failed++
			if !errors.Is(err, projections.ErrNotFound) || !errors.Is(wantErr, projections.ErrNotFound) {
				t.Errorf("%s: %v here, %v there", row.method, wantErr, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", row.method, err)
			continue
		}
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-here +there):\n%s", row.method, diff)
		}
	}
	if failed == 0 {
		t.Error("nothing was missing anywhere")
	}
	for _, of := range []reflect.Type{reflect.TypeFor[query.Views](), reflect.TypeFor[query.Log]()} {
		for method := range of.Methods() {
			if !asked[method.Name] {
				t.Errorf("nobody asks for %s", method.Name)
			}
		}
	}
}

// A directory elsewhere has what the router's has, each role with the secrets that it
// may know, and what was answered is seen by who waits for it.
func TestDirectoriesElsewhere(t *testing.T) {
	h := newHouse(t)
	h.setsUp("Shop", "old token")
	elsewhere := map[broker.Role]*directory.Directory{}
	for _, role := range []broker.Role{broker.RoleAdapters, broker.RoleAPI, broker.RoleEgress} {
		d := directory.New(query.NewSetups(h.broker, []broker.Role{role}, slog.New(slog.DiscardHandler)))
		if d.Current() {
			t.Errorf("%s: it knows before it has asked", role)
		}
		h.run(d.Run)
		select {
		case <-d.Loaded():
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: nothing was loaded", role)
		}
		elsewhere[role] = d
	}
	changed := h.setsUp("Blue Shop", "new token")
	for role, d := range elsewhere {
		if err := d.WaitFor(h.soon(), changed.GetPosition()); err != nil {
			t.Fatalf("%s: %v", role, err)
		}
		account, _ := d.Account("shop")
		if account.GetName() != "Blue Shop" || !d.Current() {
			t.Errorf("%s: %v", role, account)
		}
		if has := len(account.GetAgents()) > 0; has != (role == broker.RoleAPI) {
			t.Errorf("%s knows of agents: %v", role, has)
		}
		app, _ := d.App("app")
		if knows := len(app.Secrets) == 1 && app.Secrets[0] == "secret" && app.VerifyToken == "verify"; knows != (role == broker.RoleAdapters) {
			t.Errorf("%s knows the app's secrets: %v", role, knows)
		}
		integration, _ := d.Integration("shop", "wa")
		if knows := integration.Token == "new token"; knows != (role == broker.RoleEgress) || integration.Token == "old token" {
			t.Errorf("%s knows the token: %v", role, knows)
		}
		if _, incarnation := d.Position(); incarnation != h.store.Incarnation() {
			t.Errorf("%s is at incarnation %q", role, incarnation)
		}
	}
}
