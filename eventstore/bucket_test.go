package eventstore_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"weiche/eventstore"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

func TestFolderIsABucket(t *testing.T) {
	fs := vfs.NewMem()
	for name, b := range map[string]eventstore.Bucket{"memory": eventstore.Folder(fs, "some/folder"), "disk": eventstore.Folder(nil, t.TempDir()+"/some/folder")} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			list := func(prefix string, want ...string) {
				t.Helper()
				if got, err := b.List(ctx, prefix); err != nil || !slices.Equal(got, want) {
					t.Errorf("list %q: %v, %v", prefix, got, err)
				}
			}
			list("")
			if _, err := b.Read(ctx, "a/1"); !errors.Is(err, eventstore.ErrNotFound) {
				t.Errorf("read what is not there: %v", err)
			}
			for _, n := range []string{"b/1", "a/2", "a/1", "c"} {
				if err := b.Write(ctx, n, []byte(n)); err != nil {
					t.Fatal(err)
				}
			}
			if err := b.Write(ctx, "a/1", []byte("again")); err != nil {
				t.Fatal(err)
			}
			if got, err := b.Read(ctx, "a/1"); string(got) != "again" || err != nil {
				t.Errorf("read: %q, %v", got, err)
			}
			list("", "a/1", "a/2", "b/1", "c")
			list("a/", "a/1", "a/2")
			list("b", "b/1")
			for range 2 {
				if err := b.Delete(ctx, "b/1"); err != nil {
					t.Error(err)
				}
			}
			list("", "a/1", "a/2", "c")
			for _, n := range []string{"", "/a", "../a", "a/../../b", "a//b", ".a", "a/.b", "a/"} {
				if err := b.Write(ctx, n, nil); err == nil {
					t.Errorf("wrote %q", n)
				}
				if err := b.Delete(ctx, n); err == nil {
					t.Errorf("deleted %q", n)
				}
			}
			done, cancel := context.WithCancel(ctx)
			cancel()
			if err := b.Write(done, "d", nil); !errors.Is(err, context.Canceled) {
				t.Errorf("write with a context that is done: %v", err)
			}
			list("d")
		})
	}
}

// cutter takes the power at one write operation.
type cutter struct {
	at, seen atomic.Int64
	fs       *vfs.MemFS
	rng      *rand.Rand
	clone    *vfs.MemFS
}

func (c *cutter) String() string { return "cutter" }

func (c *cutter) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && c.seen.Add(1) == c.at.Load() {
		c.clone = c.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: c.rng.IntN(101), RNG: c.rng})
	}
	return nil
}

// Wherever the power goes while an object is replaced, a restart finds the old
// content or the new one, and what was written before.
func TestI03FolderWritesObjectsWhole(t *testing.T) {
	old, replaced := strings.Repeat("old", 5000), strings.Repeat("new", 7000)
	counts := map[string]int{}
	for at := int64(1); ; at++ {
		c := &cutter{fs: vfs.NewCrashableMem(), rng: rand.New(rand.NewPCG(uint64(at), 1))}
		b := eventstore.Folder(errorfs.Wrap(c.fs, c), "some/folder")
		if err := b.Write(t.Context(), "a/1", []byte(old)); err != nil {
			t.Fatal(err)
		}
		c.seen.Store(0)
		c.at.Store(at)
		if err := b.Write(t.Context(), "a/1", []byte(replaced)); err != nil {
			t.Fatal(err)
		}
		done := c.clone == nil
		if done {
			c.clone = c.fs.CrashClone(vfs.CrashCloneCfg{})
		}
		after := eventstore.Folder(c.clone, "some/folder")
		got, err := after.Read(t.Context(), "a/1")
		if err != nil || string(got) != old && string(got) != replaced {
			t.Fatalf("operation %d: %d bytes, %v", at, len(got), err)
		}
		if names, err := after.List(t.Context(), ""); err != nil || !slices.Equal(names, []string{"a/1"}) {
			t.Errorf("operation %d: %v, %v", at, names, err)
		}
		counts[string(got[:3])]++
		if done {
			if string(got) != replaced {
				t.Error("what was written is not durable")
			}
			break
		}
	}
	if counts["old"] < 2 || counts["new"] < 2 {
		t.Errorf("power cuts show nothing: %v", counts)
	}
}

// What the power cuts leave of objects goes with the last object beside it.
func TestI32FolderDeletesWhatACrashHasLeft(t *testing.T) {
	left := 0
	for at := int64(1); ; at++ {
		c := &cutter{fs: vfs.NewCrashableMem(), rng: rand.New(rand.NewPCG(uint64(at), 1))}
		b := eventstore.Folder(errorfs.Wrap(c.fs, c), "some/folder")
		if err := b.Write(t.Context(), "a/1", []byte("one")); err != nil {
			t.Fatal(err)
		}
		c.seen.Store(0)
		c.at.Store(at)
		if err := b.Write(t.Context(), "a/2", []byte("two")); err != nil {
			t.Fatal(err)
		}
		if c.clone == nil {
			break
		}
		if names, err := c.clone.List("some/folder/a"); err == nil && slices.ContainsFunc(names, func(n string) bool { return n[0] == '.' }) {
			left++
		}
		after := eventstore.Folder(c.clone, "some/folder")
		for _, name := range []string{"a/1", "a/2"} {
			if err := after.Delete(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
		if names, err := c.clone.List("some/folder/a"); err == nil {
			t.Errorf("operation %d: %v is left", at, names)
		}
	}
	if left == 0 {
		t.Error("no power cut has left anything")
	}
}
