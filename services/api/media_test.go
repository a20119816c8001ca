package api_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/api"
	"weiche/services/blob"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/keyring"
	"weiche/services/router"
)

// gallery is a stage with files.
type gallery struct {
	*stage
	media *blob.Store
	now   time.Time
}

func newGallery(t *testing.T) *gallery {
	t.Helper()
	g := &gallery{now: time.Now()}
	bucket, err := blob.OpenBucket(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bucket.Close() })
	clock := func() time.Time { return g.now }
	g.stage = newStage(t, func(c *api.Config) {
		g.media = blob.New(blob.Config{Bucket: bucket, Keys: g.sealing(c), Now: clock})
		c.Media, c.Now = g.media, clock
		c.Limits.VisitorUploadBytes, c.Limits.AgentUploadBytes = 10_000, 20_000
	})
	return g
}

// sealing are the keys of the files.
func (g *gallery) sealing(c *api.Config) blob.Keys {
	return blob.FromKeyring{
		Keyring: c.Keys.(*keyring.Keyring), Now: func() time.Time { return g.now },
		KeyOf: func(ctx context.Context, account, customer string) (string, error) {
			return router.CustomerKey(ctx, g.store, account, customer)
		},
	}
}

func picture(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 60, 40))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// fetched plays the fetcher for what was asked for last, with a file or none.
func (g *gallery) fetched(t *testing.T, file []byte) {
	t.Helper()
	var asked *eventv1.MediaRequested
	for rec, err := range g.store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		event, err := router.Decode(rec)
		if err != nil {
			t.Fatal(err)
		}
		if body, ok := event.Body.(*eventv1.MediaRequested); ok {
			asked = body
		}
	}
	report := &ingressv1.ReportMedia{
		MediaId: asked.GetMediaId(), ConversationId: asked.GetConversationId(),
		Outcome: &ingressv1.ReportMedia_Failed{Failed: &eventv1.SendError{Reason: "expired"}},
	}
	if file != nil {
		stored, err := g.media.Put(t.Context(), "acme", blob.ID(asked.GetCustomerId(), asked.GetMediaId()), "photo.png", bytes.NewReader(file), blob.Limits{Bytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		report.Outcome = &ingressv1.ReportMedia_Stored{Stored: stored}
	}
	answer, err := g.give(t.Context(), channel.Source{Kind: channel.KindEgress, Account: "acme", ID: "test"}, &ingressv1.Batch{Items: []*ingressv1.Item{{
		Kind: &ingressv1.Item_Sender{Sender: &ingressv1.SenderCommand{Command: &ingressv1.SenderCommand_Media{Media: report}}},
	}}})
	if err != nil || answer.GetItems()[0].GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		t.Fatalf("the report: %v, %v", answer, err)
	}
	if err := g.views.WaitFor(t.Context(), g.store.Durable()); err != nil {
		t.Fatal(err)
	}
}

// sends lets Ana send a picture over WhatsApp, and returns the conversation.
func (g *gallery) sends(t *testing.T) string {
	t.Helper()
	g.inbound(t, "1", fmt.Sprint("m", g.store.Durable()), &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Media{Media: &eventv1.Media{
		Kind: eventv1.MediaKind_MEDIA_KIND_IMAGE, ProviderUrl: "https://lookaside.fbsbx.com/secret", ProviderMediaId: "provider-id", Sha256: []byte("digest"),
	}}}}})
	for rec, err := range g.store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if rec.Stream.Category == conversation.CategoryConversation {
			return rec.Stream.ID
		}
	}
	t.Fatal("there is no conversation")
	return ""
}

