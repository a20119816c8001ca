package meta

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"weiche/services/channel"
)

func call() Call {
	return Call{
		Channel: "messenger", Sender: "4001", Token: "a-token", Body: map[string]string{"a": "b"}, Attempt: 1, ID: PageAnswer,
	}
}

func newGraph(t *testing.T, config GraphConfig) *Graph {
	t.Helper()
	g, err := NewGraph(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

func outcomeOf(t *testing.T, err error) *channel.SendError {
	t.Helper()
	var e *channel.SendError
	if !errors.As(err, &e) {
		t.Fatalf("error %v", err)
	}
	return e
}

// unreliable is a connection that lets so many bytes through and then breaks.
type unreliable struct {
	net.Conn
	budget *atomic.Int64
}

var errBroken = errors.New("the line is dead")

func (u unreliable) Write(b []byte) (int, error) {
	left := u.budget.Load()
	if left >= int64(len(b)) {
		u.budget.Add(int64(-len(b)))
		return u.Conn.Write(b)
	}
	n, _ := u.Conn.Write(b[:left])
	u.budget.Store(0)
	u.Conn.Close()
	return n, errBroken
}

// lines is a network of connections that break where they are told to. A budget
// below zero is a connection that is never made.
type lines struct {
	t       *testing.T
	budgets []*atomic.Int64
	dialled int
	heard   atomic.Int64 // requests that came through whole
}

func newLines(t *testing.T, budgets ...int64) *lines {
	l := &lines{t: t}
	for _, b := range budgets {
		budget := &atomic.Int64{}
		budget.Store(b)
		l.budgets = append(l.budgets, budget)
	}
	return l
}

func (l *lines) dial(context.Context, string, string) (net.Conn, error) {
	if l.dialled >= len(l.budgets) {
		l.t.Error("one connection too many")
		return nil, errBroken
	}
	budget := l.budgets[l.dialled]
	l.dialled++
	if budget.Load() < 0 {
		return nil, errBroken
	}
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		for in := bufio.NewReader(far); ; {
			request, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			if _, err := io.Copy(io.Discard, request.Body); err != nil {
				return
			}
			l.heard.Add(1)
			answer := `{"message_id":"m_1"}`
			if _, err := io.WriteString(far, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n"+answer); err != nil {
				return
			}
		}
	}()
	return counted(unreliable{near, budget}, nil)
}

// silent makes connections on which everything is heard and nothing answered.
func (l *lines) silent(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, far) }()
	return counted(near, nil)
}

// TestSendOverBrokenLines is about the question whether bytes have left. Go's
// transport takes another connection for a request of which nothing was written
// to a connection that it had kept; of nothing else may it make a second one.
func TestSendOverBrokenLines(t *testing.T) {
	const plenty = 1 << 20
	for _, tc := range []struct {
		name    string
		budgets []int64
		broken  int64 // what the first line lets through of the second message; plenty for all
		want    channel.Outcome
		fails   bool
		dialled int
		heard   int64
	}{
		{"a kept line", []int64{plenty}, plenty, 0, false, 1, 2},
		{"a kept line is dead, a new one is not", []int64{plenty, plenty}, 0, 0, false, 2, 2},
		{"a kept line is dead and there is no other", []int64{plenty, -1}, 0, channel.NotSent, true, 2, 1},
		{"a kept line is dead and the new one too", []int64{plenty, 0}, 0, channel.NotSent, true, 2, 1},
		{"a kept line is dead and the new one breaks", []int64{plenty, 9}, 0, channel.Unknown, true, 2, 1},
		{"a kept line breaks", []int64{plenty}, 100, channel.Unknown, true, 1, 1},
		{"a kept line breaks after one byte", []int64{plenty}, 1, channel.Unknown, true, 1, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLines(t, tc.budgets...)
			g := newGraph(t, GraphConfig{URL: "http://graph.test"})
			transport := g.client.Transport.(*http.Transport)
			transport.DialContext, transport.Proxy = l.dial, nil
			if id, err := g.Send(t.Context(), call()); err != nil || id != "m_1" {
				t.Fatalf("the first message: %q, %v", id, err)
			}
			l.budgets[0].Store(tc.broken)
			_, err := g.Send(t.Context(), call())
			if (err != nil) != tc.fails {
				t.Fatalf("the second message: %v", err)
			}
			if err != nil {
				if e := outcomeOf(t, err); e.Outcome != tc.want {
					t.Errorf("outcome %d, %v; want %d", e.Outcome, e, tc.want)
				}
			}
			if l.dialled != tc.dialled || l.heard.Load() != tc.heard {
				t.Errorf("%d connections, %d requests heard; want %d, %d", l.dialled, l.heard.Load(), tc.dialled, tc.heard)
			}
		})
	}
}

func TestSendOverTLS(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if r.ProtoMajor != 1 {
			t.Errorf("protocol %s", r.Proto)
		}
		if r.URL.Path == "/v26.0/dead/messages" {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, `{"message_id":"m_1"}`)
	}))
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())

	g := newGraph(t, GraphConfig{URL: server.URL, TLS: &tls.Config{RootCAs: roots}})
	if id, err := g.Send(t.Context(), call()); err != nil || id != "m_1" {
		t.Errorf("Send = %q, %v", id, err)
	}
	dead := call()
	dead.Sender = "dead"
	_, err := g.Send(t.Context(), dead)
	if e := outcomeOf(t, err); e.Outcome != channel.Unknown || requests.Load() != 2 {
		t.Errorf("hung up after the request: %v, %d requests", e, requests.Load())
	}

	server.Config.ErrorLog = nil
	stranger := newGraph(t, GraphConfig{URL: server.URL})
	_, err = stranger.Send(t.Context(), call())
	if e := outcomeOf(t, err); e.Outcome != channel.NotSent || requests.Load() != 2 {
		t.Errorf("a certificate that nobody knows: %v, %d requests", e, requests.Load())
	}
}

