package simulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"weiche/services/simulator"
)

const (
	secret = "app-secret"
	number = "200000000000001"
	page   = "300000000000001"
	gram   = "400000000000001"
	phone  = "15550100001"
	bsuid  = "US.10000000000000001"
	psid   = "500000000000000001"
	igsid  = "600000000000000001"
)

func config() simulator.Config {
	return simulator.Config{
		Apps:       []simulator.App{{ID: "1001", Secret: secret, VerifyToken: "verify-me"}},
		Numbers:    []simulator.Number{{ID: number, WABA: "2000", App: "1001", Display: "15550100099", Name: "Shop", Token: "wa-token"}},
		Pages:      []simulator.Page{{ID: page, Name: "shop", App: "1001", Token: "page-token", HumanAgent: true}},
		Instagrams: []simulator.Instagram{{ID: gram, Username: "shop.ig", Page: page, App: "1001", Token: "ig-token"}},
		People: []simulator.Person{{
			Name:      "Ana",
			WhatsApp:  simulator.WhatsAppIdentity{Phone: phone, BSUID: bsuid, Mode: simulator.ModePhone},
			Messenger: map[string]string{page: psid},
			Instagram: map[string]string{gram: igsid},
		}},
		Templates: []simulator.Template{{WABA: "2000", Name: "again", Components: []simulator.TemplateComponent{{Type: "BODY", Text: "Shall we go on?"}}}},
		Seed:      7,
		Retry: simulator.Retry{
			Schedule: []simulator.Duration{simulator.Duration(time.Millisecond)},
		},
	}
}

// world is a running simulator, a product's callback and a client.
type world struct {
	*simulator.Simulator
	t    *testing.T
	url  string
	hook *hook
	ctx  context.Context
}

// hook is a callback that keeps what it got and answers what it is told.
type hook struct {
	mu      sync.Mutex
	posts   []post
	answers []int // statuses of the next answers, then 200
	url     string
}

type post struct {
	body      []byte
	signature string
	status    int
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		q := r.URL.Query()
		if q.Get("hub.mode") != "subscribe" || q.Get("hub.verify_token") != "verify-me" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, q.Get("hub.challenge"))
		return
	}
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	status := http.StatusOK
	if len(h.answers) > 0 {
		status, h.answers = h.answers[0], h.answers[1:]
	}
	h.posts = append(h.posts, post{body, r.Header.Get("X-Hub-Signature-256"), status})
	h.mu.Unlock()
	w.WriteHeader(status)
}

func (h *hook) answer(statuses ...int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answers = append(h.answers, statuses...)
}

// bodies returns what was answered with 200, decoded.
func (h *hook) bodies(t *testing.T) []map[string]any {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []map[string]any
	for _, p := range h.posts {
		if p.status != http.StatusOK {
			continue
		}
		var v map[string]any
		if err := json.Unmarshal(p.body, &v); err != nil {
			t.Fatalf("webhook is no JSON: %v\n%s", err, p.body)
		}
		out = append(out, v)
	}
	return out
}

func (h *hook) raw() []post {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]post{}, h.posts...)
}

func (h *hook) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.posts = nil
}

func start(t *testing.T, change ...func(*simulator.Config)) *world {
	t.Helper()
	h := &hook{}
	callback := httptest.NewServer(h)
	t.Cleanup(callback.Close)
	h.url = callback.URL
	c := config()
	c.Apps[0].CallbackURL = callback.URL + "/hook"
	for _, f := range change {
		f(&c)
	}
	server := httptest.NewUnstartedServer(nil)
	c.BaseURL = "http://" + server.Listener.Addr().String()
	sim, err := simulator.New(c, simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- sim.Run(ctx) }()
	server.Config.Handler = sim.Handler()
	server.Start()
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Errorf("Run: %v", err)
		}
		server.Close()
	})
	return &world{Simulator: sim, t: t, url: server.URL, hook: h, ctx: ctx}
}

