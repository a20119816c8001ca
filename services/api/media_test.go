package api_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
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

func newGallery(t *testing.T, also ...func(*api.Config)) *gallery {
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
		for _, set := range also {
			set(c)
		}
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
