package capability

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// border is how good a place is to end a piece of text, the best last.
type border int

const (
	betweenCharacters border = iota
	betweenWords
	betweenLines // where a reader's screen would break a line
	afterSpace
	afterSentence
	afterLine
	afterParagraph
)

// Split returns a text in pieces within a limit. It ends a piece where a
// paragraph ends, or a line, a sentence, a word, whichever does not leave more
// than half of the piece empty; inside of a word only where the word alone is
// over the limit, and inside of what a reader sees as one character only where
// that alone is. The pieces joined are the text, but for the white space at
// their borders. There is none where the text is all white space.
func Split(text string, limit Limit) []string {
	if limit.Holds(text) && strings.TrimSpace(text) != "" {
		return []string{text}
	}
	var pieces []string
	for rest := clusters(text, limit); ; {
		rest = trimLeft(rest)
		if len(rest) == 0 {
			return pieces
		}
		var piece []cluster
		piece, rest = cut(rest, limit.Max)
		pieces = append(pieces, join(trimRight(piece)))
	}
}

// cluster is what a reader sees as one character, or a part of it where it is
// over the limit alone.
type cluster struct {
	text string
	size int
	// after is how good a place to end is behind it.
	after border
	white bool
}

func clusters(text string, limit Limit) []cluster {
	var all []cluster
	newlines := 0
	for state := -1; text != ""; {
		var c string
		var boundaries int
		c, text, boundaries, state = uniseg.StepString(text, state)
		next := cluster{text: c, size: limit.of(c), white: isWhite(c)}
		switch {
		case isNewline(c):
			newlines++
		case !next.white:
			newlines = 0
		}
		word := boundaries&uniseg.MaskWord != 0
		switch {
		case newlines > 1:
			next.after = afterParagraph
		case newlines > 0:
			next.after = afterLine
		case word && boundaries&uniseg.MaskSentence != 0:
			next.after = afterSentence
		case next.white && word:
			next.after = afterSpace
		case word && boundaries&uniseg.MaskLine != uniseg.LineDontBreak:
			next.after = betweenLines
		case word:
			next.after = betweenWords
		}
		if next.size <= limit.Max {
			all = append(all, next)
			continue
		}
		for len(c) > 0 {
			_, n := utf8.DecodeRuneInString(c)
			all = append(all, cluster{text: c[:n], size: limit.of(c[:n]), white: isWhite(c[:n])})
			c = c[n:]
		}
		all[len(all)-1].after = next.after
	}
	return all
}

// cut returns the beginning that is within the limit, and the rest. White space
// at its end does not count.
func cut(all []cluster, limit int) (piece, rest []cluster) {
	var ends, sizes [afterParagraph + 1]int
	size, fits := 0, 0
	for i, c := range all {
		size += c.size
		if size > limit && !c.white {
			break
		}
		fits = i + 1
		ends[c.after], sizes[c.after] = fits, size
	}
	if fits == len(all) {
		return all, nil
	}
	for b := afterParagraph; b >= betweenLines; b-- {
		if ends[b] > 0 && sizes[b] >= limit/2 {
			return all[:ends[b]], all[ends[b]:]
		}
	}
	end := slices.Max(ends[betweenWords:])
	if end == 0 {
		// One character may be over the limit: of three bytes, where two are allowed.
		end = max(fits, 1)
	}
	return all[:end], all[end:]
}

func trimLeft(all []cluster) []cluster {
	for len(all) > 0 && all[0].white {
		all = all[1:]
	}
	return all
}

func trimRight(all []cluster) []cluster {
	for len(all) > 0 && all[len(all)-1].white {
		all = all[:len(all)-1]
	}
	return all
}

func join(all []cluster) string {
	var text strings.Builder
	for _, c := range all {
		text.WriteString(c.text)
	}
	return text.String()
}

func isWhite(c string) bool {
	return strings.IndexFunc(c, func(r rune) bool { return !unicode.IsSpace(r) }) < 0
}

func isNewline(c string) bool {
	switch c {
	case "\n", "\r\n", "\r", "\u2028", "\u2029", "\u0085":
		return true
	}
	return false
}

// Cut returns the beginning of a text that has at most so many characters, and
// does not end inside of what a reader sees as one: an emoji, a flag, a letter
// with its accents.
func Cut(text string, most int) string {
	limit := Limit{Max: most}
	if limit.Holds(text) {
		return text
	}
	size, end := 0, 0
	for rest, state := text, -1; rest != ""; {
		var c string
		c, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if size += limit.of(c); size > most {
			break
		}
		end += len(c)
	}
	return text[:end]
}
