package capability

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

var rewrite = flag.Bool("rewrite", false, "write the table into docs/channels.md")

// TestDocumentation shows that docs/channels.md says what the table says.
func TestDocumentation(t *testing.T) {
	const path, begin, end = "../../docs/channels.md", "<!-- the table: begin -->\n", "<!-- the table: end -->"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	said, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("the document has no place for the table")
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(before+begin+describe()+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(said, describe()); diff != "" {
		t.Errorf("run go test ./services/capability -run Documentation -rewrite (-document +table):\n%s", diff)
	}
}

// names are the channels in the order of the document.
func names() []string { return []string{widget, whatsapp, messenger, instagram} }

// describe returns the table as Markdown: a row for each thing that can be shown,
// a column for each channel.
func describe() string {
	rows := []struct {
		name string
		of   func(Channel) string
	}{
		{"text, at most", func(c Channel) string { return lengthOf(c.Text) }},
		{"question above buttons", func(c Channel) string { return lengthOf(c.Question) }},
		{"buttons", func(c Channel) string { return fmt.Sprintf("%d, titles of %d", c.Buttons, c.Title) }},
		{"list", func(c Channel) string {
			return described(c.List > 0, fmt.Sprintf("%d rows of %d", c.List, c.Row))
		}},
		{"image", kindOf(image)},
		{"video", kindOf(video)},
		{"audio", kindOf(audio)},
		{"voice message", kindOf(voice)},
		{"sticker", kindOf(sticker)},
		{"document", kindOf(document)},
		{"text below a file", func(c Channel) string { return described(c.Caption.Max > 0, lengthOf(c.Caption)) }},
		{"images in one message", func(c Channel) string { return described(c.Images > 0, strconv.Itoa(c.Images)) }},
		{"several parts in one message", func(c Channel) string { return described(c.Parts, "yes") }},
		{"place", func(c Channel) string { return described(c.Location, "yes") }},
		{"address cards", func(c Channel) string { return described(c.Contacts, "yes") }},
		{"template", func(c Channel) string { return described(c.Template, "yes") }},
		{"reaction", func(c Channel) string { return described(c.Reaction, "yes") }},
		{"reply to a message", func(c Channel) string { return described(c.Quote, "yes") }},
		{"typing, seen", func(c Channel) string { return described(c.Typing && c.Seen, "yes") }},
		{"messaging window", func(c Channel) string { return described(c.Window > 0, hours(c.Window)) }},
		{"for a person's answer", func(c Channel) string { return described(c.HumanWindow > 0, hours(c.HumanWindow)) }},
	}
	var table strings.Builder
	table.WriteString("| |")
	for _, name := range names() {
		table.WriteString(" " + name + " |")
	}
	table.WriteString("\n|---|" + strings.Repeat("---|", len(names())) + "\n")
	for _, row := range rows {
		table.WriteString("| " + row.name + " |")
		for _, name := range names() {
			table.WriteString(" " + row.of(Of(name)) + " |")
		}
		table.WriteString("\n")
	}
	return table.String()
}

func lengthOf(l Limit) string {
	if l.Bytes {
		return strconv.Itoa(l.Max) + " bytes"
	}
	return strconv.Itoa(l.Max) + " characters"
}

func described(there bool, how string) string {
	if there {
		return how
	}
	return "–"
}

func hours(d time.Duration) string { return fmt.Sprintf("%d h", d/time.Hour) }

// kindOf describes the files of a kind.
func kindOf(kind eventv1.MediaKind) func(Channel) string {
	return func(c Channel) string {
		m, ok := c.Media[kind]
		if !ok {
			return "a link"
		}
		size := sized(m.Size)
		if m.Moving > 0 {
			size += ", moving " + sized(m.Moving)
		}
		if m.Types == nil {
			return size
		}
		var types []string
		for _, t := range m.Types {
			_, short, _ := strings.Cut(t, "/")
			types = append(types, shortened(short))
		}
		slices.Sort(types)
		return size + ": " + strings.Join(slices.Compact(types), ", ")
	}
}

// shortened returns the everyday name of a subtype.
func shortened(subtype string) string {
	return cmp.Or(map[string]string{
		"mpeg": "mp3", "x-m4a": "m4a", "x-wav": "wav", "x-msvideo": "avi", "quicktime": "mov", "3gpp": "3gp", "plain": "txt",
		"msword": "doc", "vnd.ms-excel": "xls", "vnd.ms-powerpoint": "ppt",
		"vnd.openxmlformats-officedocument.wordprocessingml.document":   "docx",
		"vnd.openxmlformats-officedocument.spreadsheetml.sheet":         "xlsx",
		"vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
	}[subtype], subtype)
}

func sized(n int64) string {
	if n >= mB {
		return fmt.Sprintf("%d MB", n/mB)
	}
	return fmt.Sprintf("%d KB", n/kB)
}
