package channeltest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// token is what the messages are sent with.
const token = channel.Secret("a-token")

func (s Setup) exerciseSender(t *testing.T) {
	t.Run("accepted", s.accepted)
	t.Run("no byte left", s.notSent)
	t.Run("cancelled after the request", s.cancelled)
	t.Run("reset after the request", func(t *testing.T) {
		s.expect(t, channel.Unknown, "connection_lost", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			reset(w)
		})
	})
	t.Run("half an answer", func(t *testing.T) {
		s.expect(t, channel.Unknown, "connection_lost", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, s.Answer[:len(s.Answer)/2])
		})
	})
	for _, tc := range []struct {
		name, body string
		status     int
		outcome    channel.Outcome
		reason     string
		graph      bool
	}{
		{"error page", "<html>", 500, channel.Unknown, "unreadable_answer", false},
		{"error page of a 4xx", "<html>", 404, channel.Unknown, "unreadable_answer", false},
		{"200 without an id", `{}`, 200, channel.Unknown, "no_message_id", false},
		{"200 with nothing", ``, 200, channel.Unknown, "unreadable_answer", false},
		{"200 with an array", `[]`, 200, channel.Unknown, "no_message_id", true},
		{"empty 429", ``, 429, channel.NotSent, "rate_limited", false},
		{"redirect", ``, 307, channel.Unknown, "unreadable_answer", false},
		{"unknown code", `{"error":{"code":999999999,"message":"x"}}`, 400, channel.Refused, "refused_by_provider", true},
		{"unknown code, transient", `{"error":{"code":999999999,"is_transient":true}}`, 400, channel.Unknown, "provider_error", true},
		{"unknown code of a 5xx", `{"error":{"code":999999999}}`, 503, channel.Unknown, "provider_error", true},
		{"unknown code inside of a 200", `{"error":{"code":999999999}}`, 200, channel.Unknown, "provider_error", true},
		{"error without a code", `{"error":{"message":"x"}}`, 400, channel.Unknown, "provider_error", true},
		{"error that is a word", `{"error":"x"}`, 400, channel.Unknown, "unreadable_answer", true},
	} {
		if tc.graph && !s.graph() {
			continue
		}
		t.Run(tc.name, func(t *testing.T) {
			s.expect(t, tc.outcome, tc.reason, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", r.URL.Path)
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			})
		})
	}
	for _, r := range s.Errors {
		t.Run(fmt.Sprintf("%d of %d, %s", r.Subcode, r.Code, r.Reason), func(t *testing.T) {
			s.refused(t, r, r.Status)
			if s.graph() {
				// An error may also come inside of a 200.
				s.refused(t, r, http.StatusOK)
			}
		})
	}
	t.Run("refused here", s.refusedHere)
	t.Run("messages", s.messages)
	t.Run("everything that fits", s.fitted)
	t.Run("uploads", s.uploads)
	t.Run("signals", s.signals)
}

// serve starts a provider and returns how many requests it got.
func (s Setup) serve(t *testing.T, handler http.HandlerFunc) (channel.Sender, *atomic.Int64) {
	t.Helper()
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	return s.Sender(t, server.URL), &requests
}

// accepted checks what is posted, and that the id comes back.
func (s Setup) accepted(t *testing.T) {
	sender, requests := s.serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != s.Path || r.URL.RawQuery != "" {
			t.Errorf("%s %s, want POST %s", r.Method, r.URL, s.Path)
		}
		for name, want := range map[string]string{
			"Authorization": "Bearer " + token.Reveal(), "Content-Type": "application/json",
			// Either would make Go's transport repeat the request.
			"Idempotency-Key": "", "X-Idempotency-Key": "",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		body, _ := io.ReadAll(r.Body)
		if diff := cmp.Diff(decoded(t, s.Body), decoded(t, string(body))); diff != "" {
			t.Errorf("body (-want +got):\n%s", diff)
		}
		_, _ = io.WriteString(w, s.Answer)
	})
	id, err := sender.Send(t.Context(), s.Send, token)
	if err != nil || id != s.ID {
		t.Errorf("Send = %q, %v; want %q", id, err, s.ID)
	}
	if requests.Load() != 1 {
		t.Errorf("%d requests", requests.Load())
	}
}

