package eventstore

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// disk is a file system with as much room as a test says.
type disk struct {
	vfs.FS
	free atomic.Uint64
}

func (d *disk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: d.free.Load(), TotalBytes: 1000 << 20}, nil
}

// With too little room nothing is appended, readers go on, and it ends by
// itself. The ballast goes when it becomes worse.
func TestI27FullDiskRefusesAppends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{FS: vfs.NewMem()}
		d.free.Store(800 << 20)
		s := mustOpen(t, "log", Options{FS: d, MinFree: TenthOr2GiB, Ballast: 2 << 20})
		try := func(id string) error {
			time.Sleep(guardInterval)
			r, err := s.Append(t.Context(), []Commit{{Events: []Event{event(id, "x")}}})
			if err == nil {
				err = r[0].Err
			}
			return err
		}
		look := func(what string, full, ballast bool) {
			t.Helper()
			time.Sleep(guardInterval)
			h := s.Health()
			_, err := d.Stat("log/" + ballastName)
			if h.DiskFull != full || h.Ballast != ballast || (err == nil) != ballast || h.Broken != nil || h.Total != 1000<<20 || h.Free != d.free.Load() {
				t.Errorf("%s: %+v, ballast file: %v", what, h, err)
			}
		}
		if err := try("1"); err != nil {
			t.Fatal(err)
		}
		look("enough room", false, true)
		d.free.Store(100<<20 - 1)
		if err := try("2"); !errors.Is(err, ErrDiskFull) {
			t.Errorf("append with too little room: %v", err)
		}
		if _, err := s.ReadAt(t.Context(), 1); err != nil {
			t.Errorf("read with too little room: %v", err)
		}
		if err := s.Fence(t.Context(), 1); err != nil {
			t.Errorf("fence with too little room: %v", err)
		}
		look("too little room", true, true)
		d.free.Store(25 << 20)
		if err := try("2"); !errors.Is(err, ErrDiskFull) {
			t.Errorf("append with hardly any room: %v", err)
		}
		look("hardly any room", true, false)
		d.free.Store(800 << 20)
		if err := s.Fence(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		time.Sleep(guardInterval)
		r, err := s.Append(t.Context(), []Commit{{Epoch: 2, Events: []Event{event("2", "x")}}})
		if err != nil || r[0].Err != nil || r[0].First != 2 {
			t.Errorf("append with room again: %v, %v", r, err)
		}
		look("room again", false, false)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = mustOpen(t, "log", s.opts)
		look("opened again", false, true)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// What Pebble may have to write counts, however little MinFree is.
func TestDiskGuardLeavesRoomForCompactions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{FS: vfs.NewMem()}
		d.free.Store(800 << 20)
		s := mustOpen(t, "log", Options{FS: d, MemTableBytes: 64 << 10, MinFree: func(uint64) uint64 { return 1 }})
		facts := strings.Repeat("x", 16<<10)
		for n := range 64 {
			mustAppend(t, s, Commit{Events: []Event{event(strings.Repeat("x", n+1), facts)}})
		}
		if err := s.db.Flush(); err != nil {
			t.Fatal(err)
		}
		m := s.db.Metrics()
		tables := m.Table.Local.LiveSize
		d.free.Store(2*guardBytes + tables/2)
		time.Sleep(guardInterval)
		if h := s.Health(); !h.DiskFull || tables == 0 {
			t.Errorf("%d bytes of tables: %+v", tables, h)
		}
		d.free.Store(2*guardBytes + tables + m.MemTable.Size)
		time.Sleep(guardInterval)
		if h := s.Health(); h.DiskFull {
			t.Errorf("with room for them: %+v", h)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// A burst that is faster than the interval is seen by its size.
func TestDiskGuardSeesABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{FS: vfs.NewMem()}
		d.free.Store(800 << 20)
		s := mustOpen(t, "log", Options{FS: d, MinFree: TenthOr2GiB})
		d.free.Store(0)
		sent := 0
		for ; sent < 100; sent++ {
			e := event(strings.Repeat("x", sent+1), strings.Repeat("x", 1<<20))
			if _, err := s.Append(t.Context(), []Commit{{Events: []Event{e}}}); errors.Is(err, ErrDiskFull) {
				break
			}
		}
		if sent == 0 || sent > guardBytes>>20 {
			t.Errorf("%d MiB were let through", sent)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestI28HealthTellsOfAWriteThatHangs(t *testing.T) {
	slow := &slowDisk{}
	s := mustOpen(t, "log", Options{FS: errorfs.Wrap(vfs.NewMem(), slow)})
	mustAppend(t, s, Commit{Events: []Event{event("1", "x")}})
	if h := s.Health(); !h.StuckSince.IsZero() || h.LastCommit == 0 {
		t.Errorf("before: %+v", h)
	}
	reached, release := slow.hold()
	done, before := make(chan error), time.Now()
	go func() {
		_, err := s.Append(context.Background(), []Commit{{Events: []Event{event("2", "x")}}})
		done <- err
	}()
	<-reached
	if h := s.Health(); h.StuckSince.Before(before) || h.StuckSince.After(time.Now()) {
		t.Errorf("while it hangs: %+v", h)
	}
	release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if h := s.Health(); !h.StuckSince.IsZero() || h.Broken != nil {
		t.Errorf("after: %+v", h)
	}
	bad := errors.New("bad")
	s.writer.fail(bad)
	if h := s.Health(); !errors.Is(h.Broken, bad) {
		t.Errorf("broken: %+v", h)
	}
}

// A restore to a disk with too little room ends with an error, and what it has
// begun is not opened.
func TestI27RestoreToAFullDisk(t *testing.T) {
	s := mustOpen(t, "log", Options{FS: vfs.NewMem()})
	if r, err := s.Append(t.Context(), []Commit{{Events: []Event{event("a", "x")}}}); err != nil || r[0].Err != nil {
		t.Fatal(r, err)
	}
	bucket := Folder(vfs.NewMem(), "archive")
	if _, err := s.Archive(t.Context(), bucket, ArchiveOptions{}); err != nil {
		t.Fatal(err)
	}
	d := &disk{FS: vfs.NewMem()}
	opts := RestoreOptions{Store: Options{FS: d, MinFree: TenthOr2GiB}}
	if _, err := Restore(t.Context(), bucket, "new", Limit{}, opts); !errors.Is(err, ErrDiskFull) {
		t.Errorf("with no room: %v", err)
	}
	if _, err := Open("new", opts.Store); !errors.Is(err, ErrUnfinished) {
		t.Errorf("what it left: %v", err)
	}
}

// A log is not opened where Pebble could not write out what its write-ahead log
// holds; the ballast goes first.
func TestI27OpenOnAFullDisk(t *testing.T) {
	d := &disk{FS: vfs.NewMem()}
	d.free.Store(100 << 20)
	opts := Options{FS: d, MinFree: TenthOr2GiB, Ballast: 1 << 20}
	s := mustOpen(t, "log", opts)
	if r, err := s.Append(t.Context(), []Commit{{Events: []Event{event("a", "x")}}}); err != nil || r[0].Err != nil {
		t.Fatal(r, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	d.free.Store(1 << 20)
	if _, err := Open("log", opts); !errors.Is(err, ErrDiskFull) {
		t.Fatalf("with no room: %v", err)
	}
	if _, err := d.Stat(d.PathJoin("log", ballastName)); !oserror.IsNotExist(err) {
		t.Errorf("the ballast: %v", err)
	}
	d.free.Store(100 << 20)
	if s = mustOpen(t, "log", opts); s.Durable() != 1 {
		t.Errorf("the log ends at %d", s.Durable())
	}
}
