package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"weiche/services/programtest"
)

// goneWithin is how long a server may go on without its folder, on a busy machine.
const goneWithin = 15 * time.Second

// TestI28AFolderThatIsGone takes folders away from a running server: it ends by itself,
// and says in one line which is gone and what to do. The control is a folder that it
// can do without.
func TestI28AFolderThatIsGone(t *testing.T) {
	for _, test := range []struct{ remove, says, next string }{
		{".", "log", "weiche restore"},
		{"log", "log", "weiche restore"},
		{"log/*", "log", "weiche restore"},
		{"keyring", "keyring/store", "weiche restore"},
		{"views", "views", "builds the views anew"},
		{"views/*", "views", "builds the views anew"},
		{"tokens", "", ""},
	} {
		t.Run(test.remove, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			p, _ := serve(t, data)
			remove(t, filepath.Join(data, test.remove))
			if test.says == "" {
				select {
				case <-p.Ended:
					t.Fatalf("it ends for nothing: %v\n%s", p.Err, &p.Stderr)
				case <-time.After(4 * lookEvery):
				}
				p.Stop(t)
				return
			}
			endsInTime(t, p)
			says := "the folder " + filepath.Join(data, test.says) + " is gone"
			if said := p.Stderr.String(); strings.Count(said, says) != 1 || !strings.Contains(said, test.next) {
				t.Errorf("it does not say once that %s, and %s:\n%s", says, test.next, said)
			}
			if lines := strings.Count(p.Stderr.String(), "\n"); lines > 30 {
				t.Errorf("it says so in %d lines", lines)
			}
		})
	}
}

// TestI28AFolderThatIsGoneAtTheEnd takes the folder of the views away and asks the
// server at once to end.
func TestI28AFolderThatIsGoneAtTheEnd(t *testing.T) {
	data := played(t)
	p, _ := serve(t, data)
	remove(t, filepath.Join(data, "views"))
	p.Ask(t)
	endsInTime(t, p)
	if said := p.Stderr.String(); !strings.Contains(said, filepath.Join(data, "views")+" is gone") {
		t.Errorf("it says\n%s", said)
	}
	again, _ := serve(t, data)
	eventually(t, "the views to be there again", func() bool {
		is, _ := ready(t, adminOf(t, data))
		return is
	}, again.Stderr.String)
	again.Stop(t)
	weiche(t, "projections", "rebuild", "--verify", "--data", data).Expect(t, exitOK)
}

// remove removes what a pattern of paths finds.
func remove(t *testing.T, pattern string) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s finds %v, %v", pattern, paths, err)
	}
	for _, path := range paths {
		err := os.RemoveAll(path)
		for errors.Is(err, syscall.ENOTEMPTY) { // the server writes into it meanwhile
			err = os.RemoveAll(path)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// endsInTime waits for a server that ends by itself, with an exit code that says so.
func endsInTime(t *testing.T, p *programtest.Process) {
	t.Helper()
	select {
	case <-p.Ended:
	case <-time.After(goneWithin):
		t.Fatalf("it has not ended after %s\n%s", goneWithin, tail(p.Stderr.String()))
	}
	if p.Err == nil || strings.Contains(p.Err.Error(), syscall.SIGKILL.String()) {
		t.Errorf("it ended with %v\n%s", p.Err, tail(p.Stderr.String()))
	}
}

// tail is the end of what was said.
func tail(said string) string { return said[max(0, len(said)-2000):] }
