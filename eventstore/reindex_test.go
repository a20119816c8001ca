package eventstore

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
)

// indexOf returns an index of what the facts of records are, under a name: what has
// ended is deleted.
func indexOf(name string) func(*Record) IndexChange {
	return func(r *Record) IndexChange {
		key, ended := strings.CutPrefix(string(r.Facts), "end ")
		k := IndexKey{"acme", name, []byte(key)}
		switch {
		case key == "unknown":
			return IndexChange{Err: errors.New("a later version wrote this")}
		case ended:
			return IndexChange{Delete: []IndexKey{k}}
		}
		return IndexChange{Put: []IndexEntry{{k, bytes.Repeat([]byte(name), MaxIndexValue/len(name))}}}
	}
}

// entriesOf returns the keys of an index with the positions that they lead to.
func entriesOf(t *testing.T, s *Store, name string) map[string]uint64 {
	t.Helper()
	entries := map[string]uint64{}
	for hit, err := range s.IndexScan(t.Context(), "acme", name, nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		entries[string(hit.Key)] = hit.Position
	}
	return entries
}

// reindexed is a log whose index "old" was made by version 1, and what its indexes
// lead to. They are larger than what is written at once.
func reindexed(t *testing.T) (Options, map[string]uint64) {
	fs := vfs.NewMem()
	opts := Options{FS: fs, Index: indexOf("old"), IndexVersion: 1}
	s := mustOpen(t, "log", opts)
	entries := map[string]uint64{}
	for i := range 2 * restoreBatch / MaxIndexValue {
		if i > 0 {
			entries[fmt.Sprint(i)] = uint64(i + 1)
		}
		mustAppend(t, s, Commit{Events: []Event{{
			Stream: Stream{"acme", "c", fmt.Sprint(i)}, ID: fmt.Sprint("e", i), Type: "t", SchemaVersion: 1, Facts: fmt.Append(nil, i),
		}}})
	}
	mustAppend(t, s, Commit{Events: []Event{{
		Stream: Stream{"acme", "c", "end"}, ID: "end", Type: "t", SchemaVersion: 1, Facts: []byte("end 0"),
	}}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return Options{FS: fs, Index: indexOf("new"), IndexVersion: 2, Logger: slog.New(slog.DiscardHandler)}, entries
}

// TestI34IndexesOfAnotherVersion has a log whose indexes an earlier build made
// verify, be found by and be gone on with by a later one, and the other way round.
func TestI34IndexesOfAnotherVersion(t *testing.T) {
	opts, want := reindexed(t)

	control := opts
	control.IndexVersion = 1
	s := mustOpen(t, "log", control)
	if err := s.Verify(t.Context(), nil); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("what another function made verifies: %v", err)
	}
	_ = s.Close()

	readOnly := opts
	readOnly.ReadOnly = true
	if _, err := Open("log", readOnly); !errors.Is(err, ErrFormat) {
		t.Fatalf("opened to read: %v, want ErrFormat", err)
	}

	for _, version := range []struct {
		name   string
		number uint32
	}{{"new", 2}, {"old", 1}, {"new", 2}} {
		opts.Index, opts.IndexVersion = indexOf(version.name), version.number
		s := mustOpen(t, "log", opts)
		if diff := cmp.Diff(want, entriesOf(t, s, version.name)); diff != "" {
			t.Errorf("the index of version %d (-want +got):\n%s", version.number, diff)
		}
		if err := s.Verify(t.Context(), nil); err != nil {
			t.Errorf("version %d: %v", version.number, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}

	opts.Index = func(*Record) IndexChange { panic("asked for a record whose index is there") }
	mustOpen(t, "log", opts)
}

// TestI34IndexesAreMadeAnewToTheEnd has what interrupts that begin again, until it
// came to its end.
func TestI34IndexesAreMadeAnewToTheEnd(t *testing.T) {
	opts, want := reindexed(t)
	asked := 0
	failing := opts
	// All records are looked at before the first entry is written.
	failing.Index = func(r *Record) IndexChange {
		if asked++; asked > len(want)+2+100 {
			return IndexChange{Err: errors.New("a later version wrote this")}
		}
		return indexOf("new")(r)
	}
	interrupted := func() {
		t.Helper()
		asked = 0
		if _, err := Open("log", failing); err == nil || !strings.Contains(err.Error(), "the indexes of position 101: a later version wrote this") {
			t.Fatalf("opened: %v", err)
		}
	}
	interrupted()
	// What is not understood now leaves nothing to read by.
	unknown := opts
	unknown.Index = func(*Record) IndexChange { return IndexChange{Err: errors.New("a later version wrote this")} }
	if _, err := Open("log", unknown); err == nil {
		t.Fatal("opened with half of the indexes")
	}
	s := mustOpen(t, "log", opts)
	if diff := cmp.Diff(want, entriesOf(t, s, "new")); diff != "" {
		t.Errorf("the index after an interruption (-want +got):\n%s", diff)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	// Nor does what the folder had before count as whole.
	failing.IndexVersion = 3
	interrupted()
	if diff := cmp.Diff(want, entriesOf(t, mustOpen(t, "log", opts), "new")); diff != "" {
		t.Errorf("the index after the way back (-want +got):\n%s", diff)
	}
}

// TestI34IndexesOfALaterVersion has an earlier build read a log in which a later one
// has written, by the indexes that that one made, and append nothing to it.
func TestI34IndexesOfALaterVersion(t *testing.T) {
	opts, want := reindexed(t)
	opts.Index, opts.IndexVersion = indexOf("old"), 1
	later := opts
	later.Index = func(r *Record) IndexChange {
		if string(r.Facts) == "unknown" {
			return IndexChange{Put: []IndexEntry{{IndexKey{"acme", "later", []byte("it")}, nil}}}
		}
		return indexOf("later")(r)
	}
	later.IndexVersion = 2
	event := func(id, facts string) Commit {
		return Commit{Events: []Event{{Stream: Stream{"acme", "c", id}, ID: id, Type: "t", SchemaVersion: 1, Facts: []byte(facts)}}}
	}
	s := mustOpen(t, "log", later)
	mustAppend(t, s, event("later", "unknown"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want["it"] = uint64(len(want) + 3)

	for range 2 {
		s = mustOpen(t, "log", opts)
		if diff := cmp.Diff(want, entriesOf(t, s, "later")); diff != "" {
			t.Errorf("the index of the later version (-want +got):\n%s", diff)
		}
		if _, err := s.Append(t.Context(), []Commit{event("mine", "1")}); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "a later version wrote this") {
			t.Errorf("appended: %v", err)
		}
		if err := s.Fence(t.Context(), s.Epoch()+1); !errors.Is(err, ErrFormat) {
			t.Errorf("fenced: %v", err)
		}
		if err := s.Verify(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "a later version wrote this") {
			t.Errorf("verified: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s = mustOpen(t, "log", later)
	mustAppend(t, s, event("more", "1"))
	if err := s.Verify(t.Context(), nil); err != nil {
		t.Errorf("the later version: %v", err)
	}
}
