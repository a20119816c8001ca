package story_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/programtest"
	"weiche/services/story"
)

// running is weiche as it runs for a stage: in one process, or in one for each role.
type running struct {
	processes []*programtest.Process
	// api and webhooks are where pages and providers reach it, operators where
	// operators do, and admin the administrator's token.
	api, webhooks, operators, admin string
}

// oneProcess starts all of weiche in one process.
func oneProcess(nats string) func(t *testing.T, graph string) running {
	return func(t *testing.T, graph string) running {
		data := filepath.Join(t.TempDir(), "data")
		p, address := serve(t, data, nats, "--graph-url", graph)
		return running{
			processes: []*programtest.Process{p}, api: address, webhooks: address,
			operators: tokenIn(t, data, "admin-url"), admin: tokenIn(t, data, "admin"),
		}
	}
}

// tokenIn reads a token of a data folder.
func tokenIn(t *testing.T, data, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "tokens", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// split is a NATS server that knows each role as a user of its own.
type split struct {
	nats, keys string
}

// startSplit starts a server with exactly the configuration that weiche prints.
func startSplit(t *testing.T, args ...string) split {
	t.Helper()
	keys := filepath.Join(t.TempDir(), "keys")
	printed := programtest.Run(t, program(t), append([]string{
		"nats", "config", "--keys", keys, "--listen", "127.0.0.1:-1", "--store", filepath.Join(t.TempDir(), "store"),
	}, args...)...)
	printed.Expect(t, 0)
	return split{nats: "nats://" + startNATSWith(t, printed.Stdout), keys: keys}
}

// role is the command line of one role.
func (s split) role(name string, args ...string) []string {
	return append([]string{
		"serve", "--roles", name, "--admin", "127.0.0.1:0",
		"--nats-url", s.nats, "--nats-credentials", filepath.Join(s.keys, name+".nk"),
	}, args...)
}

// start starts weiche as four processes.
func (s split) start(t *testing.T, graph string) running {
	dir := t.TempDir()
	data, media := filepath.Join(dir, "data"), filepath.Join(dir, "media")
	r := running{}
	begin := func(form, name string, args ...string) string {
		p, address := programtest.Begin(t, form, program(t), s.role(name, args...)...)
		r.processes = append(r.processes, p)
		return "http://" + address
	}
	const public, admin = `"msg":"serving","http":"([^"]+)"`, `"msg":"serving","admin":"([^"]+)"`
	begin(admin, "router", "--data", data, "--media", media)
	begin(admin, "egress", "--media", media, "--graph-url", graph)
	r.api = begin(public, "api", "--http", "127.0.0.1:0", "--media", media)
	r.webhooks = begin(public, "adapters", "--http", "127.0.0.1:0")
	slices.Reverse(r.processes) // those at the edge end first
	r.operators, r.admin = tokenIn(t, data, "admin-url"), tokenIn(t, data, "admin")
	for _, url := range []string{r.api + "/media/none", r.webhooks + "/webhooks/whatsapp/none"} {
		awaken(t, url, r.said)
	}
	return r
}

// awaken waits until a process answers anything but that it cannot answer now.
func awaken(t *testing.T, url string, said func() string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for patience := time.After(30 * time.Second); ; {
		response, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusServiceUnavailable {
			return
		}
		select {
		case <-tick.C:
		case <-patience:
			t.Fatalf("%s: not available for 30 s\n%s", url, said())
		}
	}
}

// said is what all processes have said.
func (r running) said() string {
	var all strings.Builder
	for _, p := range r.processes {
		fmt.Fprintln(&all, p.Stderr.String())
	}
	return all.String()
}

// perCommit are the stories that are played over four processes each time; all of
// them are in the runs of the night.
var perCommit = map[string]bool{
	"01_widget_messenger_whatsapp": true, "18_erase": true, "20_quarantine": true, "40_files": true, "43_files_of_visitors": true,
}

// TestStoriesInRoles plays stories on the sixth stage: each role is a process of its
// own, and the server lets none do more than it has to.
func TestStoriesInRoles(t *testing.T) {
	roles := startSplit(t)
	for name := range perCommit {
		if _, err := os.Stat(filepath.Join("testdata", name)); err != nil {
			t.Error(err)
		}
	}
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		name := filepath.Base(path)
		if !perCommit[name] && os.Getenv("WEICHE_SOAK") == "" || testing.Short() {
			return
		}
		stage := newInProcesses(t, roles.start)
		done := story.Play(t, path, stage)
		stage.end(t)
		if done.Lines < played[name] {
			t.Fatalf("%d lines, fewer than %d, up to %q: %s", done.Lines, played[name], done.Ended, done.Why)
		}
		if said := stage.running.said(); strings.Contains(said, "ermissions") {
			t.Errorf("a role does what it may not:\n%s", said)
		}
	})
}

// knows waits until the adapters know an app: they hear of a set-up a moment after it
// was answered.
func (s *inProcesses) knows(app *ingressv1.AppSetup) {
	s.t.Helper()
	if app.GetVerifyToken() == "" {
		return
	}
	url := fmt.Sprintf("%s/webhooks/%s/%s?hub.mode=subscribe&hub.verify_token=%s&hub.challenge=1",
		s.webhooks, app.GetChannel(), app.GetId(), app.GetVerifyToken())
	s.eventually(s.t, "the adapters to know "+app.GetId(), func() bool {
		status, _ := s.post(http.MethodGet, url, "", nil)
		return status == http.StatusOK
	})
}
