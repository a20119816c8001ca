package watch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/watch"
)

// world is a set-up, its provider and its router, in memory.
type world struct {
	began time.Time

	mu sync.Mutex
	// ill is why the provider does not serve an integration; away that it does not
	// answer; unsubscribed that it posts nothing.
	ill          map[string]string
	away         bool
	unsubscribed map[string]bool
	provider     string // the app of the tokens, which a renewal subscribes
	app          string // the provider's id of the app in the set-up
	deaf         bool   // the router does not answer
	refuses      bool   // it refuses to write down what it is told
	happened     []string
}

func newWorld() *world {
	return &world{began: time.Now(), ill: map[string]string{}, unsubscribed: map[string]bool{}, provider: "1001", app: "1001"}
}

func (w *world) note(format string, args ...any) {
	at := time.Since(w.began).Round(time.Second)
	w.happened = append(w.happened, fmt.Sprintf("%s ", at)+fmt.Sprintf(format, args...))
}

// told returns what happened with these words.
func (w *world) told(word string) (all []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, line := range w.happened {
		if strings.Contains(line, word) {
			all = append(all, line)
		}
	}
	return all
}

func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func (w *world) List() []channel.Integration {
	return []channel.Integration{
		{Account: "acme", ID: "number", Channel: "whatsapp", App: "app"},
		{Account: "acme", ID: "page", Channel: "messenger", App: "app"},
		{Account: "acme", ID: "widget", Channel: "widget"},
	}
}

func (w *world) Integration(account, id string) (channel.Integration, bool) {
	for _, i := range w.List() {
		if i.Account == account && i.ID == id {
			i.Token = "token"
			return i, true
		}
	}
	return channel.Integration{}, false
}

func (w *world) App(id string) (channel.App, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return channel.App{ID: id, Account: "acme", ProviderApp: w.app}, id == "app"
}

func (w *world) Probe(_ context.Context, i channel.Integration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note("probe %s", i.ID)
	switch reason := w.ill[i.ID]; {
	case i.Token != "token":
		return errors.New("no token")
	case w.away:
		return &channel.SendError{Outcome: channel.NotSent, Detail: &eventv1.SendError{Reason: "network"}}
	case reason != "":
		return &channel.SendError{Outcome: channel.Unhealthy, Detail: &eventv1.SendError{Reason: reason}}
	}
	return nil
}

func (w *world) Check(ctx context.Context, i channel.Integration) error { return w.Probe(ctx, i) }

func (w *world) Subscribe(_ context.Context, i channel.Integration, app string) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note("check %s of %s", i.ID, app)
	if w.away {
		return false, &channel.SendError{Outcome: channel.NotSent, Detail: &eventv1.SendError{Reason: "network"}}
	}
	was := w.unsubscribed[i.ID] || app != w.provider
	w.unsubscribed[i.ID] = false
	return was, nil
}

func (w *world) Publish(_ context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.deaf {
		return nil, errors.New("no answer")
	}
	if w.refuses {
		return &ingressv1.Answer{Items: []*ingressv1.ItemAnswer{{Status: ingressv1.ItemStatus_ITEM_STATUS_REFUSED}}}, nil
	}
	health := batch.GetItems()[0].GetSender().GetHealth()
	w.note("told %s %s healthy %t %s", from.Kind, health.GetIntegrationId(), health.GetHealthy(), health.GetError().GetReason())
	return &ingressv1.Answer{Items: []*ingressv1.ItemAnswer{{Status: ingressv1.ItemStatus_ITEM_STATUS_COMMITTED}}}, nil
}

// watching runs a watch of the world for the length of a test.
func (w *world) watching(t *testing.T) (*watch.Watch, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	watcher, err := watch.New(watch.Config{
		Directory: w, Keepers: map[string]channel.Keeper{"whatsapp": w, "messenger": w}, Publisher: w, Instance: "one",
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- watcher.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return watcher, &log
}

func wants(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// At the start everything is looked at and told once; what works is looked at each
// hour after that, and no more is told.
func TestStartAndHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.unsubscribed["page"] = true
		_, log := w.watching(t)
		time.Sleep(2*time.Hour + 30*time.Minute)
		synctest.Wait() // the log is read
		wants(t, "told", slices.Sorted(slices.Values(w.told("told"))), "0s told egress number healthy true ", "0s told egress page healthy true ")
		wants(t, "probes", w.told("probe page"), "0s probe page", "1h0m0s probe page", "2h0m0s probe page")
		wants(t, "checks", w.told("check number"), "0s check number of 1001", "1h0m0s check number of 1001", "2h0m0s check number of 1001")
		if !strings.Contains(log.String(), "renewed") || strings.Count(log.String(), "renewed") != 1 || !strings.Contains(log.String(), "integration=page") {
			t.Errorf("the log says:\n%s", log)
		}
	})
}

