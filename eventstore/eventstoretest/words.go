package eventstoretest

import (
	"strings"

	"weiche/eventstore"
)

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

// RedactWords is a function for Options.Redacts in tests: a word "redact:id" in
// the facts of an event declares the event with that id redacted.
func RedactWords(r *eventstore.Record) (ids []string) {
	for _, word := range splitWords(string(r.Facts)) {
		if id, ok := strings.CutPrefix(word, "redact:"); ok {
			ids = append(ids, id)
		}
	}
	return ids
}