func (w *world) idle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 10*time.Second)
	defer cancel()
	if err := w.Idle(ctx); err != nil {
		w.t.Fatalf("not idle: %v: %+v", err, w.Deliveries(simulator.DeliveryQuery{}).Totals)
	}
}

// until waits for a condition, looking again whenever the simulator changes.
func (w *world) until(what string, done func(simulator.DeliveryTotals) bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 10*time.Second)
	defer cancel()
	for revision := int64(0); ; {
		threads, err := w.Threads(ctx, "Ana", simulator.ThreadQuery{After: revision})
		if done(w.Deliveries(simulator.DeliveryQuery{}).Totals) {
			return
		}
		if err != nil {
			w.t.Fatalf("%s: %v", what, err)
		}
		revision = threads.Revision
	}
}

// attempts waits until so many POSTs have ended.
func (w *world) attempts(n int) {
	w.t.Helper()
	w.until(fmt.Sprint(n, " attempts"), func(t simulator.DeliveryTotals) bool { return t.Attempts >= n })
}

// events returns the webhook items since the last call: the changes' values of
// WhatsApp, the items of messaging[] otherwise.
func (w *world) events() []map[string]any {
	w.t.Helper()
	w.idle()
	var out []map[string]any
	for _, body := range w.hook.bodies(w.t) {
		for _, e := range body["entry"].([]any) {
			entry := e.(map[string]any)
			for _, c := range list(entry["changes"]) {
				out = append(out, c.(map[string]any)["value"].(map[string]any))
			}
			for _, m := range list(entry["messaging"]) {
				out = append(out, m.(map[string]any))
			}
		}
	}
	w.hook.forget()
	return out
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// graph calls the Graph API and returns status and body.
func (w *world) graph(method, path, token, body string) (int, map[string]any) {
	w.t.Helper()
	status, out, err := w.try(method, path, token, body)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	return status, out
}

func (w *world) try(method, path, token, body string) (int, map[string]any, error) {
	request, err := http.NewRequestWithContext(w.ctx, method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, err
	}
	var out map[string]any
	if json.Unmarshal(raw, &out) != nil {
		out = map[string]any{"text": string(raw)}
	}
	return response.StatusCode, out, nil
}

func (w *world) sendWhatsApp(text, opaque string) (int, map[string]any) {
	w.t.Helper()
	return w.graph("POST", "/v26.0/"+number+"/messages", "wa-token", whatsAppText(text, opaque))
}

func (w *world) sendMessenger(text, metadata string) (int, map[string]any) {
	w.t.Helper()
	return w.graph("POST", "/v26.0/"+page+"/messages", "page-token", object("recipient", object("id", psid), "messaging_type", "RESPONSE",
		"message", object("text", text, "metadata", metadata)).text())
}

func (w *world) sendInstagram(text string) (int, map[string]any) {
	w.t.Helper()
	return w.graph("POST", "/v26.0/me/messages", "page-token", object("recipient", object("id", igsid), "message", object("text", text)).text())
}

func whatsAppText(text, opaque string) string {
	o := object("messaging_product", "whatsapp", "to", "+"+phone, "type", "text", "text", object("body", text))
	if opaque != "" {
		o["biz_opaque_callback_data"] = opaque
	}
	return o.text()
}

type fields map[string]any

func object(pairs ...any) fields {
	out := fields{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

func (f fields) text() string {
	raw, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// says lets Ana write, which opens the window.
func (w *world) says(integration, text string) simulator.Message {
	w.t.Helper()
	m, err := w.Send("Ana", simulator.Typed{Integration: integration, Text: text})
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// texts returns what Ana sees of the business in one thread.
func (w *world) texts(integration string) []string {
	w.t.Helper()
	threads, err := w.Threads(w.ctx, "Ana", simulator.ThreadQuery{Integration: integration})
	if err != nil {
		w.t.Fatal(err)
	}
	out := []string{}
	for _, t := range threads.Threads {
		for _, m := range t.Messages {
			if m.From == simulator.FromBusiness {
				out = append(out, m.Text)
			}
		}
	}
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
