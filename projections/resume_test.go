package projections

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"weiche/eventstore"
)

// A rebuild that was interrupted anywhere, by its context or by a power cut, goes
// on from where it was kept, and ends with the rows of a rebuild in one go.
func TestI17InterruptedRebuildGoesOn(t *testing.T) {
	for _, how := range []string{"context", "close", "crash"} {
		t.Run(how, func(t *testing.T) {
			wentOn := 0
			for seed := range 15 {
				t.Run(fmt.Sprint(seed), func(t *testing.T) {
					if interruptRebuild(t, rand.New(rand.NewPCG(uint64(seed), 3)), how) {
						wentOn++
					}
				})
			}
			if wentOn < 5 {
				t.Errorf("%d rebuilds went on, so the test shows little", wentOn)
			}
		})
	}
}

// interruptRebuild reports whether the rebuild went on from where it was.
func interruptRebuild(t *testing.T, r *rand.Rand, how string) bool {
	fs, log := vfs.NewCrashableMem(), newLog("one")
	for range 200 {
		addRandom(r, log)
		if r.IntN(20) == 0 {
			unsend(r, log)
		}
	}
	options := Options{FS: fs, Opener: log.keys.open, BatchRecords: 3, RebuildRecords: 1 + r.IntN(20), CacheRows: 8}
	v, err := Open("views", options)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	want := digests(t, v)
	name := []string{"", TimelineName, ChannelViewName}[r.IntN(3)]
	stopAt := 1 + r.Uint64N(log.Durable()-1)
	ctx, cancel := context.WithCancel(t.Context())
	err = v.Rebuild(ctx, log, name, func(p Progress) {
		if r.IntN(4) == 0 {
			// What a full memtable does.
			if err := v.db.Flush(); err != nil {
				t.Error(err)
			}
		}
		if p.Position >= stopAt {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("Rebuild: %v, want context.Canceled", err)
	}
	if how != "context" {
		crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		if how == "crash" {
			options.FS = crashed
		}
		if v, err = Open("views", options); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	}()
	var read []uint64
	log.seen = func(rec *eventstore.Record) { read = append(read, rec.Position) }
	from := log.Durable() // there may be nothing left to read
	if err := v.Rebuild(t.Context(), log, name, func(p Progress) { from = p.From }); err != nil {
		t.Fatal(err)
	}
	log.seen = nil
	if len(read) > 0 && read[0] != from+1 {
		t.Errorf("the rebuild went on after %d and read from %d", from, read[0])
	}
	if uint64(len(read)) > log.Durable()-from+1 {
		t.Errorf("%d records were read after position %d of %d", len(read), from, log.Durable())
	}
	if how != "crash" && from == 0 {
		t.Errorf("a rebuild that had reached %d began anew", stopAt)
	}
	// A crash may take the views back to before their first rebuild.
	if how == "crash" && name != "" {
		if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, digests(t, v)); diff != "" {
		t.Errorf("I17: a rebuild that went on differs from one in one go (-one go +went on):\n%s", diff)
	}
	return from > 0
}

// A build that does not fit any more is not gone on with.
func TestRebuildBeginsAnewWhereTheOldDoesNotFit(t *testing.T) {
	for name, change := range map[string]func(v *Views, log *memoryLog) *memoryLog{
		"another fold": func(v *Views, log *memoryLog) *memoryLog {
			v.named(TimelineName).Revision++
			return log
		},
		"another log": func(*Views, *memoryLog) *memoryLog {
			log := newLog("two")
			dialogue(t, log)
			return log
		},
		"a shorter log": func(_ *Views, log *memoryLog) *memoryLog {
			log.records = log.records[:5]
			return log
		},
	} {
		t.Run(name, func(t *testing.T) {
			log := newLog("one")
			dialogue(t, log)
			v := open(t, vfs.NewMem(), log)
			ctx, cancel := context.WithCancel(t.Context())
			err := v.Rebuild(ctx, log, "", func(p Progress) {
				if p.Position > 6 {
					cancel()
				}
			})
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("Rebuild: %v, want context.Canceled", err)
			}
			log = change(v, log)
			from := uint64(1)
			if err := v.Rebuild(t.Context(), log, "", func(p Progress) { from = p.From }); err != nil {
				t.Fatal(err)
			}
			if from != 0 {
				t.Errorf("the rebuild went on after %d", from)
			}
			rebuiltEqualsLive(t, v, log)
		})
	}
}

// A rebuild of large events folds them before all of them are in memory.
func TestI27RebuildHoldsABoundedPartOfTheLog(t *testing.T) {
	log := newLog("one")
	facts := make([]byte, chunkBytes/2) // of one piece of memory
	for range 9 {
		log.addRaw("other.Unknown", facts)
	}
	v := open(t, vfs.NewMem(), log)
	v.opts.RebuildRecords = 65536
	var at []uint64
	if err := v.Rebuild(t.Context(), log, "", func(p Progress) { at = append(at, p.Position) }); err != nil {
		t.Fatal(err)
	}
	if want := []uint64{2, 4, 6, 8, 9}; !slices.Equal(at, want) {
		t.Errorf("batches end at %v, want %v", at, want)
	}
}
