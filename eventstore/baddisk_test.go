package eventstore_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"weiche/eventstore"
	"weiche/eventstore/eventstoretest"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// failingDisk fails file operations: from the kth that writes on, the kth that
// writes alone, or the kth of all alone.
type failingDisk struct {
	how   string
	k     int64
	seen  atomic.Int64
	fired sync.Once
}

func (d *failingDisk) String() string { return "failing disk" }

func (d *failingDisk) MaybeError(op errorfs.Op) error {
	if d.how != "one operation" && op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
		return nil
	}
	n := d.seen.Add(1)
	if n < d.k || d.how != "dead" && n > d.k {
		return nil
	}
	d.fired.Do(func() { fmt.Println("fired") })
	return errorfs.ErrInjected
}

const (
	diskEnv     = "WEICHE_TEST_FAILING_DISK" // how k folder
	diskCommits = 120
)

// The disk fails at the kth file operation of a scenario that appends, writes
// tables, compacts, redacts and purges. Pebble answers some failures by ending
// the process, also in ways that cannot be caught (when it cannot close its
// write-ahead log it panics, and unlocks a mutex that is not locked), so each k
// is a process of its own. Whatever it does, a restart with a good disk finds
// all that was acknowledged. Each seventh k is tried, all with WEICHE_SOAK=1.
func TestI03FailingDiskAtEveryOperation(t *testing.T) {
	if args := strings.Fields(os.Getenv(diskEnv)); len(args) == 3 {
		failingDiskRun(strings.ReplaceAll(args[0], "_", " "), args[1], args[2])
		return
	}
	root := t.TempDir()
	if dir, err := os.MkdirTemp("/dev/shm", "weiche-test-"); err == nil {
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		root = dir
	}
	for _, how := range []string{"dead", "one write", "one operation"} {
		t.Run(how, func(t *testing.T) {
			operations, fired, ended, stuck, killed := 0, 0, 0, 0, 0
			// How many operations there are differs from run to run: Pebble
			// compacts in the background, and marks are written by the clock. So a
			// few runs in which the disk did not fail are the end, not one.
			for k, quiet := 1, 0; quiet < 3; k += soak(7, 1) {
				dir := filepath.Join(root, strings.ReplaceAll(how, " ", "_"), fmt.Sprint(k))
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestI03FailingDiskAtEveryOperation$")
				child.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %s", diskEnv, strings.ReplaceAll(how, " ", "_"), k, dir))
				// Go can be too far gone to hear the signal.
				child.Cancel = func() error { return child.Process.Signal(syscall.SIGQUIT) }
				child.WaitDelay = 5 * time.Second
				where := &lastWords{dying: func() { _ = child.Process.Kill() }}
				child.Stderr = where
				out, err := child.Output()
				if cancel(); ctx.Err() == context.DeadlineExceeded {
					t.Fatalf("k=%d: it hangs:\n%s\n%s", k, out, where.words.Bytes())
				}
				if where.supervisor != nil && !where.supervisor.Stop() {
					killed++
				}
				var acked []string
				hit, all := false, false
				for line := range strings.Lines(string(out)) {
					line = strings.TrimSpace(line)
					if name, ok := strings.CutPrefix(line, "acked "); ok {
						acked = append(acked, name)
					}
					hit = hit || line == "fired"
					all = all || line == "done"
				}
				if all && len(acked) < diskCommits || !hit && !all {
					t.Errorf("k=%d: %d commits acknowledged, done %v, fired %v: %v\n%s", k, len(acked), all, hit, err, out)
				}
				examineFolder(t, dir, acked)
				if t.Failed() {
					t.Fatalf("k=%d", k)
				}
				if err := os.RemoveAll(dir); err != nil {
					t.Fatal(err)
				}
				if !hit {
					quiet++
					continue
				}
				if operations = k; strings.Contains(string(out), "watchdog") {
					stuck++
				}
				if fired++; !all {
					ended++
				}
			}
			t.Logf("the disk failed at %d of at least %d operations; %d times the process ended, %d of them by a watchdog and %d by a kill, %d times it got over it", fired, operations, ended, stuck, killed, fired-ended)
			// Each commit is a write and a sync.
			if operations < 2*diskCommits {
				t.Errorf("the scenario has only %d operations", operations)
			}
		})
	}
}

