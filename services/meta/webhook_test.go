package meta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// directory is a set-up of one app with two pages, and another app with one.
type directory struct{}

func (directory) App(id string) (channel.App, bool) {
	switch id {
	case "app-1":
		return channel.App{Account: "acme", ID: id, Channel: "messenger", Secrets: []channel.Secret{"s3cret", "new"}, VerifyToken: "verify"}, true
	case "app-2":
		return channel.App{Account: "other", ID: id, Channel: "messenger", Secrets: []channel.Secret{"another"}}, true
	}
	return channel.App{}, false
}

func (directory) ByProviderAccount(_ channel.App, providerAccount string) (channel.Integration, bool) {
	app := map[string]string{"4001": "app-1", "4002": "app-1", "4009": "app-2"}[providerAccount]
	return channel.Integration{Account: "acme", ID: "page-" + providerAccount, Channel: "messenger", App: app}, app != ""
}

func (directory) Integration(string, string) (channel.Integration, bool) {
	return channel.Integration{}, false
}

// publisher keeps what is published and answers as it is told.
type publisher struct {
	mu     sync.Mutex
	got    map[channel.Source][]*ingressv1.Batch
	answer func(context.Context, channel.Source, *ingressv1.Batch) (*ingressv1.Answer, error)
}

func (p *publisher) Publish(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	p.mu.Lock()
	if p.got == nil {
		p.got = map[channel.Source][]*ingressv1.Batch{}
	}
	p.got[from] = append(p.got[from], batch)
	p.mu.Unlock()
	if p.answer != nil {
		return p.answer(ctx, from, batch)
	}
	return &ingressv1.Answer{Items: make([]*ingressv1.ItemAnswer, len(batch.GetItems()))}, nil
}

// summary says what went where, in words.
func (p *publisher) summary() map[string][]string {
	all := map[string][]string{}
	for from, batches := range p.got {
		for _, batch := range batches {
			for _, item := range batch.GetItems() {
				d := Describe(item)
				key := string(from.Kind) + " " + from.Account + " " + from.ID
				all[key] = append(all[key], strings.TrimSpace(d.Kind+" "+d.ProviderMessageID+d.Reason))
			}
		}
	}
	return all
}

// pageReader reads pages; a body with "panic" in it is too much for it.
type pageReader struct{}

func (pageReader) Read(body []byte) ([]*ingressv1.Item, error) {
	if strings.Contains(string(body), "panic") {
		panic("a bug")
	}
	return Messaging{Object: "page", Alias: "psid"}.Read(body)
}

func newWebhook(p *publisher, events WebhookEvents) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(Pattern, NewWebhook(WebhookConfig{
		Directory: directory{}, Publisher: p, Events: events, Readers: map[string]channel.Reader{"messenger": pageReader{}},
	}))
	return mux
}

func entry(page string, mids ...string) string {
	var items []string
	for _, mid := range mids {
		items = append(items, fmt.Sprintf(
			`{"sender":{"id":"5001"},"recipient":{"id":%q},"timestamp":1767225600000,"message":{"mid":%q,"text":"hi"}}`, page, mid))
	}
	return fmt.Sprintf(`{"id":%q,"messaging":[%s]}`, page, strings.Join(items, ","))
}

func page1(mids ...string) string {
	return `{"object":"page","entry":[` + entry("4001", mids...) + `]}`
}

func post(path, body string, signatures ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	for _, s := range signatures {
		r.Header.Add(SignatureHeader, s)
	}
	return r
}