// A provider subscribes the app of the token. Where the set-up names another, every
// renewal is accepted and changes nothing: that is said once, it is a trouble, and
// it is over soon after the set-up is corrected.
func TestRenewalsInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.app = "2002"
		watcher, log := w.watching(t)
		count := func(words string) int { return strings.Count(log.String(), words) }
		time.Sleep(time.Minute)
		synctest.Wait()
		wants(t, "troubles before it was looked again", watcher.Troubles())
		time.Sleep(5 * time.Hour)
		synctest.Wait() // the log is read
		wants(t, "checks", w.told("check page")[:3], "0s check page of 2002", "5m0s check page of 2002", "1h5m0s check page of 2002")
		if renewed, vain := count("was renewed"), count("changed nothing"); renewed != 2 || vain != 2 || strings.Contains(log.String(), "had ended") {
			t.Errorf("%d and %d lines for two integrations:\n%s", renewed, vain, log)
		}
		troubles := watcher.Troubles()
		if len(troubles) != 2 || !strings.Contains(troubles[1], "integration page of acme: app 2002 is not subscribed") || !strings.Contains(troubles[1], "provider_app_id") {
			t.Errorf("troubles: %q", troubles)
		}
		w.set(func() { w.app = "1001" })
		time.Sleep(10 * time.Second)
		synctest.Wait()
		wants(t, "troubles after the set-up was corrected", watcher.Troubles())
		// One that a provider ends now and then is renewed, and that is no trouble.
		for range 3 {
			w.set(func() { w.unsubscribed["page"] = true })
			time.Sleep(2 * time.Hour)
		}
		synctest.Wait()
		wants(t, "troubles of what can be renewed", watcher.Troubles())
		if renewed, vain := count("was renewed"), count("changed nothing"); renewed != 5 || vain != 2 {
			t.Errorf("%d and %d lines:\n%s", renewed, vain, log)
		}
	})
}

// One that is not served is told, probed each minute, and told again when it is
// served. Where the provider is away nothing is told.
func TestIllAndWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.ill["number"] = "token_refused"
		watcher, _ := w.watching(t)
		time.Sleep(3*time.Minute + 30*time.Second)
		wants(t, "troubles", watcher.Troubles(), "integration number of acme: not served by its provider (token_refused): set a new access token by weiche setup")
		w.set(func() { w.away = true })
		time.Sleep(2 * time.Minute)
		w.set(func() { w.away = false; w.ill["number"] = "" })
		time.Sleep(5 * time.Minute)
		wants(t, "told", w.told("told egress number"), "0s told egress number healthy false token_refused", "6m0s told egress number healthy true ")
		wants(t, "probes", w.told("probe number"), "0s probe number", "1m0s probe number", "2m0s probe number", "3m0s probe number",
			"4m0s probe number", "5m0s probe number", "6m0s probe number")
		wants(t, "troubles", watcher.Troubles())
	})
}

// A send that finds an integration at fault makes it be probed soon. Where it works
// by every probe and by no send, it is asked less and less.
func TestSuspect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		watcher, _ := w.watching(t)
		time.Sleep(10 * time.Minute)
		for range 3 {
			watcher.Suspect("whatsapp", "acme", "number", "policy")
			watcher.Suspect("whatsapp", "acme", "number", "policy") // many sends say so
			time.Sleep(10 * time.Minute)
		}
		wants(t, "told", w.told("told egress number"), "0s told egress number healthy true ",
			"11m0s told egress number healthy true ", "22m0s told egress number healthy true ", "34m0s told egress number healthy true ")
	})
}

// What could not be told, or was not written down, is told later.
func TestRouterAway(t *testing.T) {
	for _, refuses := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.deaf, w.refuses = !refuses, refuses
			w.watching(t)
			time.Sleep(time.Minute + time.Second)
			w.set(func() { w.deaf, w.refuses = false, false })
			time.Sleep(time.Hour / 2)
			wants(t, "told", w.told("told egress page"), "1m5s told egress page healthy true ")
		})
	}
}

func TestConfig(t *testing.T) {
	if _, err := watch.New(watch.Config{}); !errors.Is(err, watch.ErrConfig) {
		t.Errorf("New = %v", err)
	}
}
