package operations_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/blob"
	"weiche/services/channel"
	"weiche/services/operations"
	"weiche/services/router"
)

// gallery is a desk with files in a folder.
type gallery struct {
	*desk
	dir   string
	media *blob.Store
}

func newGallery(t *testing.T) *gallery {
	g := &gallery{desk: newDesk(t), dir: t.TempDir()}
	bucket, err := blob.OpenBucket(t.Context(), g.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bucket.Close() })
	g.media = blob.New(blob.Config{Bucket: bucket, Keys: blob.FromKeyring{Keyring: g.keys, KeyOf: func(ctx context.Context, account, customer string) (string, error) {
		return router.CustomerKey(ctx, g.store, account, customer)
	}}})
	return g
}

func (g *gallery) gives(kind channel.Kind, id string, item *ingressv1.Item) *ingressv1.ItemAnswer {
	g.t.Helper()
	answer, err := router.Direct{Engine: g.engine}.Publish(g.t.Context(), channel.Source{Kind: kind, Account: "shop", ID: id},
		&ingressv1.Batch{Items: []*ingressv1.Item{item}})
	if err != nil {
		g.t.Fatal(err)
	}
	if got := answer.GetItems()[0]; got.GetStatus() == ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		return got
	}
	g.t.Fatalf("it was not taken: %v", answer)
	return nil
}

// sends lets somebody send a picture that is fetched, and returns its id.
func (g *gallery) sends(phone, message string) string {
	g.t.Helper()
	g.gives(channel.KindChannel, "wa-1", &ingressv1.Item{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
		ProviderMessageId: message, Sender: []*eventv1.Alias{{Kind: "phone", Value: phone}},
		Event: &ingressv1.Inbound_Message{Message: &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Media{Media: &eventv1.Media{ProviderMediaId: "1"}}}}}},
	}}})
	var asked *eventv1.MediaRequested
	for rec, err := range g.store.ReadAll(g.t.Context(), 1) {
		if err != nil {
			g.t.Fatal(err)
		}
		event, err := router.Decode(rec)
		if err != nil {
			g.t.Fatal(err)
		}
		if body, ok := event.Body.(*eventv1.MediaRequested); ok {
			asked = body
		}
	}
	stored, err := g.media.Put(g.t.Context(), "shop", blob.ID(asked.GetCustomerId(), asked.GetMediaId()), "", strings.NewReader("the canary sings"), blob.Limits{Bytes: 100})
	if err != nil {
		g.t.Fatal(err)
	}
	g.gives(channel.KindEgress, "test", &ingressv1.Item{Kind: &ingressv1.Item_Sender{Sender: &ingressv1.SenderCommand{
		Command: &ingressv1.SenderCommand_Media{Media: &ingressv1.ReportMedia{
			MediaId: asked.GetMediaId(), ConversationId: asked.GetConversationId(), Outcome: &ingressv1.ReportMedia_Stored{Stored: stored},
		}},
	}}})
	return stored.GetBlobId()
}

func (g *gallery) unsends(message string) {
	g.gives(channel.KindChannel, "wa-1", &ingressv1.Item{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
		Event: &ingressv1.Inbound_Unsend{Unsend: &ingressv1.Unsend{ProviderMessageId: message}},
	}}})
}

func (g *gallery) erases(customer string) {
	g.gives(channel.KindAgent, "operator", &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
		Command: &ingressv1.AgentCommand_EraseCustomer{EraseCustomer: &ingressv1.EraseCustomer{CustomerId: customer}},
	}}})
}

// lies reports whether anything of a file lies in the folder.
func (g *gallery) lies(id string) bool {
	matches, err := filepath.Glob(filepath.Join(g.dir, "blobs/shop", strings.Replace(id, ".", "/", 1)) + "*")
	if err != nil {
		g.t.Fatal(err)
	}
	return len(matches) > 0
}

