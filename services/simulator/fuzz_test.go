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

// FuzzParseFault reads rules as a command line has them: what is read is
// written so that it reads the same.
func FuzzParseFault(f *testing.F) {
	for _, text := range []string{"drop", "error:code=1", "slow:delay=1s,rate=0.5", "delay:event=echo,id=x", "x:=,", "drop:times=+1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := simulator.ParseFault(text)
		if err != nil {
			return
		}
		if again, err := simulator.ParseFault(fault.String()); err != nil || again != fault {
			t.Errorf("%q is written as %q: %v", text, fault, err)
		}
	})
}

// FuzzPhone feeds the control API of phones and the Graph API's uploads: they
// never panic and always answer.
func FuzzPhone(f *testing.F) {
	f.Add("send", `{"integration":"whatsapp","media":{"kind":"image"},"raw":{"type":"x"}}`)
	f.Add("event", `{"integration":"messenger","event":"optin","content":{"a":[1]},"standby":true}`)
	f.Add("native", `{"person":"Ana","media":{"kind":"voice"},"edit":"x"}`)
	f.Add("media", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n--b--")
	c := config()
	c.Keep = simulator.Keep{Messages: 10, Pending: 10, MediaBytes: 1 << 20}
	c.Apps[0].CallbackURL = "http://127.0.0.1:1/"
	sim, err := simulator.New(c, simulator.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, action, body string) {
		if strings.Contains(body, `"size"`) || strings.Contains(body, "link") || strings.Contains(body, "url") {
			return // files of a hundred megabytes and fetches say nothing here
		}
		path := "/sim/people/Ana/" + action
		switch action {
		case "native":
			path = "/sim/integrations/whatsapp/native"
		case "media":
			path = "/v26.0/" + number + "/media"
		case "send", "event", "identity", "tap":
		default:
			return
		}
		request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer wa-token")
		if action == "media" {
			request.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		}
		w := httptest.NewRecorder()
		sim.Handler().ServeHTTP(w, request)
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %q: %s", action, body, w.Body)
		}
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
