package eventstoretest

import "strings"

func splitWords(facts string) []string { return strings.Fields(facts) }

// parseWord takes "put:key=value" or "del:key" apart.
func parseWord(word string) (key, value string, del, ok bool) {
	if rest, found := strings.CutPrefix(word, "put:"); found {
		key, value, ok = strings.Cut(rest, "=")
		return key, value, false, ok
	}
	key, ok = strings.CutPrefix(word, "del:")
	return key, "", true, ok
}
