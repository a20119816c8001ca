package router_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"weiche/eventstore"
	"weiche/services/router"
)

// The entries that each stored event of the corpus gives, under the version of the
// indexes:
//
//	go test weiche/services/router -run Indexes -write
//
// writes them anew, once the version was raised or only events were added.
var write = flag.Bool("write", false, "write the index entries of the corpus anew")

// TestI34IndexesHaveTheirVersion has the version of the indexes raised with every
// change of what a stored event gives: without it, logs would keep the old ones.
func TestI34IndexesHaveTheirVersion(t *testing.T) {
	const golden = "testdata/indexes.txt"
	now := append([]string{fmt.Sprint("version ", router.IndexVersion)}, corpusIndexes(t)...)
	stored, err := os.ReadFile(golden)
	if err != nil && !*write {
		t.Fatal(err)
	}
	before := strings.Split(strings.TrimSpace(string(stored)), "\n")
	if slices.Equal(before, now) {
		return
	}
	if before[0] == now[0] {
		for _, line := range before {
			if !slices.Contains(now, line) {
				t.Fatalf("a stored event gives something else: raise router.IndexVersion, then run with -write. It was\n%s", line)
			}
		}
	}
	if !*write {
		t.Fatalf("%s is not what Index makes: run with -write and commit it", golden)
	}
	if err := os.WriteFile(golden, []byte(strings.Join(now, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// corpusIndexes returns a line for each event of the corpus and each of its entries.
func corpusIndexes(t *testing.T) (lines []string) {
	files, err := filepath.Glob("../../proto/schema/testdata/corpus/*.facts.bin")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files (%v)", len(files), err)
	}
	for _, file := range files {
		name, version, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".facts.bin"), "@")
		number, err := strconv.ParseUint(version, 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		facts, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		change := router.Index(&eventstore.Record{
			Event: eventstore.Event{
				Stream: eventstore.Stream{Account: "shop", Category: "stream", ID: "one"},
				ID:     "event", Type: name, SchemaVersion: uint32(number), Facts: facts,
			},
			Position: 7,
		})
		if change.Err != nil {
			t.Errorf("%s: %v", file, change.Err)
		}
		for _, k := range change.Delete {
			lines = append(lines, fmt.Sprintf("%s@%s ends %s/%s %q", name, version, k.Account, k.Index, k.Key))
		}
		for _, e := range change.Put {
			lines = append(lines, fmt.Sprintf("%s@%s has %s/%s %q: %q", name, version, e.Account, e.Index, e.Key, e.Value))
		}
	}
	return lines
}
