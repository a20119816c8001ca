package channeltest

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"
)

// renamesIDsOnly changes the digits of every id. The items are the same with the
// new ids: no id means anything.
func (s Setup) renamesIDsOnly(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		by := rapid.IntRange(1, 8).Draw(r, "by")
		body := rapid.SampledFrom(s.Bodies).Draw(r, "body")
		items := s.read(t, body)
		ids := map[string]string{}
		for _, item := range items {
			eachString(item.ProtoReflect(), func(field protoreflect.FieldDescriptor, text string) string {
				if isID(field) && len(text) > 2 && spelledOnce(body, text) {
					ids[text] = otherDigits(text, by)
				}
				return text
			})
		}
		for i := range items {
			// In the copy nothing is there that two fields share.
			item := proto.CloneOf(items[i])
			items[i] = item
			item.Raw, item.Beside = renamed(item.GetRaw(), ids), renamed(item.GetBeside(), ids)
			eachString(item.ProtoReflect(), func(_ protoreflect.FieldDescriptor, text string) string {
				return string(renamed([]byte(text), ids))
			})
		}
		got := s.read(t, renamed(body, ids))
		if !sameItems(items, got) {
			r.Fatalf("with other ids, more than the ids differs:\n%s", gocmp.Diff(items, got, protocmp.Transform()))
		}
	})
}

// isID says that a field holds an id of the provider or the value of an address.
func isID(field protoreflect.FieldDescriptor) bool {
	name := string(field.Name())
	return strings.HasSuffix(name, "_id") || field.FullName() == "weiche.event.v1.Alias.value"
}

// spelledOnce says that a body has an id, and only as it is: a phone number may stand
// there with spaces too.
func spelledOnce(body []byte, id string) bool {
	plain := bytes.Map(func(r rune) rune {
		if strings.ContainsRune("+-.() ", r) {
			return -1
		}
		return r
	}, body)
	n := bytes.Count(body, []byte(id))
	return n > 0 && (!isDigits(id) || n == bytes.Count(plain, []byte(id)))
}

// otherDigits moves each digit but 0 on.
func otherDigits(text string, by int) string {
	return strings.Map(func(r rune) rune {
		if r < '1' || r > '9' {
			return r
		}
		return '1' + (r-'1'+rune(by))%9
	}, text)
}

// renamed replaces the ids that stand alone in a text.
func renamed(text []byte, ids map[string]string) []byte {
	if len(text) == 0 {
		return text
	}
	longest := slices.SortedFunc(maps.Keys(ids), func(a, b string) int { return len(b) - len(a) })
	var out []byte
	for at := 0; at < len(text); {
		id := ""
		if at == 0 || !inWord(text[at-1]) {
			for _, candidate := range longest {
				end := at + len(candidate)
				if bytes.HasPrefix(text[at:], []byte(candidate)) && (end == len(text) || !inWord(text[end])) {
					id = candidate
					break
				}
			}
		}
		if id == "" {
			out = append(out, text[at])
			at++
			continue
		}
		out = append(out, ids[id]...)
		at += len(id)
	}
	return out
}

func inWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// eachString replaces the strings of a message and of those in it.
func eachString(m protoreflect.Message, replace func(protoreflect.FieldDescriptor, string) string) {
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case field.IsList() && field.Kind() == protoreflect.MessageKind:
			for i := range v.List().Len() {
				eachString(v.List().Get(i).Message(), replace)
			}
		case field.IsList() && field.Kind() == protoreflect.StringKind:
			for i := range v.List().Len() {
				v.List().Set(i, protoreflect.ValueOfString(replace(field, v.List().Get(i).String())))
			}
		case field.Kind() == protoreflect.MessageKind:
			eachString(v.Message(), replace)
		case field.Kind() == protoreflect.StringKind:
			m.Set(field, protoreflect.ValueOfString(replace(field, v.String())))
		}
		return true
	})
}
