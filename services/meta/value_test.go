package meta

import (
	"encoding/json"
	"testing"
	"time"
)

func TestValueTime(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want string // RFC 3339, empty for none, ! for what cannot be read
	}{
		{`1767225600`, "2026-01-01T00:00:00Z"},
		{`"1767225600"`, "2026-01-01T00:00:00Z"},
		{`" 1767225600 "`, "2026-01-01T00:00:00Z"},
		{`1767225600123`, "2026-01-01T00:00:00.123Z"},
		{`"1767225600123"`, "2026-01-01T00:00:00.123Z"},
		{`999999999999`, "!"}, // the last second, in the year 33658
		{`1000000000000`, "2001-09-09T01:46:40Z"},
		{`"2026-01-01T01:00:00+01:00"`, "2026-01-01T00:00:00Z"},
		{`"2026-01-01T01:00:00+0100"`, "2026-01-01T00:00:00Z"},
		{``, ""},
		{`null`, ""},
		{`""`, ""},
		{`0`, ""},
		{`"0"`, ""},
		{`"soon"`, "!"},
		{`-5`, "!"},
		{`1.5`, "!"},
		{`{}`, "!"},
		{`[]`, "!"},
		{`true`, "!"},
		{`9223372036854775807`, "!"},
		{`99999999999999999999`, "!"},
	} {
		ts, ok := Value(tc.in).Time()
		got := ""
		switch {
		case !ok:
			got = "!"
		case ts != nil:
			got = ts.AsTime().Format(time.RFC3339Nano)
		}
		if got != tc.want {
			t.Errorf("%s is %q, want %q", tc.in, got, tc.want)
		}
	}
}

func TestValueText(t *testing.T) {
	for in, want := range map[string]string{
		`"a"`: "a", `"\u00e4\/\n\ud83d\udc4d"`: "ä/\n👍", `"\ud83d"`: "\ufffd", "\"\xff\xfe\"": "\ufffd\ufffd", `"a\u0000b"`: "ab",
		`90071992547409931`: "90071992547409931", `1.50`: "1.50", `true`: "true", `null`: "", `{}`: "", `["a"]`: "", ``: "",
	} {
		if got := Value(in).Text(); got != want {
			t.Errorf("%s is %q, want %q", in, got, want)
		}
	}
}

func TestObject(t *testing.T) {
	v, ok := Parse([]byte(` { "a" : 1 , "is_echo":false, "isEcho" : true, "a":"two", "b\u0031":[ 1 ,"],", {"x":"}"} ], "policy-enforcement":{} , "n":null } `))
	if !ok {
		t.Fatal("no JSON")
	}
	o := v.Object()
	for name, want := range map[string]string{
		"a": `"two"`, "is_echo": `false`, "IS-ECHO": `true`, "b1": `[ 1 ,"],", {"x":"}"} ]`, "policy_enforcement": `{}`, "n": `null`, "c": ``,
	} {
		if got := string(o.Get(name)); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if !o.Has("n") || o.Get("n").Exists() || o.Has("c") {
		t.Error("null is there and does not exist; what is not there is not")
	}
	var got []string
	for _, e := range o.Get("b1").Array() {
		got = append(got, string(e))
	}
	if len(got) != 3 || got[0] != `1` || got[1] != `"],"` || got[2] != `{"x":"}"}` {
		t.Errorf("elements %q", got)
	}
}

// FuzzValue takes values apart and compares with encoding/json.
func FuzzValue(f *testing.F) {
	for _, seed := range []string{`{"a":[1,"\"",{"b":null}],"a":true}`, `[[],{},"",-1e5]`, `"\\"`, ` [ 1 , 2 ] `, "{\"\xff\":\"\xff\"}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, ok := Parse(body)
		if ok != json.Valid(body) {
			t.Fatalf("Parse says %v", ok)
		}
		if !ok {
			return
		}
		compare(t, v, 0)
	})
}

func compare(t *testing.T, v Value, depth int) {
	if depth > 50 {
		return
	}
	if !json.Valid(v) {
		t.Fatalf("%q is no value", v)
	}
	switch v[0] {
	case '{':
		var want map[string]json.RawMessage
		if err := json.Unmarshal(v, &want); err != nil {
			t.Fatal(err)
		}
		o := v.Object()
		for _, m := range o {
			compare(t, m.Value, depth+1)
			if got := o.Get(string(m.Name)); len(m.Name) > 0 && json.Valid([]byte(`"`+string(m.Name)+`"`)) && want[string(m.Name)] != nil && string(got) != string(want[string(m.Name)]) {
				t.Fatalf("%q is %s, want %s", m.Name, got, want[string(m.Name)])
			}
		}
		if (len(o) == 0) != (len(want) == 0) {
			t.Fatalf("%d members, want %d", len(o), len(want))
		}
	case '[':
		var want []json.RawMessage
		if err := json.Unmarshal(v, &want); err != nil {
			t.Fatal(err)
		}
		got := v.Array()
		if len(got) != len(want) {
			t.Fatalf("%d elements, want %d", len(got), len(want))
		}
		for i := range got {
			if string(got[i]) != string(want[i]) {
				t.Fatalf("element %d is %s, want %s", i, got[i], want[i])
			}
			compare(t, got[i], depth+1)
		}
	case '"':
		var want string
		if err := json.Unmarshal(v, &want); err != nil {
			t.Fatal(err)
		}
		if got := unquote(v); got != want {
			t.Fatalf("%q, want %q", got, want)
		}
	}
}