func TestSendTimeout(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer server.Close()
	g := newGraph(t, GraphConfig{URL: server.URL, Timeout: 30 * time.Millisecond})
	_, err := g.Send(t.Context(), call())
	if e := outcomeOf(t, err); e.Outcome != channel.Unknown || e.Detail.GetReason() != "timeout" {
		t.Errorf("no answer: %v", e)
	}
	g.client.Transport.(*http.Transport).CloseIdleConnections()
	g.client.Transport.(*http.Transport).DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	_, err = g.Send(t.Context(), call())
	if e := outcomeOf(t, err); e.Outcome != channel.NotSent {
		t.Errorf("no connection: %v", e)
	}
}

func TestSendAnswers(t *testing.T) {
	for _, tc := range []struct {
		name    string
		channel string
		attempt uint32
		status  int
		after   string
		body    string
		want    channel.Outcome
		wait    time.Duration
	}{
		{"a file that the provider could not fetch", "messenger", 1, 400, "", `{"error":{"code":100,"error_subcode":2018008}}`, channel.NotSent, 0},
		{"twice", "messenger", 2, 400, "9", `{"error":{"code":100,"error_subcode":2018294}}`, channel.NotSent, 9 * time.Second},
		{"three times", "messenger", 3, 400, "9", `{"error":{"code":100,"error_subcode":2018294}}`, channel.Refused, 0},
		{"an upload on WhatsApp, three times", "whatsapp", 3, 400, "", `{"error":{"code":131053}}`, channel.Refused, 0},
		{"a rate limit, many times", "whatsapp", 9, 400, "", `{"error":{"code":130429}}`, channel.NotSent, 0},
		{"429 says when", "messenger", 1, 429, "7", ``, channel.NotSent, 7 * time.Second},
		{"429 says a date", "messenger", 1, 429, "Wed, 21 Oct 2026 07:28:00 GMT", ``, channel.NotSent, 0},
		{"429 says next year", "messenger", 1, 429, "99999999", ``, channel.NotSent, time.Hour},
		{"a rate limit", "messenger", 1, 400, "5", `{"error":{"code":613}}`, channel.NotSent, 5 * time.Second},
		{"a 429 with an error that nobody knows", "messenger", 1, 429, "", `{"error":{"code":999999}}`, channel.NotSent, 0},
		{"a pair limit", "whatsapp", 1, 400, "", `{"error":{"code":131056}}`, channel.NotSent, 4 * time.Second},
		{"the third one", "whatsapp", 3, 400, "", `{"error":{"code":131056}}`, channel.NotSent, 64 * time.Second},
		{"the hundredth", "whatsapp", 100, 400, "", `{"error":{"code":131056}}`, channel.NotSent, time.Hour},
		{"no wait for what is refused", "whatsapp", 1, 400, "5", `{"error":{"code":131047}}`, channel.Refused, 0},
		{"an error before an id", "messenger", 1, 200, "", `{"message_id":"m_1","error":{"code":10,"error_subcode":2018278}}`, channel.Refused, 0},
		{"an answer too long", "messenger", 1, 200, "", `{"x":"` + strings.Repeat("x", maxAnswer) + `","message_id":"m_1"}`, channel.Unknown, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tc.after != "" {
					w.Header().Set("Retry-After", tc.after)
				}
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			}))
			defer server.Close()
			c := call()
			c.Channel, c.Attempt = tc.channel, tc.attempt
			_, err := newGraph(t, GraphConfig{URL: server.URL}).Send(t.Context(), c)
			e := outcomeOf(t, err)
			if e.Outcome != tc.want || e.RetryAfter != tc.wait {
				t.Errorf("outcome %d after %v, %v; want %d after %v", e.Outcome, e.RetryAfter, e, tc.want, tc.wait)
			}
			// Only what is about the whole integration slows others down.
			if e.Limited != (e.Detail.GetReason() == "rate_limited") {
				t.Errorf("limited %v, %v", e.Limited, e)
			}
		})
	}
}

// TestErrorsNameNobody shows that neither address nor token gets into an error.
func TestErrorsNameNobody(t *testing.T) {
	g := newGraph(t, GraphConfig{URL: "http://127.0.0.1:1"})
	_, err := g.Send(t.Context(), call())
	if text := err.Error(); strings.Contains(text, "4001") || strings.Contains(text, "a-token") {
		t.Error(text)
	}
}

func TestNewGraph(t *testing.T) {
	for _, tc := range []struct {
		config GraphConfig
		ok     bool
	}{
		{GraphConfig{}, true},
		{GraphConfig{URL: "http://127.0.0.1:9/", Version: "v20.1"}, true},
		{GraphConfig{URL: "graph.facebook.com"}, false},
		{GraphConfig{URL: "ftp://graph.facebook.com"}, false},
		{GraphConfig{URL: "https://graph.facebook.com?x=1"}, false},
		{GraphConfig{Version: "26"}, false},
		{GraphConfig{Version: "v26.0/.."}, false},
	} {
		if _, err := NewGraph(tc.config); (err == nil) != tc.ok || err != nil && !errors.Is(err, ErrGraphConfig) {
			t.Errorf("%+v: %v", tc.config, err)
		}
	}
}
