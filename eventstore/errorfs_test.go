package eventstore_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"weiche/eventstore"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// badDisk fails every write operation from the kth on.
type badDisk struct{ k, seen, failed atomic.Int64 }

func (d *badDisk) String() string { return "bad disk" }

func (d *badDisk) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() != errorfs.OpIsWrite || d.seen.Add(1) < d.k.Load() {
		return nil
	}
	d.failed.Add(1)
	return errorfs.ErrInjected
}

// For every k: the disk is dead from the kth write operation on. The store says
// so by an error, or by Options.Fatal, which ends the process; and a restart
// with a good disk finds all that was acknowledged.
func TestI03DeadDiskAtEveryOperation(t *testing.T) {
	const commits = 12
	failed := 0
	for k := int64(1); ; k++ {
		fs := vfs.NewCrashableMem()
		d := &badDisk{}
		d.k.Store(k)
		opts := crashOptions(false)
		opts.FS = errorfs.Wrap(fs, d)
		// A fatal error ends the process. Here its goroutine ends in waiting.
		died := make(chan struct{}, 100)
		opts.Fatal = func(error) {
			died <- struct{}{}
			select {}
		}
		var acked ledger
		done := make(chan error, 1)
		go func() { done <- deadDiskRun(opts, commits, &acked) }()
		var err error
		select {
		case err = <-done:
		case <-died:
			err = errorfs.ErrInjected
		}
		if d.failed.Load() > 0 {
			failed++
			if n := len(acked.copy()); err == nil && n < commits {
				t.Errorf("k=%d: no error, and %d of %d commits acknowledged", k, n, commits)
			}
		}
		c := &crash{fs: fs, acked: acked.copy(), clone: fs.CrashClone(vfs.CrashCloneCfg{})}
		if lost := c.examine(t, false); lost > 0 {
			t.Errorf("k=%d: %d acknowledged commits are lost", k, lost)
		}
		if t.Failed() {
			t.Fatalf("k=%d", k)
		}
		if d.failed.Load() == 0 {
			break
		}
	}
	t.Logf("the disk died at %d operations", failed)
	if failed < 50 {
		t.Errorf("only %d operations failed", failed)
	}
}

// deadDiskRun opens a store and appends until something fails. Pebble answers
// some failures with a panic, which ends a process, too.
func deadDiskRun(opts eventstore.Options, commits int, acked *ledger) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	s, err := eventstore.Open("log", opts)
	if err != nil {
		return err
	}
	for n := range commits {
		name := fmt.Sprint(n)
		results, err := s.Append(context.Background(), []eventstore.Commit{{Events: crashEvents(name, 1+n%4)}})
		if err == nil {
			err = results[0].Err
		}
		if err != nil {
			_ = s.Close()
			return err
		}
		acked.ack(name)
	}
	return s.Close()
}
