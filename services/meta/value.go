package meta

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// Value is one JSON value: a slice of the body that it stands in, without the
// space around it. An absent value is empty. The methods never fail: what is
// not there, or is of another type, is the zero value.
//
// Reading is that of encoding/json: the last of several equal keys counts, and
// bytes that are not UTF-8 become U+FFFD.
type Value []byte

// Parse returns the value that body is, and whether it is one.
func Parse(body []byte) (Value, bool) {
	if !json.Valid(body) {
		return nil, false
	}
	return trim(body), true
}

// Exists says that the value is there and is not null.
func (v Value) Exists() bool { return len(v) > 0 && v[0] != 'n' }

// IsObject says that the value is an object.
func (v Value) IsObject() bool { return len(v) > 0 && v[0] == '{' }

// IsArray says that the value is an array.
func (v Value) IsArray() bool { return len(v) > 0 && v[0] == '[' }

// IsEmpty says that the value is absent, null, or an object or array or string
// with nothing in it.
func (v Value) IsEmpty() bool {
	switch {
	case !v.Exists():
		return true
	case v[0] == '"', v[0] == '{', v[0] == '[':
		return len(trim(v[1:len(v)-1])) == 0
	}
	return false
}

// Text returns a string, or a number or truth value as it is written. NUL is
// left out. The result is valid UTF-8.
func (v Value) Text() string {
	if !v.Exists() {
		return ""
	}
	switch v[0] {
	case '{', '[':
		return ""
	case '"':
		return strings.ReplaceAll(unquote(v), "\x00", "")
	}
	return string(v)
}

// Int returns a whole number, written as a number or in a string.
func (v Value) Int() (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(v.Text()), 10, 64)
	return n, err == nil
}

// Float returns a finite number, written as a number or in a string.
func (v Value) Float() (float64, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(v.Text()), 64)
	return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
}

// True says that the value is true, or a string that says so.
func (v Value) True() bool { return v.Text() == "true" }

// Time returns a point in time: milliseconds since 1970 from 1e12 on, seconds
// below, RFC 3339, or that with an offset without a colon. The time is nil
// where the value is absent, empty or zero; it is false where the value cannot
// be read.
func (v Value) Time() (*timestamppb.Timestamp, bool) {
	text := strings.TrimSpace(v.Text())
	if text == "" {
		return nil, !v.IsObject() && !v.IsArray()
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		switch {
		case n == 0:
			return nil, true
		case n < 0:
			return nil, false
		case n >= 1e12:
			return checked(time.UnixMilli(n))
		}
		return checked(time.Unix(n, 0))
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return checked(t)
		}
	}
	return nil, false
}

func checked(t time.Time) (*timestamppb.Timestamp, bool) {
	ts := timestamppb.New(t)
	if !ts.IsValid() {
		return nil, false
	}
	return ts, true
}

// Array returns the elements of an array.
func (v Value) Array() []Value {
	if !v.IsArray() {
		return nil
	}
	var elements []Value
	for rest := trim(v[1 : len(v)-1]); len(rest) > 0; {
		end := skip(rest)
		elements = append(elements, rest[:end:end])
		rest = next(rest[end:])
	}
	return elements
}

// Object returns the members of an object in their order.
func (v Value) Object() Object {
	if !v.IsObject() {
		return nil
	}
	var members Object
	for rest := trim(v[1 : len(v)-1]); len(rest) > 0; {
		end := skip(rest)
		key := rest[:end]
		name := []byte(key[1 : len(key)-1])
		if bytes.IndexByte(name, '\\') >= 0 {
			name = []byte(unquote(key))
		}
		rest = trim(rest[end:])
		rest = trim(rest[1:])
		end = skip(rest)
		members = append(members, Member{Name: name, Value: rest[:end:end]})
		rest = next(rest[end:])
	}
	return members
}

// Object is the members of a JSON object. A nil Object has none.
type Object []Member

// Member is one member of an object.
type Member struct {
	Name  []byte
	Value Value
}

// Get returns the value of a member. Where none has exactly this name, one that
// differs only in case, hyphens and underscores counts: is_echo is also found
// as isEcho. Of several, the last one counts.
func (o Object) Get(name string) Value {
	if i := o.index(name); i >= 0 {
		return o[i].Value
	}
	return nil
}

// Has says whether a member is there, be it null.
func (o Object) Has(name string) bool { return o.index(name) >= 0 }

// Place is where in an object a member stands.
type Place struct {
	Name  string
	Index int
}

// Places returns which of the named members are there, in their order.
func (o Object) Places(names ...string) []Place {
	var places []Place
	for _, name := range names {
		if i := o.index(name); i >= 0 {
			places = append(places, Place{Name: name, Index: i})
		}
	}
	slices.SortFunc(places, func(a, b Place) int { return a.Index - b.Index })
	return places
}

// Object returns the object that a member is.
func (o Object) Object(name string) Object { return o.Get(name).Object() }

// Text returns the text that a member is.
func (o Object) Text(name string) string { return o.Get(name).Text() }

func (o Object) index(name string) int {
	for i := len(o) - 1; i >= 0; i-- {
		if string(o[i].Name) == name {
			return i
		}
	}
	for i := len(o) - 1; i >= 0; i-- {
		if sameWord(o[i].Name, name) {
			return i
		}
	}
	return -1
}

// sameWord compares ASCII names without regard to case, hyphens and underscores.
func sameWord(a []byte, b string) bool {
	i, j := 0, 0
	for {
		for i < len(a) && (a[i] == '_' || a[i] == '-') {
			i++
		}
		for j < len(b) && (b[j] == '_' || b[j] == '-') {
			j++
		}
		if i == len(a) || j == len(b) {
			return i == len(a) && j == len(b)
		}
		if lower(a[i]) != lower(b[j]) {
			return false
		}
		i, j = i+1, j+1
	}
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// unquote returns the string that a JSON string says.
func unquote(v Value) string {
	inner := v[1 : len(v)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var s string
	if err := json.Unmarshal(v, &s); err != nil {
		return ""
	}
	return s
}

func trim(b []byte) Value { return bytes.Trim(b, " \t\r\n") }

// next returns what follows the comma that b begins with.
func next(b []byte) Value {
	b = trim(b)
	if len(b) > 0 && b[0] == ',' {
		return trim(b[1:])
	}
	return nil
}

// skip returns the length of the valid JSON value that b begins with.
func skip(b []byte) int {
	switch b[0] {
	case '"':
		return skipString(b)
	case '{', '[':
		depth := 0
		for i := 0; i < len(b); i++ {
			switch b[i] {
			case '"':
				i += skipString(b[i:]) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
		return len(b)
	}
	if i := bytes.IndexAny(b, ",:]} \t\r\n"); i > 0 {
		return i
	}
	return len(b)
}

func skipString(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}
