package keyring_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"weiche/services/keyring"
)

// exported returns an export, and what a keyring made of it has to know.
func exported(t *testing.T, fs vfs.FS) (export []byte, check func(*keyring.Keyring)) {
	t.Helper()
	k := open(t, fs)
	key, gone := newKey(t, k), newKey(t, k)
	sealed, sealedGone := seal(t, k, key, "here", "hello"), seal(t, k, gone, "here", "bye")
	if err := k.Destroy(gone); err != nil {
		t.Fatal(err)
	}
	entry := keyring.Erasure{Account: "a", Customer: "c", At: time.UnixMicro(5).UTC(), Keys: []string{gone}}
	if err := errors.Join(k.PutSecret("a", "app", "token", "secret"), k.PutErasures(entry)); err != nil {
		t.Fatal(err)
	}
	hash := k.AliasHash("a", "i", "phone", "1")
	var out bytes.Buffer
	if err := k.Export(&out); err != nil {
		t.Fatal(err)
	}
	newKey(t, k)
	shut(t, k)
	return out.Bytes(), func(k *keyring.Keyring) {
		t.Helper()
		unsealed(t, k, key, "here", sealed, "hello")
		if _, err := k.Unseal(gone, []byte("here"), sealedGone); !errors.Is(err, keyring.ErrKeyGone) {
			t.Errorf("a destroyed key is back: %v", err)
		}
		if !bytes.Equal(k.AliasHash("a", "i", "phone", "1"), hash) {
			t.Error("the pepper is another")
		}
		if secret, _, err := k.Secret("a", "app", "token"); secret.Reveal() != "secret" || err != nil {
			t.Errorf("the secret is %q, %v", secret.Reveal(), err)
		}
		if diff := cmp.Diff([]keyring.Erasure{entry}, ledger(t, k)); diff != "" {
			t.Errorf("the ledger:\n%s", diff)
		}
	}
}

