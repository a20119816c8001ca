package story_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// wire is what lies between weiche and the providers: it hands everything on, and
// lets a story say when. Files wait on it until the story says that they come.
type wire struct {
	url       string
	transport *http.Transport
	// files, sends and answers hold files, sends that have not reached the provider,
	// and the answers to those that have.
	files, sends, answers gate

	mu   sync.Mutex
	slow bool // the next send gets its answer late
}

// gate holds requests while it is shut.
type gate struct {
	mu      sync.Mutex
	opened  chan struct{} // nil while it is open
	waiting int
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened == nil {
		g.opened = make(chan struct{})
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened != nil {
		close(g.opened)
	}
	g.opened = nil
}

// held is how many requests wait.
func (g *gate) held() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waiting
}

func (g *gate) pass(ctx context.Context) {
	g.mu.Lock()
	opened := g.opened
	if opened == nil {
		g.mu.Unlock()
		return
	}
	g.waiting++
	g.mu.Unlock()
	select {
	case <-opened:
	case <-ctx.Done():
	}
	g.mu.Lock()
	g.waiting--
	g.mu.Unlock()
}

// newWire leads to the providers.
func newWire(t *testing.T, to func() string) *wire {
	w := &wire{transport: &http.Transport{}}
	proxy := &httputil.ReverseProxy{Transport: w.transport, Rewrite: func(r *httputil.ProxyRequest) {
		target, err := url.Parse(to())
		if err != nil {
			t.Error(err)
			return
		}
		r.SetURL(target)
	}, ErrorHandler: func(http.ResponseWriter, *http.Request, error) {
		// What breaks behind it breaks before it.
		panic(http.ErrAbortHandler)
	}}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/media/"):
			w.files.pass(r.Context())
		case w.isSend(r):
			w.sends.pass(r.Context())
			if w.isSlow() {
				proxied := httptest.NewRecorder()
				proxy.ServeHTTP(proxied, r)
				w.answers.pass(r.Context())
				rw.Header().Set("Content-Type", proxied.Header().Get("Content-Type"))
				rw.WriteHeader(proxied.Code)
				_, _ = rw.Write(proxied.Body.Bytes())
				return
			}
		}
		proxy.ServeHTTP(rw, r)
	}))
	w.files.shut()
	w.url = server.URL
	t.Cleanup(func() {
		w.files.open()
		w.sends.open()
		w.answers.open()
		server.Close()
	})
	return w
}

// isSend says whether a request is a message, and no sign of typing or reading.
func (w *wire) isSend(r *http.Request) bool {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/messages") {
		return false
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return err == nil && !bytes.Contains(body, []byte(`"sender_action"`)) && !bytes.Contains(body, []byte(`"status":"read"`))
}

// isSlow takes the slowness that the story asked for.
func (w *wire) isSlow() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	slow := w.slow
	w.slow = false
	return slow
}

// beSlow holds the answer to the next send.
func (w *wire) beSlow() {
	w.answers.shut()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slow = true
}
