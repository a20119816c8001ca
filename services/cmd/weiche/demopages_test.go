package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"path/filepath"
	"strings"
	"testing"
	"time"

	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
)

// staying runs the demo until the test ends or stop is called, which waits for its end.
func staying(t *testing.T) (address string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := runDemo(ctx, demoConfig{
			data: filepath.Join(t.TempDir(), "data"), http: "127.0.0.1:0", admin: "127.0.0.1:0", simulator: "127.0.0.1:0",
		}, out)
		out.CloseWithError(err)
		ended <- err
	}()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		ended <- nil
	}
	t.Cleanup(stop)
	said := bufio.NewScanner(reader)
	for said.Scan() {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(said.Text()), "Open "); ok {
			address = strings.TrimSuffix(rest, demoPage)
		}
		if strings.HasPrefix(said.Text(), "Ctrl-C") {
			go func() { _, _ = io.Copy(io.Discard, reader) }() // what it says at its end
			return address, stop
		}
	}
	t.Fatalf("the demo does not stay: %v", said.Err())
	return "", nil
}

// Whoever opens the page of the demo is logged in as the agent, once, and finds the
// customers in the inbox. What waits for the simulator does not hold its end up.
func TestDemoStays(t *testing.T) {
	address, stop := staying(t)
	get := func(path string, cookies []*http.Cookie) *http.Response {
		t.Helper()
		ask, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, cookie := range cookies {
			ask.AddCookie(cookie)
		}
		answer, err := http.DefaultClient.Do(ask)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("GET %s: %s", path, answer.Status)
		}
		return answer
	}
	first := get(demoPage, nil)
	cookies := first.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly {
		t.Fatalf("the page comes with %v", cookies)
	}
	if again := get(demoPage, cookies).Cookies(); len(again) != 0 {
		t.Errorf("who is logged in is logged in again: %v", again)
	}
	for _, answer := range []*http.Response{first, get("/demo/shop", nil)} {
		policy := answer.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'") || !strings.Contains(policy, "trusted-types 'none'") {
			t.Errorf("%s has the policy %q", answer.Request.URL, policy)
		}
	}
	inbox := &workspacev1.ListConversationsResponse{}
	token := cookies[0].Value
	if err := call(t.Context(), address, "weiche.workspace.v1.WorkspaceService/ListConversations", token,
		&workspacev1.ListConversationsRequest{Limit: 100}, inbox); err != nil {
		t.Fatal(err)
	}
	if got, want := len(inbox.GetConversations()), len(demoCustomers); got != want {
		t.Errorf("%d conversations are in the inbox, want %d", got, want)
	}

	waits, held := make(chan struct{}), make(chan struct{})
	ask, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { close(waits) },
	}), http.MethodGet, address+"/sim/people/"+demoPerson+"/threads?min=99&timeout=5m", nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(held)
		if answer, err := http.DefaultClient.Do(ask); err == nil {
			answer.Body.Close()
		}
	}()
	<-waits
	began := time.Now()
	stop()
	<-held
	if took := time.Since(began); took > drain/2 {
		t.Errorf("the demo ends after %s", took)
	}
}

// The demo's page logs in whoever opens it, so that it is for this machine alone.
func TestDemoIsForThisMachine(t *testing.T) {
	guarded := fromHere(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	for _, c := range []struct {
		from, host string
		want       int
	}{
		{"127.0.0.1:5000", "127.0.0.1:8080", http.StatusOK},
		{"127.0.0.1:5000", "localhost:8080", http.StatusOK},
		{"[::1]:5000", "[::1]:8080", http.StatusOK},
		{"[::ffff:127.0.0.1]:5000", "localhost", http.StatusOK},
		{"192.0.2.7:5000", "127.0.0.1:8080", http.StatusForbidden},
		{"127.0.0.1:5000", "shop.example:8080", http.StatusForbidden},
		{"127.0.0.1:5000", "localhost.shop.example", http.StatusForbidden},
		{"127.0.0.1:5000", "192.0.2.1:8080", http.StatusForbidden},
		{"127.0.0.1:5000", "", http.StatusForbidden},
		{"", "localhost", http.StatusForbidden},
	} {
		r := httptest.NewRequest(http.MethodGet, demoPage, nil)
		r.RemoteAddr, r.Host = c.from, c.host
		answer := httptest.NewRecorder()
		guarded.ServeHTTP(answer, r)
		if answer.Code != c.want {
			t.Errorf("from %q to %q: %d, want %d", c.from, c.host, answer.Code, c.want)
		}
	}
}
