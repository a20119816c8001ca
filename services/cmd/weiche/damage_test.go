package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestI02VerifyFindsAFlippedByte flips one byte of a file of the log at a time.
// Either it is found and the place is told, or nothing of what was written is
// hurt: then every event reads as before.
func TestI02VerifyFindsAFlippedByte(t *testing.T) {
	data := played(t)
	// Opening it once more puts what was written last into a table.
	weiche(t, "verify", "--data", data).Expect(t, exitOK)
	logged := func(dir string) string {
		r := weiche(t, "events", "--json", "--data", dir)
		r.Expect(t, exitOK)
		return r.Stdout
	}
	before := logged(copied(t, data))
	tables, err := filepath.Glob(filepath.Join(data, "log", "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("the log has no table: %v", err)
	}
	table, err := filepath.Rel(data, tables[0])
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	if info, err := os.Stat(tables[0]); err == nil {
		size = int(info.Size())
	}
	found := 0
	for _, at := range []int{size / 16, size / 4, size / 2, 3 * size / 4, size - 9} {
		dir := copied(t, data)
		flip(t, filepath.Join(dir, table), at)
		r := weiche(t, "verify", "--data", dir)
		switch {
		case tellsDamage(r.Code):
			found++
			if !strings.Contains(r.Stderr, "corrupt") || !strings.Contains(r.Stderr, filepath.Base(table)) && !strings.Contains(r.Stderr, "position") {
				t.Errorf("byte %d of %s: the place is not told:\n%s", at, table, r.Stderr)
			}
		case r.Code == exitOK:
			if logged(dir) != before {
				t.Errorf("byte %d of %s is flipped, the events differ, and verify says nothing", at, table)
			}
		default:
			t.Errorf("byte %d of %s: exit code %d\n%s", at, table, r.Code, r.Stderr)
		}
	}
	if found < 3 {
		t.Errorf("%d flips of 5 were found", found)
	}

	// A log that was killed has what it wrote last in the write-ahead log. The
	// mark outside of Pebble knows that it is missing.
	dir := killed(t)
	logs, err := filepath.Glob(filepath.Join(dir, "log", "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("no write-ahead log: %v", err)
	}
	weiche(t, "verify", "--data", copied(t, dir)).Expect(t, exitOK)
	text, err := os.ReadFile(logs[0])
	if err != nil {
		t.Fatal(err)
	}
	place := bytes.Index(text, []byte("weiche.event.v1.AccountConfigured"))
	if place < 0 {
		place = bytes.Index(text, []byte("weiche.event.v1."))
	}
	if place < 0 {
		t.Fatal("the write-ahead log holds no event")
	}
	flip(t, logs[0], place)
	for _, command := range []string{"verify", "serve"} {
		args := []string{command, "--data", dir}
		if command == "serve" {
			args = append(args, "--http", "127.0.0.1:0")
		}
		weiche(t, args...).Expect(t, 15, "corrupt", "weiche restore --from BACKUP")
	}
}

// tellsDamage says whether an exit code is one of a damaged log.
func tellsDamage(code int) bool {
	for _, d := range damages {
		if d.code == code {
			return true
		}
	}
	return false
}

// killed returns the folder of a weiche that was killed after it had set an
// account up.
func killed(t *testing.T) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	p, url := serve(t, data)
	weiche(t, "setup", setupIn(t, goodSetup), "--data", data, "--url", url).Expect(t, exitOK)
	p.Kill()
	return data
}

// flip changes one bit of a file.
func flip(t *testing.T, path string, at int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[at] ^= 0x10
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
