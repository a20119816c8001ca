package setting

import (
	"errors"
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"
)

// readFile reads a file of settings.
func (t Table) readFile(into *layer, name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if document.IsZero() {
		return nil // nothing but comments
	}
	top := document.Content[0]
	if top.Kind != yaml.MappingNode {
		return fmt.Errorf("%s:%d: a file of settings has name: value in each line", name, top.Line)
	}
	var wrong []error
	for at := 0; at+1 < len(top.Content); at += 2 {
		key, value := top.Content[at], top.Content[at+1]
		place := fmt.Sprintf("%s:%d: %s", name, key.Line, key.Value)
		s, ok := t.byKey(key.Value)
		switch {
		case !ok:
			wrong = append(wrong, fmt.Errorf("%s: there is no such setting%s", place, meant(key.Value, t.names(Setting.Key))))
			continue
		case into.from[s.Name] != "":
			wrong = append(wrong, fmt.Errorf("%s: it is set twice", place))
			continue
		}
		parts, err := s.partsOf(value)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", place, err))
			continue
		}
		wrong = append(wrong, into.set(s, parts, place))
	}
	return errors.Join(wrong...)
}

func (t Table) byKey(key string) (Setting, bool) {
	for _, s := range t.Settings {
		if s.Key() == key {
			return s, true
		}
	}
	return Setting{}, false
}

// partsOf returns the parts of a value of a file.
func (s Setting) partsOf(value *yaml.Node) ([]string, error) {
	switch value.Kind {
	case yaml.ScalarNode:
		if value.Tag == "!!null" {
			return nil, errors.New("it has no value")
		}
		return s.kind.parts(value.Value), nil
	case yaml.SequenceNode:
		if !s.kind.many || s.kind.pairs {
			break
		}
		var parts []string
		for _, item := range value.Content {
			if item.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("line %d is not one value of the list", item.Line)
			}
			parts = append(parts, item.Value)
		}
		return parts, nil
	case yaml.MappingNode:
		if !s.kind.pairs {
			break
		}
		var parts []string
		for at := 0; at+1 < len(value.Content); at += 2 {
			if value.Content[at+1].Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("line %d is not name: value", value.Content[at].Line)
			}
			parts = append(parts, value.Content[at].Value+"="+value.Content[at+1].Value)
		}
		return parts, nil
	}
	return nil, fmt.Errorf("this is a %s, written as one", s.Kind)
}
