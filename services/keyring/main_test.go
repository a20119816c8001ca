package keyring_test

import (
	"io"
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"weiche/services/keyring"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const dir = "keys"

func options(fs vfs.FS) keyring.Options {
	return keyring.Options{FS: fs, Pool: 4, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

func open(t testing.TB, fs vfs.FS) *keyring.Keyring {
	t.Helper()
	k, err := keyring.Open(dir, options(fs))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, k) })
	return k
}

func shut(t testing.TB, k *keyring.Keyring) {
	t.Helper()
	if err := k.Close(); err != nil {
		t.Error(err)
	}
}

func newKey(t testing.TB, k *keyring.Keyring) string {
	t.Helper()
	id, err := k.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func seal(t testing.TB, k *keyring.Keyring, key, aad, text string) []byte {
	t.Helper()
	sealed, err := k.Seal(key, []byte(aad), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func unsealed(t testing.TB, k *keyring.Keyring, key, aad string, sealed []byte, want string) {
	t.Helper()
	text, err := k.Unseal(key, []byte(aad), sealed)
	if err != nil || string(text) != want {
		t.Errorf("Unseal = %q, %v; want %q", text, err, want)
	}
}
