package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"weiche/services/channel"
	"weiche/services/meta"
	"weiche/services/simulator"
)

// providers is the simulator behind a door that can be shut, and that can keep a token
// from asking for one thing.
type providers struct {
	sim       *simulator.Simulator
	forbidden string // the end of a path
	away      bool
	refused   int
}

func (p *providers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case p.away:
		p.refused++
		panic(http.ErrAbortHandler)
	case p.forbidden != "" && strings.HasSuffix(r.URL.Path, p.forbidden):
		p.refused++
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"error":{"message":"(#200) Requires a permission","type":"OAuthException","code":200,"fbtrace_id":"t"}}`)
	case r.Method != http.MethodGet:
		http.Error(w, "a check changes nothing", http.StatusTeapot)
	default:
		p.sim.Handler().ServeHTTP(w, r)
	}
}

// TestChecksAskTheProvider shows what a provider is asked before an integration is
// connected, and that the answer tells what is wrong.
func TestChecksAskTheProvider(t *testing.T) {
	sim, err := simulator.New(demoProviders("http://127.0.0.1:1", ""), simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := &providers{sim: sim}
	door := httptest.NewServer(p)
	defer door.Close()
	graph, err := meta.NewGraph(meta.GraphConfig{URL: door.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer graph.Close()
	keepers := keepers(senders(graph, graph, nil))
	good := map[string]channel.Integration{
		"whatsapp":  {Channel: "whatsapp", ProviderAccount: "200001", BusinessAccount: "210001", Token: "demo-token-whatsapp"},
		"messenger": {Channel: "messenger", ProviderAccount: "300001", Token: "demo-token-messenger"},
		"instagram": {Channel: "instagram", ProviderAccount: "400001", Page: "300002", Token: "demo-token-instagram"},
		"login":     {Channel: "instagram", ProviderAccount: "400001", Token: "demo-token-instagram"},
	}
	for name, i := range good {
		if err := keepers[i.Channel].Check(t.Context(), i); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for what, c := range map[string]struct {
			spoil  func(*channel.Integration)
			outer  func()
			reason string
			is     channel.Outcome
		}{
			"a wrong token":           {spoil: func(i *channel.Integration) { i.Token = "wrong" }, reason: "token_refused", is: channel.Unhealthy},
			"no token":                {spoil: func(i *channel.Integration) { i.Token = "" }, reason: "no_token", is: channel.Unhealthy},
			"a wrong id":              {spoil: func(i *channel.Integration) { i.ProviderAccount = "999999" }, reason: "no_such_account", is: channel.Unhealthy},
			"the id of what owns it":  {spoil: func(i *channel.Integration) { i.ProviderAccount = i.BusinessAccount + i.Page }, reason: "no_such_account", is: channel.Unhealthy},
			"another owner":           {spoil: func(i *channel.Integration) { i.BusinessAccount, i.Page = "210009", "300009" }, reason: "other_owner", is: channel.Unhealthy},
			"a missing permission":    {outer: func() { p.forbidden = "/subscribed_apps" }, reason: "no_permission", is: channel.Unhealthy},
			"a provider that is away": {outer: func() { p.away = true }, reason: "connection_lost", is: channel.NotSent},
		} {
			switch {
			case what == "the id of what owns it" && i.Channel != "whatsapp", what == "another owner" && i.BusinessAccount+i.Page == "":
				continue
			}
			spoilt := i
			if c.spoil != nil {
				c.spoil(&spoilt)
			}
			p.refused = 0
			if c.outer != nil {
				c.outer()
			}
			var failed *channel.SendError
			if err := keepers[i.Channel].Check(t.Context(), spoilt); !errors.As(err, &failed) || failed.Outcome != c.is || failed.Detail.GetReason() != c.reason {
				t.Errorf("%s, %s: %v", name, what, err)
			}
			if c.outer != nil && p.refused == 0 {
				t.Errorf("%s, %s: it was not met", name, what)
			}
			p.forbidden, p.away = "", false
		}
	}
}
