package eventstore_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"weiche/eventstore"
	"weiche/eventstore/eventstoretest"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// damagedArchive is an archive of six segments, beside an older one of the same
// log with other borders.
func damagedArchive(t *testing.T) (b *shelf, newest string) {
	t.Helper()
	s := eventstoretest.InMemory(t, restoreOptions())
	b = newShelf()
	for i := range 3 {
		one(t, s, fmt.Sprint("old.", i), 2)
		archive(t, s, b, eventstore.ArchiveOptions{})
	}
	newest = archive(t, s, b, eventstore.ArchiveOptions{Full: true}).Name
	for i := range 5 {
		one(t, s, fmt.Sprint("new.", i), 1+i%3)
		archive(t, s, b, eventstore.ArchiveOptions{})
	}
	return b, newest
}

// found checks that a damaged archive is found by VerifyArchive and by Restore,
// which writes nothing.
func found(t *testing.T, b *shelf, generation, what string) {
	t.Helper()
	_, err := eventstore.VerifyArchive(t.Context(), b, generation, nil)
	var e *eventstore.CorruptError
	if !errors.As(err, &e) || e.Kind() != eventstore.DamageArchive || !strings.Contains(err.Error(), generation) {
		t.Errorf("%s: verify: %v", what, err)
	}
	opts := restoreOptions()
	opts.FS = vfs.NewMem()
	_, again := eventstore.Restore(t.Context(), b, "to", eventstore.Limit{Generation: generation, Position: 1}, eventstore.RestoreOptions{Store: opts})
	if !errors.Is(again, eventstore.ErrCorrupt) {
		t.Errorf("%s: restore: %v", what, again)
	}
	if _, err := opts.FS.Stat("to"); err == nil {
		t.Errorf("%s: the restore has written something", what)
	}
}

// Every object of an archive: bits flipped anywhere, cut anywhere, gone.
func TestI02EveryDamageOfAnArchiveIsFound(t *testing.T) {
	b, newest := damagedArchive(t)
	if _, err := eventstore.VerifyArchive(t.Context(), b, newest, nil); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	flips, cuts, gone := 0, 0, 0
	for _, name := range b.names() {
		if !strings.HasPrefix(name, newest) {
			continue
		}
		good := b.objects[name]
		for range soak(40, 2000) {
			bit := rng.IntN(len(good) * 8)
			bad := slices.Clone(good)
			bad[bit/8] ^= 1 << (bit % 8)
			b.objects[name] = bad
			flips++
			found(t, b, newest, fmt.Sprintf("bit %d of %s", bit, name))
		}
		for i := range soak(10, 200) {
			n := 0
			if i > 0 {
				n = rng.IntN(len(good))
			}
			b.objects[name] = good[:n]
			cuts++
			found(t, b, newest, fmt.Sprintf("%s cut to %d bytes", name, n))
		}
		b.objects[name] = append(slices.Clone(good), 0)
		found(t, b, newest, name+" made longer")
		delete(b.objects, name)
		gone++
		if strings.HasSuffix(name, "/whole") {
			// Then it is not whole, and not what a restore takes by itself.
			all, err := eventstore.Archives(t.Context(), b)
			if err != nil || len(all) != 2 || all[1].Whole || !all[0].Whole {
				t.Errorf("without %s: %+v, %v", name, all, err)
			}
		} else {
			found(t, b, newest, name+" gone")
		}
		b.objects[name] = good
	}
	if _, err := eventstore.VerifyArchive(t.Context(), b, newest, nil); err != nil {
		t.Errorf("after all is back: %v", err)
	}
	t.Logf("%d flipped bits, %d cut objects and %d deleted ones were found", flips, cuts, gone)
	if gone != 7 {
		t.Errorf("the archive has %d objects", gone)
	}
}

// Objects that are whole, and not where they belong.
func TestI02MixedUpArchiveIsFound(t *testing.T) {
	b, newest := damagedArchive(t)
	good := maps.Clone(b.objects)
	var ours, older []string
	for _, name := range b.names() {
		switch {
		case !strings.HasSuffix(name, ".log"):
		case strings.HasPrefix(name, newest):
			ours = append(ours, name)
		default:
			older = append(older, name)
		}
	}
	if len(ours) != 6 || len(older) != 3 {
		t.Fatal(ours, older)
	}
	for what, change := range map[string]func(){
		"two swapped": func() {
			b.objects[ours[2]], b.objects[ours[3]] = b.objects[ours[3]], b.objects[ours[2]]
		},
		"one twice":             func() { b.objects[ours[2]] = b.objects[ours[3]] },
		"one of another":        func() { b.objects[ours[0]] = b.objects[older[0]] },
		"one of another beside": func() { b.objects[newest+"/"+older[1][strings.Index(older[1], "/")+1:]] = b.objects[older[1]] },
		"whole as it was before": func() {
			b.objects[newest+"/whole"] = b.objects[older[0][:strings.Index(older[0], "/")]+"/whole"]
		},
		"the last one renamed": func() {
			b.objects[newest+"/00000000000000000099-00000000000000000099.log"] = b.objects[ours[5]]
			delete(b.objects, ours[5])
		},
	} {
		change()
		found(t, b, newest, what)
		b.objects = maps.Clone(good)
	}
}
