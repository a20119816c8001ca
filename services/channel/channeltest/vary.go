package channeltest

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// decode returns a body as Go values that can be changed, numbers as they are
// written; nil where it is no object.
func decode(body []byte) map[string]any {
	var v map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&v) != nil {
		return nil
	}
	return v
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// apart returns v once for each item in it, with everything around the item.
func (s Setup) apart(v any) []any {
	o, ok := v.(map[string]any)
	if !ok {
		return []any{v}
	}
	var alone []any
	for _, name := range s.listsOf(o) {
		for _, element := range o[name].([]any) {
			for _, inner := range s.apart(element) {
				one := maps.Clone(o)
				for _, other := range s.listsOf(o) {
					delete(one, other)
				}
				one[name] = []any{inner}
				alone = append(alone, one)
			}
		}
	}
	if len(alone) > 0 {
		return alone
	}
	for name, inner := range o {
		for _, split := range s.apart(inner) {
			if reflect.DeepEqual(split, inner) {
				break
			}
			one := maps.Clone(o)
			one[name] = split
			alone = append(alone, one)
		}
	}
	if len(alone) > 0 {
		return alone
	}
	return []any{v}
}

// listsOf returns the names of the lists in o that hold something, in order.
func (s Setup) listsOf(o map[string]any) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if list, ok := o[name].([]any); ok && len(list) > 0 && slices.Contains(s.Lists, name) {
			names = append(names, name)
		}
	}
	return names
}

// merged returns a and b as one, where nothing but what is in their lists differs.
func (s Setup) merged(a, b any) (any, bool) {
	x, ok1 := a.(map[string]any)
	y, ok2 := b.(map[string]any)
	if !ok1 || !ok2 {
		return nil, false
	}
	names := s.listsOf(x)
	if len(names) != 1 || !slices.Equal(names, s.listsOf(y)) {
		return nil, false
	}
	for name := range y {
		if name != names[0] && !reflect.DeepEqual(x[name], y[name]) || len(x) != len(y) {
			return nil, false
		}
	}
	left, right := slices.Clone(x[names[0]].([]any)), y[names[0]].([]any)
	both := maps.Clone(x)
	if one, ok := s.merged(left[len(left)-1], right[0]); ok {
		left, right = append(left[:len(left)-1], one), right[1:]
	}
	both[names[0]] = append(left, right...)
	return both, true
}

// readsAnyBatch takes all bodies apart into single items, and puts them together
// again in any order and in batches of any size. Each item stays what it is alone.
func (s Setup) readsAnyBatch(t *testing.T) {
	type single struct {
		entry any
		items []*ingressv1.Item
	}
	var singles []single
	var beside string
	for _, body := range s.Bodies {
		// What is compared has been written by the same encoder.
		e, ok := s.open(encode(t, decode(body)))
		if !ok || beside != "" && beside != e.beside {
			continue
		}
		beside = e.beside
		var together []*ingressv1.Item
		for _, entry := range e.entries {
			o := decode(entry)
			if o == nil {
				continue
			}
			for _, alone := range s.apart(o) {
				items := s.read(t, s.body(beside, encode(t, alone)))
				singles = append(singles, single{alone, items})
				together = append(together, items...)
			}
			if got := s.read(t, s.body(beside, entry)); !sameItems(got, together) {
				t.Errorf("taken apart, it is not what it was:\n%s\n%s", entry, gocmp.Diff(got, together, protocmp.Transform()))
			}
			together = nil
		}
	}
	merges, lists := 0, 0
	for _, one := range singles {
		if o, ok := one.entry.(map[string]any); ok && len(s.listsOf(o)) > 0 {
			lists++
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		order := rapid.Permutation(singles).Draw(r, "order")
		size := rapid.IntRange(1, len(order)).Draw(r, "size")
		for batch := range slices.Chunk(order, size) {
			var entries []any
			var want []*ingressv1.Item
			for _, one := range batch {
				want = append(want, one.items...)
				if len(entries) > 0 {
					if both, ok := s.merged(entries[len(entries)-1], one.entry); ok {
						entries[len(entries)-1] = both
						merges++
						continue
					}
				}
				entries = append(entries, one.entry)
			}
			var raw []json.RawMessage
			for _, entry := range entries {
				raw = append(raw, encode(t, entry))
			}
			if got := s.read(t, s.body(beside, raw...)); !sameItems(want, got) {
				r.Fatalf("together they are not what they are alone:\n%s", gocmp.Diff(want, got, protocmp.Transform()))
			}
		}
	})
	if merges == 0 && lists > 1 {
		t.Error("no two items were put into one entry")
	}
}

