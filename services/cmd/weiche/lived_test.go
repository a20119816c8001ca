package main

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/sync/errgroup"

	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/setting"
	"weiche/services/simulator"
)

// lived is a server at which the demo was played, and then much went wrong.
type lived struct {
	actors

	server *server
	admin  string // its admin address
	logs   logs
}

// logs are what a server has logged.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes a line.
func (l *logs) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// String is everything that was logged.
func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// What nobody may log, beside what is said in the demo.
const (
	livedUnheard   = "Nobody hears of this reply"
	livedCaption   = "The scratch on my jacket"
	livedJunk      = `{"object":"whatsapp_business_account","entry":"Ana lives at 7 Example Street"}`
	livedBadToken  = "wa_bm9ib2R5fG5vYm9keQ.no-such-token"
	livedSignature = "sha256=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// live plays the demo with a server that logs everything, and lets go wrong what can.
func live(t *testing.T) *lived {
	t.Helper()
	l := &lived{}
	l.person, l.patience = demoPerson, 10*time.Second
	logger := slog.New(slog.NewJSONHandler(&l.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	serves := serverConfig{settings: settings{
		Data: filepath.Join(t.TempDir(), "data"), HTTP: "127.0.0.1:0", Admin: "127.0.0.1:0",
		Pace: map[string]int{"whatsapp": 2}, // so that some have to wait
	}, logger: logger}
	if err := serves.open(); err != nil {
		t.Fatal(err)
	}
	l.weiche, l.admin = "http://"+serves.listener.Addr().String(), "http://"+serves.admin.Addr().String()
	sim, err := simulator.New(demoProviders(l.weiche, ""), simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	phones := httpServer(t, sim.Handler())
	l.providers, serves.GraphURL = phones, setting.URL(phones)
	if l.server, err = newServer(t.Context(), serves); err != nil {
		t.Fatal(err)
	}
	running, ctx := errgroup.WithContext(t.Context())
	running.Go(func() error { return sim.Run(ctx) })
	running.Go(func() error { return l.server.run(ctx) })
	t.Cleanup(func() {
		if err := running.Wait(); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
		l.server.close()
	})
	if err := perform(t.Context(), l.server, &l.actors, demoConfig{once: true}, io.Discard); err != nil {
		t.Fatalf("%v\n%s", err, &l.logs)
	}
	l.failures(t)
	return l
}

// failures are bad signatures, wrong tokens, what cannot be read, and providers that
// refuse.
func (l *lived) failures(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	for signature, want := range map[string]int{
		livedSignature: http.StatusUnauthorized, simulator.Sign("demo-secret-whatsapp", []byte(livedJunk)): http.StatusOK,
	} {
		got := l.post(t, "/webhooks/whatsapp/demo-whatsapp", livedJunk, "X-Hub-Signature-256", signature)
		if got != want {
			t.Errorf("a webhook was answered %d, not %d", got, want)
		}
	}
	if got := l.post(t, "/weiche.workspace.v1.WorkspaceService/SendReply", `{"text":"`+livedUnheard+`"}`, "Authorization", "Bearer "+livedBadToken); got != http.StatusUnauthorized {
		t.Errorf("a wrong token was answered %d", got)
	}
	if got := l.post(t, "/v1/uploads?conversation_id="+l.conversation+"&name=secret-plan.pdf", "%PDF-1.7\n", "Authorization", "Bearer "+l.agent); got != http.StatusOK {
		t.Errorf("an upload was answered %d", got)
	}
	err := l.workspace(ctx, "SendReply", &workspacev1.SendReplyRequest{ConversationId: l.conversation, Text: livedUnheard}, &workspacev1.SendReplyResponse{})
	if err == nil {
		t.Error("a reply without a client token was taken")
	}
	err = l.workspace(ctx, "SendReply", &workspacev1.SendReplyRequest{
		ConversationId: l.conversation, Text: livedUnheard, ClientToken: l.token(), ReplyToMessageId: "nothing",
	}, &workspacev1.SendReplyResponse{})
	if err == nil {
		t.Error("a reply to a message that is not there was taken")
	}
	whatsapp := demoProviderAccount("whatsapp")
	broken := simulator.Fault{Kind: simulator.FaultMediaError, Times: 1, Status: http.StatusInternalServerError}
	if err := l.simulate(ctx, "POST", "/sim/faults", broken, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		l.sendsPicture(t, whatsapp)
	}
	for _, fault := range []simulator.Fault{
		{Kind: simulator.FaultError, Code: 131026},
		{Kind: simulator.FaultTimeoutAfter, Delay: simulator.Duration(time.Millisecond)},
		{Kind: simulator.FaultServerErrorBefore},
	} {
		fault.Integration, fault.Times = whatsapp, 1
		if err := l.simulate(ctx, "POST", "/sim/faults", fault, nil); err != nil {
			t.Fatal(err)
		}
		if err := l.reply(ctx, livedUnheard+" "+string(fault.Kind)); err != nil {
			t.Error(err)
		}
	}
	page, _, err := websocket.Dial(ctx, l.weiche+"/v1/stream", &websocket.DialOptions{Subprotocols: []string{"weiche.v1.json"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = page.CloseNow()
	moved := func(what string) func() bool {
		return func() bool { return strings.Contains(body(t, l.admin+"/metrics", ""), what) }
	}
	for _, what := range []string{
		`weiche_fetches_total{channel="whatsapp",outcome="stored"}`, `weiche_fetches_total{channel="whatsapp",outcome="again"}`,
		`weiche_sends_held_total{channel="whatsapp"`,
		`weiche_sends_total{channel="whatsapp",outcome="refused"}`, `weiche_sends_total{channel="whatsapp",outcome="unknown"}`,
		`weiche_streams_closed_total{reason="`,
	} {
		eventually(t, what, moved(what), l.logs.String)
	}
}

// sendsPicture lets the person send a picture.
func (l *lived) sendsPicture(t *testing.T, integration string) {
	t.Helper()
	picture := simulator.Typed{Integration: integration, Text: livedCaption, Media: &simulator.Attached{Kind: "image"}}
	if err := l.phone(t.Context(), "send", picture); err != nil {
		t.Error(err)
	}
}

// post posts a text with one header, and returns the status.
func (l *lived) post(t *testing.T, path, text, header, value string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.weiche+path, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(header, value)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// httpServer serves a handler for the time of the test, and returns its address.
func httpServer(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}
