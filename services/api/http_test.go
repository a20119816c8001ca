package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"weiche/proto/gen/weiche/stream/v1/streamv1connect"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	"weiche/proto/gen/weiche/widget/v1/widgetv1connect"
)

func TestHeadersOfEveryAnswer(t *testing.T) {
	s := newStage(t, nil)
	for _, procedure := range append(slices.Sorted(maps.Keys(procedures(t))), "/livez", "/no-such") {
		got := s.call(t, procedure, "", `{}`)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
			"Content-Security-Policy":   "default-src 'none'; frame-ancestors 'none'",
			"Strict-Transport-Security": "", "Set-Cookie": "",
		} {
			if got.header.Get(name) != want {
				t.Errorf("%s: %s is %q", procedure, name, got.header.Get(name))
			}
		}
	}
	secure := httptest.NewTLSServer(s.server.Config.Handler)
	defer secure.Close()
	resp, err := secure.Client().Get(secure.URL + "/livez")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Header.Get("Strict-Transport-Security") == "" {
		t.Error("HSTS is missing under TLS")
	}
}

func TestRequestsAreBounded(t *testing.T) {
	s := newStage(t, nil)
	ana := s.visitor(t, "shop")
	message := func(text string) string { return fmt.Sprintf(`{"text":%q,"clientToken":"1"}`, text) }
	s.want(t, "resource_exhausted", "TOO_LARGE", widgetService+"SendMessage", ana, message(strings.Repeat("x", 70_000)))
	s.want(t, "resource_exhausted", "TOO_LARGE", adminService+"ApplySetup", s.admin(),
		`{"accountId":"acme","setup":{"name":"`+strings.Repeat("x", 1<<20)+`"}}`)

	var bomb bytes.Buffer
	packed := gzip.NewWriter(&bomb)
	_, _ = packed.Write([]byte(message(strings.Repeat("x", 10<<20))))
	_ = packed.Close()
	if bomb.Len() > 60_000 {
		t.Fatalf("the bomb has %d bytes", bomb.Len())
	}
	s.want(t, "resource_exhausted", "TOO_LARGE", widgetService+"SendMessage", ana, bomb.String(), "Content-Encoding", "gzip")

	long := strings.Repeat("ä", 4096)
	s.must(t, widgetService+"SendMessage", ana, message(long))
	for _, text := range []string{"", " \n\t ", long + "x"} {
		s.want(t, "invalid_argument", "INVALID", widgetService+"SendMessage", ana, message(text))
	}
	for _, body := range []string{
		`{"text":"x"}`, `{"text":"x","clientToken":"` + strings.Repeat("t", 129) + `"}`,
		`{"text":"x","clientToken":"2","language":"a b"}`, `{"text":"x","clientToken":"2","language":"` + strings.Repeat("a", 36) + `"}`,
		`{"text":"` + "\xff" + `","clientToken":"2"}`, `{"text":"\ud800","clientToken":"2"}`, `{`, `[]`, ``, `{"text":1}`,
	} {
		want := s.call(t, widgetService+"SendMessage", ana, body)
		if want.text("code") != "invalid_argument" || want.reason() != "REASON_INVALID" {
			t.Errorf("%q: %d %v", body, want.status, want.values)
		}
	}
	s.want(t, "invalid_argument", "INVALID", widgetService+"SendMessage", ana, `{"text":"x","clientToken":"2"}`, "Idempotency-Key", "3")
	s.want(t, "invalid_argument", "INVALID", widgetService+"SendMessage", ana, `{"text":"x"}`, "Idempotency-Key", "\xff")
	s.want(t, "invalid_argument", "INVALID", widgetService+"GetTimeline", ana, `{"limit":501}`)
	s.want(t, "invalid_argument", "INVALID", widgetService+"GetTimeline", ana, `{"limit":-1}`)

	// In protobuf's own encoding too: field 1 with a byte that is no UTF-8.
	got := s.call(t, widgetService+"SendMessage", ana, "\x0a\x01\xff\x12\x012", "Content-Type", "application/proto")
	if got.status != http.StatusBadRequest {
		t.Errorf("bad UTF-8 gives %d", got.status)
	}
}

