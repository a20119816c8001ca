package eventstore_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
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