// lastWords is what a process says on standard error. Goroutines of Pebble that
// panic at once, or one that panics while it unlocks, can leave Go hanging in the
// middle of its own end: two seconds later it is ended, as who supervises a
// process does.
type lastWords struct {
	words      bytes.Buffer
	dying      func()
	supervisor *time.Timer
}

func (w *lastWords) Write(p []byte) (int, error) {
	n, err := w.words.Write(p)
	said := w.words.Bytes()
	if w.supervisor == nil && (bytes.Contains(said, []byte("panic during panic")) || bytes.Contains(said, []byte("fatal error: "))) {
		w.supervisor = time.AfterFunc(2*time.Second, w.dying)
	}
	return n, err
}

// failingDiskRun is the scenario, in a process of its own.
func failingDiskRun(how, k, dir string) {
	d := &failingDisk{how: how}
	if _, err := fmt.Sscan(k, &d.k); err != nil {
		panic(err)
	}
	opts := crashOptions(false)
	opts.FS = errorfs.Wrap(vfs.Default, d)
	s, err := eventstore.Open(dir, opts)
	if err != nil {
		fmt.Println("ended", err)
		return
	}
	// Pebble tries to write a table for ever, and lets writers wait meanwhile.
	go func() {
		for range time.Tick(100 * time.Millisecond) {
			if since := s.Health().StuckSince; !since.IsZero() && time.Since(since) > 2*time.Second {
				fmt.Println("ended by the watchdog")
				os.Exit(5)
			}
		}
	}()
	for n := range diskCommits {
		name := fmt.Sprint(n)
		results, err := s.Append(context.Background(), []eventstore.Commit{{Events: crashEvents(name, 1+n%4)}})
		if err == nil {
			err = results[0].Err
		}
		if err == nil {
			fmt.Println("acked", name)
			if n == diskCommits/2 {
				err = redactOne(s, name)
			}
		}
		if err != nil {
			fmt.Println("ended", err, s.Close())
			return
		}
	}
	if err := s.Close(); err != nil {
		fmt.Println("ended", err)
		return
	}
	fmt.Println("done")
}

// redactOne appends an event with a sealed part, declares it redacted and purges
// it.
func redactOne(s *eventstore.Store, name string) error {
	for _, e := range []eventstore.Event{
		eventstoretest.Sealed("c", "1", name+"-sealed", "secret"),
		eventstoretest.Redaction("c", "1", name+"-redaction", name+"-sealed"),
	} {
		e.Correlation, e.Causation = e.ID, "1"
		results, err := s.Append(context.Background(), []eventstore.Commit{{Events: []eventstore.Event{e}}})
		if err == nil {
			err = results[0].Err
		}
		if err != nil {
			return err
		}
	}
	return s.Purge(context.Background())
}

// examineFolder opens what a process has left, with a good disk.
func examineFolder(t *testing.T, dir string, acked []string) {
	t.Helper()
	s, err := eventstore.Open(dir, crashOptions(false))
	if err != nil {
		t.Errorf("open: %v", err)
		return
	}
	defer func() { _ = s.Close() }()
	sizes, want := map[string]int{}, map[string]string{}
	for _, r := range eventstoretest.Collect(t, s.ReadAll(t.Context(), 0)) {
		sizes[r.Correlation]++
		want[r.Correlation] = r.Causation
	}
	for commit, n := range sizes {
		if fmt.Sprint(n) != want[commit] {
			t.Errorf("commit %s is torn: %d of %s events", commit, n, want[commit])
		}
	}
	for _, commit := range acked {
		if sizes[commit] == 0 {
			t.Errorf("acknowledged commit %s is lost", commit)
		}
	}
	if err := s.Verify(t.Context(), nil); err != nil {
		t.Errorf("verify: %v", err)
	}
	if err := s.Purge(t.Context()); err != nil {
		t.Errorf("purge: %v", err)
	}
}