func TestWebhookPost(t *testing.T) {
	const path = "/webhooks/messenger/app-1"
	signed := func(body string) *http.Request { return post(path, body, Sign("s3cret", []byte(body))) }
	long := `{"object":"page","x":"` + strings.Repeat("x", MaxBody) + `"}`
	chunked := signed(long)
	chunked.ContentLength = -1
	two := `{"object":"page","entry":[` + entry("4001", "a", "b") + `,` + entry("4002", "c") + `,` + entry("4001", "d") + `]}`
	strangers := `{"object":"page","entry":[` + entry("4009", "x") + `,` + entry("4444", "y") + `,` + entry("4001", "z") + `]}`
	for _, tc := range []struct {
		name    string
		request *http.Request
		status  int
		want    map[string][]string
	}{
		{"one message", signed(page1("a")), 200, map[string][]string{"channel acme page-4001": {"inbound a"}}},
		{"the second secret", post(path, page1("a"), Sign("new", []byte(page1("a")))), 200, map[string][]string{"channel acme page-4001": {"inbound a"}}},
		{"two pages, in order", signed(two), 200, map[string][]string{
			"channel acme page-4001": {"inbound a", "inbound b", "inbound d"}, "channel acme page-4002": {"inbound c"},
		}},
		{"another app's page, and nobody's", signed(strangers), 200, map[string][]string{
			"channel acme page-4001": {"inbound z"}, "channel - app-1": {"inbound x", "inbound y"},
		}},
		{"not JSON", signed(`{"object":`), 200, map[string][]string{"channel - app-1": {"quarantined no webhook"}}},
		{"nothing", signed(``), 200, map[string][]string{"channel - app-1": {"quarantined no webhook"}}},
		{"a bug in the reader", signed(page1("panic")), 200, map[string][]string{"channel - app-1": {"quarantined the reader panicked"}}},
		{"harmless", signed(`null`), 200, map[string][]string{"channel - app-1": {"ignored"}}},
		{"no signature", post(path, page1("a")), 401, nil},
		{"two signatures", post(path, page1("a"), Sign("s3cret", []byte(page1("a"))), Sign("s3cret", []byte(page1("a")))), 401, nil},
		{"another body's signature", post(path, page1("a"), Sign("s3cret", []byte(page1("b")))), 401, nil},
		{"another app's signature", post(path, page1("a"), Sign("another", []byte(page1("a")))), 401, nil},
		{"the empty secret", post(path, page1("a"), Sign("", []byte(page1("a")))), 401, nil},
		{"an app that is not there", post("/webhooks/messenger/app-3", page1("a"), Sign("s3cret", []byte(page1("a")))), 401, nil},
		{"the same with the empty secret", post("/webhooks/messenger/app-3", page1("a"), Sign("", []byte(page1("a")))), 401, nil},
		{"another channel", post("/webhooks/whatsapp/app-1", page1("a"), Sign("s3cret", []byte(page1("a")))), 401, nil},
		{"too long", signed(long), 413, nil},
		{"too long, and does not say so", chunked, 413, nil},
		{"another method", httptest.NewRequest(http.MethodPut, path, nil), 405, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := &publisher{}
			w := httptest.NewRecorder()
			newWebhook(p, WebhookEvents{}).ServeHTTP(w, tc.request)
			if w.Code != tc.status || w.Body.Len() != 0 {
				t.Errorf("status %d with %q, want %d with nothing", w.Code, w.Body, tc.status)
			}
			got := p.summary()
			if tc.want == nil {
				tc.want = map[string][]string{}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWebhookSameRefusal shows that nothing tells an app that is not there from
// one whose secret is not known.
func TestWebhookSameRefusal(t *testing.T) {
	answer := func(path string) string {
		w := httptest.NewRecorder()
		newWebhook(&publisher{}, WebhookEvents{}).ServeHTTP(w, post(path, page1("a"), Sign("guess", []byte(page1("a")))))
		return fmt.Sprint(w.Code, w.Header(), w.Body)
	}
	if there, not := answer("/webhooks/messenger/app-1"), answer("/webhooks/messenger/app-9"); there != not {
		t.Errorf("%s\n%s", there, not)
	}
}

// TestWebhookKeepsRaw shows that what nobody understands is kept as it came.
func TestWebhookKeepsRaw(t *testing.T) {
	for _, body := range []string{"{\"a\":\xff", page1("panic")} {
		p := &publisher{}
		newWebhook(p, WebhookEvents{}).ServeHTTP(httptest.NewRecorder(), post("/webhooks/messenger/app-1", body, Sign("s3cret", []byte(body))))
		items := p.got[channel.Source{Kind: channel.KindChannel, Account: "-", ID: "app-1"}][0].GetItems()
		if len(items) != 1 || string(items[0].GetRaw()) != body {
			t.Errorf("kept %v", items)
		}
	}
}

// TestWebhookAnswers: without a commit the answer is never 2xx.
func TestWebhookAnswers(t *testing.T) {
	body := `{"object":"page","entry":[` + entry("4001", "a") + `,` + entry("4002", "b") + `]}`
	errLost := errors.New("no answer")
	for _, tc := range []struct {
		name   string
		answer *ingressv1.Answer
		err    error
		status int
	}{
		{"committed", &ingressv1.Answer{}, nil, 200},
		{"quarantined and refused", &ingressv1.Answer{Items: []*ingressv1.ItemAnswer{
			{Status: ingressv1.ItemStatus_ITEM_STATUS_QUARANTINED}, {Status: ingressv1.ItemStatus_ITEM_STATUS_REFUSED},
		}}, nil, 200},
		{"one batch cannot be read", &ingressv1.Answer{Error: "bad"}, nil, 503},
		{"one batch has no answer", nil, errLost, 503},
		{"one batch has neither", nil, nil, 503},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var failed []error
			p := &publisher{answer: func(_ context.Context, from channel.Source, _ *ingressv1.Batch) (*ingressv1.Answer, error) {
				if from.ID == "page-4001" {
					return &ingressv1.Answer{}, nil
				}
				return tc.answer, tc.err
			}}
			var mu sync.Mutex
			w := httptest.NewRecorder()
			newWebhook(p, WebhookEvents{Published: func(_ string, _ int, _ time.Duration, err error) {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, err)
			}}).ServeHTTP(w, post("/webhooks/messenger/app-1", body, Sign("s3cret", []byte(body))))
			if w.Code != tc.status || (w.Header().Get("Retry-After") == "1") != (tc.status == 503) {
				t.Errorf("status %d, %v", w.Code, w.Header())
			}
			bad := slices.DeleteFunc(failed, func(err error) bool { return err == nil })
			if (len(bad) == 1) != (tc.status == 503) {
				t.Errorf("reported %v", bad)
			}
		})
	}
}

// TestWebhookWaits shows that all batches are under way at a time, and that the
// answer comes after 4 s where one of them gets none.
func TestWebhookWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		p := &publisher{answer: func(ctx context.Context, from channel.Source, _ *ingressv1.Batch) (*ingressv1.Answer, error) {
			if from.ID == "page-4002" {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			time.Sleep(3 * time.Second)
			return &ingressv1.Answer{}, nil
		}}
		send := func(pages ...string) int {
			var entries []string
			for _, page := range pages {
				entries = append(entries, entry(page, "m"))
			}
			body := `{"object":"page","entry":[` + strings.Join(entries, ",") + `]}`
			w := httptest.NewRecorder()
			newWebhook(p, WebhookEvents{}).ServeHTTP(w, post("/webhooks/messenger/app-1", body, Sign("s3cret", []byte(body))))
			return w.Code
		}
		if code, took := send("4001", "4444"), time.Since(start); code != 200 || took != 3*time.Second {
			t.Errorf("both answer: %d after %v", code, took)
		}
		start = time.Now()
		if code, took := send("4001", "4002"), time.Since(start); code != 503 || took != 4*time.Second {
			t.Errorf("one does not: %d after %v", code, took)
		}
	})
}

