package eventstore

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func fuzzRecord() *Record {
	return &Record{
		Event: Event{
			Stream: Stream{"acme", "conversation", "01J9"}, ID: "01J9A", Type: "weiche.v1.ConversationStarted", SchemaVersion: 1,
			Received: time.UnixMicro(1).UTC(), Provider: time.UnixMicro(-1).UTC(), Causation: "c", Correlation: "d", Actor: "a",
			Dedup: []DedupKey{{"k", []byte{1}}, {Key: "l"}}, KeyID: "key", Facts: []byte("facts"), Sealed: []byte("sealed"),
		},
		Position: 300, AccountSequence: 200, Version: 100, Recorded: time.UnixMicro(0).UTC(),
		SealedHash: [32]byte{1}, PreviousHash: [32]byte{2}, More: 7,
	}
}

// What decodes has exactly one encoding, and nothing panics.
func FuzzRecord(f *testing.F) {
	full := appendRecord(nil, fuzzRecord())
	f.Add(full)
	f.Add(full[:len(full)/2])
	f.Add(append(full[:len(full):len(full)], 0xb8, 1, 1))
	f.Add([]byte{0x08, 0x80, 0x00})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		kept := bytes.Clone(b)
		r, err := decodeRecord(b)
		if err != nil {
			return
		}
		if again := appendRecord(nil, r); !bytes.Equal(again, b) {
			t.Fatalf("decoded from\n%x\nencoded to\n%x", b, again)
		}
		for i := range b {
			b[i] = 0xee
		}
		if again := appendRecord(nil, r); !bytes.Equal(again, kept) {
			t.Fatal("the record aliases its input")
		}
	})
}

