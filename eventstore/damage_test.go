package eventstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// damaged fills a folder, closes it, lets change alter the keys below the store
// and opens it again.
func damaged(t *testing.T, change func(t *testing.T, db *pebble.DB)) (*Store, error) {
	t.Helper()
	fs := vfs.NewMem()
	opts := Options{FS: fs, Index: indexFacts}
	s := mustOpen(t, "log", opts)
	for i := range 6 {
		e := event(fmt.Sprint("e", i), fmt.Sprint("facts ", i), fmt.Sprint("k", i))
		e.Stream.ID = fmt.Sprint(i % 2)
		e.Sealed = []byte{byte(i), 1, 2}
		mustAppend(t, s, Commit{Events: []Event{e}})
	}
	if err := s.Verify(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	opts.EnsureDefaults()
	db, err := pebble.Open("log", opts.pebble())
	if err != nil {
		t.Fatal(err)
	}
	change(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = Open("log", opts)
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, err
}

func mustGet(t *testing.T, db *pebble.DB, key []byte) []byte {
	t.Helper()
	value, closer, err := db.Get(key)
	if err != nil {
		t.Fatalf("%s: %v", describeKey(key), err)
	}
	defer func() { _ = closer.Close() }()
	return bytes.Clone(value)
}

func mustSet(t *testing.T, db *pebble.DB, key, value []byte) {
	t.Helper()
	if err := db.Set(key, value, pebble.Sync); err != nil {
		t.Fatal(err)
	}
}

// placed is a stored value with a good checksum.
func placed(key []byte, position uint64, rest string) []byte {
	v := append(binary.BigEndian.AppendUint64(nil, position), rest...)
	return appendChecksum(v, 0, key)
}

func dropKey(key []byte) func(*testing.T, *pebble.DB) {
	return func(t *testing.T, db *pebble.DB) {
		mustGet(t, db, key)
		if err := db.Delete(key, pebble.Sync); err != nil {
			t.Fatal(err)
		}
	}
}

func setPlaced(key []byte, position uint64, rest string) func(*testing.T, *pebble.DB) {
	return func(t *testing.T, db *pebble.DB) { mustSet(t, db, key, placed(key, position, rest)) }
}

// alter changes the stored record of a position, with a good checksum.
func alter(position uint64, change func(*Record)) func(*testing.T, *pebble.DB) {
	return func(t *testing.T, db *pebble.DB) {
		key := appendLogKey(nil, position)
		r, err := openRecord(position, key, mustGet(t, db, key))
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		mustSet(t, db, key, appendChecksum(appendRecord(nil, r), 0, key))
	}
}

func TestI02DamageIsFoundWithItsPlace(t *testing.T) {
	indexKey := func(k string) []byte { return appendIndexKey(nil, IndexKey{"acme", "facts", []byte(k)}) }
	for _, c := range []struct {
		name   string
		change func(*testing.T, *pebble.DB)
		atOpen bool
		want   string
	}{
		{"nothing", func(*testing.T, *pebble.DB) {}, false, ""},
		{"record missing", dropKey(appendLogKey(nil, 3)), false, "a record is missing, position 3"},
		{"first record missing", dropKey(appendLogKey(nil, 1)), true, "the first record is missing, position 1"},
		{"last record missing", dropKey(appendLogKey(nil, 6)), true, "the log ends at position 5 and the head says 6"},
		{"facts changed", alter(3, func(r *Record) { r.Facts = []byte("forged") }), false, "the chain is broken: a record does not hold the hash of the one before, position 4"},
		{"last record changed", alter(6, func(r *Record) { r.Actor = "forged" }), true, "the last record does not have the hash of the head, position 6"},
		{"sealed part changed", alter(3, func(r *Record) { r.Sealed[0] ^= 1 }), false, "the sealed part does not have its hash, position 3"},
		{"sealed part missing", alter(3, func(r *Record) { r.Sealed = nil }), false, "the sealed part is missing and no later record declares that, position 3"},
		{"record of another position", func(t *testing.T, db *pebble.DB) {
			from, to := appendLogKey(nil, 2), appendLogKey(nil, 4)
			v := mustGet(t, db, from)
			mustSet(t, db, to, appendChecksum(v[:len(v)-checksumSize:len(v)-checksumSize], 0, to))
		}, false, "a record is in the place of another, position 4"},
		{"value under another key", func(t *testing.T, db *pebble.DB) {
			mustSet(t, db, appendLogKey(nil, 4), mustGet(t, db, appendLogKey(nil, 2)))
		}, false, "the checksum of a value is wrong, position 4"},
		{"record beyond the head", func(t *testing.T, db *pebble.DB) {
			key := appendLogKey(nil, 7)
			mustSet(t, db, key, appendChecksum(appendRecord(nil, &Record{Position: 7}), 0, key))
		}, true, "the log ends at position 7 and the head says 6"},
		{"stream key missing", dropKey(appendStreamKey(nil, Stream{"acme", "c", "1"}, 2)), false, `a record's key is missing, position 4, stream c-1 of account "acme"`},
		{"stream key elsewhere", setPlaced(appendStreamKey(nil, Stream{"acme", "c", "1"}, 2), 6, ""), false, "a record's key leads to position 6, position 4"},
		{"stream key extra", setPlaced(appendStreamKey(nil, Stream{"acme", "c", "9"}, 1), 2, ""), false, "a key leads to a record that it does not belong to, position 2"},
		{"account sequence missing", dropKey(appendSequenceKey(nil, "acme", 2)), false, `a record's key is missing, position 2, stream c-1 of account "acme", key account "acme" sequence 2`},
		{"account sequence extra", setPlaced(appendSequenceKey(nil, "other", 1), 2, ""), false, "a key leads to a record that it does not belong to, position 2"},
		{"event id missing", dropKey(appendEventKey(nil, "acme", "e3")), false, `a record's key is missing, position 4`},
		{"event id extra", setPlaced(appendEventKey(nil, "acme", "forged"), 2, ""), false, "a key leads to a record that it does not belong to, position 2"},
		{"dedup key missing", dropKey(appendDedupKey(nil, "acme", "k2")), false, `key dedup key "k2" of account "acme"`},
		{"dedup key extra", setPlaced(appendDedupKey(nil, "acme", "forged"), 2, ""), false, `a key leads to a record that it does not belong to, position 2, key dedup key "forged" of account "acme"`},
		{"dedup key to nowhere", setPlaced(appendDedupKey(nil, "acme", "forged"), 99, ""), false, "a key leads to no position of the log, position 99"},
		{"dedup hash differs", setPlaced(appendDedupKey(nil, "acme", "k2"), 3, "hash"), false, "a record's key has another hash than the record, position 3"},
		{"index entry missing", dropKey(indexKey("key")), false, "an index entry is missing, position 6"},
		{"index entry differs", setPlaced(indexKey("key"), 6, "forged"), false, "an index entry differs from what its record puts, position 6"},
		{"index entry old", setPlaced(indexKey("key"), 2, "facts 1"), false, "an index entry is older than the record that puts it"},
		{"index entry extra", setPlaced(indexKey("forged"), 2, "facts 1"), false, "a key leads to a record that it does not belong to, position 2"},
		{"redaction extra", setPlaced(appendRedactionKey(nil, "acme", "e1"), 6, ""), false, `a key leads to a record that it does not belong to, position 6, key redaction of event id "e1" of account "acme"`},
		{"redaction of a restore that never was", setPlaced(appendRedactionKey(nil, "acme", "e1"), 0, ""), false, "a key leads to no position of the log"},
		{"redaction under way that nobody declares", func(t *testing.T, db *pebble.DB) {
			key := appendPendingKey(nil, 2)
			mustSet(t, db, key, appendChecksum([]byte(pendingDeclared), 0, key))
		}, false, "a redaction is to be done that no record declares, position 2"},
		{"redaction in a strange state", func(t *testing.T, db *pebble.DB) {
			key := appendPendingKey(nil, 2)
			mustSet(t, db, key, appendChecksum([]byte("done"), 0, key))
		}, false, "a redaction is in no known state, position 2"},
		{"strange key", setPlaced([]byte{0x09, 1}, 1, ""), false, "not a key of this store, key 0901"},
		{"head missing", dropKey(metaKey(metaHead)), true, "a key is missing, key head"},
		{"head back", setPlaced(metaKey(metaHead), 3, strings.Repeat("h", 32)), true, "the log ends at position 6 and the head says 3"},
		{"epoch missing", dropKey(metaKey(metaEpoch)), true, "a key is missing, key epoch"},
		{"incarnation missing", dropKey(metaKey(metaIncarnation)), true, "a key is missing, key incarnation"},
		{"format missing", dropKey(metaKey(metaFormat)), true, "the folder has keys and no format"},
		{"everything missing", func(t *testing.T, db *pebble.DB) {
			if err := db.DeleteRange([]byte{0}, []byte{0xff}, pebble.Sync); err != nil {
				t.Fatal(err)
			}
		}, true, "the folder has a high-water mark and no log"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := damaged(t, c.change)
			if (err != nil) != c.atOpen {
				t.Fatalf("open: %v", err)
			}
			if err == nil {
				err = s.Verify(t.Context(), nil)
			}
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var e *CorruptError
			if !errors.Is(err, ErrCorrupt) || !errors.As(err, &e) {
				t.Fatalf("not a damage: %v", err)
			}
			if !strings.Contains(e.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", e, c.want)
			}
		})
	}
}

func TestFormatOfAnotherVersion(t *testing.T) {
	key := metaKey(metaFormat)
	_, err := damaged(t, func(t *testing.T, db *pebble.DB) {
		mustSet(t, db, key, appendChecksum(binary.BigEndian.AppendUint32(nil, format+1), 0, key))
	})
	if !errors.Is(err, ErrFormat) {
		t.Errorf("open: %v", err)
	}
}

// Any single bit of any stored value: the store refuses to open, or a read of
// that value and Verify both say so. Nothing damaged is served.
func TestI02EveryFlippedBitOfAStoredValueIsFound(t *testing.T) {
	fs := vfs.NewMem()
	opts := Options{FS: fs, Index: indexFacts}
	s := mustOpen(t, "log", opts)
	e := event("1", "f", "k")
	e.Sealed = []byte{1}
	mustAppend(t, s, Commit{Events: []Event{e, event("2", "g")}})
	it, err := s.db.NewIter(nil)
	if err != nil {
		t.Fatal(err)
	}
	type pair struct{ key, value []byte }
	var all []pair
	for ok := it.First(); ok; ok = it.Next() {
		all = append(all, pair{bytes.Clone(it.Key()), bytes.Clone(it.Value())})
	}
	if err := it.Close(); err != nil {
		t.Fatal(err)
	}
	flips := 0
	for _, p := range all {
		for bit := range len(p.value) * 8 {
			flipped := bytes.Clone(p.value)
			flipped[bit/8] ^= 1 << (bit % 8)
			flips++
			if _, err := openValue(p.key, flipped); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("%s: bit %d is not found by a read: %v", describeKey(p.key), bit, err)
			}
			if bit%29 != 0 { // Verify of every 29th, to stay quick
				continue
			}
			mustSet(t, s.db, p.key, flipped)
			s.views.publish(&view{snapshot: s.db.NewSnapshot(), position: 2, hash: s.writer.log.hash})
			if err := s.Verify(t.Context(), nil); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("%s: bit %d is not found by Verify: %v", describeKey(p.key), bit, err)
			}
			if p.key[0] == tableLog {
				if _, err := s.ReadAt(t.Context(), binary.BigEndian.Uint64(p.key[1:])); !errors.Is(err, ErrCorrupt) {
					t.Fatalf("bit %d of a record is served: %v", bit, err)
				}
			}
			mustSet(t, s.db, p.key, p.value)
		}
	}
	if flips < 1000 {
		t.Errorf("only %d flips", flips)
	}
	s.views.publish(&view{snapshot: s.db.NewSnapshot(), position: 2, hash: s.writer.log.hash})
	if err := s.Verify(t.Context(), nil); err != nil {
		t.Errorf("after all bits are back: %v", err)
	}
}

