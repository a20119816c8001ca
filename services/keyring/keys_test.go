package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/sync/errgroup"

	"weiche/services/keyring"
)

func TestSealBindsToItsPlace(t *testing.T) {
	k := open(t, vfs.NewMem())
	key, other := newKey(t, k), newKey(t, k)
	aad := string(keyring.AAD("a", "conversation", "1", "event"))
	sealed := seal(t, k, key, aad, "hello")
	unsealed(t, k, key, aad, sealed, "hello")
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for what, try := range map[string]func() ([]byte, error){
		"another place": func() ([]byte, error) {
			return k.Unseal(key, keyring.AAD("a", "conversation", "1e", "vent"), sealed)
		},
		"another key": func() ([]byte, error) { return k.Unseal(other, []byte(aad), sealed) },
		"changed":     func() ([]byte, error) { return k.Unseal(key, []byte(aad), changed) },
		"nothing":     func() ([]byte, error) { return k.Unseal(key, []byte(aad), nil) },
	} {
		if text, err := try(); !errors.Is(err, keyring.ErrSealed) || text != nil {
			t.Errorf("%s: %q, %v", what, text, err)
		}
	}
	if _, err := k.Seal("never", nil, nil); !errors.Is(err, keyring.ErrKeyGone) {
		t.Errorf("Seal with a key that never was: %v", err)
	}
}

// A handed out key must be on disk, and must not be handed out by a process
// that starts after a crash, whatever of the unsynced the crash has left.
func TestKeysSurviveACrashAndNeverComeTwice(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 0))
		fs := vfs.NewCrashableMem()
		used := map[string][]byte{}
		for range 4 {
			k, err := keyring.Open(dir, options(fs))
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			for key, sealed := range used {
				unsealed(t, k, key, "here", sealed, "hello")
			}
			for range rng.IntN(12) {
				key := newKey(t, k)
				if used[key] != nil {
					t.Fatalf("seed %d: key %s came twice", seed, key)
				}
				used[key] = seal(t, k, key, "here", "hello")
			}
			crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
			shut(t, k)
			fs = crashed
		}
	}
}

func TestRunKeepsThePoolFull(t *testing.T) {
	k := open(t, vfs.NewMem())
	ctx, cancel := context.WithCancel(t.Context())
	running := make(chan error, 1)
	go func() { running <- k.Run(ctx) }()
	seen := map[string]bool{}
	for range 100 {
		key := newKey(t, k)
		if seen[key] {
			t.Fatalf("key %s came twice", key)
		}
		seen[key] = true
	}
	cancel()
	if err := <-running; err != nil {
		t.Error(err)
	}
}

