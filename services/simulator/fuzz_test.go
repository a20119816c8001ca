package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"weiche/services/simulator"
)

// FuzzGraph feeds the Graph API with bodies: it never panics and an answer is
// always JSON.
func FuzzGraph(f *testing.F) {
	f.Add("/v26.0/"+number+"/messages", whatsAppText("hi", "o"))
	f.Add("/v26.0/me/messages", `{"recipient":{"id":"500000000000000001"},"message":{"text":"x","quick_replies":[{}]}}`)
	f.Add("/v26.0/me/messages", `{"recipient":{"id":"500000000000000001"},"message":{"attachment":{"type":"template","payload":{"template_type":"generic","elements":[{}]}}}}`)
	f.Add("/v26.0/"+number+"/messages", `{"messaging_product":"whatsapp","to":"15550100001","type":"interactive","interactive":{"type":"list","body":{"text":"b"},"action":{"button":"b","sections":[{}]}}}`)
	f.Add("/v26.0/me/messenger_profile", `{"ice_breakers":[null,{"question":1}]}`)
	c := config()
	c.Window = simulator.WindowOff
	sim, err := simulator.New(c, simulator.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path, body string) {
		for _, token := range []string{"wa-token", "page-token", "ig-token"} {
			answer, ok := serve(sim, path, token, body)
			if ok && !json.Valid(answer) {
				t.Errorf("answer to %s %q is no JSON: %s", path, body, answer)
			}
		}
		_, _ = sim.Open("Ana", simulator.Visit{URL: body})
		_, _ = simulator.ReadConfig(strings.NewReader(body))
	})
}

// serve asks the Graph API without a network. It reports false for a path that
// is none.
func serve(sim *simulator.Simulator, path, token, body string) ([]byte, bool) {
	u, err := url.ParseRequestURI(path)
	if err != nil || u.Host != "" || !strings.HasPrefix(path, "/v") {
		return nil, false
	}
	request := httptest.NewRequest(http.MethodPost, "/v26.0/me/messages", strings.NewReader(body))
	request.URL.Path = u.Path
	request.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	sim.Handler().ServeHTTP(w, request)
	if w.Code >= 300 && w.Code < 400 {
		return nil, false // the mux cleans the path
	}
	return w.Body.Bytes(), true
}