func (g *gallery) file(t *testing.T, path string, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(header); at += 2 {
		req.Header.Set(header[at], header[at+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

// upload posts a file; a size below zero does not say how long it is.
func (g *gallery) upload(t *testing.T, path, token string, file []byte, chunked bool, header ...string) answer {
	t.Helper()
	var body io.Reader = bytes.NewReader(file)
	if chunked {
		body = io.MultiReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.server.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for at := 0; at < len(header); at += 2 {
		req.Header.Set(header[at], header[at+1])
	}
	return g.do(t, req)
}

// A file of a customer: fetched, shown by a link to who may see it, and gone for
// everybody after ten minutes, and for ever with its customer.
func TestM7FilesAreShownByLinks(t *testing.T) {
	g := newGallery(t)
	id := g.sends(t)
	see := func() answer {
		t.Helper()
		got := g.must(t, workspaceService+"GetConversation", g.eva(), fmt.Sprintf(`{"conversationId":%q}`, id))
		for _, secret := range []string{"lookaside", "provider-id", "ZGlnZXN0"} {
			if strings.Contains(fmt.Sprint(got.values), secret) {
				t.Errorf("the answer has %s: %v", secret, got.values)
			}
		}
		return got
	}
	last := func(got answer, path string) string {
		return got.text(fmt.Sprintf("timeline.items.%d.media.0.%s", got.length("timeline.items")-1, path))
	}
	if got := see(); last(got, "state") != "MEDIA_STATE_FETCHING" || last(got, "url") != "" {
		t.Errorf("while it is fetched: %v", got.values)
	}
	file := picture(t)
	g.fetched(t, file)
	got := see()
	link, small := last(got, "url"), last(got, "thumbnailUrl")
	resp, body := g.file(t, link)
	if resp.StatusCode != http.StatusOK || !bytes.Equal(body, file) {
		t.Fatalf("%s: %d, %d bytes", link, resp.StatusCode, len(body))
	}
	for name, want := range map[string]string{
		"Content-Type": "image/png", "Content-Disposition": "inline; filename=photo.png", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'", "Cache-Control": "private, max-age=599",
		"Accept-Ranges": "bytes", "Set-Cookie": "",
	} {
		if got := resp.Header.Get(name); got != want && !(name == "Cache-Control" && got == "private, max-age=600") {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if resp, body := g.file(t, small); resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "image/jpeg" || len(body) == 0 {
		t.Errorf("the small one: %d %v", resp.StatusCode, resp.Header)
	}
	if resp, body := g.file(t, link, "Range", "bytes=10-19"); resp.StatusCode != http.StatusPartialContent || !bytes.Equal(body, file[10:20]) {
		t.Errorf("a part: %d, %d bytes", resp.StatusCode, len(body))
	}
	missing, nothing := g.file(t, "/media/"+g.media.Token(blob.Link{Account: "acme", ID: "x.y", Conversation: id, Expires: g.now.Add(time.Hour)}))
	same := func(what, path string) {
		t.Helper()
		resp, body := g.file(t, path)
		if resp.StatusCode != http.StatusNotFound || resp.StatusCode != missing.StatusCode || !bytes.Equal(body, nothing) {
			t.Errorf("%s: %d %s", what, resp.StatusCode, body)
		}
	}
	same("changed", link[:len(link)-3]+"AAA")
	stored := last(got, "stored.blobId")
	same("another account's", "/media/"+g.media.Token(blob.Link{Account: "other", ID: stored, Conversation: id, Expires: g.now.Add(time.Hour)}))
	same("another conversation's", "/media/"+g.media.Token(blob.Link{Account: "acme", ID: stored, Conversation: "x", Expires: g.now.Add(time.Hour)}))
	g.now = g.now.Add(10 * time.Minute)
	same("expired", link)
	link = last(see(), "url")
	if resp, _ := g.file(t, link); resp.StatusCode != http.StatusOK {
		t.Errorf("a new link: %d", resp.StatusCode)
	}
	customer := blob.CustomerOf(stored)
	if _, err := g.give(t.Context(), channel.Source{Kind: channel.KindAgent, Account: "acme", ID: "admin"}, &ingressv1.Batch{Items: []*ingressv1.Item{{
		Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_EraseCustomer{
			EraseCustomer: &ingressv1.EraseCustomer{CustomerId: customer},
		}}},
	}}}); err != nil {
		t.Fatal(err)
	}
	if err := g.views.WaitFor(t.Context(), g.store.Durable()); err != nil {
		t.Fatal(err)
	}
	same("after the erasure", link)
}

func TestM7AFileThatFailedSaysWhy(t *testing.T) {
	g := newGallery(t)
	id := g.sends(t)
	g.fetched(t, nil)
	got := g.must(t, workspaceService+"GetConversation", g.eva(), fmt.Sprintf(`{"conversationId":%q}`, id))
	media := fmt.Sprintf("timeline.items.%d.media.0.", got.length("timeline.items")-1)
	if got.text(media+"state") != "MEDIA_STATE_FAILED" || got.text(media+"error.reason") != "expired" || got.text(media+"url") != "" {
		t.Errorf("%v", got.values)
	}
}

// A page that a channel brings is saved, never shown.
func TestI23WhatIsNoPictureIsSaved(t *testing.T) {
	g := newGallery(t)
	id := g.sends(t)
	g.fetched(t, []byte("<!DOCTYPE html><script>alert(1)</script>"))
	got := g.must(t, workspaceService+"GetConversation", g.eva(), fmt.Sprintf(`{"conversationId":%q}`, id))
	resp, _ := g.file(t, got.text(fmt.Sprintf("timeline.items.%d.media.0.url", got.length("timeline.items")-1)))
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/octet-stream" ||
		!strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
}

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
	bucket, err := blob.OpenBucket(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	g := &gallery{now: time.Now()}
	g.stage = newStage(t, func(c *api.Config) {
		g.media = blob.New(blob.Config{Bucket: bucket, Keys: g.sealing(c)})
		c.Media = g.media
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
	bucket, err := blob.OpenBucket(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	g := &gallery{now: time.Now()}
	g.stage = newStage(t, func(c *api.Config) {
		g.media = blob.New(blob.Config{Bucket: bucket, Keys: g.sealing(c)})
		c.Media = g.media
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
