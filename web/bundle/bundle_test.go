package main

import (
	"bytes"
	"compress/gzip"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDistIsWhatSourcesGive fails where web/dist is not made from web/src.
func TestDistIsWhatSourcesGive(t *testing.T) {
	root := source()
	if _, err := os.Stat(filepath.Join(root, "node_modules", "preact")); err != nil {
		t.Fatalf("web/node_modules is not there: run npm ci in web, or make test: %v", err)
	}
	want, err := build(root, dist)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(root, "dist"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]byte{}
	for _, entry := range entries {
		if got[entry.Name()], err = os.ReadFile(filepath.Join(root, "dist", entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("files of web/dist (-made now +committed):\n%s", diff)
	}
	for name, content := range want {
		if !bytes.Equal(got[name], content) {
			t.Errorf("web/dist/%s is not what web/src gives: run make bundle and commit the result", name)
		}
	}
}

// TestBudgets keeps what customers and agents load small. Sizes are of what goes over
// the wire, with gzip.
func TestBudgets(t *testing.T) {
	for name, most := range map[string]int{
		"loader.js":    1536,
		"widget.js":    20 << 10,
		"panel.js":     28 << 10,
		"workspace.js": 60 << 10,
	} {
		content, err := os.ReadFile(filepath.Join(source(), "dist", name))
		if err != nil {
			t.Fatal(err)
		}
		var packed bytes.Buffer
		w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes, %d of %d with gzip", name, len(content), packed.Len(), most)
		if packed.Len() > most {
			t.Errorf("%s has %d bytes with gzip, more than %d", name, packed.Len(), most)
		}
	}
}
