package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/keyring"
	"weiche/services/router"
)

// sealedBy are the keys of a customer's content and what the keyring stores for them.
type sealedBy struct {
	keys map[string]bool
	// bytes are the keys, wrapped and raw.
	bytes [][]byte
	// before are the keys of those who were erased before.
	before map[string]bool
}

// keysOf captures the keys of those who belong to one customer, by the log and an
// export of the keyring.
func keysOf(t *testing.T, data, customer string) sealedBy {
	t.Helper()
	f, err := openFolder(t.Context(), data, false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	decision, err := router.NewEngine(router.EngineConfig{Store: f.store, Keys: f.keys}).Erasure(t.Context(), "shop", customer)
	if err != nil {
		t.Fatal(err)
	}
	customers := map[string]bool{}
	for _, event := range decision.Events {
		if e, ok := event.Body.(*eventv1.CustomerErased); ok {
			customers[e.GetCustomerId()] = true
		}
	}
	var export bytes.Buffer
	if err := f.keys.Export(&export); err != nil {
		t.Fatal(err)
	}
	by := sealedBy{keys: map[string]bool{}}
	for rec, err := range f.store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if rec.Type != "weiche.event.v1.CustomerCreated" || !customers[rec.Stream.ID] {
			continue
		}
		by.keys[rec.KeyID] = true
		_, entry, found := bytes.Cut(export.Bytes(), []byte("key/"+rec.KeyID))
		size, n := binary.Uvarint(entry)
		if !found || n <= 0 {
			t.Fatalf("the export lacks the key of %s", rec.Stream.ID)
		}
		wrapped := entry[n : n+int(size)]
		by.bytes = append(by.bytes, wrapped, unwrapped(t, data, "key/"+rec.KeyID, wrapped))
	}
	if len(by.keys) == 0 {
		t.Fatalf("%s has no key", customer)
	}
	return by
}

// unwrapped opens an entry of the keyring, as whoever has the master key can.
func unwrapped(t *testing.T, data, name string, wrapped []byte) []byte {
	t.Helper()
	master, err := os.ReadFile(filepath.Join(data, "keyring", "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(master)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := aead.Open(nil, nil, wrapped, []byte(name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// inFiles returns the files of a folder, and below it, that hold some bytes.
func inFiles(t *testing.T, folder string, what []byte) (found []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && bytes.Contains(content, what) {
			found = append(found, path)
		}
		if errors.Is(err, os.ErrNotExist) {
			return nil // it went meanwhile
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return found
}

// left returns what is left of a customer in a data folder, as somebody finds it who
// has the folder and the master key. It opens log and keyring as they are.
func left(t *testing.T, data string, by sealedBy) (findings []string) {
	t.Helper()
	for n, key := range by.bytes {
		for _, file := range inFiles(t, data, key) {
			findings = append(findings, fmt.Sprintf("bytes %d of the keys are in %s", n, file))
		}
	}
	keys, err := keyring.Open(filepath.Join(data, "keyring"), keyring.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	store, err := eventstore.Open(filepath.Join(data, "log"), router.LogOptions(eventstore.Options{
		ReadOnly: true, Logger: slog.New(slog.DiscardHandler),
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	sealed, others := 0, 0
	for rec, err := range store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if len(rec.Sealed) == 0 {
			continue
		}
		_, err := keys.Unseal(rec.KeyID, keyring.AAD(rec.Stream.Account, rec.Stream.Category, rec.Stream.ID, rec.ID), rec.Sealed)
		switch {
		case !by.keys[rec.KeyID] && err == nil:
			others++
		case by.before[rec.KeyID] && errors.Is(err, keyring.ErrKeyGone):
		case !by.keys[rec.KeyID]:
			t.Errorf("event %d of somebody else cannot be opened: %v", rec.Position, err)
		case err == nil:
			findings = append(findings, fmt.Sprintf("event %d, a %s, can be opened", rec.Position, rec.Type))
		case !errors.Is(err, keyring.ErrKeyGone):
			t.Errorf("event %d: %v", rec.Position, err)
		}
		if by.keys[rec.KeyID] {
			sealed++
		}
	}
	if sealed == 0 || others == 0 {
		t.Fatalf("%d events were sealed by the customer's keys, %d by others", sealed, others)
	}
	return findings
}

// verified checks that the log verifies, and that views made anew are the same.
func verified(t *testing.T, data string) {
	t.Helper()
	weiche(t, "verify", "--data", data).Expect(t, exitOK)
	f, err := openFolder(t.Context(), data, false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	if err := checkLog(t.Context(), &server{folder: f}, io.Discard); err != nil {
		t.Errorf("I17: %v", err)
	}
}

// notDestroyed erases a customer and leaves the keys.
func notDestroyed(t *testing.T, data, customer string) {
	t.Helper()
	f, err := openFolder(t.Context(), data, false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	engine := router.NewEngine(router.EngineConfig{Store: f.store, Keys: f.keys})
	answer, err := router.Direct{Engine: engine}.Publish(t.Context(), channel.Source{Kind: channel.KindAgent, Account: "shop", ID: "operator"},
		&ingressv1.Batch{Items: []*ingressv1.Item{{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
			Command: &ingressv1.AgentCommand_EraseCustomer{EraseCustomer: &ingressv1.EraseCustomer{CustomerId: customer}},
		}}}}})
	if err != nil || answer.GetItems()[0].GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		t.Fatalf("erase: %v, %v", answer, err)
	}
}

// ciphertextOf returns the sealed part of the message that says something.
func ciphertextOf(t *testing.T, data, says string) []byte {
	t.Helper()
	f, err := openFolder(t.Context(), data, false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	for rec, err := range f.store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		event, err := router.DecodeOpened(f.keys, rec)
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := event.Body.(*eventv1.MessageReceived); ok && words(e.GetSealed().GetContent()) == says {
			return bytes.Clone(rec.Sealed)
		}
	}
	t.Fatalf("nobody says %q", says)
	return nil
}
