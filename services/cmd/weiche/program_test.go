package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"
)

// programDir is where the program of this package is built for its tests.
var programDir string

func TestMain(m *testing.M) {
	code := func() int {
		dir, err := os.MkdirTemp("", "weiche-program-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		programDir = dir
		return m.Run()
	}()
	os.Exit(code)
}

// build builds the program once for all tests.
var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(programDir, "weiche")
	if said, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, said)
	}
	return path, nil
})

// program returns the path of the program.
func program(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// ran is what a command line came to.
type ran struct {
	code           int
	stdout, stderr string
}

// weiche runs a command line that ends by itself.
func weiche(t *testing.T, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t), args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("weiche %v: %v", args, errors.Join(err, ctx.Err()))
	}
	return ran{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// process is a program that runs until it is ended. It is ended by its own id.
type process struct {
	cmd    *exec.Cmd
	stderr watched
	// ended is closed when the process is gone; err is how it ended then.
	ended chan struct{}
	err   error
}

// watched is what a process says, and the place in it that was waited for.
type watched struct {
	form  *regexp.Regexp
	found chan string

	mu   sync.Mutex
	said bytes.Buffer
	seen bool
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said.Write(b)
	if m := w.form.FindSubmatch(w.said.Bytes()); m != nil && !w.seen {
		w.seen = true
		w.found <- string(m[1])
	}
	return len(b), nil
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.String()
}

// launch starts the program. What it says is searched for a form with one group.
func launch(t *testing.T, form string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program(t), args...), ended: make(chan struct{})}
	p.stderr.form, p.stderr.found = regexp.MustCompile(form), make(chan string, 1)
	p.cmd.Stderr = &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	return p
}

// begin starts the program and returns once it has said where it serves.
func begin(t *testing.T, form string, args ...string) (*process, string) {
	t.Helper()
	p := launch(t, form, args...)
	select {
	case address := <-p.stderr.found:
		return p, address
	case <-p.ended:
		t.Fatalf("weiche %v ended at once: %v\n%s", args, p.err, &p.stderr)
	case <-time.After(30 * time.Second):
		t.Fatalf("weiche %v does not serve\n%s", args, &p.stderr)
	}
	return nil, ""
}

// serving is what weiche serve says once it takes requests.
const serving = `"msg":"serving","http":"([^"]+)"`

// serve starts weiche serve on a data folder.
func serve(t *testing.T, data string, args ...string) (*process, string) {
	t.Helper()
	p, address := begin(t, serving,
		append([]string{"serve", "--data", data, "--http", "127.0.0.1:0"}, args...)...)
	return p, "http://" + address
}

// kill ends the process as a power cut would, and returns when it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// stop asks the process to end and expects that it does so in order.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(time.Minute):
		t.Fatalf("SIGTERM did not end weiche\n%s", &p.stderr)
	}
	if p.err != nil {
		t.Fatalf("after SIGTERM weiche ended with %v\n%s", p.err, &p.stderr)
	}
}
