package eventstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"weiche/eventstore"
	"weiche/eventstore/disktest"
)

const powerEnv = "WEICHE_TEST_POWER" // sync or nosync, folder

// The power of a real file system goes while a process appends: what the kernel
// had not written is lost, and the journal is played back at the next mount.
// Everything that the process was told is safe is there. The control acknowledges
// without a sync, and has to lose.
func TestI01PowerCutOfARealDiskLosesNoAcknowledgedCommit(t *testing.T) {
	if args := strings.Fields(os.Getenv(powerEnv)); len(args) == 2 {
		appendForEver(args[0] == "nosync", args[1])
		return
	}
	for _, how := range []string{"sync", "nosync"} {
		t.Run(how, func(t *testing.T) {
			rounds, acked, lost := soak(2, 50), 0, 0
			for round := range rounds {
				a, l := cutPower(t, how, 50+rand.New(rand.NewPCG(uint64(round), 9)).IntN(1000))
				acked, lost = acked+a, lost+l
			}
			t.Logf("%d power cuts, %d commits acknowledged, %d lost", rounds, acked, lost)
			if how == "sync" && lost > 0 {
				t.Errorf("%d acknowledged commits are lost", lost)
			}
			if how == "nosync" && lost == 0 {
				t.Error("nothing was lost without a sync: the test cannot see a loss")
			}
		})
	}
}

// cutPower takes the power once the process has acknowledged some commits, and
// returns how many it had acknowledged in all, and how many of them are lost.
func cutPower(t *testing.T, how string, after int) (acknowledged, lost int) {
	t.Helper()
	disk := disktest.New(t, 512)
	folder := filepath.Join(disk.Dir, "log")
	child := exec.Command(os.Args[0], "-test.run=^TestI01PowerCutOfARealDiskLosesNoAcknowledgedCommit$")
	child.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s", powerEnv, how, folder))
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var acked []string
	var end <-chan time.Time // of a process that hangs without a disk
	lines := linesOf(out)
	for more := true; more; {
		select {
		case line, ok := <-lines:
			if name, found := strings.CutPrefix(line, "acked "); found {
				acked = append(acked, name)
			}
			if len(acked) == after && end == nil {
				disk.Cut(t)
				end = time.After(time.Second)
			}
			more = ok
		case <-end:
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			end = make(chan time.Time)
		}
	}
	if err := child.Wait(); err == nil || end == nil {
		t.Fatalf("the power never went: %d commits acknowledged, %v", len(acked), err)
	}
	disk.Restore(t)
	opts := fullOptions()
	opts.NoSync = how == "nosync"
	s, err := eventstore.Open(folder, opts)
	if err != nil {
		t.Fatalf("open after %d acknowledged commits: %v", len(acked), err)
	}
	lost = missingOf(t, s, acked)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return len(acked), lost
}

// appendForEver appends with several writers until the disk is gone, and says
// what is safe.
func appendForEver(noSync bool, dir string) {
	opts := fullOptions()
	opts.NoSync = noSync
	s, err := eventstore.Open(dir, opts)
	if err != nil {
		panic(err)
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for n := 0; ; n++ {
				name := fmt.Sprintf("%d.%d", w, n)
				r, err := s.Append(context.Background(), []eventstore.Commit{{Events: crashEvents(name, 4)}})
				if err == nil {
					err = r[0].Err
				}
				if err != nil {
					return
				}
				fmt.Println("acked", name)
			}
		})
	}
	wg.Wait()
	os.Exit(3)
}
