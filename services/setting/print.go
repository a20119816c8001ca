package setting

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteTable writes all settings as a table of Markdown.
func (t Table) WriteTable(w io.Writer) {
	fmt.Fprintln(w, "| flag | variable | in a file | value | usual | what it is |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|")
	for _, s := range t.Settings {
		usual := ""
		if s.Default != "" {
			usual = "`" + s.Default + "`"
		}
		fmt.Fprintf(w, "| `--%s` | `%s` | `%s` | %s | %s | %s |\n", s.Name, s.Variable(t.Prefix), s.Key(),
			strings.ReplaceAll(s.Kind, "|", ", "), usual, strings.ReplaceAll(s.Meaning, "|", `\|`))
	}
}

// WriteFile writes a file of settings in which each is commented out and what it is
// usually.
func (t Table) WriteFile(w io.Writer) {
	for at, s := range t.Settings {
		if at > 0 {
			fmt.Fprintln(w)
		}
		comment(w, s)
		switch parts := s.kind.parts(s.Default); {
		case s.Default == "" || !s.kind.many:
			fmt.Fprintf(w, "# %s: %s\n", s.Key(), quoted(s.Default))
		case s.kind.pairs:
			fmt.Fprintf(w, "# %s:\n", s.Key())
			for _, part := range parts {
				name, value, _ := strings.Cut(part, "=")
				fmt.Fprintf(w, "#   %s: %s\n", name, value)
			}
		default:
			fmt.Fprintf(w, "# %s: [%s]\n", s.Key(), strings.Join(parts, ", "))
		}
	}
}

// quoted is a value as YAML takes it for a text.
func quoted(value string) string {
	if value == "" || strings.ContainsAny(value[:1], ":*&!%@`#[]{},|>'\"") {
		return fmt.Sprintf("%q", value)
	}
	return value
}

// WriteEnviron writes a file of variables in which each is commented out and what
// it is usually.
func (t Table) WriteEnviron(w io.Writer) {
	for at, s := range t.Settings {
		if at > 0 {
			fmt.Fprintln(w)
		}
		comment(w, s)
		fmt.Fprintf(w, "# %s=%s\n", s.Variable(t.Prefix), s.Default)
	}
}

// comment writes what a setting is, in lines.
func comment(w io.Writer, s Setting) {
	const width = 78
	line := "#"
	for _, word := range strings.Fields(fmt.Sprintf("%s (%s)", s.Meaning, s.Kind)) {
		if len(line)+1+len(word) > width {
			fmt.Fprintln(w, line)
			line = "#"
		}
		line += " " + word
	}
	fmt.Fprintln(w, line)
}

// WriteSaid writes which settings were set, to what and where.
func (t Table) WriteSaid(w io.Writer, read Read) {
	for _, s := range t.Settings {
		if !read.Said(s.Name) {
			continue
		}
		value := cmp.Or(strings.Join(slices.Clone(read.said[s.Name]), ","), `""`)
		if s.Secret {
			value = "[redacted]"
		}
		fmt.Fprintf(w, "%s = %s (%s)\n", s.Name, value, read.From[s.Name])
	}
}
