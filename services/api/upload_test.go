package api_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/api"
	"weiche/services/blob"
)

const visitorPath, agentPath = "/v1/widget/uploads?name=photo.png", "/v1/uploads?name=offer.png&conversation_id="

// What a visitor uploads is theirs alone, and is shown once it is the customer's.
func TestI20UploadsOfVisitors(t *testing.T) {
	g := newGallery(t)
	ana, ben := g.visitor(t, "shop"), g.visitor(t, "shop")
	uploaded := g.upload(t, visitorPath, ana, picture(t), false, "Origin", "https://shop.example")
	if uploaded.status != http.StatusOK || uploaded.text("mime_type") != "image/png" || uploaded.get("width") != 60.0 ||
		uploaded.header.Get("Access-Control-Allow-Origin") != "https://shop.example" {
		t.Fatalf("%d %v %v", uploaded.status, uploaded.values, uploaded.header)
	}
	id := uploaded.text("blob_id")
	message := func(id string) string {
		return fmt.Sprintf(`{"text":"look","clientToken":"1","attachments":[{"blobId":%q}]}`, id)
	}
	g.want(t, "not_found", "NOT_FOUND", widgetService+"SendMessage", ben, message(id))
	for _, other := range []string{"", "uploads.x", id[:len(id)-1] + "0", strings.Replace(id, "uploads.", "ana.", 1), id + "-t"} {
		if other != id {
			g.want(t, "not_found", "NOT_FOUND", widgetService+"SendMessage", ana, message(other))
		}
	}
	sent := g.must(t, widgetService+"SendMessage", ana, message(id))
	timeline := func() answer {
		return g.must(t, widgetService+"GetTimeline", ana, fmt.Sprintf(`{"minPosition":%q}`, sent.text("position")))
	}
	if got := timeline(); got.text("lines.0.media.0.state") != "fetching" || strings.Contains(fmt.Sprint(got.values), id) {
		t.Errorf("%v", got.values)
	}
	g.fetched(t, picture(t))
	got := timeline()
	if got.text("lines.0.media.0.state") != "ready" || got.text("lines.0.media.0.mimeType") != "image/png" || got.get("lines.0.media.0.width") != 60.0 {
		t.Errorf("%v", got.values)
	}
	if resp, body := g.file(t, got.text("lines.0.media.0.url")); resp.StatusCode != http.StatusOK || !bytes.Equal(body, picture(t)) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

// Each upload that is not taken says why, before its body is read where it can.
func TestUploadsThatAreNotTaken(t *testing.T) {
	g := newGallery(t)
	conversation := g.sends(t)
	ana := g.visitor(t, "shop")
	large := make([]byte, 30_000)
	for what, try := range map[string]struct {
		path, token string
		file        []byte
		chunked     bool
		header      []string
		status      int
		message     string
	}{
		"nobody":                 {visitorPath, "", picture(t), false, nil, 401, "a valid token is needed"},
		"a page elsewhere":       {visitorPath, ana, picture(t), false, []string{"Origin", "https://evil.example"}, 403, "this page may not embed the widget"},
		"too large":              {visitorPath, ana, large, false, nil, 413, "a file has at most 10000 bytes"},
		"too large, unsaid":      {visitorPath, ana, large, true, nil, 413, "a file has at most 10000 bytes"},
		"empty":                  {visitorPath, ana, nil, false, nil, 400, "the file is empty"},
		"a page":                 {visitorPath, ana, []byte("<html><p>"), false, nil, 400, "files of this type are not taken: text/html"},
		"a visitor as an agent":  {agentPath + conversation, ana, picture(t), false, nil, 401, "a valid token is needed"},
		"no conversation":        {agentPath, g.eva(), picture(t), false, nil, 404, "what is named is not there, or another's"},
		"a missing one":          {agentPath + "x", g.eva(), picture(t), false, nil, 404, "what is named is not there, or another's"},
		"one of another account": {agentPath + conversation, api.AgentToken(g.keys, "other", "eva").Reveal(), picture(t), false, nil, 404, "what is named is not there, or another's"},
		"an agent's, too large":  {agentPath + conversation, g.eva(), large, true, nil, 413, "a file has at most 20000 bytes"},
		"another site's":         {agentPath + conversation, g.eva(), picture(t), false, []string{"Sec-Fetch-Site", "cross-site"}, 403, "pages of other sites may not call this"},
	} {
		got := g.upload(t, try.path, try.token, try.file, try.chunked, try.header...)
		if got.status != try.status || got.text("message") != try.message {
			t.Errorf("%s: %d %v, want %d %q", what, got.status, got.values, try.status, try.message)
		}
	}
	good := g.upload(t, agentPath+conversation, g.eva(), picture(t), true)
	if good.status != http.StatusOK || g.media.Check(t.Context(), "acme", good.text("blob_id")) != nil {
		t.Errorf("%d %v", good.status, good.values)
	}
	g.media.Full = func() bool { return true }
	for path, token := range map[string]string{visitorPath: ana, agentPath + conversation: g.eva()} {
		if got := g.upload(t, path, token, picture(t), false); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
			t.Errorf("on a full disk: %d %v", got.status, got.values)
		}
	}
	g.media.Full = nil
	// One of another customer's is like one that is not there.
	g.inbound(t, "2", "ben", &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Text{Text: &eventv1.Text{Body: "hi"}}}}})
	var other string
	for rec, err := range g.store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if rec.Stream.Category == "conversation" {
			other = rec.Stream.ID
		}
	}
	reply := func(blobID string) string {
		return fmt.Sprintf(`{"conversationId":%q,"clientToken":"9","content":{"parts":[{"media":{"blobId":%q}}]}}`, other, blobID)
	}
	g.want(t, "not_found", "NOT_FOUND", workspaceService+"SendReply", g.eva(), reply(good.text("blob_id")))
	g.want(t, "not_found", "NOT_FOUND", workspaceService+"SendReply", g.eva(), reply(blob.CustomerOf(good.text("blob_id"))+".x"))
}

