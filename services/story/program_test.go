package story_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"weiche/services/programtest"
)

// programs is where the programs are built that the tests run.
var programs struct {
	dir          string
	weiche, nats func() (string, error)
}

func TestMain(m *testing.M) {
	build := func(name, from string) func() (string, error) {
		return sync.OnceValues(func() (string, error) { return programtest.Build(programs.dir, name, from) })
	}
	programs.weiche = build("weiche", "weiche/services/cmd/weiche")
	programs.nats = build("nats-server", "github.com/nats-io/nats-server/v2")
	os.Exit(programtest.Main(m, &programs.dir))
}

// program builds weiche and returns its path.
func program(t *testing.T) string {
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
	path, err := programs.weiche()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// startNATS starts a NATS server on a port of its own.
func startNATS(t *testing.T) (url string) {
	t.Helper()
	return "nats://" + startNATSWith(t, fmt.Sprintf("listen: \"127.0.0.1:-1\"\nmax_payload: 8388608\n"+
		"jetstream { store_dir: %q, max_memory_store: 1073741824, max_file_store: 1073741824 }\n", filepath.Join(t.TempDir(), "store")))
}

// startNATSWith builds a NATS server, starts it with a configuration, and returns
// where it listens.
func startNATSWith(t *testing.T, text string) (address string) {
	t.Helper()
	program, err := programs.nats()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("there is no NATS server: %v", err)
		}
		t.Skipf("NOT RUN: there is no NATS server: %v", err)
	}
	config := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, address = programtest.Begin(t, `Listening for client connections on (\S+)[\s\S]*Server is ready`, program, "-c", config)
	return address
}

// onBroker is a command line that serves a data folder over a broker.
func onBroker(data, nats string, args ...string) []string {
	return append([]string{"serve", "--data", data, "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--nats-url", nats}, args...)
}

// serve starts weiche on a data folder and a broker.
func serve(t *testing.T, data, nats string, args ...string) (*programtest.Process, string) {
	t.Helper()
	p, address := programtest.Begin(t, `"msg":"serving","http":"([^"]+)"`, program(t), onBroker(data, nats, args...)...)
	return p, "http://" + address
}
