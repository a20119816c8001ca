package eventstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weiche/eventstore"
	"weiche/eventstore/disktest"
	"weiche/eventstore/eventstoretest"
)

func fullOptions() eventstore.Options {
	opts := eventstoretest.Quiet()
	opts.MemTableBytes = 1 << 20
	return opts
}

// fill appends until an error, and calls ack for each commit that is safe.
func fill(s *eventstore.Store, from int, ack func(name string)) error {
	rng := rand.NewChaCha8([32]byte{byte(from)})
	for n := from; ; n++ {
		name := fmt.Sprint(n)
		events := crashEvents(name, 4)
		for i := range events {
			events[i].Sealed = make([]byte, 8<<10) // which no compression makes small
			_, _ = rng.Read(events[i].Sealed)
		}
		r, err := s.Append(context.Background(), []eventstore.Commit{{Events: events}})
		if err == nil {
			err = r[0].Err
		}
		if err != nil {
			return err
		}
		ack(name)
	}
}

// waitFor waits for something that nobody tells of.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick, end := time.NewTicker(time.Millisecond), time.After(30*time.Second)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatal("never: ", what)
		}
	}
}

// there checks that a folder has all acknowledged commits, whole, and verifies.
func there(t *testing.T, s *eventstore.Store, acked []string) {
	t.Helper()
	if lost := missingOf(t, s, acked); lost > 0 {
		t.Errorf("%d of %d acknowledged commits are lost", lost, len(acked))
	}
}

// missingOf counts the commits of four events that are not there, whole. The
// folder has to verify.
func missingOf(t *testing.T, s *eventstore.Store, acked []string) (lost int) {
	t.Helper()
	sizes := map[string]int{}
	for _, r := range eventstoretest.Collect(t, s.ReadAll(t.Context(), 0)) {
		sizes[r.Correlation]++
	}
	for _, name := range acked {
		if sizes[name] != 4 {
			lost++
		}
	}
	if err := s.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	return lost
}

// With the guard, appends are refused before the disk is full, and go on when it
// has grown, without a restart.
func TestI27GuardOnADiskThatIsFull(t *testing.T) {
	for round := range soak(1, 10) {
		dir, grow := disktest.Small(t, 32)
		opts := fullOptions()
		opts.MinFree, opts.Ballast = func(uint64) uint64 { return 10 << 20 }, 2<<20
		s, err := eventstore.Open(filepath.Join(dir, "log"), opts)
		if err != nil {
			t.Fatal(err)
		}
		var acked []string
		for life := range 3 {
			if err := fill(s, life*1_000_000+round, func(name string) { acked = append(acked, name) }); !errors.Is(err, eventstore.ErrDiskFull) {
				t.Fatalf("after %d commits: %v", len(acked), err)
			}
			if h := s.Health(); !h.DiskFull || h.Broken != nil || !h.StuckSince.IsZero() {
				t.Errorf("health: %+v", h)
			}
			there(t, s, acked)
			if life < 2 {
				grow(32 * (life + 2))
				waitFor(t, "room on the larger disk", func() bool { return !s.Health().DiskFull })
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		s, err = eventstore.Open(filepath.Join(dir, "log"), opts)
		if err != nil {
			t.Fatal(err)
		}
		there(t, s, acked)
		t.Logf("the disk was full 3 times, %d commits acknowledged", len(acked))
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// linesOf reads what a child process says.
func linesOf(out io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	return lines
}

const fullEnv = "WEICHE_TEST_FULL_FOLDER"

// Without the guard the process hangs or ends on a full disk. Once the disk has
// grown a restart finds everything that was acknowledged.
func TestI01FullDiskLosesNothing(t *testing.T) {
	if dir := os.Getenv(fullEnv); dir != "" {
		s, err := eventstore.Open(dir, fullOptions())
		if err == nil {
			err = fill(s, 0, func(name string) { fmt.Println("acked", name) })
		}
		fmt.Println("ended", err)
		os.Exit(3)
	}
	for range soak(1, 10) {
		dir, grow := disktest.Small(t, 24)
		path := filepath.Join(dir, "log")
		child := exec.Command(os.Args[0], "-test.run=^TestI01FullDiskLosesNothing$")
		child.Env = append(os.Environ(), fullEnv+"="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := linesOf(out)
		var acked []string
		how := "ended"
		for more := true; more; {
			select {
			case line, ok := <-lines:
				if name, found := strings.CutPrefix(line, "acked "); found {
					acked = append(acked, name)
				}
				more = ok
			case <-time.After(5 * time.Second):
				how = "hung and was killed"
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := child.Wait(); err == nil || len(acked) < 10 {
			t.Fatalf("the disk was never full: %d commits acknowledged, %v", len(acked), err)
		}
		grow(128)
		s, err := eventstore.Open(path, fullOptions())
		if err != nil {
			t.Fatalf("open on the larger disk: %v", err)
		}
		there(t, s, acked)
		eventstoretest.Must(t, s, eventstoretest.Event("c", "1", "after"))
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		t.Logf("the process %s, %d commits were acknowledged", how, len(acked))
	}
}
