package eventstoretest

import (
	"errors"
	"testing"

	"weiche/eventstore"
)

// Sealed is Event with a sealed part.
func Sealed(category, id, eventID, sealed string) eventstore.Event {
	e := Event(category, id, eventID)
	e.Sealed = []byte(sealed)
	return e
}

// Redaction is an event that declares others redacted; see RedactWords.
func Redaction(category, id, eventID string, redacted ...string) eventstore.Event {
	e := Event(category, id, eventID)
	e.Facts = nil
	for _, r := range redacted {
		e.Facts = append(e.Facts, " redact:"+r...)
	}
	return e
}

func testRedact(t *testing.T, open Opener) {
	opts := Quiet()
	opts.Redacts = RedactWords
	s := opened(t, open, opts)
	Must(t, s, Sealed("c", "1", "a", "secret a"), Sealed("c", "1", "b", "secret b"), Event("c", "1", "c"))
	redact := func(ids ...string) error { return s.Redact(t.Context(), "acme", ids...) }
	if err := redact("a"); !errors.Is(err, eventstore.ErrNotDeclared) {
		t.Errorf("redact what nobody declares: %v", err)
	}
	if err := redact("nothing"); !errors.Is(err, eventstore.ErrNotFound) {
		t.Errorf("redact nothing: %v", err)
	}
	Must(t, s, Redaction("c", "1", "d", "a", "c", "nothing"))
	if err := redact("a", "b"); !errors.Is(err, eventstore.ErrNotDeclared) {
		t.Errorf("redact one that is declared and one that is not: %v", err)
	}
	check := func(what string, sealed ...string) {
		t.Helper()
		for i, r := range Collect(t, s.ReadAll(t.Context(), 0))[:3] {
			equal(t, what+", sealed part of "+r.ID, string(r.Sealed), sealed[i])
			equal(t, what+", redacted "+r.ID, r.Redacted(), sealed[i] == "" && i < 2)
		}
		verified(t, s)
	}
	check("declared", "secret a", "secret b", "")
	position, hash := s.Head()
	equal(t, "redact", redact("a", "c"), nil)
	equal(t, "redact again", redact("a"), nil)
	check("redacted", "", "secret b", "")
	again, same := s.Head()
	equal(t, "head", []any{again, same}, []any{position, hash})
	equal(t, "purge", s.Purge(t.Context()), nil)
	equal(t, "purge of nothing", s.Purge(t.Context()), nil)
	check("purged", "", "secret b", "")

	// Purge redacts what is declared, also after a restart.
	Must(t, s, Redaction("c", "2", "e", "b"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, open, opts)
	check("reopened", "", "secret b", "")
	equal(t, "purge after a restart", s.Purge(t.Context()), nil)
	check("purged after a restart", "", "", "")
	// What is gone cannot be declared by an event that is older.
	Must(t, s, Redaction("c", "2", "f", "g"))
	Must(t, s, Sealed("c", "2", "g", "secret g"))
	if err := redact("g"); !errors.Is(err, eventstore.ErrNotDeclared) {
		t.Errorf("redact what an older record declares: %v", err)
	}
	verified(t, s)
}
