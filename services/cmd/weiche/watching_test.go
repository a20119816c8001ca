package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"weiche/services/meta"
	"weiche/services/simulator"
	"weiche/services/watch"
)

// watching runs a watch of its own beside that of the server, which looks at once.
func (r *graphRun) watching(t *testing.T) *watch.Watch {
	t.Helper()
	graph, err := meta.NewGraph(meta.GraphConfig{URL: r.url})
	if err != nil {
		t.Fatal(err)
	}
	w, err := watch.New(watch.Config{
		Directory: r.directory, Keepers: keepers(senders(graph, graph, r.media)), Publisher: r.broker, Instance: "watch", Logger: r.server.config.logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		graph.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return w
}

// Providers that post to an app only what it subscribed to, and that have forgotten
// it, are told again; an integration whose token is refused is found.
func TestWatchRenewsSubscriptionsAndFindsRefusedTokens(t *testing.T) {
	r := newGraphRun(t, asIs)
	if err := r.sim.UpdateConfig(func(c *simulator.Config) error { c.RequireSubscription = true; return nil }); err != nil {
		t.Fatal(err)
	}
	subscribed := func() (n int) {
		for _, call := range r.sim.Calls(0).Calls {
			if call.Method == http.MethodPost && strings.HasSuffix(call.Path, "/subscribed_apps") && call.Status == http.StatusOK {
				n++
			}
		}
		return n
	}
	r.watching(t)
	eventually(t, "three subscriptions", func() bool { return subscribed() >= 3 }, func() string { return fmt.Sprintf("%+v", r.sim.Calls(0).Calls) })
	r.hello(6) // arrive over all three
	if n := subscribed(); n != 3 {
		t.Errorf("%d subscriptions", n)
	}

	if err := r.sim.ExpireToken(demoProviderAccount("messenger")); err != nil {
		t.Fatal(err)
	}
	w := r.watching(t)
	eventually(t, "the refused token", func() bool {
		troubles := strings.Join(w.Troubles(), "\n")
		return strings.Contains(troubles, "messenger") && strings.Contains(troubles, "token_refused") && !strings.Contains(troubles, "whatsapp")
	}, func() string { return strings.Join(w.Troubles(), "\n") })
	for _, call := range r.sim.Calls(0).Calls {
		if strings.Contains(call.Path+call.Query, "token") {
			t.Errorf("a token in the address: %s?%s", call.Path, call.Query)
		}
	}
}

// Warnings are told to whoever asks whether the server is ready, which it is.
func TestReadyWithWarnings(t *testing.T) {
	w := &watchdog{warnings: func() []string { return []string{"webhooks of app x fail"} }}
	w.told.Store(&health{Ready: true})
	answer := httptest.NewRecorder()
	w.details(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if answer.Code != http.StatusOK || !strings.HasPrefix(answer.Body.String(), "ready\nwarning: webhooks of app x fail\n") {
		t.Errorf("%d %q", answer.Code, answer.Body)
	}
}