// TestWebhookLargeBatches shows that what goes to one integration is cut into
// batches that a message can hold, and published in order.
func TestWebhookLargeBatches(t *testing.T) {
	text := strings.Repeat("x", 700_000)
	var items []string
	for i := range 5 {
		items = append(items, fmt.Sprintf(`{"sender":{"id":"5001"},"recipient":{"id":"4001"},"timestamp":%d,"message":{"mid":"m%d","text":%q}}`, i+1, i, text))
	}
	body := `{"object":"page","entry":[{"id":"4001","messaging":[` + strings.Join(items, ",") + `]}]}`
	p := &publisher{}
	w := httptest.NewRecorder()
	newWebhook(p, WebhookEvents{}).ServeHTTP(w, post("/webhooks/messenger/app-1", body, Sign("s3cret", []byte(body))))
	batches := p.got[channel.Source{Kind: channel.KindChannel, Account: "acme", ID: "page-4001"}]
	if w.Code != 200 || len(batches) != 3 {
		t.Fatalf("status %d, %d batches", w.Code, len(batches))
	}
	want := []string{"inbound m0", "inbound m1", "inbound m2", "inbound m3", "inbound m4"}
	if diff := cmp.Diff(want, p.summary()["channel acme page-4001"]); diff != "" {
		t.Error(diff)
	}
}