func TestRecordRoundTrip(t *testing.T) {
	for name, r := range map[string]*Record{"full": fuzzRecord(), "empty": {}, "dedup key without a name": {Event: Event{Dedup: []DedupKey{{}, {}}}}} {
		got, err := decodeRecord(appendRecord(nil, r))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(r, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The stored form is a promise: this is one record, byte by byte.
func TestRecordGolden(t *testing.T) {
	r := &Record{Event: Event{Stream: Stream{"a", "c", "i"}, ID: "e", Type: "T", Provider: time.UnixMicro(0), Dedup: []DedupKey{{"k", []byte{9}}}, Facts: []byte("f"), Sealed: []byte("s")}, Position: 300, AccountSequence: 2, Version: 1}
	want := []byte{
		0x08, 0xac, 0x02, 0x12, 1, 'a', 0x18, 2, 0x22, 1, 'c', 0x2a, 1, 'i', 0x30, 1, 0x3a, 1, 'e', 0x42, 1, 'T', 0x60, 0,
		0x82, 0x01, 6, 0x0a, 1, 'k', 0x12, 1, 9, 0xa2, 0x01, 1, 'f', 0xb2, 0x01, 1, 's',
	}
	if got := appendRecord(nil, r); !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
}

// Two different names never share a key, nor does the key of one lie in the
// range of another.
func FuzzKeys(f *testing.F) {
	f.Add("a", "b", "c", uint64(1), "ab", "", "c", uint64(1))
	f.Add("a", "b\x00", "", uint64(0), "a", "b", "\x00", uint64(0))
	f.Add("\x00\x01a", "", "", uint64(0), "", "\x00\x01a", "", uint64(0))
	f.Fuzz(func(t *testing.T, a1, b1, c1 string, n1 uint64, a2, b2, c2 string, n2 uint64) {
		if max(len(a1), len(b1), len(c1), len(a2), len(b2), len(c2)) > 1<<16-1 {
			t.Skip()
		}
		type names struct {
			a, b, c string
			n       uint64
		}
		x, y := names{a1, b1, c1, n1}, names{a2, b2, c2, n2}
		keys := func(v names) [][]byte {
			return [][]byte{
				appendLogKey(nil, v.n), appendStreamKey(nil, Stream{v.a, v.b, v.c}, v.n), appendSequenceKey(nil, v.a, v.n),
				appendEventKey(nil, v.a, v.b), appendDedupKey(nil, v.a, v.b), appendIndexKey(nil, IndexKey{v.a, v.b, []byte(v.c)}),
			}
		}
		same := []bool{
			x.n == y.n, x == y, x.a == y.a && x.n == y.n, x.a == y.a && x.b == y.b, x.a == y.a && x.b == y.b, x.a == y.a && x.b == y.b && x.c == y.c,
		}
		kx, ky := keys(x), keys(y)
		for i := range kx {
			for j := range ky {
				if want := i == j && same[i]; bytes.Equal(kx[i], ky[j]) != want {
					t.Errorf("keys %x and %x of %+v and %+v", kx[i], ky[j], x, y)
				}
			}
			if p, ok := parseKey(kx[i]); !ok || p.table != kx[i][0] {
				t.Errorf("key %x does not parse", kx[i])
			}
		}
		in := func(prefix, key []byte) bool {
			end := prefixEnd(prefix)
			return bytes.Compare(key, prefix) >= 0 && (end == nil || bytes.Compare(key, end) < 0)
		}
		if in(appendStreamPrefix(nil, Stream{x.a, x.b, x.c}), ky[1]) != (x.a == y.a && x.b == y.b && x.c == y.c) {
			t.Error("a stream's range holds another stream")
		}
		if in(appendSequencePrefix(nil, x.a), ky[2]) != (x.a == y.a) {
			t.Error("an account's range holds another account")
		}
		if in(appendIndexPrefix(nil, x.a, x.b), ky[5]) != (x.a == y.a && x.b == y.b) {
			t.Error("an index's range holds another index")
		}
		// Order of the caller's keys and of numbers is kept.
		if x.a == y.a && x.b == y.b && bytes.Compare(kx[5], ky[5]) != bytes.Compare([]byte(x.c), []byte(y.c)) {
			t.Error("keys of an index are out of order")
		}
		if (bytes.Compare(kx[0], ky[0]) < 0) != (x.n < y.n) {
			t.Error("positions are out of order")
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add([]byte{tableStream, 0, 1, 'a'})
	f.Add(appendStreamKey(nil, Stream{"a", "b", "c"}, 1))
	f.Add(appendRedactionKey(nil, "a", "b"))
	f.Add(appendPendingKey(nil, 1))
	f.Fuzz(func(t *testing.T, key []byte) {
		_ = describeKey(key)
		p, ok := parseKey(key)
		if !ok {
			return
		}
		var again []byte
		switch p.table {
		case tableMeta:
			again = metaKey(string(p.rest))
		case tableLog:
			again = appendLogKey(nil, p.number)
		case tableStream:
			again = appendStreamKey(nil, Stream{p.texts[0], p.texts[1], p.texts[2]}, p.number)
		case tableSequence:
			again = appendSequenceKey(nil, p.texts[0], p.number)
		case tableEvent:
			again = appendEventKey(nil, p.texts[0], string(p.rest))
		case tableDedup:
			again = appendDedupKey(nil, p.texts[0], string(p.rest))
		case tableRedaction:
			again = appendRedactionKey(nil, p.texts[0], string(p.rest))
		case tablePending:
			again = appendPendingKey(nil, p.number)
		case tableIndex:
			again = appendIndexKey(nil, IndexKey{p.texts[0], p.texts[1], p.rest})
		}
		if !bytes.Equal(again, key) {
			t.Errorf("%x is parsed as %x", key, again)
		}
	})
}

func FuzzSegment(f *testing.F) {
	whole := &segment{generation: "20260102T030405Z-X", incarnation: "X", first: 1, epoch: 2, origins: []Origin{{Incarnation: "W", Position: 1, Head: 2}}}
	for i := range 3 {
		r := &Record{Event: event(fmt.Sprint(i), "facts"), Position: uint64(i) + 1, AccountSequence: uint64(i) + 1, Version: 1, PreviousHash: whole.after}
		whole.add(r, r.Hash())
	}
	encoded, err := whole.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded[:len(encoded)-32])
	f.Add([]byte("weiche-segment 1 g i 1 0 0 " + strings.Repeat("00", 32) + " " + strings.Repeat("00", 32) + " 0\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := parseSegment(b)
		if err != nil {
			return
		}
		n := uint64(0)
		if err := g.each(func(r *Record) error { n++; return nil }); err == nil && n != g.last+1-g.first {
			t.Errorf("%d records from %d to %d", n, g.first, g.last)
		}
		g.encoded = nil
		again, err := g.encode()
		if err != nil {
			t.Fatal(err)
		}
		if h, err := decodeSegment(again); err != nil || !cmp.Equal(g, h, cmp.AllowUnexported(segment{}), cmpopts.EquateEmpty()) {
			t.Errorf("%+v is read as %+v, %v", g, h, err)
		}
	})
}
