package eventstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"weiche/eventstore"
	"weiche/eventstore/eventstoretest"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// crashes is how many power cuts a test tries: 200, with WEICHE_SOAK=1 5,000, or
// WEICHE_CRASHES.
func crashes(t *testing.T) int {
	text := os.Getenv("WEICHE_CRASHES")
	if text == "" {
		return soak(200, 5000)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// ledger is what writers were told is safe.
type ledger struct {
	mu    sync.Mutex
	acked []string
}

func (l *ledger) ack(commit string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acked = append(l.acked, commit)
}

func (l *ledger) copy() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.acked...)
}

// crash is a world in which the power goes at one file operation. The world
// goes on; clone is what a restart finds.
type crash struct {
	fs     *vfs.MemFS
	at     int64
	seen   atomic.Int64
	rng    *rand.Rand
	ledger ledger

	cut   sync.Once
	clone *vfs.MemFS
	acked []string // what was acknowledged before the power went
}

func (c *crash) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && c.seen.Add(1) == c.at {
		c.cut.Do(c.now)
	}
	return nil
}

func (c *crash) String() string { return "crash" }

func (c *crash) now() {
	c.acked = c.ledger.copy()
	c.clone = c.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: c.rng.IntN(101), RNG: c.rng})
}

func crashOptions(noSync bool) eventstore.Options {
	o := eventstoretest.Quiet()
	o.NoSync = noSync
	o.MemTableBytes = 64 << 10 // so that tables are written and compacted, too
	o.Index, o.Redacts = eventstoretest.IndexWords, eventstoretest.RedactWords
	return o
}

// run lets three writers append until they are done or the power is gone, and
// returns whether it went in the middle.
func (c *crash) run(t *testing.T, noSync bool) bool {
	opts := crashOptions(noSync)
	opts.FS = errorfs.Wrap(c.fs, c)
	s, err := eventstore.Open("log", opts)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			for n := 0; n < 16 && c.seen.Load() < c.at; n++ {
				name := fmt.Sprintf("%d.%d", w, n)
				results, err := s.Append(context.Background(), []eventstore.Commit{{Events: crashEvents(name, 1+(w+n)%4)}})
				if err != nil || results[0].Err != nil {
					t.Error(err, results)
					return
				}
				c.ledger.ack(name)
			}
		})
	}
	wg.Go(func() { // which redacts, while the others append
		for n := 0; n < 4 && c.seen.Load() < c.at; n++ {
			if err := redactOne(s, fmt.Sprint("redacted.", n)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	wg.Wait()
	in := true
	c.cut.Do(func() { // which waits while the power goes
		in = false
		c.now()
	})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return in
}

// crashEvents are the events of one commit. Each says how many they are, and
// each ends the index entry of the one before.
func crashEvents(commit string, size int) []eventstore.Event {
	events := make([]eventstore.Event, size)
	for i := range events {
		e := eventstoretest.Event("c", fmt.Sprint(i), fmt.Sprintf("%s.%d", commit, i))
		e.Correlation, e.Causation = commit, fmt.Sprint(size)
		e.Dedup = []eventstore.DedupKey{{Key: e.ID}}
		e.Facts = fmt.Appendf(nil, "del:%s.%d put:%s=x %s", commit, i-1, e.ID, strings.Repeat("x", 1000))
		events[i] = e
	}
	return events
}

// examine opens what the crash left, and returns how many acknowledged commits
// are lost. Everything else that is wrong fails the test.
func (c *crash) examine(t *testing.T, noSync bool) (lost int) {
	opts := crashOptions(noSync)
	opts.FS = c.clone
	s, err := eventstore.Open("log", opts)
	if err != nil {
		t.Errorf("open after the crash: %v", err)
		return 0
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	sizes, want := map[string]int{}, map[string]string{}
	for r, err := range s.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Errorf("read after the crash: %v", err)
			return 0
		}
		sizes[r.Correlation]++
		want[r.Correlation] = r.Causation
	}
	for commit, n := range sizes {
		if fmt.Sprint(n) != want[commit] {
			t.Errorf("commit %s is torn: %d of %s events", commit, n, want[commit])
		}
	}
	for _, commit := range c.acked {
		if sizes[commit] == 0 {
			lost++
		} else if _, ok, err := s.Lookup(t.Context(), "acme", commit+".0"); !ok || err != nil {
			t.Errorf("commit %s is there without its dedup key: %v", commit, err)
		}
	}
	if err := s.Verify(t.Context(), nil); err != nil {
		t.Errorf("verify after the crash: %v", err)
	}
	eventstoretest.Must(t, s, eventstoretest.Event("c", "1", "after the crash"))
	return lost
}

// tryCrashes returns how many crashes happened in the middle of the work, how
// many commits had been acknowledged and how many of them were lost.
func tryCrashes(t *testing.T, n int, noSync bool) (fired, acked, lost int) {
	for seed := range n {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		c := &crash{fs: vfs.NewCrashableMem(), rng: rng, at: 1 + rng.Int64N(160)}
		if c.run(t, noSync) {
			fired++
		}
		lost += c.examine(t, noSync)
		acked += len(c.acked)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%d crashes, %d of them in the middle, %d commits acknowledged before, %d lost", n, fired, acked, lost)
	return fired, acked, lost
}

func TestI03I07PowerCutLosesNoAcknowledgedCommit(t *testing.T) {
	n := crashes(t)
	fired, acked, lost := tryCrashes(t, n, false)
	if lost != 0 {
		t.Errorf("%d acknowledged commits are lost", lost)
	}
	if fired < n/2 || acked == 0 {
		t.Errorf("%d of %d crashes came in the middle, with %d commits acknowledged: this shows nothing", fired, n, acked)
	}
}

// The power went between two file operations of Pebble's that make a folder:
// the marker with the name of the first manifest was on disk, the manifest's own
// name was not, and no later Open succeeded. Nothing had been acknowledged, so a
// restart has to need nobody: the file NEW makes Open start over.
func TestPowerCutWhileTheFolderIsMade(t *testing.T) {
	fired := 0
	for at := range int64(40) {
		for seed := range uint64(15) {
			rng := rand.New(rand.NewPCG(seed, uint64(at)))
			c := &crash{fs: vfs.NewCrashableMem(), rng: rng, at: at + 1}
			if c.run(t, false) {
				fired++
			}
			if lost := c.examine(t, false); lost > 0 {
				t.Errorf("%d acknowledged commits are lost", lost)
			}
			if t.Failed() {
				t.Fatalf("operation %d, seed %d", at+1, seed)
			}
		}
	}
	if fired < 500 {
		t.Errorf("only %d crashes came in the middle", fired)
	}
}

// The control: without a sync the same test has to find losses.
func TestPowerCutWithoutSyncLoses(t *testing.T) {
	if _, _, lost := tryCrashes(t, max(crashes(t)/4, 10), true); lost == 0 {
		t.Error("nothing was lost without a sync: the test cannot see a loss")
	}
}
