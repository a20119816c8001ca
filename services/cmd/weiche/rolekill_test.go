package main

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"

	"weiche/services/programtest"
)

// filesOfNATS names what the NATS server keeps in files, among the roles.
const filesOfNATS = "files of nats"

// roleRun is weiche in four processes behind one address.
type roleRun struct {
	t             *testing.T
	nats, keys    string
	data, media   string
	graph         string
	options       *natsserver.Options
	server        *natsserver.Server
	processes     map[string]*programtest.Process
	api, webhooks atomic.Pointer[url.URL]
	brokenOff     atomic.Int64
	// front is where everything is asked: it leads to the process whose it is, and
	// answers 503 where that is away, as a load balancer does.
	front *httptest.Server
}

func newRoleRun(t *testing.T, graph string) *roleRun {
	dir := t.TempDir()
	r := &roleRun{
		t: t, keys: filepath.Join(dir, "keys"), data: filepath.Join(dir, "data"), media: filepath.Join(dir, "media"),
		graph: graph, processes: map[string]*programtest.Process{},
	}
	printed := weiche(t, "nats", "config", "--keys", r.keys, "--listen", "127.0.0.1:-1", "--store", filepath.Join(dir, "store"))
	printed.Expect(t, exitOK)
	file := filepath.Join(dir, "nats.conf")
	if err := os.WriteFile(file, []byte(printed.Stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	options, err := natsserver.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	options.NoSigs, options.NoLog = true, true
	r.options = options
	r.startNATS()
	t.Cleanup(r.stopNATS)
	r.nats = r.server.ClientURL()
	options.Port = r.server.Addr().(*net.TCPAddr).Port
	r.front = httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(request *httputil.ProxyRequest) {
			to := r.api.Load()
			if strings.HasPrefix(request.In.URL.Path, "/webhooks/") {
				to = r.webhooks.Load()
			}
			request.SetURL(to)
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			r.brokenOff.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
		},
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo),
	})
	t.Cleanup(r.front.Close)
	for _, role := range []string{"router", "egress", "api", "adapters"} {
		r.start(role)
	}
	return r
}

// startNATS starts the server, again at the same address with what its files have.
func (r *roleRun) startNATS() {
	r.t.Helper()
	options := *r.options
	var err error
	if r.server, err = natsserver.NewServer(&options); err != nil {
		r.t.Fatal(err)
	}
	r.server.Start()
	if !r.server.ReadyForConnections(20 * time.Second) {
		r.t.Fatal("the server is not ready")
	}
}

func (r *roleRun) stopNATS() {
	r.server.Shutdown()
	r.server.WaitForShutdown()
}

// loseNATS removes the files of the server, which is stopped.
func (r *roleRun) loseNATS() {
	r.t.Helper()
	if files, err := os.ReadDir(r.options.StoreDir); err != nil || len(files) == 0 {
		r.t.Fatalf("the server has no files in %s: %v", r.options.StoreDir, err)
	}
	if err := os.RemoveAll(r.options.StoreDir); err != nil {
		r.t.Fatal(err)
	}
}

// start starts a role, again where it was killed.
func (r *roleRun) start(role string) {
	r.t.Helper()
	args := []string{
		"serve", "--roles", role, "--admin", "127.0.0.1:0",
		"--nats-url", r.nats, "--nats-credentials", filepath.Join(r.keys, role+".nk"),
	}
	form := `"msg":"serving","admin":"([^"]+)"`
	switch role {
	case "router":
		args = append(args, "--data", r.data, "--media", r.media)
	case "egress":
		args = append(args, "--media", r.media, "--graph-url", r.graph)
	case "api":
		form, args = serving, append(args, "--http", "127.0.0.1:0", "--media", r.media)
	case "adapters":
		form, args = serving, append(args, "--http", "127.0.0.1:0")
	}
	p, address := programtest.Begin(r.t, form, program(r.t), args...)
	r.processes[role] = p
	at := &url.URL{Scheme: "http", Host: address}
	switch role {
	case "api":
		r.api.Store(at)
	case "adapters":
		r.webhooks.Store(at)
	}
}

// said is what all processes have said.
func (r *roleRun) said() string {
	var all strings.Builder
	for role, p := range r.processes {
		fmt.Fprintf(&all, "%s:\n%s\n", role, p.Stderr.String())
	}
	return all.String()
}

