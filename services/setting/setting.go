// Package setting reads how a program shall run into one struct: from flags, else
// from the environment, else from a file, else what its tags say is usual. The same
// tags make the flags, the names in the environment and the words about each.
//
// A field of the struct is a setting where it has these tags:
//
//	name     its name, in small letters with hyphens: the flag. In the
//	         environment it is in capitals after the prefix, in a file with
//	         underscores.
//	default  what it is where nobody says anything; the zero value without it.
//	is       what it is, for people, as a flag's help says it.
//	as       what sort of text it is (folder, file), for people.
//	oneof    the words that may be said, divided by commas.
//	secret   "true" where a value is never shown.
package setting

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Setting is one thing that can be said about how a program runs.
type Setting struct {
	// Name is the flag; Meaning says what it is.
	Name, Meaning string
	// Kind is what a value looks like, in a word.
	Kind string
	// Default is what it is where nobody says anything, as it would be said.
	Default string
	// Words are those that may be said; any if there are none.
	Words []string
	// Secret is a setting whose value is never shown.
	Secret bool

	kind kind
}

// Key is the name in a file.
func (s Setting) Key() string { return strings.ReplaceAll(s.Name, "-", "_") }

// Variable is the name in the environment.
func (s Setting) Variable(prefix string) string { return prefix + strings.ToUpper(s.Key()) }

// parse reads a value in its parts: one, or as many as a list or a map has.
func (s Setting) parse(parts []string) (any, error) {
	value, err := s.kind.parse(parts)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		if len(s.Words) > 0 && !slices.Contains(s.Words, part) {
			return nil, fmt.Errorf("%q is none of %s%s", part, strings.Join(s.Words, ", "), meant(part, s.Words))
		}
	}
	return value, nil
}

// Table is the settings of a program.
type Table struct {
	// Prefix begins the names of its variables, as WEICHE_.
	Prefix string
	// Settings are in the order of the struct.
	Settings []Setting
}

// Of returns the settings that a struct has by its tags. It panics where a tag
// cannot be what is meant: that is a bug, and a default has to be a value.
func Of[T any](prefix string) Table {
	table := Table{Prefix: prefix}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		name, ok := field.Tag.Lookup("name")
		if !ok {
			continue
		}
		kind, ok := kinds[field.Type]
		if !ok {
			panic(fmt.Sprintf("setting %s: a %s cannot be read", name, field.Type))
		}
		s := Setting{
			Name: name, Meaning: field.Tag.Get("is"), Default: cmp.Or(field.Tag.Get("default"), kind.zero), Kind: kind.word,
			Secret: field.Tag.Get("secret") == "true", kind: kind,
		}
		if as := field.Tag.Get("as"); as != "" {
			s.Kind = as
		}
		if words := field.Tag.Get("oneof"); words != "" {
			s.Words = strings.Split(words, ",")
			if !kind.many {
				s.Kind = strings.Join(s.Words, "|")
			}
		}
		if s.Default != "" {
			if _, err := s.parse(kind.parts(s.Default)); err != nil {
				panic(fmt.Sprintf("setting %s: the default: %v", name, err))
			}
		}
		if s.Meaning == "" {
			panic(fmt.Sprintf("setting %s: nobody knows what it is", name))
		}
		table.Settings = append(table.Settings, s)
	}
	return table
}

// Find returns the setting of a name.
func (t Table) Find(name string) (Setting, bool) {
	for _, s := range t.Settings {
		if s.Name == name {
			return s, true
		}
	}
	return Setting{}, false
}