// TestWebhookStopsAtTheFirst shows that a batch is not published after one
// before it failed: they would be out of order.
func TestWebhookStopsAtTheFirst(t *testing.T) {
	p := &publisher{answer: func(context.Context, channel.Source, *ingressv1.Batch) (*ingressv1.Answer, error) {
		return nil, io.EOF
	}}
	h := NewWebhook(WebhookConfig{Directory: directory{}, Publisher: p})
	g := &group{batches: []*ingressv1.Batch{{}, {}}}
	if err := h.publishGroup(t.Context(), "messenger", g, time.Now()); !errors.Is(err, io.EOF) || len(p.got[channel.Source{}]) != 1 {
		t.Errorf("%v after %d batches", err, len(p.got[channel.Source{}]))
	}
}

func TestWebhookEvents(t *testing.T) {
	var got []string
	var mu sync.Mutex
	note := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, fmt.Sprintf(format, args...))
	}
	h := newWebhook(&publisher{}, WebhookEvents{
		Refused:  func(c, reason string) { note("refused %s %s", c, reason) },
		Received: func(c, app string, _ int) { note("received %s %s", c, app) },
		Item:     func(c, kind string, routed bool) { note("item %s %s %v", c, kind, routed) },
		Panicked: func(c string, v any) { note("panicked %s %v", c, v) },
		Answered: func(c, app string, status int, _ time.Duration) { note("answered %s %s %d", c, app, status) },
	})
	for _, body := range []string{page1("a"), "panic"} {
		h.ServeHTTP(httptest.NewRecorder(), post("/webhooks/messenger/app-1", body, Sign("s3cret", []byte(body))))
	}
	h.ServeHTTP(httptest.NewRecorder(), post("/webhooks/messenger/app-1", "x"))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/webhooks/messenger/app-1", nil))
	want := []string{
		"received messenger app-1", "item messenger inbound true", "answered messenger app-1 200",
		"received messenger app-1", "panicked messenger a bug", "item messenger quarantined false", "answered messenger app-1 200",
		"refused messenger signature", "answered messenger app-1 401",
		"refused messenger handshake",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWebhookHandshake(t *testing.T) {
	ok := url.Values{"hub.mode": {"subscribe"}, "hub.verify_token": {"verify"}, "hub.challenge": {"1158201444"}}
	with := func(key string, values ...string) url.Values {
		q := url.Values{}
		for k, v := range ok {
			q[k] = v
		}
		q[key] = values
		return q
	}
	for _, tc := range []struct {
		name, path string
		query      url.Values
		want       string // the challenge; empty for a refusal
	}{
		{"good", "/webhooks/messenger/app-1", ok, "1158201444"},
		{"any text is echoed as text", "/webhooks/messenger/app-1", with("hub.challenge", "<script> ä"), "<script> ä"},
		{"wrong token", "/webhooks/messenger/app-1", with("hub.verify_token", "x"), ""},
		{"empty token", "/webhooks/messenger/app-1", with("hub.verify_token", ""), ""},
		{"no token", "/webhooks/messenger/app-1", with("hub.verify_token"), ""},
		{"two tokens", "/webhooks/messenger/app-1", with("hub.verify_token", "x", "verify"), ""},
		{"the token and another", "/webhooks/messenger/app-1", with("hub.verify_token", "verify", "x"), ""},
		{"no mode", "/webhooks/messenger/app-1", with("hub.mode"), ""},
		{"another mode", "/webhooks/messenger/app-1", with("hub.mode", "unsubscribe"), ""},
		{"no challenge", "/webhooks/messenger/app-1", with("hub.challenge"), ""},
		{"an app without a token", "/webhooks/messenger/app-2", with("hub.verify_token", ""), ""},
		{"an app that is not there", "/webhooks/messenger/app-9", with("hub.verify_token", ""), ""},
		{"another channel", "/webhooks/whatsapp/app-1", ok, ""},
	} {
		w := httptest.NewRecorder()
		newWebhook(&publisher{}, WebhookEvents{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, tc.path+"?"+tc.query.Encode(), nil))
		if tc.want == "" {
			if w.Code != http.StatusForbidden || w.Body.Len() != 0 {
				t.Errorf("%s: %d %q", tc.name, w.Code, w.Body)
			}
			continue
		}
		if w.Code != 200 || w.Body.String() != tc.want || w.Header().Get("X-Content-Type-Options") != "nosniff" ||
			w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %d %q %v", tc.name, w.Code, w.Body, w.Header())
		}
	}
}
