package eventstore

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestI02DamageHasAKind(t *testing.T) {
	for _, c := range []struct {
		want   DamageKind
		change func(*testing.T, *pebble.DB)
	}{
		{DamageLog, dropKey(appendLogKey(nil, 3))},
		{DamageLog, dropKey(appendLogKey(nil, 6))},
		{DamageLog, alter(3, func(r *Record) { r.Facts = []byte("forged") })},
		{DamageLog, func(t *testing.T, db *pebble.DB) { mustSet(t, db, appendLogKey(nil, 4), []byte("x")) }},
		{DamageLog, dropKey(metaKey(metaHead))},
		{DamageSealed, alter(3, func(r *Record) { r.Sealed[0] ^= 1 })},
		{DamageSealed, alter(3, func(r *Record) { r.Sealed = nil })},
		{DamageKeys, dropKey(appendStreamKey(nil, Stream{"acme", "c", "1"}, 2))},
		{DamageKeys, dropKey(appendSequenceKey(nil, "acme", 2))},
		{DamageKeys, dropKey(appendEventKey(nil, "acme", "e3"))},
		{DamageKeys, setPlaced(appendRedactionKey(nil, "acme", "e1"), 6, "")},
		{DamageKeys, setPlaced([]byte{0x0f, 1}, 1, "")},
		{DamageDedup, dropKey(appendDedupKey(nil, "acme", "k2"))},
		{DamageDedup, setPlaced(appendDedupKey(nil, "acme", "forged"), 2, "")},
		{DamageDedup, func(t *testing.T, db *pebble.DB) { mustSet(t, db, appendDedupKey(nil, "acme", "k2"), []byte("x")) }},
		{DamageIndex, dropKey(appendIndexKey(nil, IndexKey{"acme", "facts", []byte("key")}))},
		{DamageIndex, setPlaced(appendIndexKey(nil, IndexKey{"acme", "facts", []byte("forged")}), 2, "facts 1")},
	} {
		s, err := damaged(t, c.change)
		if err == nil {
			err = s.Verify(t.Context(), nil)
		}
		all := Damages(err)
		var first *CorruptError
		if !errors.As(err, &first) || len(all) == 0 || all[0] != first || first.Kind() != c.want {
			t.Errorf("want %s: %v", c.want, err)
		}
	}
}

// What is beside Pebble's keys has kinds, too.
func TestI02DamagedFileHasAKind(t *testing.T) {
	fs, opts := manyTables(t)
	last, _, _, err := readInventory(fs, "log")
	if err != nil {
		t.Fatal(err)
	}
	table := slices.Sorted(maps.Keys(last.tables))[0]
	for _, c := range []struct {
		want  DamageKind
		files []string
	}{
		{DamageMarks, []string{markName(0), markName(1)}},
		{DamageTables, []string{inventoryName(0), inventoryName(1)}},
		{DamageTables, []string{table}},
		{DamageTables, []string{last.manifest}},
	} {
		opts := opts
		opts.FS = copyFolder(t, fs)
		for _, name := range c.files {
			writeFile(t, opts.FS, opts.FS.PathJoin("log", name), []byte("x"))
		}
		_, err := Open("log", opts)
		var e *CorruptError
		if !errors.As(err, &e) || e.Kind() != c.want {
			t.Errorf("%v, want %s: %v", c.files, c.want, err)
		}
	}
	// A changed bit within a table is found by who reads it, unless Pebble has no
	// use for that table any more.
	names, err := fs.List("log")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range names {
		if !strings.HasSuffix(name, ".sst") {
			continue
		}
		opts := opts
		opts.FS = copyFolder(t, fs)
		path := opts.FS.PathJoin("log", name)
		b := readFile(t, opts.FS, path)
		b[len(b)/2] ^= 1
		writeFile(t, opts.FS, path, b)
		s, err := Open("log", opts)
		if err == nil {
			err = errors.Join(s.Verify(t.Context(), nil), s.Close())
		}
		all := Damages(fmt.Errorf("wrapped: %w", err))
		if len(all) > 0 {
			found++
		}
		if len(all) > 0 && all[0].Kind() != DamageTables || len(all) == 0 && err != nil {
			t.Errorf("a changed bit of %s: %v", name, err)
		}
	}
	if found == 0 {
		t.Errorf("nothing was found in the tables of %v", names)
	}
	if Damages(nil) != nil || Damages(vfs.ErrUnsupported) != nil {
		t.Error("damages in what is none")
	}
}
