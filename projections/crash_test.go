package projections

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"weiche/eventstore"
)

// After a power cut the folder holds the rows and the checkpoint of one moment,
// and the views go on from there.
func TestCrash(t *testing.T) {
	lagged := 0
	for seed := range 20 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 1))
			fs, log := vfs.NewCrashableMem(), newLog("one")
			v := open(t, fs, log)
			stop := running(t, v, log)
			for n := range 200 {
				addRandom(r, log)
				switch {
				case n == 50:
					// More than one generation to cut in between.
					if err := v.WaitFor(t.Context(), log.Durable()); err != nil {
						t.Fatal(err)
					}
					if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
						t.Fatal(err)
					}
				case n%40 == 0:
					// What a full memtable does.
					if err := v.db.Flush(); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := v.WaitFor(t.Context(), log.Durable()); err != nil {
				t.Fatal(err)
			}
			crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
			stop()

			v = open(t, crashed, log)
			if v.live[0].checkpoint.Position < log.Durable() {
				lagged++
			}
			running(t, v, log)
			rebuiltEqualsLive(t, v, log)
		})
	}
	if lagged == 0 {
		t.Error("no crash lost anything, so the test shows nothing")
	}
}

// The views follow a real event store from its first event to its last.
func TestFollowsAnEventStore(t *testing.T) {
	fs := vfs.NewMem()
	store, err := eventstore.Open("log", eventstore.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	script := newLog("one")
	dialogue(t, script)
	v := open(t, fs, script)
	running(t, v, store)
	for rec := range script.ReadAll(t.Context(), 1) {
		results, err := store.Append(t.Context(), []eventstore.Commit{{Events: []eventstore.Event{rec.Event}}})
		if err != nil {
			t.Fatal(err)
		}
		if results[0].Err != nil {
			t.Fatal(results[0].Err)
		}
		// Read your writes.
		if err := v.WaitFor(t.Context(), results[0].Last); err != nil {
			t.Fatal(err)
		}
	}
	view, err := v.Channel(t.Context(), "acme", "c1", "i-whatsapp")
	if err != nil {
		t.Fatal(err)
	}
	want := `segment 1 from 18, link confirmed
   19 m3 customer@whatsapp: now here
   20 m4 ben@whatsapp delivered [last used, route 2]: fine
`
	if got := showChannel(view); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	past, err := AsOf(store, 8, script.keys.open).Timeline(context.Background(), "acme", "c1", Page{})
	if err != nil {
		t.Fatal(err)
	}
	if len(past.Items) != 4 || past.AsOf != 8 {
		t.Errorf("as of 8:\n%s", showTimeline(past))
	}
}
