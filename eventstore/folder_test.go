package eventstore_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"weiche/eventstore"
	"weiche/eventstore/eventstoretest"
)

// lockEnv names the folder that a copy of this test, as another process, tries
// to open.
const lockEnv = "WEICHE_TEST_LOCKED_FOLDER"

func TestI30SecondOpenOfAFolderIsRefused(t *testing.T) {
	if dir := os.Getenv(lockEnv); dir != "" {
		_, err := eventstore.Open(dir, eventstoretest.Quiet())
		fmt.Println("other process:", errors.Is(err, eventstore.ErrLocked), err)
		return
	}
	dir := t.TempDir()
	s, err := eventstore.Open(dir, eventstoretest.Quiet())
	if err != nil {
		t.Fatal(err)
	}
	_, err = eventstore.Open(dir, eventstoretest.Quiet())
	if !errors.Is(err, eventstore.ErrLocked) || !strings.Contains(err.Error(), dir) {
		t.Errorf("second open in one process: %v", err)
	}
	other := exec.Command(os.Args[0], "-test.run=^TestI30SecondOpenOfAFolderIsRefused$", "-test.v")
	other.Env = append(os.Environ(), lockEnv+"="+dir)
	out, err := other.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "other process: true") || !strings.Contains(string(out), dir) {
		t.Errorf("second open in another process: %v\n%s", err, out)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = eventstore.Open(dir, eventstoretest.Quiet())
	if err != nil {
		t.Fatalf("open after close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCheckpointIsAnOpenableCopy(t *testing.T) {
	root := t.TempDir()
	opts := eventstoretest.Quiet()
	opts.Index = eventstoretest.IndexWords
	s, err := eventstore.Open(filepath.Join(root, "log"), opts)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for i := range 20 {
		e := eventstoretest.Event("c", "1", eventstoretest.Number(i), fmt.Sprint("k", i))
		e.Facts = fmt.Appendf(nil, "put:%d=x", i)
		eventstoretest.Must(t, s, e)
	}
	position, hash := s.Head()
	dir := filepath.Join(root, "copy")
	if err := s.Checkpoint(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if err := s.Checkpoint(t.Context(), dir); err == nil {
		t.Error("a second checkpoint went over the first")
	}
	eventstoretest.Must(t, s, eventstoretest.Event("c", "1", "later"))

	c, err := eventstore.Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if p, h := c.Head(); p != position || h != hash || c.Incarnation() != s.Incarnation() {
		t.Errorf("head of the copy: %d %x, of the original at the time: %d %x", p, h, position, hash)
	}
	if err := c.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	eventstoretest.Must(t, c, eventstoretest.Event("c", "1", "only in the copy"))
	if _, err := s.ReadEvent(t.Context(), "acme", "only in the copy"); !errors.Is(err, eventstore.ErrNotFound) {
		t.Errorf("the copy is not apart from the original: %v", err)
	}
}

func TestVerifyReportsProgress(t *testing.T) {
	s := eventstoretest.InMemory(t, eventstore.Options{})
	for i := range 10 {
		var events []eventstore.Event
		for j := range 1000 {
			events = append(events, eventstoretest.Event("c", "1", eventstoretest.Number(i*1000+j)))
		}
		eventstoretest.Must(t, s, events...)
	}
	var last eventstore.Progress
	stages := map[string]int{}
	err := s.Verify(t.Context(), func(p eventstore.Progress) {
		if p.Stage == last.Stage && p.Done < last.Done {
			t.Errorf("progress goes back: %+v after %+v", p, last)
		}
		last = p
		stages[p.Stage]++
	})
	if err != nil {
		t.Fatal(err)
	}
	if last.Done != last.Total || last.Total != 30_000 || stages["log"] < 2 || stages["keys"] < 2 {
		t.Errorf("last %+v, calls %v", last, stages)
	}
}