// A reader gets what is before the damage, then the error, and nothing after.
func TestI02ReadersStopAtDamage(t *testing.T) {
	s, err := damaged(t, dropKey(appendLogKey(nil, 4)))
	if err != nil {
		t.Fatal(err)
	}
	var positions []uint64
	var end error
	for r, err := range s.ReadAll(t.Context(), 2) {
		if end = err; err == nil {
			positions = append(positions, r.Position)
		}
	}
	var c *CorruptError
	if fmt.Sprint(positions) != "[2 3]" || !errors.As(end, &c) || c.Position != 4 {
		t.Errorf("log: %v, then %v", positions, end)
	}
	positions, end = nil, nil
	for r, err := range s.ReadStream(t.Context(), Stream{"acme", "c", "1"}, 0) {
		if end = err; err == nil {
			positions = append(positions, r.Position)
		}
	}
	if fmt.Sprint(positions) != "[2]" || !errors.As(end, &c) || c.Position != 4 {
		t.Errorf("stream: %v, then %v", positions, end)
	}
	if _, err := s.ReadAt(t.Context(), 4); !errors.Is(err, ErrCorrupt) {
		t.Errorf("ReadAt: %v", err)
	}
}

// Pebble opens without an error when its write-ahead log was cut off or is
// gone. The high-water mark tells.
func TestI02LostTailIsFoundAtOpen(t *testing.T) {
	for _, cut := range []string{"deleted", "emptied", "halved"} {
		t.Run(cut, func(t *testing.T) {
			fs := vfs.NewMem()
			s := mustOpen(t, "log", Options{FS: fs})
			for i := range 50 {
				mustAppend(t, s, Commit{Events: []Event{event(fmt.Sprint(i), strings.Repeat("x", 2000))}})
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			names, err := fs.List("log")
			if err != nil {
				t.Fatal(err)
			}
			cuts := 0
			for _, n := range names {
				if !strings.HasSuffix(n, ".log") {
					continue
				}
				cuts++
				path := fs.PathJoin("log", n)
				b := readFile(t, fs, path)
				if err := fs.Remove(path); err != nil {
					t.Fatal(err)
				}
				if cut != "deleted" {
					writeFile(t, fs, path, b[:map[string]int{"emptied": 0, "halved": len(b) / 2}[cut]])
				}
			}
			if cuts == 0 {
				t.Fatal("no write-ahead log to cut")
			}
			if _, err := Open("log", s.opts); !errors.Is(err, ErrCorrupt) {
				t.Errorf("open: %v", err)
			} else {
				t.Log(err)
			}
		})
	}
}

func readFile(t *testing.T, fs vfs.FS, path string) []byte {
	t.Helper()
	f, err := fs.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t *testing.T, fs vfs.FS, path string, b []byte) {
	t.Helper()
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