func sameItems(a, b []*ingressv1.Item) bool {
	return slices.EqualFunc(a, b, func(x, y *ingressv1.Item) bool { return proto.Equal(x, y) })
}

// readsAnyForm writes numbers as strings and digits as numbers, and adds members
// that nobody knows. What is said stays the same.
func (s Setup) readsAnyForm(t *testing.T) {
	changed := 0
	rapid.Check(t, func(r *rapid.T) {
		body := decode(rapid.SampledFrom(s.Bodies).Draw(r, "body"))
		if body == nil {
			return
		}
		before := meaning(s.read(t, encode(t, body)))
		var vary func(v any) any
		vary = func(v any) any {
			switch v := v.(type) {
			case json.Number:
				if !s.Strict && rapid.Bool().Draw(r, "as text") {
					changed++
					return v.String()
				}
			case string:
				if number := json.Number(v); !s.Strict && isDigits(v) && rapid.Bool().Draw(r, "as number") {
					changed++
					return number
				}
			case []any:
				for i := range v {
					v[i] = vary(v[i])
				}
			case map[string]any:
				for _, name := range slices.Sorted(maps.Keys(v)) {
					v[name] = vary(v[name])
				}
				if len(v) > 0 && rapid.Bool().Draw(r, "unknown member") {
					changed++
					v[unknownMember] = map[string]any{"a": []any{json.Number("1")}}
				}
			}
			return v
		}
		after := meaning(s.read(t, encode(t, vary(body))))
		if !sameItems(before, after) {
			r.Fatalf("%s\nin another form it says something else:\n%s", encode(t, body), gocmp.Diff(before, after, protocmp.Transform()))
		}
	})
	if changed == 0 {
		t.Error("no form was changed")
	}
}

// unknownMember sorts behind whatever a provider says: where a reader tells the
// name of what it does not know, that is the provider's still.
const unknownMember = "zzz_unknown"

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == "" && (text == "0" || text[0] != '0')
}

// meaning returns the items without their bytes, and without JSON that is passed on
// as it came.
func meaning(items []*ingressv1.Item) []*ingressv1.Item {
	for _, item := range items {
		item.Raw, item.Beside = nil, nil
		if ignored := item.GetIgnored(); ignored.GetWhat() == unknownMember {
			// There was nothing else in it.
			ignored.What = "empty"
		}
		eachString(item.ProtoReflect(), func(field protoreflect.FieldDescriptor, text string) string {
			if name := field.Name(); name == "json" || strings.HasSuffix(string(name), "_json") {
				return ""
			}
			return text
		})
	}
	return items
}

// missesOnlyWhatIsMissing takes each member of each item away. The other items of
// the body do not notice.
func (s Setup) missesOnlyWhatIsMissing(t *testing.T) {
	removed := 0
	for _, body := range s.Bodies {
		v := decode(body)
		s.eachElement(v, func(list []any, i int) {
			element, ok := list[i].(map[string]any)
			if !ok || len(list) < 2 {
				return
			}
			list[i] = json.RawMessage(`{}`)
			others := s.counted(t, v)
			for name := range element {
				less := maps.Clone(element)
				delete(less, name)
				list[i] = less
				removed++
				missing := 0
				got := s.counted(t, v)
				for item, count := range others {
					missing += max(0, count-got[item])
				}
				// One is what {} is read as.
				if missing > 1 {
					t.Fatalf("without %s of item %d, %d others are not there:\n%s", name, i, missing-1, body)
				}
			}
			list[i] = element
		})
	}
	if removed == 0 {
		t.Error("no member was taken away")
	}
}

// eachElement calls do for each element of each list in v.
func (s Setup) eachElement(v any, do func(list []any, i int)) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if list, ok := v[name].([]any); ok && slices.Contains(s.Lists, name) {
				for i := range list {
					do(list, i)
				}
			}
			s.eachElement(v[name], do)
		}
	case []any:
		for _, element := range v {
			s.eachElement(element, do)
		}
	}
}
