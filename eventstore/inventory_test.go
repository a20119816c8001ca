package eventstore

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

func FuzzInventory(f *testing.F) {
	f.Add((&inventory{number: 3, incarnation: "INCARNATION", manifest: "MANIFEST-000001", length: 7, sum: 9, tables: map[string]int64{"000004.sst": 812}}).encode())
	f.Add([]byte("weiche-tables 1 1 X MANIFEST-000001 7 00000009\nsum 00000000\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, ok := decodeInventory(b); ok && !bytes.Equal(v.encode(), b) {
			t.Errorf("two encodings of %+v", v)
		}
	})
}

// manyTables fills a folder so that it has several tables, and closes it.
func manyTables(t *testing.T) (*vfs.MemFS, Options) {
	t.Helper()
	fs := vfs.NewMem()
	opts := Options{FS: fs, MemTableBytes: 64 << 10, Logger: slog.New(slog.DiscardHandler)}
	s := mustOpen(t, "log", opts)
	facts := make([]byte, 4<<10)
	rng := rand.NewChaCha8([32]byte{})
	for i := range 1500 {
		_, _ = rng.Read(facts) // which no compression makes small
		mustAppend(t, s, Commit{Events: []Event{event(fmt.Sprint(i), string(facts))}})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return fs, opts
}

// copyFolder returns a file system with a copy of the folder "log".
func copyFolder(t *testing.T, fs vfs.FS) *vfs.MemFS {
	t.Helper()
	to := vfs.NewMem()
	if ok, err := vfs.Clone(fs, to, "log", "log"); err != nil || !ok {
		t.Fatal(ok, err)
	}
	return to
}

// Pebble takes a manifest that was cut, or damaged in the middle, for one that
// ends there: it opens, some tables are not in it, and it removes their files.
// The inventory tells before that.
func TestI02DamagedManifestIsFoundAtOpen(t *testing.T) {
	fs, opts := manyTables(t)
	last, _, _, err := readInventory(fs, "log")
	if err != nil || last == nil || len(last.tables) < 2 {
		t.Fatalf("inventory %+v, %v", last, err)
	}
	path := fs.PathJoin("log", last.manifest)
	manifest := readFile(t, fs, path)
	if int64(len(manifest)) != last.length {
		t.Errorf("the inventory knows %d bytes of %d", last.length, len(manifest))
	}
	silent := 0
	for cut := range manifest {
		if cut%67 != 0 {
			continue
		}
		for what, damage := range map[string][]byte{
			"cut":     manifest[:cut],
			"flipped": append(append(bytes.Clone(manifest[:cut]), manifest[cut]^0x10), manifest[cut+1:]...),
		} {
			bad := copyFolder(t, fs)
			writeFile(t, bad, path, damage)
			opts := opts
			opts.FS = bad
			s, err := Open("log", opts)
			if !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s at byte %d: %v", what, cut, err)
				if err == nil {
					_ = s.Close()
				}
			}
			opts.EnsureDefaults()
			if db, err := pebble.Open("log", opts.pebble()); err == nil {
				silent++
				_ = db.Close()
			}
		}
	}
	if silent == 0 {
		t.Error("Pebble itself found all of it: the test shows nothing")
	}
	t.Logf("Pebble opened %d of %d damaged manifests without an error", silent, 2*((len(manifest)+66)/67))
}

func TestI02MissingTableIsFoundAtOpen(t *testing.T) {
	fs, opts := manyTables(t)
	last, _, _, err := readInventory(fs, "log")
	if err != nil {
		t.Fatal(err)
	}
	for name := range last.tables {
		for _, change := range []string{"deleted", "emptied", "longer"} {
			bad := copyFolder(t, fs)
			path := bad.PathJoin("log", name)
			b := readFile(t, bad, path)
			switch change {
			case "deleted":
				if err := bad.Remove(path); err != nil {
					t.Fatal(err)
				}
			case "emptied":
				writeFile(t, bad, path, nil)
			case "longer":
				writeFile(t, bad, path, append(b, 0))
			}
			opts := opts
			opts.FS = bad
			if _, err := Open("log", opts); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s %s: %v", name, change, err)
			}
		}
	}
}

// A torn inventory leaves the one before it, and two torn ones or none at all
// are a damage.
func TestInventoryIsOneOfTwoFiles(t *testing.T) {
	fs, opts := manyTables(t)
	for i := range 2 {
		one := copyFolder(t, fs)
		opts := opts
		opts.FS = one
		last, at, found, err := readInventory(one, "log")
		if err != nil || found != 2 {
			t.Fatal(found, err)
		}
		path := one.PathJoin("log", inventoryName((at+1+i)%2)) // the older one first
		good := readFile(t, one, path)
		writeFile(t, one, path, good[:len(good)-1])
		s, err := Open("log", opts)
		switch {
		case i == 0 && err != nil:
			t.Errorf("open with a torn older inventory: %v", err)
		case i == 1 && err != nil && !errors.Is(err, ErrCorrupt):
			t.Errorf("open with a torn newer inventory: %v", err)
		}
		if err == nil {
			if now := s.files.tables.last; now.number <= last.number-1 {
				t.Errorf("inventory %d after %d", now.number, last.number)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	for _, content := range []string{"torn", ""} {
		none := copyFolder(t, fs)
		for i := range 2 {
			path := none.PathJoin("log", inventoryName(i))
			if content == "" {
				if err := none.Remove(path); err != nil {
					t.Fatal(err)
				}
			} else {
				writeFile(t, none, path, []byte(content))
			}
		}
		opts := opts
		opts.FS = none
		if _, err := Open("log", opts); !errors.Is(err, ErrCorrupt) {
			t.Errorf("open with two inventories %q: %v", content, err)
		}
	}
}

// An Open that fails at its end closes Pebble, which removes files at that. What
// the last inventory names stays, and nobody asks a closed Pebble for its tables.
func TestOpenThatFailsLeavesWhatTheInventoryNames(t *testing.T) {
	fs, opts := manyTables(t)
	s, err := Open("log", opts)
	if err != nil {
		t.Fatal(err)
	}
	last := s.files.tables.last
	if len(last.tables) == 0 {
		t.Fatal("no table")
	}
	_ = s.views.close()
	s.abandon()
	for name := range last.tables {
		path := fs.PathJoin("log", name)
		if err := s.files.Remove(path); err != nil {
			t.Errorf("remove %s: %v", name, err)
		}
		if _, err := fs.Stat(path); err != nil {
			t.Errorf("%s has gone: %v", name, err)
		}
	}
	if err := mustOpen(t, "log", opts).Close(); err != nil {
		t.Error(err)
	}
}

// A folder that has lost the name of its manifest looks empty to Pebble, which
// would make a new log there and throw the files of the old one away. Open refuses
// it and leaves all as it is.
func TestI02LostNameOfTheManifestIsFoundBeforeAnythingGoes(t *testing.T) {
	fs, opts := manyTables(t)
	names, err := fs.List("log")
	if err != nil {
		t.Fatal(err)
	}
	lost := ""
	for _, name := range names {
		if strings.HasPrefix(name, "marker.manifest.") {
			lost = fs.PathJoin("log", name)
		}
	}
	if err := fs.Remove(lost); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("log", opts); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("open without %s: %v", lost, err)
	}
	writeFile(t, fs, lost, nil)
	s, err := Open("log", opts)
	if err != nil {
		t.Fatalf("open with the name put back: %v", err)
	}
	if s.Durable() != 1500 {
		t.Errorf("the log ends at %d, once the name is back", s.Durable())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
