package story_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// programs is where the programs are built that the tests run.
var programs struct {
	dir          string
	weiche, nats func() error
}

func TestMain(m *testing.M) {
	code := func() int {
		dir, err := os.MkdirTemp("", "weiche-story-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		programs.dir = dir
		programs.weiche = sync.OnceValue(func() error { return build("weiche", "weiche/services/cmd/weiche") })
		programs.nats = sync.OnceValue(func() error { return build("nats-server", "github.com/nats-io/nats-server/v2") })
		return m.Run()
	}()
	os.Exit(code)
}

func build(name, from string) error {
	said, err := exec.Command("go", "build", "-o", filepath.Join(programs.dir, name), from).CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build %s: %w\n%s", from, err, said)
	}
	return nil
}

// process is a program that a test has started. It is ended by its own id.
type process struct {
	cmd   *exec.Cmd
	said  said
	ended chan struct{} // closed when it is gone
}

// said is what a process says, until a form is found in it.
type said struct {
	form  *regexp.Regexp
	found chan string

	mu   sync.Mutex
	text bytes.Buffer
	seen bool
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(b)
	if m := s.form.FindSubmatch(s.text.Bytes()); m != nil && !s.seen {
		s.seen = true
		s.found <- string(m[1])
	}
	return len(b), nil
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// begin starts a program and returns the address that it says it serves on.
func begin(t *testing.T, form, name string, args ...string) (*process, string) {
	t.Helper()
	p := &process{cmd: exec.Command(filepath.Join(programs.dir, name), args...), ended: make(chan struct{})}
	p.said.form, p.said.found = regexp.MustCompile(form), make(chan string, 1)
	p.cmd.Stderr = &p.said
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	select {
	case address := <-p.said.found:
		return p, address
	case <-p.ended:
		t.Fatalf("%s ended at once: %v\n%s", name, p.cmd.ProcessState, &p.said)
	case <-time.After(30 * time.Second):
		t.Fatalf("%s does not serve\n%s", name, &p.said)
	}
	return nil, ""
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// stop asks the process to end, and expects that it does so in order.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(time.Minute):
		t.Fatalf("SIGTERM did not end it\n%s", &p.said)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("exit code %d after SIGTERM\n%s", code, &p.said)
	}
}

// needWeiche builds weiche.
func needWeiche(t *testing.T) {
	t.Helper()
	// The cache of go test keeps a result until a file changes that the test has
	// looked at; what the program is built from is not seen otherwise.
	for _, module := range []string{"..", "../../eventstore", "../../projections", "../../proto/gen"} {
		err := filepath.WalkDir(module, func(path string, _ fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := programs.weiche(); err != nil {
		t.Fatal(err)
	}
}

// startNATS builds a NATS server and starts it on a port of its own.
func startNATS(t *testing.T) (url string) {
	t.Helper()
	if err := programs.nats(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("there is no NATS server: %v", err)
		}
		t.Skipf("NOT RUN: there is no NATS server: %v", err)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "nats.conf")
	text := fmt.Sprintf("listen: \"127.0.0.1:-1\"\nmax_payload: 8388608\n"+
		"jetstream { store_dir: %q, max_memory_store: 1073741824, max_file_store: 1073741824 }\n", filepath.Join(dir, "store"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, address := begin(t, `Listening for client connections on (\S+)[\s\S]*Server is ready`, "nats-server", "-c", config)
	return "nats://" + address
}

// serve starts weiche on a data folder and a broker.
func serve(t *testing.T, data, nats string, args ...string) (*process, string) {
	t.Helper()
	p, address := begin(t, `"msg":"serving","http":"([^"]+)"`, "weiche",
		append([]string{"serve", "--data", data, "--http", "127.0.0.1:0", "--nats-url", nats}, args...)...)
	return p, "http://" + address
}

// refused runs a weiche that must not start, and returns its exit code and what
// it says.
func refused(t *testing.T, data, nats string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(programs.dir, "weiche"),
		"serve", "--data", data, "--http", "127.0.0.1:0", "--nats-url", nats)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("weiche started, or did not end: %v\n%s", err, &stderr)
	}
	return cmd.ProcessState.ExitCode(), stderr.String()
}
