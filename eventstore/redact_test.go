package eventstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"weiche/eventstore"
	"weiche/eventstore/eventstoretest"
)

// canary is incompressible, so that it is in a file as it is, and different for
// each event.
func canary(n int) []byte {
	rng := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), 1})
	b := make([]byte, 64)
	_, _ = rng.Read(b)
	return b
}

// folderFiles returns what is in the files of a folder, by their names. Pebble
// compacts meanwhile: a table that came after the names were listed has what was
// in one that is gone before it is read. So it looks until the names stay.
func folderFiles(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	for {
		files := make(map[string][]byte)
		before := fileNames(t, dir)
		for _, name := range before {
			content, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			files[name] = content
		}
		if slices.Equal(before, fileNames(t, dir)) {
			return files
		}
	}
}

func fileNames(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// filesWith returns the names of the files that hold b.
func filesWith(files map[string][]byte, b []byte) (found []string) {
	for name, content := range files {
		if bytes.Contains(content, b) {
			found = append(found, name)
		}
	}
	return found
}

// The memtables are small, so that the sealed parts lie in write-ahead logs that
// Pebble keeps for later, in fresh tables and in old ones. Every third event is
// redacted; after Purge no file has anything of these, and the others are whole.
func TestI32PurgedBytesAreInNoFile(t *testing.T) {
	dir := t.TempDir()
	opts := eventstoretest.Quiet()
	opts.Redacts, opts.Index, opts.MemTableBytes = eventstoretest.RedactWords, eventstoretest.IndexWords, 64<<10
	s, err := eventstore.Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	const events = 900
	put := func(from, to int) {
		for n := from; n < to; n++ {
			e := eventstoretest.Sealed("c", fmt.Sprint(n%7), eventstoretest.Number(n), string(canary(n)))
			e.Facts = append(fmt.Appendf(nil, "put:%04d=x ", n), bytes.Repeat([]byte{'f'}, 400)...)
			eventstoretest.Must(t, s, e)
		}
	}
	put(0, events)
	inLogs, inTables := 0, 0
	files := folderFiles(t, dir)
	for n := 0; n < events; n += 3 {
		for _, name := range filesWith(files, canary(n)) {
			switch filepath.Ext(name) {
			case ".log":
				inLogs++
			case ".sst":
				inTables++
			}
		}
	}
	if inLogs == 0 || inTables == 0 {
		t.Fatalf("before: %d times in logs, %d times in tables: the search shows nothing", inLogs, inTables)
	}
	var ids []string
	for n := 0; n < events; n += 3 {
		ids = append(ids, eventstoretest.Number(n))
	}
	half := len(ids) / 2
	eventstoretest.Must(t, s, eventstoretest.Redaction("c", "0", "redaction 1", ids[:half]...))
	eventstoretest.Must(t, s, eventstoretest.Redaction("c", "0", "redaction 2", ids[half:]...))

	// A reader that began before has a snapshot, for which Pebble keeps the old
	// values; compactions go on meanwhile. Purge has to wait for it.
	scanned := 0
	for _, err := range s.IndexScan(t.Context(), "acme", "words", nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if scanned++; scanned > 1 {
			continue
		}
		if err := s.Redact(t.Context(), "acme", ids[:half]...); err != nil {
			t.Fatal(err)
		}
		put(events, 2*events)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if err := s.Purge(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("purge beside an older reader: %v", err)
		}
		cancel()
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Purge(ctx); err != nil {
		t.Fatal(err)
	}
	search := func(when string) {
		t.Helper()
		kept, files := 0, folderFiles(t, dir)
		for n := range events {
			found := filesWith(files, canary(n))
			if n%3 == 0 && len(found) > 0 {
				t.Errorf("%s: event %d is still in %v", when, n, found)
			}
			if n%3 != 0 {
				kept += len(found)
			}
		}
		if kept == 0 {
			t.Errorf("%s: nothing is found of what is kept: the search shows nothing", when)
		}
	}
	search("after Purge")
	if err := s.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	put(2*events, 3*events) // into logs that Pebble kept
	search("after more events")
	for r, err := range s.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if n := int(r.Position) - 1; n < events {
			if want := n%3 == 0; r.Redacted() != want || !want && !bytes.Equal(r.Sealed, canary(n)) {
				t.Fatalf("position %d: redacted %v, sealed %x", r.Position, r.Redacted(), r.Sealed)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	search("after Close")
	t.Logf("canaries before: %d times in logs, %d times in tables", inLogs, inTables)
}

// Right after a redaction the sealed part lies in the write-ahead log, which
// Pebble keeps to write over it later.
func TestI32PurgeEmptiesTheLogThatPebbleKeeps(t *testing.T) {
	dir := t.TempDir()
	opts := eventstoretest.Quiet()
	opts.Redacts = eventstoretest.RedactWords
	s, err := eventstore.Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	eventstoretest.Must(t, s, eventstoretest.Sealed("c", "1", "a", string(canary(1))))
	eventstoretest.Must(t, s, eventstoretest.Redaction("c", "1", "b", "a"))
	if found := filesWith(folderFiles(t, dir), canary(1)); len(found) == 0 {
		t.Fatal("nothing is found before: the search shows nothing")
	}
	for range 2 {
		if err := s.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if found := filesWith(folderFiles(t, dir), canary(1)); len(found) > 0 {
			t.Errorf("still in %v", found)
		}
	}
	if err := s.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
