package simulator_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weiche/services/simulator"
)

func (w *world) control(method, path, body string) (int, map[string]any) {
	w.t.Helper()
	status, out := w.graph(method, "/sim"+path, "", body)
	return status, out
}

// The whole of a test can be driven over HTTP.
func TestControl(t *testing.T) {
	w := start(t, func(c *simulator.Config) { c.Apps[0].CallbackURL, c.People = "", nil })
	ok := func(method, path, body string) map[string]any {
		t.Helper()
		status, out := w.control(method, path, body)
		if status != http.StatusOK {
			t.Fatalf("%s %s: %d %v", method, path, status, out)
		}
		return out
	}
	ok("PUT", "/apps/1001/callback", `{"url":"`+w.hook.url+`","verify_token":"verify-me"}`)
	if got := ok("POST", "/apps/1001/verify", ""); got["ok"] != true {
		t.Errorf("verify %v", got)
	}
	ana := ok("POST", "/people", `{"name":"Ana","whatsapp":{"mode":"username"}}`)
	if ana["whatsapp"].(map[string]any)["username"] != "ana" {
		t.Errorf("person %v", ana)
	}
	for _, in := range list(ok("GET", "/integrations", "")["integrations"]) {
		link := in.(map[string]any)["link"].(string)
		ok("POST", "/people/Ana/open", `{"url":"`+link+`?text=hello&ref=w1","send":true}`)
	}
	threads := ok("GET", "/people/Ana/threads?min=3&timeout=10s", "")
	if len(list(threads["threads"])) != 3 {
		t.Errorf("threads %v", threads)
	}
	ok("POST", "/people/Ana/send", `{"integration":"messenger","text":"more"}`)
	ok("GET", "/people/Ana/threads?integration=messenger&from=person&text=more&timeout=10s", "")
	ok("PUT", "/faults", `{"faults":[{"kind":"slow","delay":"1ms"}]}`)
	if f := ok("POST", "/faults", `{"kind":"duplicate","times":1}`); f["id"] != "fault-1" {
		t.Errorf("fault %v", f)
	}
	ok("DELETE", "/faults/fault-1", "")
	if f := ok("GET", "/faults", ""); len(list(f["faults"])) != 1 {
		t.Errorf("faults %v", f)
	}
	to := ana["messenger"].(map[string]any)[page].(string)
	status, sent := w.graph("POST", "/v26.0/me/messages", "page-token", `{"recipient":{"id":"`+to+`"},"message":{"text":"x","metadata":"m","quick_replies":[{"content_type":"text","title":"Go","payload":"GO"}]}}`)
	if status != http.StatusOK {
		t.Fatal(sent)
	}
	mid := sent["message_id"].(string)
	ok("POST", "/people/Ana/tap", `{"integration":"messenger","button":"GO"}`)
	ok("POST", "/people/Ana/react", `{"integration":"messenger","message":"`+mid+`","emoji":"x"}`)
	if n := ok("POST", "/people/Ana/read", `{"integration":"messenger"}`); n["read"] != float64(1) {
		t.Errorf("read %v", n)
	}
	ok("POST", "/people/Ana/change-number", `{"phone":"15550100005"}`)
	ok("POST", "/integrations/"+page+"/native", `{"person":"Ana","text":"by hand"}`)
	ok("POST", "/apps/1001/webhook", `[]`)
	idle := ok("GET", "/idle?timeout=10s", "")
	if idle["pending"] != float64(0) {
		t.Errorf("idle %v", idle)
	}
	if d := ok("GET", "/deliveries?integration="+page+"&event=echo&state=delivered", ""); len(list(d["deliveries"])) != 2 {
		t.Errorf("deliveries %v", d)
	}
	if s := ok("GET", "/sends?duplicates=1", ""); s["accepted"] != float64(1) || len(list(s["sends"])) != 0 {
		t.Errorf("sends %v", s)
	}
	ok("POST", "/deliveries/1/redeliver", "")
	ok("POST", "/clock", `{"advance":"1h"}`)
	ok("GET", "/clock", "")
	if c := ok("GET", "/calls?limit=1", ""); len(list(c["calls"])) != 1 {
		t.Errorf("calls %v", c)
	}
	if p := ok("GET", "/people", ""); len(list(p["people"])) != 1 {
		t.Errorf("people %v", p)
	}
	ok("POST", "/reset", "")
	if p := ok("GET", "/people", ""); len(list(p["people"])) != 0 {
		t.Errorf("people after reset %v", p)
	}
	if s := ok("GET", "/sends", ""); s["accepted"] != float64(0) {
		t.Errorf("sends after reset %v", s)
	}
}

