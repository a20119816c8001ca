// Package programtest runs real programs in tests: it builds them, starts them,
// waits for what they say, and ends them by their own ids.
package programtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Main runs the tests of a package with a folder for programs, which is removed
// at the end, and returns the exit code. It is called by TestMain.
func Main(m *testing.M, dir *string) (code int) {
	made, err := os.MkdirTemp("", "weiche-program-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(made)
	*dir = made
	return m.Run()
}

// Build builds a package of the workspace, as a program that is called name in
// dir, and returns its path.
func Build(dir, name, from string) (path string, err error) {
	path = filepath.Join(dir, name)
	if said, err := exec.Command("go", "build", "-o", path, from).CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", from, err, said)
	}
	return path, nil
}

// environ is the environment of a program: that of the test, without what is said
// to tests alone.
func environ() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "WEICHE_SOAK=") || strings.HasPrefix(variable, "WEICHE_CRASHES=") ||
			strings.HasPrefix(variable, "WEICHE_TEST_")
	})
}

// Ran is what a command line came to.
type Ran struct {
	Code           int
	Stdout, Stderr string
}

// Expect checks the exit code, and that some words are said on stderr.
func (r Ran) Expect(t testing.TB, code int, says ...string) {
	t.Helper()
	if r.Code != code {
		t.Errorf("exit code %d, want %d\n%s", r.Code, code, r.Stderr)
	}
	for _, words := range says {
		if !strings.Contains(r.Stderr, words) {
			t.Errorf("stderr says nothing of %q:\n%s", words, r.Stderr)
		}
	}
}

// ExpectLines checks the exit code, that the words are said on stdout, and that
// there are no more lines there than words.
func (r Ran) ExpectLines(t testing.TB, code int, says ...string) {
	t.Helper()
	r.Expect(t, code)
	if got := strings.Count(r.Stdout, "\n"); got != len(says) {
		t.Errorf("%d lines, not %d:\n%s", got, len(says), r.Stdout)
	}
	for _, words := range says {
		if !strings.Contains(r.Stdout, words) {
			t.Errorf("stdout says nothing of %q:\n%s", words, r.Stdout)
		}
	}
}

// Run runs a command line that has to end by itself, within a minute.
func Run(t testing.TB, program string, args ...string) Ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = environ()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%s %v: %v\n%s", filepath.Base(program), args, errors.Join(err, ctx.Err()), &stderr)
	}
	return Ran{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// Process is a program that runs until it is ended.
type Process struct {
	// Stderr is what it says.
	Stderr Said
	// Ended is closed when it is gone; Err is how it ended then.
	Ended chan struct{}
	Err   error

	cmd *exec.Cmd
}

// Said is what a process says. Where the form of Launch is found in it for the
// first time, Found gets its group.
type Said struct {
	Found chan string

	form *regexp.Regexp
	mu   sync.Mutex
	text bytes.Buffer
	seen bool
}

// Write takes what the process says.
func (s *Said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(b)
	if m := s.form.FindSubmatch(s.text.Bytes()); m != nil && !s.seen {
		s.seen = true
		s.Found <- string(m[1])
	}
	return len(b), nil
}

// String returns everything that was said so far.
func (s *Said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// Launch starts a program, which is killed at the end of the test at the latest.
// What it says is searched for a form with one group.
func Launch(t testing.TB, form, program string, args ...string) *Process {
	t.Helper()
	p := &Process{cmd: exec.Command(program, args...), Ended: make(chan struct{})}
	p.Stderr.form, p.Stderr.Found = regexp.MustCompile(form), make(chan string, 1)
	p.cmd.Env, p.cmd.Stderr = environ(), &p.Stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.Err = p.cmd.Wait()
		close(p.Ended)
	}()
	t.Cleanup(p.Kill)
	return p
}

// Begin starts a program and returns once it has said what is looked for.
func Begin(t testing.TB, form, program string, args ...string) (p *Process, found string) {
	t.Helper()
	p = Launch(t, form, program, args...)
	name := filepath.Base(program)
	select {
	case found := <-p.Stderr.Found:
		return p, found
	case <-p.Ended:
		t.Fatalf("%s %v ended at once: %v\n%s", name, args, p.Err, &p.Stderr)
	case <-time.After(30 * time.Second):
		t.Fatalf("%s %v does not serve\n%s", name, args, &p.Stderr)
	}
	return nil, ""
}

// ID is the id of the process.
func (p *Process) ID() int { return p.cmd.Process.Pid }

// Kill ends the process as a power cut would, and returns when it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.Ended
}

// Stop asks the process to end, and expects that it does so in order.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	p.Ask(t)
	p.Gone(t)
}

// Ask asks the process to end, and does not wait for it.
func (p *Process) Ask(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// Gone waits for a process that was asked to end, and expects that it did so in order.
func (p *Process) Gone(t testing.TB) {
	t.Helper()
	select {
	case <-p.Ended:
	case <-time.After(time.Minute):
		t.Fatalf("SIGTERM did not end it\n%s", &p.Stderr)
	}
	if p.Err != nil {
		t.Fatalf("after SIGTERM it ended with %v\n%s", p.Err, &p.Stderr)
	}
}
