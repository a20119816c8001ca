package setting

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// Sources are where values come from.
type Sources struct {
	// Flags are those of the command line; see AddFlags. None if nil.
	Flags *pflag.FlagSet
	// Environ has name=value, as os.Environ does.
	Environ []string
	// File is a file of values in YAML; none if empty.
	File string
}

// Read is what was read.
type Read struct {
	// From says for the name of a setting where its value comes from: a flag, a
	// variable, a place in a file. A setting that nobody has set is not in it.
	From map[string]string
	// said are the values, in their parts.
	said map[string][]string
}

// Said says whether a setting was set by anybody.
func (r Read) Said(name string) bool { return r.From[name] != "" }

// layer is what one source says.
type layer struct {
	values map[string]any
	from   map[string]string
	said   map[string][]string
}

func newLayer() *layer {
	return &layer{values: map[string]any{}, from: map[string]string{}, said: map[string][]string{}}
}

// set takes a value that was found at a place.
func (l *layer) set(s Setting, parts []string, from string) error {
	value, err := s.parse(parts)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	l.values[s.Name], l.from[s.Name], l.said[s.Name] = value, from, parts
	return nil
}

// Read is part of koanf.Provider.
func (l *layer) Read() (map[string]any, error) { return l.values, nil }

// ReadBytes is part of koanf.Provider; a layer has no bytes.
func (l *layer) ReadBytes() ([]byte, error) { return nil, errors.New("setting: a layer has no bytes") }

// Read reads the settings into a struct of the type that the table is of. A map is
// put together from all sources, key by key; of anything else the first source
// wins. The error has everything that is wrong, each with its place; nothing is
// written to the struct then.
func (t Table) Read(into any, sources Sources) (Read, error) {
	usual, file, environ, flags := newLayer(), newLayer(), newLayer(), newLayer()
	var wrong []error
	for _, s := range t.Settings {
		if s.Default != "" {
			wrong = append(wrong, usual.set(s, s.kind.parts(s.Default), ""))
		}
	}
	if sources.File != "" {
		wrong = append(wrong, t.readFile(file, sources.File))
	}
	wrong = append(wrong, t.readEnviron(environ, sources.Environ), t.readFlags(flags, sources.Flags))
	if err := errors.Join(wrong...); err != nil {
		return Read{}, err
	}
	read := Read{From: map[string]string{}, said: map[string][]string{}}
	all := koanf.New("/")
	for _, l := range []*layer{usual, file, environ, flags} {
		if err := all.Load(l, nil); err != nil {
			return Read{}, err
		}
		maps.Copy(read.said, l.said)
		if l != usual {
			maps.Copy(read.From, l.from)
		}
	}
	return read, all.UnmarshalWithConf("", into, koanf.UnmarshalConf{Tag: "name"})
}

// names returns the names of all settings in one of their spellings.
func (t Table) names(spell func(Setting) string) []string {
	var names []string
	for _, s := range t.Settings {
		names = append(names, spell(s))
	}
	slices.Sort(names)
	return names
}