// What is wrong with a control request is said in its answer.
func TestControlErrors(t *testing.T) {
	w := start(t)
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"GET", "/nothing", "", 404, "/sim/nothing"},
		{"POST", "/people", `{"nmae":"Ana"}`, 400, "nmae"},
		{"POST", "/people", `{"name":"Ana"}`, 409, "Ana"},
		{"POST", "/people", `{"name":""}`, 400, "name"},
		{"POST", "/people", `{"name":"B","whatsapp":{"mode":"smoke"}}`, 400, "smoke"},
		{"POST", "/people/Bea/send", `{"integration":"whatsapp","text":"x"}`, 404, "Bea"},
		{"POST", "/people/Ana/send", `{"integration":"telegram","text":"x"}`, 404, "telegram"},
		{"POST", "/people/Ana/send", `{"integration":"whatsapp"}`, 400, "no text"},
		{"POST", "/people/Ana/open", `{"url":"https://example.com"}`, 400, "example.com"},
		{"POST", "/people/Ana/open", `{"url":"https://m.me/shop","start":"dance"}`, 400, "dance"},
		{"PUT", "/faults", `{"faults":[{"kind":"gremlin"}]}`, 400, "gremlin"},
		{"PUT", "/faults", `{"faults":[{"kind":"error"}]}`, 400, "code"},
		{"PUT", "/faults", `{"faults":[{"kind":"drop","event":"ehco"}]}`, 400, "ehco"},
		{"PUT", "/faults", `{"faults":[{"kind":"slow","delay":"-1s"}]}`, 400, "negative"},
		{"DELETE", "/faults/none", "", 404, "none"},
		{"PUT", "/config", `{"apps":[{"id":"1"}]}`, 400, "secret"},
		{"PATCH", "/config", `{"pages":[{"id":"1","app":"7","token":"t"}]}`, 400, "app"},
		{"PATCH", "/config", `{"webhooks":{"batch_size":2}}`, 400, "batch_size"},
		{"PUT", "/apps/7/callback", `{"url":"http://127.0.0.1"}`, 404, "7"},
		{"PUT", "/apps/1001/callback", `{"url":"ftp://127.0.0.1"}`, 400, "ftp"},
		{"POST", "/clock", `{"advance":"soon"}`, 400, "soon"},
		{"GET", "/people/Ana/threads?min=many", "", 400, "many"},
		{"GET", "/people/Ana/threads?min=9&timeout=1ms", "", 504, "timed out"},
		{"GET", "/people/Ana/threads?after=1000&text=never&timeout=1ms", "", 504, "timed out"},
		{"GET", "/idle?timeout=-1s", "", 400, "-1s"},
		{"POST", "/deliveries/7/redeliver", "", 404, "7"},
		{"POST", "/people", `"` + strings.Repeat("x", 5<<20) + `"`, 413, "too large"},
	} {
		status, out := w.control(c.method, c.path, c.body)
		if text, _ := out["error"].(string); status != c.status || !strings.Contains(text, c.says) {
			t.Errorf("%s %s: %d %v", c.method, c.path, status, out)
		}
	}
	request := httptest.NewRequest("POST", "/sim/reset", nil)
	request.Header.Set("Origin", "https://elsewhere.example")
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	answer := httptest.NewRecorder()
	w.Handler().ServeHTTP(answer, request)
	if answer.Code != http.StatusForbidden {
		t.Errorf("a page from elsewhere got %d", answer.Code)
	}
}

// Whoever follows a phone is told after a while that nothing has changed, which
// is no error.
func TestFollowThreads(t *testing.T) {
	w := start(t)
	_, before := w.control("GET", "/people/Ana/threads", "")
	revision, _ := before["revision"].(float64)
	if revision == 0 {
		t.Fatalf("no revision: %v", before)
	}
	path := fmt.Sprintf("/people/Ana/threads?after=%.0f&timeout=", revision)
	status, same := w.control("GET", path+"1ms", "")
	if status != http.StatusOK || same["revision"] != revision || same["error"] != nil {
		t.Errorf("nothing happened: %d %v", status, same)
	}
	if status, out := w.control("POST", "/people/Ana/send", `{"integration":"whatsapp","text":"hello"}`); status != http.StatusOK {
		t.Fatal(out)
	}
	status, after := w.control("GET", path+"10s", "")
	if now, _ := after["revision"].(float64); status != http.StatusOK || now <= revision {
		t.Errorf("something happened: %d %v", status, after)
	}
}

