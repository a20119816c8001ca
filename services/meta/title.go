package meta

import "unicode"

const (
	zeroWidthJoiner = '\u200d'
	regionalFirst   = '\U0001F1E6'
	regionalLast    = '\U0001F1FF'
	modifierFirst   = '\U0001F3FB'
	modifierLast    = '\U0001F3FF'
	tagFirst        = '\U000E0020'
	tagLast         = '\U000E007F'
)

// Cut returns the beginning of s that has at most limit characters and does not
// end inside of what a reader sees as one: an emoji, a flag, a letter with its
// accents, a Hangul syllable.
func Cut(s string, limit int) string {
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	for end := limit; end > 0; end-- {
		if !joined(runes, end) {
			return string(runes[:end])
		}
	}
	return ""
}

// joined says that what a reader sees goes on over the border before i.
func joined(runes []rune, i int) bool {
	before, after := runes[i-1], runes[i]
	switch {
	case before == '\r' && after == '\n':
		return true
	case before == zeroWidthJoiner, after == zeroWidthJoiner:
		return true
	case unicode.Is(unicode.M, after), after >= modifierFirst && after <= modifierLast, after >= tagFirst && after <= tagLast:
		return true
	case isRegional(before) && isRegional(after):
		// Flags are pairs: it goes on if the run before is odd.
		run := 0
		for j := i - 1; j >= 0 && isRegional(runes[j]); j-- {
			run++
		}
		return run%2 == 1
	}
	return joinsSyllable(after) && (before >= 0x1100 && before <= 0x115F || before >= 0xAC00 && before <= 0xD7A3 || joinsSyllable(before))
}

func isRegional(r rune) bool { return r >= regionalFirst && r <= regionalLast }

// joinsSyllable says that a Hangul letter joins those before it to one syllable.
func joinsSyllable(r rune) bool { return r >= 0x1160 && r <= 0x11FF || r >= 0xD7B0 && r <= 0xD7FF }
