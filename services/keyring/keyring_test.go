package keyring_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"weiche/services/channel"
	"weiche/services/keyring"
)

func TestReopenKeepsEverything(t *testing.T) {
	fs := vfs.NewMem()
	k := open(t, fs)
	key := newKey(t, k)
	sealed := seal(t, k, key, "here", "hello")
	hash, code := k.AliasHash("a", "i", "phone", "+49"), k.Code("a", "link")
	if err := k.PutSecrets("a", "app", "app_secret", []string{"one", "two"}); err != nil {
		t.Fatal(err)
	}
	shut(t, k)

	k = open(t, fs)
	unsealed(t, k, key, "here", sealed, "hello")
	if !bytes.Equal(k.AliasHash("a", "i", "phone", "+49"), hash) || k.Code("a", "link") != code {
		t.Error("the pepper changed")
	}
	got, err := k.Secrets("a", "app", "app_secret")
	if diff := cmp.Diff([]channel.Secret{"one", "two"}, got); diff != "" || err != nil {
		t.Errorf("secrets, %v:\n%s", err, diff)
	}
}

func TestMasterKey(t *testing.T) {
	write := func(t *testing.T, fs vfs.FS, key []byte) {
		t.Helper()
		file, err := fs.Create(fs.PathJoin(dir, "master.key"), vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		file.Write(key)
		file.Close()
	}
	for name, damage := range map[string]func(*testing.T, vfs.FS){
		"another's": func(t *testing.T, fs vfs.FS) { write(t, fs, bytes.Repeat([]byte{7}, 32)) },
		"too short": func(t *testing.T, fs vfs.FS) { write(t, fs, make([]byte, 31)) },
		"too long":  func(t *testing.T, fs vfs.FS) { write(t, fs, make([]byte, 33)) },
		"missing": func(t *testing.T, fs vfs.FS) {
			if err := fs.Remove(fs.PathJoin(dir, "master.key")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			fs := vfs.NewMem()
			shut(t, open(t, fs))
			damage(t, fs)
			if _, err := keyring.Open(dir, options(fs)); !errors.Is(err, keyring.ErrMasterKey) {
				t.Errorf("Open = %v", err)
			}
		})
	}
}

func TestMasterKeyOnDiskIsPrivate(t *testing.T) {
	options := options(nil)
	folder := filepath.Join(t.TempDir(), "keys")
	k, err := keyring.Open(folder, options)
	if err != nil {
		t.Fatal(err)
	}
	key := newKey(t, k)
	sealed := seal(t, k, key, "here", "hello")
	shut(t, k)
	file := filepath.Join(folder, "master.key")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 32 {
		t.Errorf("master.key: %v, %v", info, err)
	}
	if k, err = keyring.Open(folder, options); err != nil {
		t.Fatal(err)
	}
	unsealed(t, k, key, "here", sealed, "hello")
	shut(t, k)
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Open(folder, options); !errors.Is(err, keyring.ErrMasterKey) {
		t.Errorf("Open of a keyring whose master key others can read = %v", err)
	}
}

func TestHashesDiffer(t *testing.T) {
	k, other := open(t, vfs.NewMem()), open(t, vfs.NewMem())
	seen := map[string]string{}
	for name, hash := range map[string][]byte{
		"alias":             k.AliasHash("a", "i", "phone", "1"),
		"alias, moved":      k.AliasHash("a", "ip", "hone", "1"),
		"alias, other":      other.AliasHash("a", "i", "phone", "1"),
		"message":           k.MessageHash("a", "i", "phone", "1"),
		"message and more":  k.MessageHash("a", "i", "phone", "1", "2"),
		"message and empty": k.MessageHash("a", "i", "phone", "1", ""),
		"code":              k.CodeHash("a", "i"),
		"dedup":             k.DedupHash("a", "i"),
		"fingerprint":       k.Fingerprint("a", "i", "phone", "1"),
		"own":               k.Hash("own", "a", "i", "phone", "1"),
	} {
		if len(hash) != 32 {
			t.Errorf("%s has %d bytes", name, len(hash))
		}
		if same, ok := seen[string(hash)]; ok {
			t.Errorf("%s and %s have one hash", name, same)
		}
		seen[string(hash)] = name
	}
}

func TestCode(t *testing.T) {
	k := open(t, vfs.NewMem())
	form := regexp.MustCompile(`^w1[a-z2-7]{26}$`)
	seen := map[string]bool{}
	for _, account := range []string{"a", "b"} {
		for _, link := range []string{"1", "2", ""} {
			code := k.Code(account, link)
			if !form.MatchString(code) || seen[code] || code != k.Code(account, link) {
				t.Errorf("Code(%q, %q) = %s", account, link, code)
			}
			seen[code] = true
		}
	}
}

func TestSecrets(t *testing.T) {
	k := open(t, vfs.NewMem())
	if secret, ok, err := k.Secret("a", "app", "token"); secret != "" || ok || err != nil {
		t.Errorf("a secret that was never put: %q, %v, %v", secret.Reveal(), ok, err)
	}
	if err := k.PutSecret("a", "app", "token", "first"); err != nil {
		t.Fatal(err)
	}
	if err := k.PutSecret("a", "app", "token", "second"); err != nil {
		t.Fatal(err)
	}
	if secret, ok, err := k.Secret("a", "app", "token"); secret.Reveal() != "second" || !ok || err != nil {
		t.Errorf("Secret = %q, %v, %v", secret.Reveal(), ok, err)
	}
	if _, ok, _ := k.Secret("a", "appt", "oken"); ok {
		t.Error("names run into each other")
	}
	if err := k.PutSecrets("a", "app", "token", nil); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := k.Secret("a", "app", "token"); ok || err != nil {
		t.Errorf("a secret that was removed: %v, %v", ok, err)
	}
}

func TestClosed(t *testing.T) {
	k := open(t, vfs.NewMem())
	key := newKey(t, k)
	shut(t, k)
	_, secretErr := k.Secrets("a", "b", "c")
	_, unsealErr := k.Unseal("unknown", nil, nil)
	for what, err := range map[string]error{
		"Secrets": secretErr, "Unseal": unsealErr,
		"PutSecret": k.PutSecret("a", "b", "c", "d"), "Destroy": k.Destroy(key), "Run": k.Run(t.Context()),
	} {
		if what == "Run" && err == nil {
			continue
		}
		if !errors.Is(err, keyring.ErrClosed) {
			t.Errorf("%s = %v", what, err)
		}
	}
}
