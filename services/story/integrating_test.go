package story_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fence is a block of code in the documentation, with the path of its file where it
// names one.
var fence = regexp.MustCompile("(?s)(?:<!-- (\\S+) -->\n)?```(\\w+)\n(.*?)\n```\n")

// beyond is what the test does after the document: the same over NATS by the programs for
// node, which the document only names, with a key of their own.
const beyond = `
NATS_ID=$(weiche admin key create nats --scopes conversations:read,conversations:write --account shop | cut -d _ -f 2)
weiche nats config --keys keys --listen 127.0.0.1:4222 --user adapters,router,api,egress \
	--integrator "shop/$ID" --integrator "shop/$NATS_ID" --adapter echo/shop/room > nats.conf
kill -HUP "$(cat nats.pid)"
SEED=keys/integrator.shop.$NATS_ID.nk node "$NODE/workspace.mjs" shop "$NATS_ID" > nats.txt 2>&1 &
until grep -q listening nats.txt; do sleep 0.2; done
echo "Is it for node?" | SEED=keys/adapter.echo.shop.room.nk node "$NODE/adapter.mjs" echo shop room room-1 > adapter.txt
until grep -q answered nats.txt; do sleep 0.2; done
for said in go node workspace nats adapter; do echo "-- $said"; cat $said.txt; done
`

// TestIntegrating runs docs/integrating.md from its beginning to its end, in a shell, and
// the programs that it is about.
func TestIntegrating(t *testing.T) {
	for _, needed := range []string{"bash", "curl", "jq", "node", "npm", "go"} {
		if _, err := exec.LookPath(needed); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skipf("NOT RUN: %v", err)
		}
	}
	const root = "../.."
	text, err := os.ReadFile(filepath.Join(root, "docs/integrating.md"))
	if err != nil {
		t.Fatal(err)
	}
	script := "set -eu\n"
	quoted := 0
	for _, block := range fence.FindAllStringSubmatch(string(text), -1) {
		switch file, language, code := block[1], block[2], block[3]; {
		case language == "sh":
			script += code + "\n"
		case file == "":
			t.Errorf("a block of %s that is neither run nor of a file:\n%s", language, code)
		default:
			quoted++
			kept, err := os.ReadFile(filepath.Join(root, file))
			if err != nil || strings.TrimRight(string(kept), "\n") != code {
				t.Errorf("%s does not say what is quoted: %v", file, err)
			}
		}
	}
	if blocks := strings.Count(string(text), "\n```\n"); blocks < 8 || quoted < 3 || strings.Count(string(text), "```") != 2*blocks {
		t.Errorf("%d blocks, %d of files", blocks, quoted)
	}

	path := filepath.Dir(program(t))
	if _, err := programs.nats(); err != nil {
		t.Fatal(err)
	}
	examples, err := filepath.Abs(filepath.Join(root, "docs/examples"))
	if err != nil {
		t.Fatal(err)
	}
	script = strings.NewReplacer("127.0.0.1:4222", freePort(t), "127.0.0.1:8080", freePort(t)).Replace(script + beyond)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PATH="+path+":"+os.Getenv("PATH"), "WEICHE_ADMIN=127.0.0.1:0", "WEICHE_LOG_LEVEL=warn",
		"EXAMPLES="+examples, "PROTO="+filepath.Join(examples, "../../proto"), "NODE="+nodeExamples(t, examples))
	// What it starts ends with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	said, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	cmd.Stdout, cmd.Stderr = said, said
	err = cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	out, readErr := os.ReadFile(said.Name())
	if err != nil || readErr != nil {
		t.Fatalf("%v, %v\n%s\n%s", err, readErr, out, texts(cmd.Dir))
	}
	for _, words := range []string{
		"Is it blue?\nIt is.\n", // what the visitor reads, once
		"The blue shop\n", `"reason": "REASON_SETTINGS_CHANGED"`, `"changed_by": "key/`,
		"ITEM_STATUS_COMMITTED", "over widget: Is it for Go?", "over widget: Is it for node?", "over echo: Is it for node?",
	} {
		if !strings.Contains(string(out), words) {
			t.Errorf("it does not say %q:\n%s", words, out)
		}
	}
	if n := strings.Count(string(out), "answered:"); n < 3 { // two hear the room as well
		t.Errorf("three programs answered %d times:\n%s", n, out)
	}
}

// texts is what the programs of a run have said.
func texts(dir string) string {
	var all bytes.Buffer
	found, _ := filepath.Glob(filepath.Join(dir, "*.txt"))
	for _, file := range found {
		if content, err := os.ReadFile(file); err == nil {
			fmt.Fprintf(&all, "-- %s\n%s\n", filepath.Base(file), content)
		}
	}
	return all.String()
}

// freePort is an address of this machine that nobody has.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// nodeExamples returns a folder with the programs for node and what they need, which is
// kept between runs.
func nodeExamples(t *testing.T, examples string) string {
	t.Helper()
	lock, err := os.ReadFile(filepath.Join(examples, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	sum := sha256.Sum256(lock)
	kept := filepath.Join(cache, "weiche", "examples-"+hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(kept); err != nil {
		if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
			t.Fatal(err)
		}
		fresh, err := os.MkdirTemp(filepath.Dir(kept), "installing-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(fresh)
		copyTo(t, fresh, filepath.Join(examples, "package.json"), filepath.Join(examples, "package-lock.json"))
		npm := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		npm.Dir = fresh
		if out, err := npm.CombinedOutput(); err != nil {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
		// Another run may have been faster, and left the same.
		if err := os.Rename(fresh, kept); err != nil {
			if _, err := os.Stat(kept); err != nil {
				t.Fatal(err)
			}
		}
	}
	folder := t.TempDir()
	if err := os.Symlink(filepath.Join(kept, "node_modules"), filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	programs, err := filepath.Glob(filepath.Join(examples, "*", "*.mjs"))
	if err != nil || len(programs) < 3 {
		t.Fatalf("%v, %v", programs, err)
	}
	copyTo(t, folder, programs...)
	return folder
}

func copyTo(t *testing.T, folder string, files ...string) {
	t.Helper()
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(file)), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
