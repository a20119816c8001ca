package query_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"weiche/services/blob"
	"weiche/services/broker"
	"weiche/services/query"
)

// A file that is sealed with keys from elsewhere opens with those of the router, and
// nobody gets the key of a customer who is gone.
func TestKeysElsewhere(t *testing.T) {
	h := newHouse(t)
	client := query.NewClient(h.broker, broker.RoleAPI)
	hashes := query.NewHashes(client)
	h.run(hashes.Run)
	select {
	case <-hashes.Loaded():
	case <-time.After(20 * time.Second):
		t.Fatal("no keys came")
	}
	if got, want := hashes.Hash("a", "x", "y"), h.keys.Hash("a", "x", "y"); string(got) != string(want) {
		t.Error("the hashes differ")
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("it computes a hash of another role")
			}
		}()
		hashes.Hash("b")
	}()
	files := query.Files{Client: client, Hasher: hashes}
	keyID, key, err := files.NewFile(h.soon(), "shop", "ana.1")
	if err != nil || keyID != h.keyID {
		t.Fatalf("%q, %v", keyID, err)
	}
	again, err := h.files.File(h.soon(), "shop", "ana.1", keyID)
	if err != nil || string(again) != string(key) {
		t.Errorf("the router has another key: %v", err)
	}
	other, err := files.File(h.soon(), "shop", "ana.2", keyID)
	if err != nil || string(other) == string(key) {
		t.Errorf("two files have one key: %v", err)
	}
	if _, _, err := files.NewFile(h.soon(), "shop", "ben.1"); !errors.Is(err, blob.ErrGone) {
		t.Errorf("a file of nobody: %v", err)
	}
	if stands, err := files.Stands(h.soon(), keyID); err != nil || !stands {
		t.Errorf("the key is gone: %v", err)
	}
	if err := h.keys.Destroy(h.keyID); err != nil {
		t.Fatal(err)
	}
	if _, err := files.File(h.soon(), "shop", "ana.1", keyID); !errors.Is(err, blob.ErrGone) {
		t.Errorf("the key of a file of who was erased: %v", err)
	}
	if stands, err := files.Stands(h.soon(), keyID); err != nil || stands {
		t.Errorf("the key stands: %v", err)
	}
}

// What cannot be answered now is unavailable, and nothing waits long for it.
func TestNobodyAnswers(t *testing.T) {
	b, err := broker.Start(t.Context(), broker.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	client := query.NewClient(b, broker.RoleAPI)
	if _, err := client.Route(t.Context(), "shop", "c"); !errors.Is(err, broker.ErrUnavailable) {
		t.Errorf("without a router: %v", err)
	}
	if err := client.WaitFor(t.Context(), 5); !errors.Is(err, broker.ErrUnavailable) {
		t.Errorf("without a router: %v", err)
	}
}