// TestNoCall is answered in words where a request is no call at all: without the header
// that curl has to be told of, with a stream's request as that of a call, by a method
// that there is not.
func TestNoCall(t *testing.T) {
	s := newStage(t, nil)
	ask := func(method, path, contentType string) (status int, body string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, s.server.URL+path, strings.NewReader(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", contentType)
		response, err := s.server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got := response.Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("%s %s as %s is answered as %q", method, path, contentType, got)
		}
		return response.StatusCode, string(text)
	}
	for _, no := range []struct {
		method, path, contentType string
		status                    int
		reason, says              string
	}{
		{http.MethodPost, widgetService + "OpenSession", "application/x-www-form-urlencoded", http.StatusUnsupportedMediaType, "REASON_INVALID", "Content-Type has to be application/json"},
		{http.MethodGet, widgetService + "OpenSession", "", http.StatusMethodNotAllowed, "REASON_INVALID", "a call is a POST"},
		{http.MethodPut, adminService + "PutWidget", "application/json", http.StatusMethodNotAllowed, "REASON_INVALID", "a call is a POST"},
		{http.MethodPost, streamv1connect.StreamServiceSubscribeProcedure, "application/json", http.StatusUnsupportedMediaType, "REASON_INVALID", "application/connect+json"},
		{http.MethodPost, widgetService + "OpenSesame", "application/json", http.StatusNotImplemented, "REASON_NO_SUCH_METHOD", "no such method"},
		{http.MethodGet, adminService, "", http.StatusNotImplemented, "REASON_NO_SUCH_METHOD", "no such method"},
	} {
		status, body := ask(no.method, no.path, no.contentType)
		if status != no.status || !strings.Contains(body, no.says) || !strings.Contains(body, no.reason) {
			t.Errorf("%s %s as %q: %d %s", no.method, no.path, no.contentType, status, body)
		}
	}
}

func TestReadsByGet(t *testing.T) {
	s := newStage(t, nil)
	ana := s.visitor(t, "shop")
	sent := s.must(t, widgetService+"SendMessage", ana, `{"text":"hi","clientToken":"1"}`)
	get := func(procedure, token, message string) answer {
		query := url.Values{"connect": {"v1"}, "encoding": {"json"}, "message": {message}}
		req, err := http.NewRequest(http.MethodGet, s.server.URL+procedure+"?"+query.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		return s.do(t, req)
	}
	written := fmt.Sprintf(`{"minPosition":%q}`, sent.text("position"))
	if got := get(widgetService+"GetTimeline", ana, written); got.status != http.StatusOK || got.length("lines") != 1 {
		t.Errorf("%d %v", got.status, got.values)
	}
	if got := get(adminService+"ListEvents", s.admin(), `{"limit":1}`); got.status != http.StatusOK || got.length("events") != 1 {
		t.Errorf("%d %v", got.status, got.values)
	}
	if got := get(widgetService+"SendMessage", ana, `{"text":"x","clientToken":"2"}`); got.status != http.StatusMethodNotAllowed {
		t.Errorf("a GET writes: %d", got.status)
	}
}

func TestGRPC(t *testing.T) {
	s := newStage(t, nil)
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	for name, option := range map[string]connecthttp.Option{
		"gRPC": connecthttp.WithGRPC(), "gRPC-Web": connecthttp.WithGRPCWeb(), "Connect": connecthttp.WithSendGzip(),
	} {
		client := widgetv1connect.NewWidgetServiceClient(connect.NewClient(
			connecthttp.NewTransport(&http.Client{Transport: transport}, s.server.URL, option)))
		opened, err := client.OpenSession(t.Context(), &widgetv1.OpenSessionRequest{WidgetId: "shop"})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		ctx, info := connect.NewClientContext(t.Context())
		info.RequestHeader().Set("Authorization", "Bearer "+opened.GetSessionToken())
		sent, err := client.SendMessage(ctx, &widgetv1.SendMessageRequest{Text: "hi", ClientToken: "1"})
		if err != nil || sent.GetMessageId() == "" {
			t.Errorf("%s: %v, %v", name, sent, err)
		}
		_, err = client.GetTimeline(context.Background(), &widgetv1.GetTimelineRequest{})
		var told *connect.Error
		if !errors.As(err, &told) || told.Code() != connect.CodeUnauthenticated || len(told.Details()) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
