// Package eventstoretest holds the conformance suite of the event store, and
// what tests of its callers need: a store in memory and short ways to make
// events and read them back.
package eventstoretest

import (
	"fmt"
	"iter"
	"log/slog"
	"testing"
	"time"

	"weiche/eventstore"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Now is a clock that goes one second on at each look at it, from noon of
// 2 January 2026 UTC. It may be used by one store.
func Now() func() time.Time {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}

// Quiet are options that log nothing.
func Quiet() eventstore.Options {
	return eventstore.Options{Logger: slog.New(slog.DiscardHandler)}
}

// InMemory opens an empty store in memory, and closes it when the test ends.
func InMemory(t testing.TB, opts eventstore.Options) *eventstore.Store {
	t.Helper()
	if opts.FS == nil {
		opts.FS = vfs.NewMem()
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := eventstore.Open("log", opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Event is a small event of type "test.Happened" of account "acme".
func Event(category, id, eventID string, dedup ...string) eventstore.Event {
	e := eventstore.Event{
		Stream: eventstore.Stream{Account: "acme", Category: category, ID: id},
		ID:     eventID,
		Type:   "test.Happened",
		Facts:  []byte("facts of " + eventID),
	}
	for _, k := range dedup {
		e.Dedup = append(e.Dedup, eventstore.DedupKey{Key: k})
	}
	return e
}

// Append appends commits and returns their results. An error of the call ends
// the test.
func Append(t testing.TB, s *eventstore.Store, commits ...eventstore.Commit) []eventstore.Result {
	t.Helper()
	results, err := s.Append(t.Context(), commits)
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != len(commits) {
		t.Fatalf("%d results for %d commits", len(results), len(commits))
	}
	return results
}

// Must appends events as one commit that has to be accepted.
func Must(t testing.TB, s *eventstore.Store, events ...eventstore.Event) eventstore.Result {
	t.Helper()
	r := Append(t, s, eventstore.Commit{Events: events, Epoch: s.Epoch()})[0]
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	return r
}

// Collect returns everything that a reader yields. An error ends the test.
func Collect[T any](t testing.TB, seq iter.Seq2[T, error]) []T {
	t.Helper()
	var all []T
	for v, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// IDs returns the event ids of records.
func IDs(records []*eventstore.Record) []string {
	ids := make([]string, len(records))
	for i, r := range records {
		ids[i] = r.ID
	}
	return ids
}

// IndexWords is an index function for tests. The facts of an event are words:
// "put:key=value" and "del:key" change the index "words" of its account.
func IndexWords(r *eventstore.Record) (change eventstore.IndexChange) {
	for _, word := range splitWords(string(r.Facts)) {
		key, value, del, ok := parseWord(word)
		k := eventstore.IndexKey{Account: r.Stream.Account, Index: "words", Key: []byte(key)}
		switch {
		case !ok:
		case del:
			change.Delete = append(change.Delete, k)
		default:
			change.Put = append(change.Put, eventstore.IndexEntry{IndexKey: k, Value: []byte(value)})
		}
	}
	return change
}

// Number returns the nth event id of a test, as a fixed-width text.
func Number(n int) string { return fmt.Sprintf("e%06d", n) }
