package echo_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// quote is a block of code in the documentation, under the path of its file.
var quote = regexp.MustCompile("(?s)<!-- (\\S+) -->\n```\\w+\n(.*?)\n```\n")

// TestQuotes shows that what docs/writing-a-channel.md quotes is what the files say.
func TestQuotes(t *testing.T) {
	const root = "../.."
	text, err := os.ReadFile(filepath.Join(root, "docs/writing-a-channel.md"))
	if err != nil {
		t.Fatal(err)
	}
	quotes := quote.FindAllStringSubmatch(string(text), -1)
	if blocks := strings.Count(string(text), "\n```\n"); len(quotes) != blocks || blocks < 10 {
		t.Errorf("%d of %d blocks say where they are from", len(quotes), blocks)
	}
	for _, q := range quotes {
		file, err := os.ReadFile(filepath.Join(root, q[1]))
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.Contains(string(file), q[2]) {
			t.Errorf("%s does not say\n%s", q[1], q[2])
		}
	}
}
