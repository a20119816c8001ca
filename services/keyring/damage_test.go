package keyring_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"weiche/services/keyring"
)

// TestOpenExisting opens a keyring that has to be there and is not, is empty, and
// is damaged.
func TestOpenExisting(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	options := options(nil)
	options.Existing = true
	if _, err := keyring.Open(dir, options); !errors.Is(err, keyring.ErrCorrupt) {
		t.Errorf("one that is missing: %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("something was made")
	}
	again := func() error {
		k, err := keyring.Open(dir, options)
		if err == nil {
			err = k.Close()
		}
		return err
	}
	options.Existing = false
	for range 2 { // the second opening puts it into a table
		if err := again(); err != nil {
			t.Fatal(err)
		}
	}
	options.Existing = true
	if err := again(); err != nil {
		t.Fatal(err)
	}
	tables, err := filepath.Glob(filepath.Join(dir, "store", "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("%v, %v", tables, err)
	}
	table, err := os.ReadFile(tables[0])
	if err != nil {
		t.Fatal(err)
	}
	table[20] ^= 1
	if err := os.WriteFile(tables[0], table, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := again(); !errors.Is(err, keyring.ErrCorrupt) {
		t.Errorf("with a bit flipped: %v", err)
	}
	if err := os.Remove(tables[0]); err != nil {
		t.Fatal(err)
	}
	if err := again(); !errors.Is(err, keyring.ErrCorrupt) {
		t.Errorf("without a table: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "store")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "store"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := again(); !errors.Is(err, keyring.ErrCorrupt) {
		t.Errorf("with an empty folder: %v", err)
	}
}
