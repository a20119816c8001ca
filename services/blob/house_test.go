package blob_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/blob"
	"weiche/services/keyring"
)

// house is a store in a folder, with the keys of two customers.
type house struct {
	*blob.Store
	dir  string
	keys *keyring.Keyring
	of   map[string]string
	now  time.Time
}

func newHouse(t testing.TB) *house {
	t.Helper()
	keys, err := keyring.Open("keyring", keyring.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{dir: t.TempDir(), keys: keys, of: map[string]string{}, now: time.Now()}
	for _, customer := range []string{"ana", "ben"} {
		if h.of[customer], err = keys.NewKey(); err != nil {
			t.Fatal(err)
		}
	}
	bucket, err := blob.OpenBucket(t.Context(), h.dir)
	if err != nil {
		t.Fatal(err)
	}
	h.Store = blob.New(blob.Config{
		Bucket: bucket, PublicURL: "https://weiche.example/", Now: func() time.Time { return h.now },
		Keys: blob.FromKeyring{
			Keyring: keys, Now: func() time.Time { return h.now },
			KeyOf: func(_ context.Context, _, customer string) (string, error) { return h.of[customer], nil },
		},
	})
	t.Cleanup(func() { bucket.Close(); keys.Close() })
	return h
}

var limits = blob.Limits{Bytes: 10 << 20}

func (h *house) put(t testing.TB, id string, content []byte) *eventv1.StoredMedia {
	t.Helper()
	stored, err := h.Put(t.Context(), "shop", id, "a name.bin", bytes.NewReader(content), limits)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func (h *house) get(t testing.TB, id string) []byte {
	t.Helper()
	r, err := h.Read(t.Context(), "shop", id)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// files returns what lies in the folder, by name.
func (h *house) files(t testing.TB) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := filepath.WalkDir(h.dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			found[path], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func random(n int) []byte {
	content := make([]byte, n)
	_, _ = rand.Read(content) // which never fails
	return content
}

// gate is a reader that says that it was reached, and ends when it is let.
type gate struct{ began, end chan struct{} }

func (g *gate) Read([]byte) (int, error) {
	close(g.began)
	<-g.end
	return 0, io.EOF
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
