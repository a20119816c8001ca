package eventstore

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func FuzzMark(f *testing.F) {
	f.Add(mark{7, [32]byte{1}, 2, "INCARNATION"}.encode())
	f.Add([]byte("weiche-mark 1 0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, ok := decodeMark(b); ok && string(m.encode()) != string(b) {
			t.Errorf("two encodings of %+v", m)
		}
	})
}

func TestMarkIsOneOfTwoFiles(t *testing.T) {
	fs := vfs.NewMem()
	opts := Options{FS: fs}
	s := mustOpen(t, "log", opts)
	mustAppend(t, s, Commit{Events: []Event{event("1", "x")}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		path := fs.PathJoin("log", markName(i))
		good := readFile(t, fs, path)
		for bit := range len(good) * 8 {
			bad := append([]byte(nil), good...)
			bad[bit/8] ^= 1 << (bit % 8)
			if _, ok := decodeMark(bad); ok {
				t.Fatalf("bit %d of a mark is not found", bit)
			}
		}
		writeFile(t, fs, path, good[:100])
		s, err := Open("log", opts)
		if err != nil {
			t.Fatalf("open with one torn mark: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2 {
		writeFile(t, fs, fs.PathJoin("log", markName(i)), []byte("torn"))
	}
	if _, err := Open("log", opts); !errors.Is(err, ErrCorrupt) {
		t.Errorf("open with two torn marks: %v", err)
	}
	for i := range 2 {
		if err := fs.Remove(fs.PathJoin("log", markName(i))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open("log", opts); !errors.Is(err, ErrCorrupt) {
		t.Errorf("open without marks: %v", err)
	}
}

// A mark is written at most every markInterval, and what it says is on disk.
func TestMarkInterval(t *testing.T) {
	fs := vfs.NewMem()
	now := time.Unix(1000, 0)
	s := mustOpen(t, "log", Options{FS: fs, Now: func() time.Time { return now }})
	var got []uint64
	for i := range 6 {
		mustAppend(t, s, Commit{Events: []Event{event(fmt.Sprint(i), "x")}})
		m, valid, found, err := readMarks(fs, "log")
		if err != nil || valid != 2 || found != 2 {
			t.Fatal(valid, found, err)
		}
		got = append(got, m.position)
		now = now.Add(markInterval / 2)
	}
	if want := []uint64{1, 1, 3, 3, 5, 5}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("marks %v, want %v", got, want)
	}
}
