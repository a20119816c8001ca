package eventstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"weiche/eventstore"
	"weiche/eventstore/eventstoretest"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// soak is how much a fault test tries: the second with WEICHE_SOAK=1.
func soak(perCommit, nightly int) int {
	if os.Getenv("WEICHE_SOAK") == "1" {
		return nightly
	}
	return perCommit
}

// kindOf says what a file of a data folder is.
func kindOf(name string) string {
	switch {
	case strings.HasSuffix(name, ".log"):
		return "WAL"
	case strings.HasSuffix(name, ".sst"):
		return "table"
	}
	kind, _, _ := strings.Cut(name, "-")
	kind, _, _ = strings.Cut(kind, ".")
	return kind
}

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

// outcomes counts by kind of file and outcome.
type outcomes map[string]map[string]int

func (o outcomes) add(kind, outcome string) {
	if o[kind] == nil {
		o[kind] = map[string]int{}
	}
	o[kind][outcome]++
}

func (o outcomes) report(t *testing.T, what string) {
	t.Helper()
	total := map[string]int{}
	for _, kind := range slices.Sorted(maps.Keys(o)) {
		t.Logf("%s: %d found, %d without effect, %d lost", kind, o[kind]["found"], o[kind]["equal"], o[kind]["lost"])
		for outcome, n := range o[kind] {
			total[outcome] += n
		}
	}
	t.Logf("%s: %d found, %d without effect, %d lost", what, total["found"], total["equal"], total["lost"])
	for _, kind := range []string{"MANIFEST", "WAL", "table", "MARK", "TABLES"} {
		if o[kind]["found"] == 0 {
			t.Errorf("nothing was found in a file of kind %s: the test shows nothing", kind)
		}
	}
}

// One bit, anywhere in any file of a closed folder: it is found, or everything
// that was committed reads back as it was.
func TestI02EveryFlippedBitIsFoundOrHarmless(t *testing.T) {
	v := newVictim(t)
	rng := rand.New(rand.NewPCG(1, 2))
	counted := outcomes{}
	for _, name := range slices.Sorted(maps.Keys(v.files)) {
		content := v.files[name]
		for range min(soak(8, 400), len(content)*8) {
			bit := rng.IntN(len(content) * 8)
			flipped := slices.Clone(content)
			flipped[bit/8] ^= 1 << (bit % 8)
			outcome := v.try(t, name, flipped)
			counted.add(kindOf(name), outcome)
			if outcome == "lost" {
				t.Errorf("bit %d of %s (%d bytes) changes what is read, and nothing says so", bit, name, len(content))
			}
		}
	}
	v.flipLive(t, rng, counted)
	// A flip in one of a pair leaves the other, so both are needed for harm.
	for _, pair := range []string{"MARK", "TABLES"} {
		both := &victim{fs: v.fs, files: maps.Clone(v.files), opts: v.opts, want: v.want}
		both.files[pair+"-0"] = append([]byte{'X'}, v.files[pair+"-0"][1:]...)
		counted.add(pair, both.try(t, pair+"-1", append([]byte{'X'}, v.files[pair+"-1"][1:]...)))
	}
	counted.report(t, "flipped bits")
}

// flipLive flips bits of the write-ahead log where records are that nothing else
// has. A log has other bytes, too, which mean nothing: what Pebble has written
// out, and room for more.
func (v *victim) flipLive(t *testing.T, rng *rand.Rand, counted outcomes) {
	t.Helper()
	tried := 0
	for _, name := range slices.Sorted(maps.Keys(v.files)) {
		if kindOf(name) != "WAL" {
			continue
		}
		content := v.files[name]
		for _, live := range v.live {
			at := bytes.Index(content, live)
			if at < 0 {
				continue // in another log, or over the border of two blocks
			}
			for range soak(1, 20) {
				bit := rng.IntN(len(live) * 8)
				flipped := slices.Clone(content)
				flipped[at+bit/8] ^= 1 << (bit % 8)
				outcome := v.try(t, name, flipped)
				counted.add(kindOf(name), outcome)
				if tried++; outcome != "found" {
					t.Errorf("bit %d of %s, in a record: %s", at*8+bit, name, outcome)
				}
			}
		}
	}
	if tried < len(v.live)/2 {
		t.Errorf("only %d of %d records of the last life are in a write-ahead log", tried, len(v.live))
	}
}

// Each file of a closed folder, cut off somewhere or gone.
func TestI02EveryCutOrDeletedFileIsFoundOrHarmless(t *testing.T) {
	v := newVictim(t)
	rng := rand.New(rand.NewPCG(3, 4))
	cut, gone := outcomes{}, outcomes{}
	for _, name := range slices.Sorted(maps.Keys(v.files)) {
		content := v.files[name]
		gone.add(kindOf(name), v.try(t, name, nil))
		for i := range min(soak(3, 100), len(content)) {
			n := 0
			if i > 0 {
				n = rng.IntN(len(content))
			}
			outcome := v.try(t, name, content[:n:n])
			if cut.add(kindOf(name), outcome); outcome == "lost" {
				t.Errorf("%s cut from %d bytes to %d: nothing says so", name, len(content), n)
			}
		}
	}
	for _, pair := range []string{"MARK", "TABLES"} {
		both := &victim{fs: v.fs, files: maps.Clone(v.files), opts: v.opts, want: v.want}
		delete(both.files, pair+"-0")
		gone.add(pair, both.try(t, pair+"-1", nil))
		both.files[pair+"-0"] = []byte{}
		cut.add(pair, both.try(t, pair+"-1", []byte{}))
	}
	cut.report(t, "cut files")
	gone.report(t, "deleted files")
	for kind, o := range gone {
		if o["lost"] > 0 {
			t.Errorf("a file of kind %s was deleted, and nothing says so", kind)
		}
	}
}