func master(t *testing.T, fs vfs.FS) []byte {
	t.Helper()
	file, err := fs.Open(fs.PathJoin(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	key, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func writeFile(t *testing.T, fs vfs.FS, path string, content []byte) {
	t.Helper()
	if err := fs.MkdirAll(fs.PathDir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	file, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.Write(bytes.Clone(content))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestExportAndImport(t *testing.T) {
	from := vfs.NewMem()
	export, check := exported(t, from)
	for name, of := range map[string]struct {
		file    string
		content []byte
	}{
		"beside the store":      {"keys/master.key", master(t, from)},
		"elsewhere":             {"safe/key", master(t, from)},
		"elsewhere, in base64":  {"safe/key", []byte(base64.StdEncoding.EncodeToString(master(t, from)))},
		"elsewhere, and a line": {"safe/key", []byte(base64.StdEncoding.EncodeToString(master(t, from)) + "\n")},
	} {
		t.Run(name, func(t *testing.T) {
			fs := vfs.NewCrashableMem()
			writeFile(t, fs, of.file, of.content)
			options := options(fs)
			if strings.HasPrefix(of.file, "safe") {
				options.MasterKeyFile = of.file
			}
			if err := keyring.Import(bytes.NewReader(export), dir, options); err != nil {
				t.Fatal(err)
			}
			// The power fails; only the file of the master key was not ours to sync.
			crashed := fs.CrashClone(vfs.CrashCloneCfg{})
			writeFile(t, crashed, of.file, of.content)
			options.FS = crashed
			for range 2 {
				k, err := keyring.Open(dir, options)
				if err != nil {
					t.Fatal(err)
				}
				check(k)
				shut(t, k)
			}
		})
	}
}

func TestImportRefuses(t *testing.T) {
	from := vfs.NewMem()
	export, check := exported(t, from)
	key := master(t, from)
	changed := bytes.Clone(export)
	changed[len(changed)/2] ^= 1
	failing := errors.New("the tape is torn")
	for name, of := range map[string]struct {
		export io.Reader
		key    []byte
		want   error
	}{
		"another's master key": {bytes.NewReader(export), bytes.Repeat([]byte{7}, 32), keyring.ErrMasterKey},
		"no master key":        {bytes.NewReader(export), nil, keyring.ErrMasterKey},
		"nothing":              {strings.NewReader(""), key, keyring.ErrBadExport},
		"something else":       {strings.NewReader(strings.Repeat("something else ", 9)), key, keyring.ErrBadExport},
		"a flipped bit":        {bytes.NewReader(changed), key, keyring.ErrBadExport},
		"without its end":      {bytes.NewReader(export[:len(export)-1]), key, keyring.ErrBadExport},
		"half of it":           {bytes.NewReader(export[:len(export)/2]), key, keyring.ErrBadExport},
		"more than it":         {bytes.NewReader(append(bytes.Clone(export), 0)), key, keyring.ErrBadExport},
		"unreadable":           {io.MultiReader(bytes.NewReader(export[:60]), torn{failing}), key, failing},
	} {
		t.Run(name, func(t *testing.T) {
			fs := vfs.NewMem()
			if of.key != nil {
				writeFile(t, fs, "keys/master.key", of.key)
			}
			if err := keyring.Import(of.export, dir, options(fs)); !errors.Is(err, of.want) {
				t.Fatalf("Import = %v, want %v", err, of.want)
			}
			if names, _ := fs.List(dir); len(names) > 1 {
				t.Errorf("it left %v", names)
			}
			// What failed is no obstacle.
			writeFile(t, fs, "keys/master.key", key)
			if err := keyring.Import(bytes.NewReader(export), dir, options(fs)); err != nil {
				t.Fatal(err)
			}
			check(open(t, fs))
		})
	}
	if err := keyring.Import(bytes.NewReader(export), dir, options(from)); !errors.Is(err, keyring.ErrNotEmpty) {
		t.Errorf("Import into a keyring = %v", err)
	}
}

type torn struct{ err error }

func (t torn) Read([]byte) (int, error) { return 0, t.err }

// An export that is under way must not keep a destroyed key in the files.
func TestDestroyWaitsForExports(t *testing.T) {
	fs := vfs.NewMem()
	k := open(t, fs)
	key := newKey(t, k)
	shut(t, k)
	wrapped := stored(t, fs, key)
	k = open(t, fs)
	slow := &gate{reached: make(chan struct{}), open: make(chan struct{})}
	exported, destroyed := make(chan error, 1), make(chan error, 1)
	go func() { exported <- k.Export(slow) }()
	<-slow.reached
	go func() { destroyed <- k.Destroy(key) }()
	select {
	case err := <-destroyed:
		t.Errorf("Destroy returned during an export: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(slow.open)
	if err := errors.Join(<-exported, <-destroyed); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(slow.got.Bytes(), wrapped) {
		t.Error("the export lacks a key that was there when it began")
	}
	shut(t, k)
	if anywhere(t, fs, dir, wrapped) {
		t.Error("the destroyed key is still in a file")
	}
}

// gate is a writer that waits before it takes the first bytes.
type gate struct {
	reached, open chan struct{}
	got           bytes.Buffer
}

func (g *gate) Write(b []byte) (int, error) {
	if g.got.Len() == 0 {
		close(g.reached)
		<-g.open
	}
	return g.got.Write(b)
}

func TestMasterKeyFile(t *testing.T) {
	folder := t.TempDir()
	options := options(nil)
	options.MasterKeyFile = filepath.Join(folder, "safe.key")
	dir := filepath.Join(folder, "keys")
	if _, err := keyring.Open(dir, options); !errors.Is(err, keyring.ErrMasterKey) {
		t.Errorf("Open without the named file = %v", err)
	}
	write := func(content []byte, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.WriteFile(options.MasterKeyFile, content, mode), os.Chmod(options.MasterKeyFile, mode)); err != nil {
			t.Fatal(err)
		}
	}
	key := bytes.Repeat([]byte{9}, 32)
	write(key, 0o644)
	if _, err := keyring.Open(dir, options); !errors.Is(err, keyring.ErrMasterKey) {
		t.Errorf("Open with a file that others can read = %v", err)
	}
	write(key, 0o600)
	k, err := keyring.Open(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	shut(t, k)
	if _, err := os.Stat(filepath.Join(dir, "master.key")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a master key of its own: %v", err)
	}
	write([]byte(base64.StdEncoding.EncodeToString(key)+"\n"), 0o600)
	if k, err = keyring.Open(dir, options); err != nil {
		t.Fatal(err)
	}
	shut(t, k)
	options.MasterKeyFile = ""
	if _, err := keyring.Open(dir, options); !errors.Is(err, keyring.ErrMasterKey) {
		t.Errorf("Open without the master key = %v", err)
	}
}

func FuzzImport(f *testing.F) {
	fs := vfs.NewMem()
	k := open(f, fs)
	var out bytes.Buffer
	if err := k.Export(&out); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add(out.Bytes()[:20])
	f.Add(append([]byte("weiche keyring 1\n"), 0xff, 0xff, 0xff, 0xff, 0x0f))
	key := bytes.Repeat([]byte{1}, 32)
	f.Fuzz(func(t *testing.T, export []byte) {
		fs := vfs.NewMem()
		writeFile(t, fs, "keys/master.key", key)
		if err := keyring.Import(bytes.NewReader(export), dir, options(fs)); err == nil {
			t.Error("an export that another master key wrapped was taken")
		}
	})
}