// A patch replaces lists, merges objects and keeps the rest; the whole
// configuration can be read and put back.
func TestConfig(t *testing.T) {
	w := start(t)
	if status, out := w.control("PATCH", "/config", `{"webhooks":{"batch":4},"retry":{"schedule":["3s"]},"people":[]}`); status != http.StatusOK {
		t.Fatal(out)
	}
	c := w.Config()
	if c.Webhooks.Batch != 4 || c.Webhooks.InFlight != 1 || len(c.Retry.Schedule) != 1 || c.Retry.Timeout == 0 || len(c.Apps) != 1 {
		t.Errorf("config %+v", c)
	}
	must(t, w.SetFaults(simulator.Fault{Kind: simulator.FaultSlow}))
	_, whole := w.control("GET", "/config", "")
	raw, err := json.Marshal(whole)
	must(t, err)
	if status, out := w.control("PUT", "/config", string(raw)); status != http.StatusOK {
		t.Errorf("put back: %v", out)
	}
	if got := w.Faults().Faults; len(got) != 1 {
		t.Errorf("faults in force after an unchanged configuration: %v", got)
	}
	read, err := simulator.ReadConfig(bytes.NewReader(raw))
	must(t, err)
	if _, err := simulator.New(read, simulator.Options{}); err != nil {
		t.Error(err)
	}
	if _, err := simulator.ReadConfig(strings.NewReader(`{"app":[]}`)); !errors.Is(err, simulator.ErrConfig) {
		t.Errorf("unknown field: %v", err)
	}
	for name, change := range map[string]func(*simulator.Config){
		"two apps":      func(c *simulator.Config) { c.Apps = append(c.Apps, c.Apps[0]) },
		"two ids":       func(c *simulator.Config) { c.Pages[0].ID = number },
		"no waba":       func(c *simulator.Config) { c.Numbers[0].WABA = "" },
		"no token":      func(c *simulator.Config) { c.Pages[0].Token = "" },
		"no display":    func(c *simulator.Config) { c.Numbers[0].Display = "" },
		"unknown page":  func(c *simulator.Config) { c.Instagrams[0].Page = "7" },
		"window":        func(c *simulator.Config) { c.Window = "ajar" },
		"event":         func(c *simulator.Config) { c.Webhooks.Events = map[string]simulator.EventSetting{"x": {}} },
		"scale":         func(c *simulator.Config) { c.Retry.Scale = -1 },
		"callback":      func(c *simulator.Config) { c.Apps[0].CallbackURL = "nowhere" },
		"slash in id":   func(c *simulator.Config) { c.Numbers[0].ID = "a/b" },
		"unknown app":   func(c *simulator.Config) { c.Numbers[0].App = "7" },
		"app w/o an id": func(c *simulator.Config) { c.Apps[0].ID = "" },
	} {
		c := config()
		change(&c)
		if _, err := simulator.New(c, simulator.Options{}); !errors.Is(err, simulator.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A reset during a held answer lets it go, and what it would have brought is
// gone.
func TestResetReleasesHolds(t *testing.T) {
	w := start(t)
	w.says("whatsapp", "hi")
	w.idle()
	must(t, w.SetFaults(simulator.Fault{Kind: simulator.FaultTimeoutAfter, Delay: simulator.Duration(time.Hour)}))
	held := make(chan error, 1)
	go func() {
		_, _, err := w.try("POST", "/v26.0/"+number+"/messages", "wa-token", whatsAppText("x", "o"))
		held <- err
	}()
	w.until("the send", func(simulator.DeliveryTotals) bool { return w.Sends(simulator.SendQuery{}).Accepted == 1 })
	must(t, w.Reset())
	if err := <-held; err == nil {
		t.Error("the held call was answered")
	}
	if got := w.Sends(simulator.SendQuery{}).Accepted; got != 0 {
		t.Errorf("%d sends after the reset", got)
	}
}

// roundTrip is a callback without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Under synctest a retry schedule of days passes at once, in its real steps.
func TestRetrySchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var after []time.Duration
		begin := time.Now()
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			after = append(after, time.Since(begin))
			w := httptest.NewRecorder()
			if len(after) < 5 {
				w.WriteHeader(http.StatusInternalServerError)
			}
			return w.Result(), nil
		})}
		c := config()
		c.Apps[0].CallbackURL = "https://product.example/hook"
		c.Retry.Schedule = []simulator.Duration{simulator.Duration(time.Minute), simulator.Duration(time.Hour)}
		c.Retry.Scale = 2
		sim, err := simulator.New(c, simulator.Options{Client: client})
		must(t, err)
		stopped := make(chan error, 1)
		go func() { stopped <- sim.Run(t.Context()) }()
		_, err = sim.Send("Ana", simulator.Typed{Integration: "whatsapp", Text: "hi"})
		must(t, err)
		must(t, sim.Idle(t.Context()))
		want := []time.Duration{0, 30 * time.Second, 30*time.Second + 30*time.Minute, 30*time.Second + 60*time.Minute, 30*time.Second + 90*time.Minute}
		if len(after) != len(want) {
			t.Fatalf("attempts after %v", after)
		}
		for i := range want {
			if after[i] != want[i] {
				t.Errorf("attempt %d after %s, want %s", i+1, after[i], want[i])
			}
		}
	})
}
