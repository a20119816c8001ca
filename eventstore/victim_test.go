package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"weiche/eventstore"
	"weiche/eventstore/eventstoretest"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// victim is a closed folder with files of every kind, and what can be read there.
type victim struct {
	fs    *vfs.MemFS
	files map[string][]byte
	opts  eventstore.Options
	want  []string
	// live are bytes of records that are in the write-ahead log alone.
	live [][]byte
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	v := &victim{fs: vfs.NewMem(), files: map[string][]byte{}, opts: crashOptions(false)}
	v.opts.FS, v.opts.Redacts = v.fs, eventstoretest.RedactWords
	rng := rand.NewChaCha8([32]byte{7})
	// Three lives, so that there are tables that were compacted and a log that was
	// not written out: what the last life appends fits into one memtable, so
	// nothing but the write-ahead log has it.
	for life := range 3 {
		s, err := eventstore.Open("log", v.opts)
		if err != nil {
			t.Fatal(err)
		}
		commits := 60
		if life == 2 {
			commits = 8
		}
		for n := range commits {
			events := crashEvents(fmt.Sprintf("%d.%d", life, n), 1+n%4)
			for i := range events {
				events[i].Sealed = make([]byte, 700)
				_, _ = rng.Read(events[i].Sealed)
				if life == 2 && n != 7 {
					v.live = append(v.live, events[i].Sealed)
				}
			}
			eventstoretest.Must(t, s, events...)
		}
		eventstoretest.Must(t, s, eventstoretest.Redaction("c", "1", fmt.Sprint("redaction ", life), fmt.Sprintf("%d.7.1", life)))
		if life == 0 {
			if err := s.Purge(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		v.want = readable(t.Context(), s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	names, err := v.fs.List("log")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		f, err := v.fs.Open(v.fs.PathJoin("log", name))
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		v.files[name] = content
	}
	return v
}

// readable is everything that can be read, as text. The last line is the error
// that ended it.
func readable(ctx context.Context, s *eventstore.Store) (all []string) {
	for r, err := range s.ReadAll(ctx, 0) {
		if err != nil {
			return append(all, err.Error())
		}
		all = append(all, fmt.Sprintf("%+v", r))
		if d, ok, err := s.Lookup(ctx, "acme", r.ID); err != nil || ok != (len(r.Dedup) > 0) || ok && d.Position != r.Position {
			return append(all, fmt.Sprint("lookup ", r.ID, d, ok, err))
		}
	}
	for h, err := range s.IndexScan(ctx, "acme", "words", nil, nil) {
		if err != nil {
			return append(all, err.Error())
		}
		all = append(all, fmt.Sprintf("%s=%s@%d", h.Key, h.Value, h.Position))
	}
	return all
}

// try opens the folder with one file changed, nil for none of that name, and
// says how that ended: "found" by an error of Open, of a reader or of Verify,
// "equal" if all reads back as it was, and "lost" otherwise.
func (v *victim) try(t *testing.T, name string, content []byte) string {
	t.Helper()
	fs := vfs.NewMem()
	if err := fs.MkdirAll("log", 0o755); err != nil {
		t.Fatal(err)
	}
	for n, b := range v.files {
		if n == name {
			if b = content; content == nil {
				continue
			}
		}
		f, err := fs.Create(fs.PathJoin("log", n), vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Write(slices.Clone(b))
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	opts := v.opts
	opts.FS = fs
	// What ends the process serves nothing either. Here its goroutine ends in
	// waiting.
	done := make(chan string, 100)
	opts.Fatal = func(err error) {
		if !errors.Is(err, eventstore.ErrCorrupt) {
			t.Logf("%s: the process ends: %v", name, err)
		}
		done <- "found"
		select {}
	}
	go func() {
		defer func() {
			if r := recover(); r != nil {
				t.Logf("%s: panic: %v", name, r)
				done <- "found"
			}
		}()
		done <- v.outcome(t.Context(), opts)
	}()
	return <-done
}

func (v *victim) outcome(ctx context.Context, opts eventstore.Options) string {
	s, err := eventstore.Open("log", opts)
	if err != nil {
		return "found"
	}
	defer func() { _ = s.Close() }()
	got, verified := readable(ctx, s), s.Verify(ctx, nil)
	switch {
	case slices.Equal(got, v.want):
		if verified != nil {
			return "found"
		}
		return "equal"
	case verified != nil && len(got) > 0 && strings.Contains(got[len(got)-1], "corrupt"):
		return "found"
	}
	return "lost"
}
