package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"weiche/services/channel"
	"weiche/services/meta"
)

// A page has one subscription for its Messenger and for its Instagram account. Where
// it is gone, both find that at the same time, and the last to renew it must not take
// fields from the other.
func TestRenewalsOfAPageAskForTheSame(t *testing.T) {
	asked := make(chan string, 2)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			asked <- r.URL.Path + " " + r.URL.Query().Get("subscribed_fields")
		}
		_, _ = io.WriteString(w, `{"data":[],"success":true}`)
	}))
	defer page.Close()
	graph, err := meta.NewGraph(meta.GraphConfig{URL: page.URL})
	if err != nil {
		t.Fatal(err)
	}
	for kind, account := range map[string]string{"messenger": "300001", "instagram": "400001"} {
		keeper := keepers(senders(graph, graph, nil))[kind]
		renewed, err := keeper.Subscribe(t.Context(), channel.Integration{
			Channel: kind, ProviderAccount: account, Page: "300001", Token: "token",
		}, "100001")
		if !renewed || err != nil {
			t.Fatalf("%s renewed: %v, %v", kind, renewed, err)
		}
	}
	if one, other := <-asked, <-asked; one != other {
		t.Errorf("one asks for\n%s\nthe other for\n%s", one, other)
	}
}