// keeps has the files kept until something is so.
func (g *gallery) keeps(what string, is func() bool) {
	g.t.Helper()
	ctx, cancel := context.WithCancel(g.t.Context())
	done := make(chan error, 1)
	go func() {
		done <- operations.MediaKeeping{Store: g.store, Keys: g.keys, Media: g.media, Now: g.clock}.Run(ctx)
	}()
	eventually(g.t, what, is)
	cancel()
	if err := <-done; err != nil {
		g.t.Fatal(err)
	}
}

// Files of a message that was taken back, and of a customer who was erased, go: while
// it happens, and at the next start where a crash came in between. Those of others
// stay.
func TestI32FilesGoWithWhatTheyBelongTo(t *testing.T) {
	g := newGallery(t)
	taken, early, erased, stays := g.sends("1", "m1"), g.sends("1", "m2"), g.sends("2", "m3"), g.sends("3", "m4")
	g.unsends("m1") // and the process ends
	g.keeps("the file that was taken back before", func() bool { return !g.lies(taken) })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- operations.MediaKeeping{Store: g.store, Keys: g.keys, Media: g.media, Now: g.clock}.Run(ctx)
	}()
	g.unsends("m2")
	eventually(t, "the file that is taken back", func() bool { return !g.lies(early) })
	cancel()
	<-done
	g.erases(blob.CustomerOf(erased)) // and the process ends
	if !g.lies(erased) {
		t.Error("the file of the erased went by itself")
	}
	g.keeps("the files of the erased", func() bool { return !g.lies(blob.CustomerOf(erased) + ".") })
	if has, err := g.keys.Has(mustKey(t, g, blob.CustomerOf(erased))); has || err != nil {
		t.Errorf("the key is there: %v", err)
	}
	if err := g.media.Check(t.Context(), "shop", stays); err != nil {
		t.Errorf("the file of another: %v", err)
	}
	// Nothing is left in any form; the control is found.
	canary := []byte("canary")
	g.media.Bucket.WriteAll(t.Context(), "control", canary, nil)
	found := 0
	err := filepath.WalkDir(g.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, canary) {
			found++
		}
		if strings.Contains(path, blob.CustomerOf(erased)) {
			t.Errorf("%s is left", path)
		}
		return err
	})
	if err != nil || found != 1 {
		t.Errorf("the canary was found %d times, want the control alone: %v", found, err)
	}
}

func mustKey(t *testing.T, g *gallery, customer string) string {
	t.Helper()
	key, err := router.CustomerKey(t.Context(), g.store, "shop", customer)
	if err != nil || key == "" {
		t.Fatalf("the customer has no key: %v", err)
	}
	return key
}

// Verify names the files that are damaged or missing, and not those that had to go.
func TestVerifyMedia(t *testing.T) {
	g := newGallery(t)
	damaged, missing, taken, erased := g.sends("1", "m1"), g.sends("1", "m2"), g.sends("1", "m3"), g.sends("2", "m4")
	verify := func() (files uint64, found map[string]error) {
		t.Helper()
		found = map[string]error{}
		files, err := operations.VerifyMedia(t.Context(), g.store, g.media, func(m operations.MissingFile) { found[m.ID] = m.Err })
		if err != nil {
			t.Fatal(err)
		}
		return files, found
	}
	if files, found := verify(); files != 4 || len(found) != 0 {
		t.Errorf("of %d files %v are missing", files, found)
	}
	g.unsends("m3")
	g.erases(blob.CustomerOf(erased))
	if err := g.media.Remove(t.Context(), "shop", taken, missing); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(g.dir, "blobs/shop", strings.Replace(damaged, ".", "/", 1))
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)-1] ^= 1
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	files, found := verify()
	if files != 2 || len(found) != 2 || !errors.Is(found[damaged], blob.ErrDamaged) || !errors.Is(found[missing], blob.ErrNotFound) {
		t.Errorf("of %d files %v are missing", files, found)
	}
}
