package api_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// TestAsyncAPI shows that the description of what goes over NATS is served, that
// everything that it refers to is in it, and that its messages have the fields that
// they have, in the words of /openapi.yaml where that has them too.
func TestAsyncAPI(t *testing.T) {
	s := newStage(t, nil)
	get := func(path string) []byte {
		t.Helper()
		resp, err := http.Get(s.server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/yaml") {
			t.Fatalf("%d %v: %v", resp.StatusCode, resp.Header, err)
		}
		return text
	}
	text := get("/asyncapi.yaml")
	var whole map[string]any
	if err := yaml.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	for _, ref := range references(whole) {
		var at any = whole
		for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			here, _ := at.(map[string]any)
			at = here[step]
		}
		if at == nil {
			t.Errorf("%s leads nowhere", ref)
		}
	}
	var described, overHTTP description
	if err := yaml.Unmarshal(text, &described); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(get("/openapi.yaml"), &overHTTP); err != nil {
		t.Fatal(err)
	}
	compared := 0
	if len(described.Components.Schemas) < 6 {
		t.Errorf("only %d messages are described", len(described.Components.Schemas))
	}
	for name, schema := range described.Components.Schemas {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(schema.Title))
		message, ok := found.(protoreflect.MessageDescriptor)
		if err != nil || !ok {
			t.Errorf("%s: there is no message %q", name, schema.Title)
			continue
		}
		var fields []string
		for at := range message.Fields().Len() {
			field := message.Fields().Get(at)
			fields = append(fields, field.JSONName())
			said, ok := schema.Properties[field.JSONName()]
			if !ok {
				t.Errorf("%s: the field %s is not described", name, field.JSONName())
			}
			if title := said.Title; title != "" && field.Message() != nil && title != string(field.Message().FullName()) {
				t.Errorf("%s: the field %s is no %s", name, field.JSONName(), title)
			}
			if other, ok := overHTTP.Components.Schemas[schema.Title]; ok {
				compared++
				if words := oneLine(other.Properties[field.JSONName()].Description); !strings.HasPrefix(words, oneLine(said.Description)) {
					t.Errorf("%s: %s is described as\n%s\nand in /openapi.yaml as\n%s", name, field.JSONName(), said.Description, words)
				}
			}
		}
		for field := range schema.Properties {
			if !slices.Contains(fields, field) {
				t.Errorf("%s: there is no field %s", name, field)
			}
		}
	}
	if compared < 20 {
		t.Errorf("only %d fields stand in both descriptions", compared)
	}
}

// description is the part of a description in which messages are described.
type description struct {
	Components struct {
		Schemas map[string]struct {
			Title      string
			Properties map[string]struct{ Description, Title, Type string }
		}
	}
}

// oneLine returns a text as it is however its lines are broken.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// references returns everything that a description refers to in itself.
func references(at any) (refs []string) {
	switch here := at.(type) {
	case map[string]any:
		if ref, ok := here["$ref"].(string); ok {
			refs = append(refs, ref)
		}
		for _, below := range here {
			refs = append(refs, references(below)...)
		}
	case []any:
		for _, below := range here {
			refs = append(refs, references(below)...)
		}
	}
	return refs
}