func decoded(t *testing.T, body string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
}

// notSent sends to an address where nobody listens.
func (s Setup) notSent(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	_, err = s.Sender(t, "http://"+address).Send(t.Context(), s.Send, token)
	outcome(t, err, channel.NotSent, "network")
}

// cancelled gives up once the provider has the request.
func (s Setup) cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sender, requests := s.serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	})
	_, err := sender.Send(ctx, s.Send, token)
	outcome(t, err, channel.Unknown, "connection_lost")
	if requests.Load() != 1 {
		t.Errorf("%d requests", requests.Load())
	}
}

func (s Setup) refused(t *testing.T, r Refusal, status int) {
	t.Helper()
	sender, _ := s.serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		if r.Answer != "" {
			_, _ = io.WriteString(w, r.Answer)
			return
		}
		fmt.Fprintf(w, `{"error":{"message":"m","type":"OAuthException","code":%d,"error_subcode":%d,"fbtrace_id":"A"}}`,
			r.Code, r.Subcode)
	})
	_, err := sender.Send(t.Context(), s.Send, token)
	e := outcome(t, err, r.Outcome, r.Reason)
	if e.Detail.GetCode() != r.Code || e.Detail.GetSubcode() != r.Subcode {
		t.Errorf("status %d: detail %v", status, e.Detail)
	}
}

// refusedHere checks the sends that must not reach the provider.
func (s Setup) refusedHere(t *testing.T) {
	sender, requests := s.serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, s.Answer) })
	for _, tc := range []struct {
		name    string
		change  func(*ingressv1.Send)
		token   channel.Secret
		outcome channel.Outcome
		reason  string
	}{
		{"erased", func(m *ingressv1.Send) { m.Erased, m.Content = true, nil }, token, channel.Refused, "erased"},
		{"nothing", func(m *ingressv1.Send) { m.Content = nil }, token, channel.Refused, "unsupported_content"},
		{"nobody", func(m *ingressv1.Send) { m.Recipient = nil }, token, channel.Refused, "no_address"},
		{"nowhere", func(m *ingressv1.Send) { m.ProviderAccountId, m.PageId = "", "" }, token, channel.Unhealthy, "no_account"},
		{"no token", func(*ingressv1.Send) {}, "", channel.Unhealthy, "no_token"},
	} {
		send := proto.CloneOf(s.Send)
		tc.change(send)
		_, err := sender.Send(t.Context(), send, tc.token)
		outcome(t, err, tc.outcome, tc.reason)
	}
	if requests.Load() != 0 {
		t.Errorf("%d requests", requests.Load())
	}
}

func (s Setup) expect(t *testing.T, want channel.Outcome, reason string, handler http.HandlerFunc) {
	t.Helper()
	sender, requests := s.serve(t, handler)
	_, err := sender.Send(t.Context(), s.Send, token)
	outcome(t, err, want, reason)
	if requests.Load() != 1 {
		t.Errorf("%d requests", requests.Load())
	}
}

// outcome checks an error and returns it.
func outcome(t *testing.T, err error, want channel.Outcome, reason string) *channel.SendError {
	t.Helper()
	var e *channel.SendError
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want a *channel.SendError", err)
	}
	if e.Outcome != want || e.Detail.GetReason() != reason {
		t.Errorf("outcome %v, %v; want %v, %s", e.Outcome, e, want, reason)
	}
	return e
}

// reasonOf returns the reason of an error, whatever it is.
func reasonOf(err error) string {
	var e *channel.SendError
	if errors.As(err, &e) {
		return e.Detail.GetReason()
	}
	return ""
}

// reset ends a connection the hard way.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	conn.Close()
}
