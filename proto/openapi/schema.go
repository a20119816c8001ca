package main

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// description gathers the schemas that the calls lead to.
type description struct {
	schemas map[string]string
}

// method writes the path of a call.
func (d *description) method(w *writer, m *protogen.Method) {
	d.message(m.Input)
	d.message(m.Output)
	words := comment(m.Comments)
	w.line(1, fmt.Sprintf("/%s/%s:", m.Parent.Desc.FullName(), m.Desc.Name()))
	w.line(2, "post:")
	w.line(3, "tags: ["+m.Parent.GoName+"]")
	w.line(3, "operationId: "+m.Parent.GoName+"."+m.GoName)
	w.text(3, "summary", summary(words))
	if words != summary(words) {
		w.text(3, "description", words)
	}
	if schemes, ours := security[m.Desc.FullName()]; ours {
		w.line(3, "security: "+schemes)
	} else if schemes, ours := security[m.Parent.Desc.FullName()]; ours {
		w.line(3, "security: "+schemes)
	}
	options, _ := m.Desc.Options().(*descriptorpb.MethodOptions)
	if options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS {
		w.line(3, "x-no-side-effects: true")
	}
	kind := "application/json"
	if m.Desc.IsStreamingServer() {
		// Each message has an envelope of five bytes before it.
		kind = "application/connect+json"
	}
	w.line(3, "requestBody:")
	w.line(4, "required: true")
	content(w, 4, kind, string(m.Input.Desc.FullName()))
	w.line(3, "responses:")
	w.line(4, `"200":`)
	w.text(5, "description", summary(comment(m.Output.Comments)))
	content(w, 5, kind, string(m.Output.Desc.FullName()))
	w.line(4, "default:")
	w.text(5, "description", "Why the call was not carried out.")
	content(w, 5, "application/json", "connect.error")
}

// security is of services and calls that are not called with a token or a cookie.
var security = map[protoreflect.FullName]string{
	"weiche.widget.v1.WidgetService":                "[bearer: []]",
	"weiche.widget.v1.WidgetService.OpenSession":    "[]",
	"weiche.workspace.v1.AccessService.LogIn":       "[]",
	"weiche.workspace.v1.AccessService.LogInByLink": "[]",
}

func content(w *writer, level int, kind, schema string) {
	w.line(level, "content:")
	w.line(level+1, kind+":")
	w.line(level+2, "schema:")
	w.ref(level+3, schema)
}

// message adds the schema of a message and of all that it holds.
func (d *description) message(m *protogen.Message) {
	name := string(m.Desc.FullName())
	if _, known := d.schemas[name]; known || strings.HasPrefix(name, "google.protobuf.") {
		return
	}
	d.schemas[name] = "" // it may hold itself
	var w writer
	w.line(2, name+":")
	w.line(3, "type: object")
	w.text(3, "description", comment(m.Comments))
	if len(m.Fields) > 0 {
		w.line(3, "properties:")
	}
	for _, field := range m.Fields {
		w.line(4, field.Desc.JSONName()+":")
		words := comment(field.Comments)
		if oneof := field.Oneof; oneof != nil && !oneof.Desc.IsSynthetic() {
			words = strings.TrimSpace(words + "\nOne of the fields of " + string(oneof.Desc.Name()) + ".")
		}
		d.field(&w, field, words)
	}
	w.line(3, "additionalProperties: false")
	d.schemas[name] = w.String()
}

// field writes what a field looks like.
func (d *description) field(w *writer, field *protogen.Field, words string) {
	switch {
	case field.Desc.IsMap():
		w.line(5, "type: object")
		w.text(5, "description", words)
		w.line(5, "additionalProperties:")
		d.value(w, 6, field.Message.Fields[1])
	case field.Desc.IsList():
		w.line(5, "type: array")
		w.text(5, "description", words)
		w.line(5, "items:")
		d.value(w, 6, field)
	default:
		d.value(w, 5, field)
		w.text(5, "description", words)
	}
}

// value writes what one value of a field looks like.
func (d *description) value(w *writer, level int, field *protogen.Field) {
	switch field.Desc.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		d.message(field.Message)
		if lines, known := wellKnown[field.Message.Desc.FullName()]; known {
			for _, line := range lines {
				w.line(level, line)
			}
			return
		}
		w.ref(level, string(field.Message.Desc.FullName()))
	case protoreflect.EnumKind:
		d.enum(field.Enum)
		w.ref(level, string(field.Enum.Desc.FullName()))
	default:
		for _, line := range scalars[field.Desc.Kind()] {
			w.line(level, line)
		}
	}
}

// enum adds the schema of an enum, with what each value means.
func (d *description) enum(e *protogen.Enum) {
	name := string(e.Desc.FullName())
	if _, known := d.schemas[name]; known {
		return
	}
	var w writer
	w.line(2, name+":")
	w.line(3, "type: string")
	words := comment(e.Comments)
	w.line(3, "enum:")
	for _, value := range e.Values {
		w.line(4, "- "+string(value.Desc.Name()))
	}
	w.text(3, "description", words)
	w.line(3, "x-enum-descriptions:")
	for _, value := range e.Values {
		w.text(4, string(value.Desc.Name()), summaries(comment(value.Comments)))
	}
	d.schemas[name] = w.String()
}

// summaries is a comment in one line.
func summaries(comment string) string { return strings.Join(strings.Fields(comment), " ") }

// wellKnown are messages that JSON has a form of its own for.
var wellKnown = map[protoreflect.FullName][]string{
	"google.protobuf.Timestamp": {"type: string", "format: date-time"},
	"google.protobuf.Duration":  {"type: string", `pattern: "^-?[0-9]+(\\.[0-9]{1,9})?s$"`},
	"google.protobuf.Any":       {"type: object", "additionalProperties: true"},
	"google.protobuf.Struct":    {"type: object", "additionalProperties: true"},
	"google.protobuf.FieldMask": {"type: string"},
	"google.protobuf.Empty":     {"type: object"},
}

// scalars are the types of plain values in JSON. Whole numbers of 64 bits are texts,
// since JavaScript cannot hold them.
var scalars = map[protoreflect.Kind][]string{
	protoreflect.BoolKind:     {"type: boolean"},
	protoreflect.StringKind:   {"type: string"},
	protoreflect.BytesKind:    {"type: string", "contentEncoding: base64"},
	protoreflect.Int32Kind:    {"type: integer", "format: int32"},
	protoreflect.Sint32Kind:   {"type: integer", "format: int32"},
	protoreflect.Sfixed32Kind: {"type: integer", "format: int32"},
	protoreflect.Uint32Kind:   {"type: integer", "minimum: 0"},
	protoreflect.Fixed32Kind:  {"type: integer", "minimum: 0"},
	protoreflect.Int64Kind:    {"type: string", "format: int64"},
	protoreflect.Sint64Kind:   {"type: string", "format: int64"},
	protoreflect.Sfixed64Kind: {"type: string", "format: int64"},
	protoreflect.Uint64Kind:   {"type: string", "format: uint64"},
	protoreflect.Fixed64Kind:  {"type: string", "format: uint64"},
	protoreflect.FloatKind:    {"type: number"},
	protoreflect.DoubleKind:   {"type: number"},
}
