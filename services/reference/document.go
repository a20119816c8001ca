package reference

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is what the page shows of an OpenAPI.
type document struct {
	Info struct {
		Title, Version, Description string
	}
	Tags []struct {
		Name, Description string
	}
	Paths      ordered[map[string]operation]
	Components struct {
		Schemas ordered[schema]
	}
}

type operation struct {
	Tags                 []string
	Summary, Description string
	Parameters           []parameter
	Security             *[]map[string][]string
	RequestBody          *responses `yaml:"requestBody"`
	Responses            *responses
}

type parameter struct {
	Name, In, Description string
	Required              bool
}

// responses are what a call takes or gives, by its kind of content.
type responses struct {
	Content map[string]struct{ Schema schema }
	Success *responses `yaml:"200"`
}

// schema is a type.
type schema struct {
	Ref                       string `yaml:"$ref"`
	Type, Description, Format string
	Enum                      []string
	Meanings                  map[string]string `yaml:"x-enum-descriptions"`
	Properties                ordered[schema]
	Items                     *schema
}

// ordered is a mapping in the order of its file.
type ordered[V any] []entry[V]

type entry[V any] struct {
	Name  string
	Value V
}

// UnmarshalYAML is part of yaml.Unmarshaler.
func (o *ordered[V]) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return errors.New("this is no mapping")
	}
	for at := 0; at+1 < len(node.Content); at += 2 {
		e := entry[V]{Name: node.Content[at].Value}
		if err := node.Content[at+1].Decode(&e.Value); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
		*o = append(*o, e)
	}
	return nil
}

// find returns the value of a name.
func (o ordered[V]) find(name string) (found V, ok bool) {
	for _, e := range o {
		if e.Name == name {
			return e.Value, true
		}
	}
	return found, false
}

// refersTo is the name of the schema that a schema stands for, or "".
func (s schema) refersTo() string { return strings.TrimPrefix(s.Ref, "#/components/schemas/") }

// of returns the schema that a call takes or gives, and its name.
func (r *responses) of() (contentType, name string) {
	if r == nil {
		return "", ""
	}
	for contentType, content := range r.Content {
		return contentType, content.Schema.refersTo()
	}
	return "", ""
}