func TestConcurrentUse(t *testing.T) {
	k := open(t, vfs.NewMem())
	ctx, cancel := context.WithCancel(t.Context())
	var filler, workers errgroup.Group
	filler.Go(func() error { return k.Run(ctx) })
	var mu sync.Mutex
	seen := map[string]bool{}
	for worker := range 8 {
		workers.Go(func() error {
			for n := range 30 {
				key, err := k.NewKey()
				if err != nil {
					return err
				}
				mu.Lock()
				twice := seen[key]
				seen[key] = true
				mu.Unlock()
				if twice {
					return fmt.Errorf("key %s came twice", key)
				}
				sealed, err := k.Seal(key, nil, []byte("hello"))
				if err != nil {
					return err
				}
				if text, err := k.Unseal(key, nil, sealed); err != nil || string(text) != "hello" {
					return fmt.Errorf("unsealed %q: %w", text, err)
				}
				owner := fmt.Sprint(worker)
				if err := k.PutSecret("a", owner, "token", fmt.Sprint(n)); err != nil {
					return err
				}
				if secret, _, err := k.Secret("a", owner, "token"); err != nil || secret.Reveal() != fmt.Sprint(n) {
					return fmt.Errorf("secret %q: %w", secret.Reveal(), err)
				}
				if n%10 == 0 {
					if err := k.Destroy(key); err != nil {
						return err
					}
					if _, err := k.Unseal(key, nil, sealed); !errors.Is(err, keyring.ErrKeyGone) {
						return fmt.Errorf("unseal after Destroy: %w", err)
					}
				}
				if _, err := k.DayKey(time.Unix(int64(n)*86400, 0)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := workers.Wait(); err != nil {
		t.Error(err)
	}
	cancel()
	if err := filler.Wait(); err != nil {
		t.Error(err)
	}
}

func TestDestroy(t *testing.T) {
	fs := vfs.NewMem()
	k := open(t, fs)
	key, kept := newKey(t, k), newKey(t, k)
	sealed, sealedKept := seal(t, k, key, "here", "hello"), seal(t, k, kept, "here", "stay")
	if err := k.Destroy(key, "never"); err != nil {
		t.Fatal(err)
	}
	if err := k.Destroy(key); err != nil {
		t.Errorf("Destroy for the second time: %v", err)
	}
	for range 2 {
		if _, err := k.Unseal(key, []byte("here"), sealed); !errors.Is(err, keyring.ErrKeyGone) {
			t.Errorf("Unseal = %v", err)
		}
		if _, err := k.Seal(key, nil, nil); !errors.Is(err, keyring.ErrKeyGone) {
			t.Errorf("Seal = %v", err)
		}
		unsealed(t, k, kept, "here", sealedKept, "stay")
		shut(t, k)
		k = open(t, fs)
	}
}

// A destroyed key must not be found in what is left of the files: neither in a
// table nor in a write-ahead log that waits to be used again.
func TestDestroyLeavesNothingInTheFiles(t *testing.T) {
	fs := vfs.NewMem()
	k := open(t, fs)
	key, kept := newKey(t, k), newKey(t, k)
	shut(t, k)
	wrapped, wrappedKept := stored(t, fs, key), stored(t, fs, kept)

	k = open(t, fs)
	newKey(t, k) // and something in the newest log
	if !anywhere(t, fs, dir, wrapped) || !anywhere(t, fs, dir, wrappedKept) {
		t.Fatal("the search does not find a key that is there")
	}
	if err := k.Destroy(key); err != nil {
		t.Fatal(err)
	}
	shut(t, k) // waits for files to be removed
	if anywhere(t, fs, dir, wrapped) {
		t.Error("the destroyed key is still in a file")
	}
	if !anywhere(t, fs, dir, wrappedKept) {
		t.Error("the other key is gone")
	}
}

// stored returns the bytes that the store holds for a key.
func stored(t *testing.T, fs vfs.FS, key string) []byte {
	t.Helper()
	db, err := pebble.Open(fs.PathJoin(dir, "store"), &pebble.Options{FS: fs, ReadOnly: true, Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	value, closer, err := db.Get([]byte("key/" + key))
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	return bytes.Clone(value)
}

type silent struct{}

func (silent) Infof(string, ...any)              {}
func (silent) Errorf(string, ...any)             {}
func (silent) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// anywhere reports whether a file of a folder, or below it, holds bytes.
func anywhere(t *testing.T, fs vfs.FS, folder string, what []byte) bool {
	t.Helper()
	names, err := fs.List(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		path := fs.PathJoin(folder, name)
		info, err := fs.Stat(path)
		if errors.Is(err, os.ErrNotExist) {
			continue // Pebble removes files beside us
		}
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			if anywhere(t, fs, path, what) {
				return true
			}
			continue
		}
		file, err := fs.Open(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, what) {
			return true
		}
	}
	return false
}

func TestDayKeys(t *testing.T) {
	fs := vfs.NewMem()
	k := open(t, fs)
	day := func(k *keyring.Keyring, n int) string {
		t.Helper()
		id, err := k.DayKey(time.Date(2026, 3, n, 23, 59, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	first, second, third := day(k, 1), day(k, 2), day(k, 3)
	if first == second || second == third || day(k, 1) != first {
		t.Errorf("day keys %s, %s, %s", first, second, third)
	}
	sealed := seal(t, k, first, "here", "orphan")
	shut(t, k)
	k = open(t, fs)
	if day(k, 1) != first {
		t.Error("the key of a day changed with a restart")
	}
	unsealed(t, k, first, "here", sealed, "orphan")

	n, err := k.DestroyDays(time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC))
	if n != 2 || err != nil {
		t.Errorf("DestroyDays = %d, %v", n, err)
	}
	if _, err := k.Unseal(first, []byte("here"), sealed); !errors.Is(err, keyring.ErrKeyGone) {
		t.Errorf("Unseal = %v", err)
	}
	if day(k, 3) != third || day(k, 1) == first {
		t.Error("the wrong days were destroyed")
	}
	if err := k.Destroy(third); err != nil {
		t.Fatal(err)
	}
	shut(t, k)
	if k = open(t, fs); day(k, 3) == third {
		t.Error("a destroyed key is a day's key again")
	}
}

func TestCacheIsBounded(t *testing.T) {
	options := options(vfs.NewMem())
	options.Cache = 2
	k, err := keyring.Open(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, k)
	sealed := map[string][]byte{}
	for range 20 {
		key := newKey(t, k)
		sealed[key] = seal(t, k, key, "here", key)
	}
	for key, bytes := range sealed {
		unsealed(t, k, key, "here", bytes, key)
	}
}

func FuzzUnseal(f *testing.F) {
	k := open(f, vfs.NewMem())
	key := newKey(f, k)
	aad := keyring.AAD("a", "conversation", "1", "event")
	sealed := seal(f, k, key, string(aad), "hello")
	f.Add(sealed, aad)
	f.Add([]byte{}, []byte{})
	f.Add(sealed[:12], aad)
	f.Fuzz(func(t *testing.T, ciphertext, place []byte) {
		text, err := k.Unseal(key, place, ciphertext)
		if same := bytes.Equal(ciphertext, sealed) && bytes.Equal(place, aad); same != (err == nil) {
			t.Errorf("Unseal(%x, %x) = %q, %v", place, ciphertext, text, err)
		}
	})
}

func BenchmarkNewKey(b *testing.B) {
	k, err := keyring.Open(b.TempDir(), keyring.Options{Logger: options(nil).Logger})
	if err != nil {
		b.Fatal(err)
	}
	defer k.Close()
	for b.Loop() {
		if _, err := k.NewKey(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	k := open(b, vfs.NewMem())
	key, text := newKey(b, k), make([]byte, 500)
	for b.Loop() {
		if _, err := k.Seal(key, nil, text); err != nil {
			b.Fatal(err)
		}
	}
}
