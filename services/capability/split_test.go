package capability

import (
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"
	"pgregory.net/rapid"
)

func TestSplit(t *testing.T) {
	family, flag := "👩‍👩‍👧‍👦", "🇦🇹"
	for _, tc := range []struct {
		name, text string
		limit      Limit
		want       []string
	}{
		{"fits", " hello  ", Limit{Max: 8}, []string{" hello  "}},
		{"nothing", "", Limit{Max: 8}, nil},
		{"white space", " \n ", Limit{Max: 8}, nil},
		{"words", "one two three four", Limit{Max: 9}, []string{"one two", "three", "four"}},
		{"a word that begins early", "abc defghijk lmn", Limit{Max: 10}, []string{"abc", "defghijk", "lmn"}},
		{"a word over the limit", "abcdefghijklm", Limit{Max: 5}, []string{"abcde", "fghij", "klm"}},
		{"a sentence", "It came. It is blue.", Limit{Max: 15}, []string{"It came.", "It is blue."}},
		{"a line", "It is a\nblue one", Limit{Max: 12}, []string{"It is a", "blue one"}},
		{"a paragraph goes before a line", "one\n\ntwo\nthree four", Limit{Max: 9}, []string{"one", "two", "three", "four"}},
		{"a paragraph that leaves too much empty", "a\n\nbbbb cccc dddd", Limit{Max: 14}, []string{"a\n\nbbbb cccc", "dddd"}},
		{"white space at the border does not count", "aaaa     bbbb", Limit{Max: 4}, []string{"aaaa", "bbbb"}},
		{"no spaces", "漢字漢字漢字", Limit{Max: 4}, []string{"漢字漢字", "漢字"}},
		{"no spaces, in bytes", "漢字漢字漢字", Limit{Max: 8, Bytes: true}, []string{"漢字", "漢字", "漢字"}},
		{"an emoji of many characters", "ab" + family + "cd", Limit{Max: 8}, []string{"ab", family, "cd"}},
		{"flags", flag + flag + flag, Limit{Max: 5}, []string{flag + flag, flag}},
		{"accents", "ae\u0301e\u0301", Limit{Max: 2}, []string{"a", "e\u0301", "e\u0301"}},
		{"one that is over the limit alone", family, Limit{Max: 3}, []string{"👩\u200d👩", "\u200d👧\u200d", "👦"}},
		{"a limit below one character", "漢字", Limit{Max: 2, Bytes: true}, []string{"漢", "字"}},
		{"right to left", "שלום עולם טוב", Limit{Max: 10}, []string{"שלום עולם", "טוב"}},
	} {
		if diff := cmp.Diff(tc.want, Split(tc.text, tc.limit)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

// scraps are what a text may be made of.
var scraps = []string{
	"a", "Hello", "world.", "don't", "3.14", "https://example.test/a/b?c=d", " ", " ", "  ", "\n", "\n\n", "\r\n", "\t", "\u00a0", "\u2028",
	"👩‍👩‍👧‍👦", "👍🏽", "🇦🇹", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "e\u0301", "\u0301", "\u200d", "\ufe0f", "Z̴̷̵͉͎̯͔ą̶̷̸", "漢字", "カタカナ", "한국어", "각",
	"שלום", "مرحبا", "สวัสดี", "नमस्ते", "! ", "?", "… ", "-", "\u00ad", "\u200b",
}

func drawText(most int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(scraps), rapid.StringN(0, 3, -1)), 0, most).Draw(t, "scraps"), "")
	})
}

// TestM6SplitKeepsTheText shows that pieces are within the limit, that nothing but
// white space is lost between them, and that none begins inside of a character or
// of a word that would have fitted.
func TestM6SplitKeepsTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawText(40).Draw(t, "text")
		limit := Limit{Max: rapid.IntRange(4, 60).Draw(t, "max"), Bytes: rapid.Bool().Draw(t, "bytes")}
		pieces := Split(text, limit)
		inCharacter, inWord := inside(text, limit)
		at := 0
		for i, piece := range pieces {
			if !limit.Holds(piece) || strings.TrimSpace(piece) == "" {
				t.Fatalf("piece %d: %q", i, piece)
			}
			skipped := strings.Index(text[at:], piece)
			if skipped < 0 || strings.TrimFunc(text[at:at+skipped], unicode.IsSpace) != "" {
				t.Fatalf("piece %d is %q, but the text goes on with %q", i, piece, text[at:])
			}
			at += skipped
			if i > 0 && inCharacter[at] || i > 0 && inWord[at] {
				t.Fatalf("piece %d begins inside of a character %v, of a word %v: %q", i, inCharacter[at], inWord[at], piece)
			}
			at += len(piece)
		}
		if strings.TrimFunc(text[at:], unicode.IsSpace) != "" {
			t.Fatalf("%q is lost", text[at:])
		}
	})
}

// inside returns the places inside of the characters and of the words of a text
// that are within the limit alone. A word ends where a character does.
func inside(text string, limit Limit) (characters, words map[int]bool) {
	every, characters, words := map[int]bool{}, map[int]bool{}, map[int]bool{}
	at := 0
	for rest, state := text, -1; rest != ""; {
		var one string
		one, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		for i := at + 1; i < at+len(one); i++ {
			every[i], characters[i] = true, limit.Holds(one)
		}
		at += len(one)
	}
	begin, at := 0, 0
	for rest, state := text, -1; rest != ""; {
		var one string
		one, rest, state = uniseg.FirstWordInString(rest, state)
		at += len(one)
		if every[at] {
			continue
		}
		for i := begin + 1; i < at; i++ {
			words[i] = limit.Holds(text[begin:at]) && strings.TrimSpace(text[begin:i]) != ""
		}
		begin = at
	}
	return characters, words
}

func TestCut(t *testing.T) {
	for _, tc := range []struct {
		text string
		most int
		want string
	}{
		{"short", 5, "short"},
		{"too long", 5, "too l"},
		{"ab👩‍👩‍👧", 4, "ab"},
		{"ab👩‍👩‍👧c", 7, "ab👩‍👩‍👧"},
		{"🇦🇹🇦🇹", 3, "🇦🇹"},
		{"ne\u0301e", 2, "n"},
		{"e\u0301", 1, ""},
	} {
		if got := Cut(tc.text, tc.most); got != tc.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", tc.text, tc.most, got, tc.want)
		}
	}
}

// BenchmarkSplit splits the longest text that an agent may write.
func BenchmarkSplit(b *testing.B) {
	for name, scrap := range map[string]string{
		"words": "Does it come in another colour? ", "spaces": "a.                               ", "symbols": "a.)!(((((((", "ideographs": "漢字漢字。",
	} {
		text := strings.Repeat(scrap, 16<<10/len(scrap))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Split(text, Limit{Max: 1000, Bytes: true})
			}
		})
	}
	b.Run("one sign", func(b *testing.B) {
		text := "a." + strings.Repeat(" ", 16<<10) + "b"
		for b.Loop() {
			Split(text, Limit{Max: 1000, Bytes: true})
		}
	})
}
