package main

import (
	"bytes"
	"compress/gzip"
	"maps"
	"os"
	"path/filepath"
	"regexp"
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

// imported finds what a bundle imports before it runs; what it imports later, when
// somebody wants it, is called as a function.
var imported = regexp.MustCompile(`(?:from|import)"\./([^"]+\.js)"`)

// loads returns what has to come before a bundle runs: itself and all that it imports.
func loads(t *testing.T, name string, into map[string]int) {
	t.Helper()
	if _, ok := into[name]; ok {
		return
	}
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
	into[name] = packed.Len()
	for _, match := range imported.FindAllSubmatch(content, -1) {
		loads(t, string(match[1]), into)
	}
}

// TestBudgets keeps what customers and agents load small. Sizes are of what goes over
// the wire, with gzip, and of all that a step needs beside what is there by then.
func TestBudgets(t *testing.T) {
	for _, budget := range []struct {
		step, name string
		there      []string
		most       int
	}{
		{step: "a page with the launcher", name: "loader.js", most: 1536},
		{step: "a visitor who has chatted before", name: "widget.js", most: 20 << 10},
		{step: "the first opening", name: "panel.js", there: []string{"widget.js"}, most: 24 << 10},
		{step: "the first opening in German, more", name: "widget-german.js", there: []string{"widget.js", "panel.js"}, most: 2 << 10},
		{step: "the page of a channel", name: "channels.js", there: []string{"widget.js", "panel.js"}, most: 6 << 10},
		{step: "the workspace", name: "workspace.js", most: 60 << 10},
	} {
		there, all := map[string]int{}, map[string]int{}
		for _, name := range budget.there {
			loads(t, name, there)
		}
		loads(t, budget.name, all)
		sum := 0
		for name, size := range all {
			if _, ok := there[name]; !ok {
				sum += size
			}
		}
		t.Logf("%s: %d of %d bytes with gzip", budget.step, sum, budget.most)
		if sum > budget.most {
			t.Errorf("%s loads %d bytes with gzip, more than %d", budget.step, sum, budget.most)
		}
	}
}
