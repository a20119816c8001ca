package main

import (
	"strconv"
	"strings"
)

// writer writes YAML.
type writer struct{ b strings.Builder }

// line writes a line, so many levels in.
func (w *writer) line(level int, text string) {
	w.b.WriteString(strings.Repeat("  ", level) + text + "\n")
}

// text writes a text under a key, where there is one.
func (w *writer) text(level int, key, text string) {
	switch {
	case text == "":
	case !strings.Contains(text, "\n"):
		w.line(level, key+": "+quoted(text))
	default:
		w.line(level, key+": |-")
		for line := range strings.Lines(text) {
			if line = strings.TrimRight(line, "\n"); line == "" {
				w.b.WriteString("\n")
			} else {
				w.line(level+1, line)
			}
		}
	}
}

// quoted is a text that YAML takes for nothing else.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// ref writes a reference to a schema.
func (w *writer) ref(level int, name string) {
	w.line(level, "$ref: "+strconv.Quote("#/components/schemas/"+name))
}

// String is what was written.
func (w *writer) String() string { return w.b.String() }
