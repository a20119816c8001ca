package directory_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/channel"
	"weiche/services/directory"
)

// source hands on what a test gives it.
type source struct {
	updates chan directory.Update
	wanted  chan uint64
	current bool
}

func newSource() *source {
	return &source{updates: make(chan directory.Update), wanted: make(chan uint64, 16), current: true}
}

func (s *source) Follow(ctx context.Context, take func(directory.Update)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case update := <-s.updates:
			take(update)
		}
	}
}

func (s *source) Want(position uint64) { s.wanted <- position }

func (s *source) Current() bool { return s.current }

func (s *source) App(_, id string) ([]channel.Secret, channel.Secret) {
	return []channel.Secret{channel.Secret("secret of " + id)}, channel.Secret("verify " + id)
}

func (s *source) Token(_, id string) channel.Secret { return channel.Secret("token of " + id) }

func shop(id string, position uint64, number string) *queryv1.AccountSnapshot {
	return &queryv1.AccountSnapshot{
		AccountId: id, Position: position,
		Apps: []*eventv1.AppConnected{{AppId: "app", Channel: "whatsapp", ProviderAppId: "1"}},
		Integrations: []*eventv1.IntegrationConnected{
			{IntegrationId: "wa", Channel: "whatsapp", AppId: "app", ProviderAccountId: number},
		},
		Widgets: []*queryv1.Widget{{
			Config: &eventv1.WidgetConfigured{WidgetId: "w-" + id, Origins: []string{"https://" + id + ".example"}}, Offers: []string{"wa"},
		}},
		Agents: []*queryv1.Agent{{AgentId: "kim", Name: "Kim"}},
	}
}

func TestFinds(t *testing.T) {
	d := directory.New(newSource())
	if _, ok := d.App("app"); ok || d.Current() {
		t.Error("an empty directory knows an app")
	}
	d.Take(directory.Update{Incarnation: "a", Position: 9, Accounts: []*queryv1.AccountSnapshot{shop("second", 5, "200"), shop("first", 6, "100")}})
	app, ok := d.App("app")
	if !ok || app.Account != "first" || app.Secrets[0].Reveal() != "secret of app" || app.VerifyToken.Reveal() != "verify app" {
		t.Errorf("of two accounts with one app: %+v", app)
	}
	if i, ok := d.ByProviderAccount(app, "100"); !ok || i.ID != "wa" || i.Token != "" {
		t.Errorf("by provider account: %+v", i)
	}
	if _, ok := d.ByProviderAccount(app, "200"); ok {
		t.Error("an account finds what is another's")
	}
	if i, ok := d.Integration("second", "wa"); !ok || i.ProviderAccount != "200" || i.Token.Reveal() != "token of wa" {
		t.Errorf("an integration: %+v", i)
	}
	if a, w, ok := d.Widget("w-second"); !ok || a.GetAccountId() != "second" || len(w.GetOffers()) != 1 {
		t.Errorf("a widget: %v %v", a, w)
	}
	if !d.ListsOrigin("https://first.example") || d.ListsOrigin("https://third.example") {
		t.Error("origins")
	}
	if owner, ok := d.ProviderAccountOwner("whatsapp", "200"); !ok || owner != "second" {
		t.Errorf("the owner of 200 is %q", owner)
	}
	if _, ok := d.ProviderAccountOwner("messenger", "200"); ok {
		t.Error("another channel's account")
	}
	if all := d.List(); len(all) != 2 || all[0].Account != "first" {
		t.Errorf("all: %v", all)
	}
	if changed, position := d.Since(5); len(changed) != 1 || changed[0].GetAccountId() != "first" || position != 9 {
		t.Errorf("since 5: %v at %d", changed, position)
	}
}

func TestTakes(t *testing.T) {
	d := directory.New(newSource())
	number := func() string {
		i, _ := d.Integration("shop", "wa")
		return i.ProviderAccount
	}
	d.Take(directory.Update{Incarnation: "a", Position: 9, Accounts: []*queryv1.AccountSnapshot{shop("shop", 9, "new")}})
	// What is older came by another way and was overtaken.
	d.Take(directory.Update{Incarnation: "a", Position: 7, Accounts: []*queryv1.AccountSnapshot{shop("shop", 7, "old")}})
	if position, _ := d.Position(); position != 9 || number() != "new" {
		t.Errorf("at %d with %s", position, number())
	}
	// A restore begins anew, at a lower place and without what came later.
	d.Take(directory.Update{Incarnation: "b", Position: 3, Accounts: []*queryv1.AccountSnapshot{shop("other", 2, "1")}})
	if _, ok := d.Account("shop"); ok {
		t.Error("an account of another log is left")
	}
	if position, incarnation := d.Position(); position != 3 || incarnation != "b" {
		t.Errorf("at %d of %s", position, incarnation)
	}
	if _, _, ok := d.Widget("w-shop"); ok {
		t.Error("a widget of another log is left")
	}
}

func TestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		d := directory.New(s)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- d.Run(ctx) }()
		reached := make(chan error, 1)
		go func() { reached <- d.WaitFor(ctx, 7) }()
		if wanted := <-s.wanted; wanted != 7 {
			t.Errorf("it wants %d", wanted)
		}
		s.updates <- directory.Update{Incarnation: "a", Position: 6}
		synctest.Wait()
		select {
		case err := <-reached:
			t.Fatalf("6 is 7: %v", err)
		case <-d.Loaded():
		}
		s.updates <- directory.Update{Incarnation: "a", Position: 7}
		if err := <-reached; err != nil {
			t.Error(err)
		}
		if !d.Current() {
			t.Error("it is not current")
		}
		s.current = false
		if d.Current() {
			t.Error("it does not ask its source")
		}
		late, stop := context.WithTimeout(ctx, time.Second)
		defer stop()
		if err := d.WaitFor(late, 8); err == nil {
			t.Error("8 never came")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