// TestI01I04I05I12I16KillsOfRoles kills each role in turn, by SIGKILL, and the NATS
// server, while webhooks come in and replies go out, and starts it anew. The others go on, and when all has settled,
// what those outside were told is compared with what is there.
func TestI01I04I05I12I16KillsOfRoles(t *testing.T) {
	rounds := 1
	if os.Getenv("WEICHE_SOAK") != "" {
		rounds = 10
	}
	graph := newProvider(t)
	l := newLoad(t)
	graph.report = l.reported
	r := newRoleRun(t, graph.URL)
	eventually(t, "the roles to know each other", func() bool {
		response, err := http.Get(r.front.URL + "/media/none")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusNotFound
	}, r.said)
	setUpLoad(t, l, r.data, r.front.URL)
	sends := newSends()
	stop := work(t, l, 8, sends.see)
	defer stop()
	l.isUp(r.front.URL)

	hit := map[string]int64{}
	var restarted time.Time
	e := &evidence{}
	for range rounds {
		began := r.brokenOff.Load()
		for _, role := range []string{"adapters", "api", "egress", "router", "nats", filesOfNATS} {
			select {
			case <-l.after(60):
			case <-time.After(time.Minute):
				t.Fatalf("before %s was killed, webhooks are not answered: %v\n%s", role, l.statuses, r.said())
			}
			before := r.brokenOff.Load()
			if role == "egress" {
				eventually(t, "a send to be under way", func() bool { return graph.open.Load() > 0 }, r.said)
				hit[role]++
			}
			switch role {
			case "nats": // what its streams hold in memory is lost with it
				r.stopNATS()
				r.startNATS()
			case filesOfNATS:
				r.stopNATS()
				r.loseNATS()
				r.startNATS()
			default:
				r.processes[role].Kill()
				r.start(role)
			}
			restarted = time.Now()
			hit[role] += r.brokenOff.Load() - before
		}
		e.kills = append(e.kills, int(r.brokenOff.Load()-began))
	}
	select {
	case <-l.after(60):
	case <-time.After(time.Minute):
		t.Fatalf("after the last kill, webhooks are not answered: %v\n%s", l.statuses, r.said())
	}
	r.settles(l, sends, graph, restarted)
	stop()
	r.stopRoles()
	// What webhooks and the router's clients met shows in statuses; each kill at the
	// edge has to have broken something off, or nothing was tried.
	if hit["adapters"]+hit["api"] == 0 || hit["egress"] == 0 || l.statuses[http.StatusServiceUnavailable] == 0 {
		t.Errorf("the kills hit nothing: %v, %v", hit, l.statuses)
	}

	events, left := r.judge(l, graph, e)
	t.Logf("%d events; %d items in %d answers, %v; %d replies, %d of them when the claims of the dead ran out; broken off: %v",
		events, len(e.answered), l.answers, l.statuses, len(e.replies), left, hit)
}

// settles lets nothing new come in, and waits until all that did is done, for as long as
// sends end: after what the provider says of its limit they go slowly.
func (r *roleRun) settles(l *load, sends *sends, graph *provider, restarted time.Time) {
	r.t.Helper()
	l.mu.Lock()
	l.quiet = true
	l.mu.Unlock()
	ended := func() bool {
		underWay, waiting := l.idle()
		return waiting == 0 && underWay <= 1 && l.replied() == sends.conversations() &&
			sends.open(restarted) == 0 && graph.open.Load() == 0
	}
	for open := math.MaxInt; !ended() && !r.t.Failed(); open = sends.open(restarted) {
		eventually(r.t, "webhooks, replies and sends to end", func() bool {
			return ended() || sends.open(restarted) < open
		}, func() string {
			underWay, waiting := l.idle()
			return fmt.Sprintf("%d under way, %d waiting, %d of %d replies, %d sends open\n%s",
				underWay, waiting, l.replied(), sends.conversations(), sends.open(restarted), r.said())
		})
	}
}

// stopRoles ends the roles in order.
func (r *roleRun) stopRoles() {
	r.t.Helper()
	said := r.said()
	for _, role := range []string{"adapters", "api", "egress", "router"} {
		r.processes[role].Stop(r.t)
	}
	if strings.Contains(said, "ermissions") {
		r.t.Errorf("a role does what it may not:\n%s", said)
	}
}

// judge compares what those outside were told with what is there. It returns how many
// events there are, and how many sends became unknown when the claims of the dead ran out.
func (r *roleRun) judge(l *load, graph *provider, e *evidence) (events uint64, left int) {
	t := r.t
	t.Helper()
	f, err := openFolder(t.Context(), r.data, false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	left = passTime(t, f)
	e.read(t, f)
	e.answered, e.poison, e.replies, e.posts, e.taken = l.answered, l.poison, l.replies, graph.posts, graph.taken
	if err := checkLog(t.Context(), &server{folder: f}, io.Discard); err != nil {
		t.Errorf("I17: %v", err)
	}
	for at, fault := range append(append(e.faults(), l.faults...), graph.strange...) {
		if at == 20 {
			t.Error("and more")
			break
		}
		t.Error(fault)
	}
	return f.store.Durable(), left
}