// More uploads than a bound begin no more; those of visitors hold up no agent.
func TestI27UploadsAreBounded(t *testing.T) {
	g := newGallery(t, func(c *api.Config) {
		c.Limits.VisitorUploadBytes, c.Limits.AgentUploadBytes = 0, 0 // as large as they may be by default
		c.Limits.UploadBurst, c.Limits.UploadPerSecond, c.Limits.Uploads = 3, 0.0001, 1
	})
	conversation := g.sends(t)
	ana := g.visitor(t, "shop")
	holding, held := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.server.URL+visitorPath, holding)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+ana)
	done := make(chan answer)
	go func() { done <- g.do(t, req) }()
	if _, err := held.Write(make([]byte, 12<<20)); err != nil { // more than lies between: it was begun
		t.Fatal(err)
	}
	if got := g.upload(t, visitorPath, ana, picture(t), false); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("a second one: %d %v", got.status, got.values)
	}
	if got := g.upload(t, agentPath+conversation, g.eva(), picture(t), false); got.status != http.StatusOK {
		t.Errorf("an agent's: %d %v", got.status, got.values)
	}
	held.Close()
	if got := <-done; got.status != http.StatusOK {
		t.Errorf("the first one: %d %v", got.status, got.values)
	}
	if got := g.upload(t, visitorPath, ana, picture(t), false); got.status != http.StatusOK {
		t.Errorf("the third one: %d %v", got.status, got.values)
	}
	if got := g.upload(t, visitorPath, ana, picture(t), false); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" {
		t.Errorf("the fourth one: %d %v", got.status, got.values)
	}
}

// One address does not hold all the places of visitors.
func TestI27OneCallerHasNotAllUploads(t *testing.T) {
	g := newGallery(t, func(c *api.Config) {
		c.Limits.VisitorUploadBytes, c.Limits.AgentUploadBytes = 0, 0 // as large as they may be by default
		c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		c.Limits.Uploads, c.Limits.CallerUploads = 2, 1
	})
	ana := g.visitor(t, "shop")
	holding, held := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.server.URL+visitorPath, holding)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+ana)
	req.Header.Set("X-Forwarded-For", "192.0.2.1")
	done := make(chan answer)
	go func() { done <- g.do(t, req) }()
	if _, err := held.Write(make([]byte, 12<<20)); err != nil { // more than lies between: it was begun
		t.Fatal(err)
	}
	if got := g.upload(t, visitorPath, ana, picture(t), false, "X-Forwarded-For", "192.0.2.1"); got.status != http.StatusTooManyRequests {
		t.Errorf("a second one of the address: %d %v", got.status, got.values)
	}
	if got := g.upload(t, visitorPath, ana, picture(t), false, "X-Forwarded-For", "192.0.2.2"); got.status != http.StatusOK {
		t.Errorf("one of another address: %d %v", got.status, got.values)
	}
	held.Close()
	if got := <-done; got.status != http.StatusOK {
		t.Errorf("the first one: %d %v", got.status, got.values)
	}
	if got := g.upload(t, visitorPath, ana, picture(t), false, "X-Forwarded-For", "192.0.2.1"); got.status != http.StatusOK {
		t.Errorf("the next one: %d %v", got.status, got.values)
	}
}
