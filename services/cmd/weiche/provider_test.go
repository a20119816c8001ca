package main

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// provider is a Graph API of WhatsApp that remembers every POST of a send. What it
// does with one follows from the send's id.
type provider struct {
	*httptest.Server
	// report gets the sends that are reported as delivered later.
	report func(number, send, recipient, id string)
	// open is how many sends are being answered.
	open atomic.Int32

	mu    sync.Mutex
	posts map[string][]fate
	taken map[string]int
	// strange are requests that a Graph API would not know.
	strange []string
}

// held is how long an answer is held back, if nobody kills the sender before.
const held = 300 * time.Millisecond

func newProvider(t *testing.T) *provider {
	p := &provider{posts: map[string][]fate{}, taken: map[string]int{}}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

// share returns a number below of that follows from words.
func share(of uint32, words string) uint32 {
	hash := fnv.New32a()
	_, _ = io.WriteString(hash, words)
	return hash.Sum32() % of
}

func (p *provider) serve(w http.ResponseWriter, r *http.Request) {
	p.open.Add(1)
	defer p.open.Add(-1)
	var ask struct {
		To   string
		Send string `json:"biz_opaque_callback_data"`
		Text struct{ Body string }
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender was killed while it wrote: nothing was asked for
	}
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, `{"id":"1"}`) // somebody asks whether the number works
		return
	}
	parts := strings.Split(r.URL.Path, "/")
	if json.Unmarshal(raw, &ask) != nil || len(parts) != 4 || parts[3] != "messages" || ask.Send == "" || ask.To == "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.strange = append(p.strange, fmt.Sprintf("%s %s %s", r.Method, r.URL.Path, raw))
		return
	}
	number, kind := parts[2], share(16, ask.Send)
	p.mu.Lock()
	first := len(p.posts[ask.Send]) == 0
	id := fmt.Sprintf("wamid.out.%s.%d", ask.Send, len(p.posts[ask.Send])+1)
	does := fateTaken
	switch {
	case kind == 0 && first && share(4, ask.Send+"limit") == 0:
		does = fateLater
	case kind == 1:
		does = fateRefused
	case kind == 2:
		does = fateSilent
	}
	p.posts[ask.Send] = append(p.posts[ask.Send], does)
	if does == fateTaken || does == fateSilent {
		p.taken[ask.Text.Body]++
		if share(2, id) == 0 {
			p.report(number, ask.Send, strings.TrimPrefix(ask.To, "+"), id)
		}
	}
	p.mu.Unlock()

	switch does {
	case fateLater:
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"error":{"code":130429,"message":"Rate limit hit"}}`)
		return
	case fateRefused:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"code":131026,"message":"Message undeliverable"}}`)
		return
	case fateSilent:
		panic(http.ErrAbortHandler)
	}
	if kind < 8 {
		// The answer takes a while, so that a kill finds sends under way.
		wait := time.NewTimer(held)
		defer wait.Stop()
		select {
		case <-r.Context().Done():
		case <-wait.C:
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"messages": []any{map[string]string{"id": id}}})
}
