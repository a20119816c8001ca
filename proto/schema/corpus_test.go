package schema_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"weiche/proto/schema"
)

// The corpus holds one stored event of every type and version that was ever
// written: the bytes of its facts and of its opened sealed part, and what they
// mean today. It is only ever added to:
//
//	go test weiche/proto/schema -run Corpus -add
//
// writes a file for each type and version that has none yet. The bytes of a file
// that is there never change; SHA256SUMS guards them. What they are read as may
// change with an upcaster, and is in a file of its own.
var add = flag.Bool("add", false, "add the files that the corpus lacks; none that is there is written")

const corpus = "testdata/corpus"

// parts are the two stored parts of an event, by the ends of their files' names.
var parts = map[string]func(string, uint32, []byte) (proto.Message, error){
	"facts": schema.Facts, "sealed": schema.Sealed,
}

// TestI34CorpusIsRead reads every stored event of the corpus.
func TestI34CorpusIsRead(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus, "*.bin"))
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files (%v)", len(files), err)
	}
	for _, file := range files {
		name, part := strings.TrimSuffix(filepath.Base(file), ".bin"), ""
		dot := strings.LastIndexByte(name, '.')
		name, part = name[:dot], name[dot+1:]
		at := strings.LastIndex(name, "@")
		version, err := strconv.ParseUint(name[at+1:], 10, 32)
		if err != nil || parts[part] == nil {
			t.Errorf("%s: not a name of the corpus", file)
			continue
		}
		stored, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		message, err := parts[part](name[:at], uint32(version), stored)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		want, err := os.ReadFile(strings.TrimSuffix(file, ".bin") + ".json")
		if err != nil {
			t.Error(err)
			continue
		}
		if got := asJSON(t, message); !bytes.Equal(got, want) {
			t.Errorf("%s reads as\n%s\n, not as\n%s", file, got, want)
		}
		if unknown := message.ProtoReflect().GetUnknown(); len(unknown) > 0 {
			t.Errorf("%s has fields that nobody knows: %x", file, unknown)
		}
	}
}

// TestI34CorpusIsComplete shows that every event that can be written today is in
// the corpus, with every field set.
func TestI34CorpusIsComplete(t *testing.T) {
	for _, name := range schema.Types() {
		version := schema.Version(name)
		facts, err := schema.Facts(name, version, nil)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]proto.Message{"facts": facts}
		if sealed := facts.ProtoReflect().Descriptor().Fields().ByName("sealed"); sealed != nil {
			found["sealed"] = facts.ProtoReflect().NewField(sealed).Message().Interface()
		}
		for part, message := range found {
			file := filepath.Join(corpus, fmt.Sprintf("%s@%d.%s", name, version, part))
			if _, err := os.Stat(file + ".bin"); err == nil {
				continue
			}
			if !*add {
				t.Errorf("%s.bin is not there: run this test with -add and commit what it writes", file)
				continue
			}
			fill(message.ProtoReflect(), 0, 0)
			stored := marshal(t, message)
			write(t, file+".bin", stored)
			write(t, file+".json", asJSON(t, message))
			sums, err := os.OpenFile(filepath.Join(corpus, "SHA256SUMS"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(sums, "%x  %s\n", sha256.Sum256(stored), filepath.Base(file)+".bin")
			if err := sums.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestI34CorpusStays shows that no stored event of the corpus was changed or taken
// away.
func TestI34CorpusStays(t *testing.T) {
	sums, err := os.ReadFile(filepath.Join(corpus, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	guarded := map[string]string{}
	for line := range strings.Lines(string(sums)) {
		if sum, name, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
			guarded[name] = sum
		}
	}
	files, err := filepath.Glob(filepath.Join(corpus, "*.bin"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		stored, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(stored)); got != guarded[name] {
			t.Errorf("%s is not what was written: it is the bytes of an event that is in somebody's log", name)
		}
		delete(guarded, name)
	}
	for name := range guarded {
		t.Errorf("%s was taken away", name)
	}
}

// fill sets every field of a message but the sealed part, which is stored apart. Of
// a oneof it sets one, and in a list it has an element for each.
func fill(m protoreflect.Message, alternative, depth int) {
	if depth > 5 {
		return
	}
	fields := m.Descriptor().Fields()
	for at := range fields.Len() {
		field := fields.Get(at)
		if one := field.ContainingOneof(); one != nil && one.Fields().Get(min(alternative, one.Fields().Len()-1)) != field {
			continue
		}
		switch {
		case field.Name() == "sealed":
		case field.IsMap():
			m.Mutable(field).Map().Set(value(field.MapKey()).MapKey(), value(field.MapValue()))
		case field.IsList() && field.Message() != nil:
			elements := 1
			for one := range field.Message().Oneofs().Len() {
				elements = max(elements, field.Message().Oneofs().Get(one).Fields().Len())
			}
			for element := range elements {
				fill(m.Mutable(field).List().AppendMutable().Message(), element, depth+1)
			}
		case field.IsList():
			m.Mutable(field).List().Append(value(field))
		case field.Message() != nil:
			fill(m.Mutable(field).Message(), 0, depth+1)
		default:
			m.Set(field, value(field))
		}
	}
}

// value is a value that tells the field, and is not the zero value.
func value(field protoreflect.FieldDescriptor) protoreflect.Value {
	switch field.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(string(field.Name()))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(field.Name()))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(field.Enum().Values().Get(field.Enum().Values().Len() - 1).Number())
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(float64(field.Number()) + 0.5)
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(field.Number()))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(int64(field.Number()))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(uint32(field.Number()))
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(uint64(field.Number()))
	}
	panic(fmt.Sprintf("%s is of a kind that the corpus has no value for", field.FullName()))
}

// asJSON is a message in a form that stays.
func asJSON(t *testing.T, m proto.Message) []byte {
	t.Helper()
	text, err := protojson.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	// protojson puts spaces in so that nobody relies on its form.
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		t.Fatal(err)
	}
	return append(compact.Bytes(), '\n')
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
