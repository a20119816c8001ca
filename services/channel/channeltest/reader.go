package channeltest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	gocmp "github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// junk is what may stand where an entry or an item is expected.
var junk = []string{`null`, `0`, `"x"`, `[]`, `[[{}]]`, `true`, `{}`, `{"id":{}}`, `{"timestamp":[]}`}

// envelope is a body taken apart: the entries, and everything beside them.
type envelope struct {
	beside  string
	entries []json.RawMessage
}

// open takes a body apart; it returns false for one without entries.
func (s Setup) open(body []byte) (envelope, bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return envelope{}, false
	}
	var e envelope
	if json.Unmarshal(members[s.entryList()], &e.entries) != nil || len(e.entries) == 0 {
		return envelope{}, false
	}
	delete(members, s.entryList())
	// The members are written in the order of their names.
	beside, err := json.Marshal(members)
	e.beside = string(beside)
	return e, err == nil
}

// entryList is the name of the array of the entries.
func (s Setup) entryList() string { return cmp.Or(s.Entries, "entry") }

// body returns the body that has these entries.
func (s Setup) body(beside string, entries ...json.RawMessage) []byte {
	var b bytes.Buffer
	b.WriteString(strings.TrimSuffix(beside, "}"))
	if b.Len() > 1 {
		b.WriteByte(',')
	}
	b.WriteString(strconv.Quote(s.entryList()) + ":[")
	for i, entry := range entries {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(entry)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

func (s Setup) exerciseReader(t *testing.T) {
	if len(s.Bodies) == 0 {
		t.Fatal("no bodies")
	}
	for _, body := range s.Bodies {
		s.wellFormed(t, body)
		s.damaged(t, body)
	}
	t.Run("items alone", s.readsItemsAlone)
	t.Run("order", s.keepsOrder)
	t.Run("junk entries", s.survivesJunkEntries)
	t.Run("junk items", s.survivesJunkItems)
	t.Run("other batches", s.readsAnyBatch)
	t.Run("other ids", s.renamesIDsOnly)
	t.Run("other forms", s.readsAnyForm)
	t.Run("missing members", s.missesOnlyWhatIsMissing)
}

func (s Setup) read(t *testing.T, body []byte) []*ingressv1.Item {
	t.Helper()
	items, err := s.Reader.Read(body)
	if err != nil {
		t.Fatalf("Read: %v\n%s", err, body)
	}
	return items
}

// wellFormed checks what holds for the items of any body: they are something,
// their bytes are those of the body in its order, and they can be encoded.
func (s Setup) wellFormed(t *testing.T, body []byte) {
	t.Helper()
	items := s.read(t, body)
	if len(items) == 0 {
		t.Errorf("no items in\n%s", body)
	}
	last := 0
	for i, item := range items {
		at := offset(body[last:], item.GetRaw())
		if at < 0 {
			t.Errorf("item %d: its bytes do not stand in the body, behind those of the one before at %d", i, last)
		}
		last += max(at, 0)
		reencoded(t, item)
	}
	again := s.read(t, body)
	if diff := gocmp.Diff(items, again, protocmp.Transform()); diff != "" {
		t.Errorf("read twice:\n%s", diff)
	}
}

// readsItemsAlone gives each item to the reader again, without the body that it came
// in. It is the same item then: what was processed once is recognised.
func (s Setup) readsItemsAlone(t *testing.T) {
	reader, ok := s.Reader.(channel.ItemReader)
	if !ok {
		t.Fatal("the reader reads no single items")
	}
	alone, unreadable := 0, 0
	for _, body := range s.Bodies {
		for _, item := range s.read(t, body) {
			if again, err := reader.ReadItem(keptOf(item)); err != nil || !contains(again, item) {
				t.Errorf("alone it is %v (%v), not\n%v", again, err, item)
			}
			alone++
			if item.GetUnreadable() != nil {
				unreadable++
			}
		}
	}
	if alone == 0 || unreadable == 0 {
		t.Errorf("%d items were read alone, %d of them unreadable", alone, unreadable)
	}
}

// offset returns where in body raw begins, or -1 where it does not stand there. A
// slice of the body stands where it is, also where the same bytes stand before it.
func offset(body, raw []byte) int {
	if len(raw) == 0 || len(body) == 0 {
		return -1
	}
	from := uintptr(unsafe.Pointer(unsafe.SliceData(body)))
	at := uintptr(unsafe.Pointer(unsafe.SliceData(raw)))
	if at < from || at+uintptr(len(raw)) > from+uintptr(len(body)) {
		return bytes.Index(body, raw)
	}
	return int(at - from)
}

func reencoded(t *testing.T, item *ingressv1.Item) {
	t.Helper()
	if item.GetKind() == nil {
		t.Error("an item of no kind")
	}
	b, err := proto.Marshal(item)
	if err != nil {
		t.Errorf("marshal: %v", err)
		return
	}
	var back ingressv1.Item
	if err := proto.Unmarshal(b, &back); err != nil {
		t.Errorf("unmarshal: %v", err)
		return
	}
	if !proto.Equal(item, &back) {
		t.Errorf("encoded and decoded:\n%s", gocmp.Diff(item, &back, protocmp.Transform()))
	}
}

// damaged cuts the body at every place and replaces bytes of it. Nothing may
// panic, and what is still a webhook must be made of good items.
func (s Setup) damaged(t *testing.T, body []byte) {
	t.Helper()
	step := max(len(body)/100, 1)
	for at := 0; at < len(body); at += step {
		if items, err := s.Reader.Read(body[:at]); err == nil {
			t.Errorf("%d items in what ends in the middle:\n%s", len(items), body[:at])
		}
		for _, c := range []byte{'{', '[', '"', '0', ',', 0xff, ' ', 'n'} {
			changed := bytes.Clone(body)
			changed[at] = c
			items, err := s.Reader.Read(changed)
			if err != nil {
				continue
			}
			for _, item := range items {
				if _, err := proto.Marshal(item); err != nil {
					t.Fatalf("%v, in\n%s", err, changed)
				}
			}
		}
	}
}

// together returns the entries of all bodies that have the same beside them as the
// first, and what each entry of it is read as.
func (s Setup) together(t *testing.T) (envelope, [][]*ingressv1.Item) {
	t.Helper()
	var all envelope
	var want [][]*ingressv1.Item
	for _, body := range s.Bodies {
		e, ok := s.open(body)
		if !ok || all.beside != "" && all.beside != e.beside {
			continue
		}
		all.beside = e.beside
		for _, entry := range e.entries {
			all.entries = append(all.entries, entry)
			want = append(want, s.read(t, s.body(e.beside, entry)))
		}
	}
	if len(all.entries) < 2 {
		t.Fatal("too few entries to tell an order")
	}
	return all, want
}

// keepsOrder reads all entries as one body, forwards and backwards.
func (s Setup) keepsOrder(t *testing.T) {
	all, want := s.together(t)
	check := func() {
		t.Helper()
		got := s.read(t, s.body(all.beside, all.entries...))
		if diff := gocmp.Diff(slices.Concat(want...), got, protocmp.Transform()); diff != "" {
			t.Errorf("together they are not what they are alone:\n%s", diff)
		}
	}
	check()
	slices.Reverse(all.entries)
	slices.Reverse(want)
	check()
}

// survivesJunkEntries puts junk between the entries.
func (s Setup) survivesJunkEntries(t *testing.T) {
	all, want := s.together(t)
	var entries []json.RawMessage
	for i, entry := range all.entries {
		entries = append(entries, json.RawMessage(junk[i%len(junk)]), entry)
	}
	got := s.read(t, s.body(all.beside, entries...))
	for _, item := range slices.Concat(want...) {
		i := slices.IndexFunc(got, func(g *ingressv1.Item) bool { return proto.Equal(g, item) })
		if i < 0 {
			t.Fatalf("junk beside it cost %v", item)
		}
		got = got[i+1:]
	}
}

// survivesJunkItems puts junk around each item of each list.
func (s Setup) survivesJunkItems(t *testing.T) {
	touched := 0
	for _, body := range s.Bodies {
		var v any
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		if decoder.Decode(&v) != nil {
			continue
		}
		before := s.counted(t, v)
		n := s.spoil(v)
		if n == 0 {
			continue
		}
		touched++
		for item, count := range before {
			if got := s.counted(t, v)[item]; got < count {
				t.Fatalf("junk beside it cost an item of\n%s", body)
			}
		}
	}
	if touched == 0 {
		t.Error("no list was found to put junk into")
	}
}

// counted reads v and counts its items by what they are, without their bytes.
func (s Setup) counted(t *testing.T, v any) map[string]int {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, item := range s.read(t, body) {
		item.Raw = nil
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		n[string(b)]++
	}
	return n
}

// spoil puts junk around the elements of the lists in v and says how many lists
// it found.
func (s Setup) spoil(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			n += s.spoil(value)
			list, ok := value.([]any)
			if !ok || len(list) == 0 || !slices.Contains(s.Lists, key) {
				continue
			}
			n++
			var spoiled []any
			for i, element := range list {
				spoiled = append(spoiled, json.RawMessage(junk[i%len(junk)]), element, json.RawMessage(junk[(i+3)%len(junk)]))
			}
			v[key] = spoiled
		}
	case []any:
		for _, element := range v {
			n += s.spoil(element)
		}
	}
	return n
}
