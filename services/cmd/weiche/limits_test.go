package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestReadLimits reads requests within their time, and answers them for as long as it
// takes.
func TestReadLimits(t *testing.T) {
	const within = 100 * time.Millisecond
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusRequestTimeout)
			return
		}
		select {
		case <-r.Context().Done(): // the caller has gone, as the server sees it
			w.WriteHeader(http.StatusTeapot)
		case <-time.After(5 * within):
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := newHTTPServer(slow, slog.New(slog.DiscardHandler))
	if server.ReadHeaderTimeout != 5*time.Second || server.MaxHeaderBytes != 16<<10 || server.WriteTimeout != 0 {
		t.Errorf("the bounds are %s, %d, %s", server.ReadHeaderTimeout, server.MaxHeaderBytes, server.WriteTimeout)
	}
	server.ReadTimeout = within
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serveHTTP(ctx, listener, server) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	url := "http://" + listener.Addr().String()
	ask := func(body io.Reader) int {
		answer, err := http.Post(url, "text/plain", body)
		if err != nil {
			return 0
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	for name, body := range map[string]io.Reader{"with a body": strings.NewReader("hello"), "without one": nil} {
		if got := ask(body); got != http.StatusOK {
			t.Errorf("a request %s was answered %d", name, got)
		}
	}
	// Each byte comes when the one before was taken, for much longer than is waited.
	trickle, drip := io.Pipe()
	go func() {
		defer drip.Close()
		for late := time.Now().Add(100 * within); time.Now().Before(late); {
			if _, err := drip.Write([]byte("x")); err != nil {
				return
			}
		}
	}()
	if got := ask(trickle); got == http.StatusOK {
		t.Error("a body that trickles in was waited for")
	}
	header := strings.Repeat("x", 32<<10)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Long", header)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 32 KiB was answered %s", answer.Status)
	}
}
