package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"golang.org/x/sync/errgroup"

	"weiche/services/api"
	"weiche/services/setting"
	"weiche/services/simulator"
)

// demo plays the demo once in this process.
func demo(t *testing.T, config demoConfig) (string, error) {
	t.Helper()
	config.once, config.http, config.simulator = true, "127.0.0.1:0", "127.0.0.1:0"
	var out bytes.Buffer
	err := runDemo(t.Context(), config, &out)
	return out.String(), err
}

func TestDemoOnce(t *testing.T) {
	out, err := demo(t, demoConfig{data: filepath.Join(t.TempDir(), "data")})
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, words := range []string{
		"The widget shows the whole conversation:", "Messenger begins with the first comment after the switch",
		"views rebuilt and the same", "All is as it should be.",
	} {
		if !strings.Contains(out, words) {
			t.Errorf("the demo does not say %q:\n%s", words, out)
		}
	}
	for _, line := range told("") {
		if got := strings.Count(out, line); got < 2 { // as it is said, and in the widget
			t.Errorf("%q is told %d times", line, got)
		}
	}
}

// TestDemoNoticesAFault puts faults in that the story cannot survive: the demo has
// to fail and to say at which step.
func TestDemoNoticesAFault(t *testing.T) {
	for _, fault := range []simulator.FaultKind{
		simulator.FaultDrop,      // webhooks never come, so nobody asks Ana for her yes
		simulator.FaultRateLimit, // the provider takes nothing
		simulator.FaultFailed,    // it takes messages and they do not arrive
	} {
		t.Run(string(fault), func(t *testing.T) {
			out, err := demo(t, demoConfig{fault: string(fault), patience: 500 * time.Millisecond})
			if err == nil {
				t.Fatalf("the demo did not notice\n%s", out)
			}
			if says := "did not arrive on "; !strings.Contains(err.Error(), says) {
				t.Errorf("the demo says %q and nothing of %q", err, says)
			}
			if strings.Contains(out, "All is as it should be.") {
				t.Error("the demo says that all is right")
			}
		})
	}
	if _, err := demo(t, demoConfig{fault: "nonsense"}); exitCode(err) != exitUsage {
		t.Errorf("a fault that does not exist: %v", err)
	}
}

// TestDemoSurvivesAFault puts faults in that the product has to cope with.
func TestDemoSurvivesAFault(t *testing.T) {
	for _, fault := range []simulator.FaultKind{
		simulator.FaultDuplicate,    // each webhook comes twice
		simulator.FaultTimeoutAfter, // no answer to a send: receipt and echo say what became of it
		simulator.FaultNoID,
	} {
		t.Run(string(fault), func(t *testing.T) {
			if out, err := demo(t, demoConfig{fault: string(fault)}); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// stagedDemo plays the demo against a Graph API that is not the simulator's own.
func stagedDemo(t *testing.T, graph func(simulator http.Handler) http.Handler) error {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := &actors{weiche: "http://" + listener.Addr().String(), person: demoPerson, patience: 5 * time.Second}
	sim, err := simulator.New(demoProviders(a.weiche, ""), simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	phones := httptest.NewServer(sim.Handler())
	defer phones.Close()
	a.providers = phones.URL
	provider := httptest.NewServer(graph(sim.Handler()))
	defer provider.Close()
	s, err := newServer(t.Context(), serverConfig{
		settings: settings{Data: filepath.Join(t.TempDir(), "data"), GraphURL: setting.URL(provider.URL)}, listener: listener,
		logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(t.Context())
	group, running := errgroup.WithContext(running)
	group.Go(func() error { return sim.Run(running) })
	group.Go(func() error { return s.run(running) })
	group.Go(func() error {
		defer stop()
		return perform(running, s, a, demoConfig{once: true}, io.Discard)
	})
	err = group.Wait()
	stop()
	if closed := s.close(); closed != nil {
		t.Error(closed)
	}
	return err
}

// TestDemoNoticesASecondSend lets each send reach the provider twice, as a product
// would that repeats what it has sent.
func TestDemoNoticesASecondSend(t *testing.T) {
	if err := stagedDemo(t, func(sim http.Handler) http.Handler { return sim }); err != nil {
		t.Fatalf("without the fault: %v", err)
	}
	var doubled atomic.Int32
	err := stagedDemo(t, func(sim http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages") {
				doubled.Add(1)
				again := r.Clone(r.Context())
				again.Body = io.NopCloser(bytes.NewReader(body))
				sim.ServeHTTP(httptest.NewRecorder(), again)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			sim.ServeHTTP(w, r)
		})
	})
	if doubled.Load() == 0 {
		t.Fatal("no send was doubled")
	}
	if err == nil || !strings.Contains(err.Error(), "2 times on messenger") {
		t.Errorf("with each send doubled the demo says %v", err)
	}
}

// TestI17DemoNoticesAChangedView takes one row out of the views behind the back of
// the program: what is rebuilt differs then from what followed the log.
func TestI17DemoNoticesAChangedView(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if out, err := demo(t, demoConfig{data: data}); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	check := func() (string, error) {
		t.Helper()
		f, err := openFolder(t.Context(), data, false, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err = checkLog(t.Context(), &server{folder: f}, &out)
		return out.String(), errors.Join(err, f.close())
	}
	if out, err := check(); err != nil || !strings.Contains(out, "views rebuilt and the same") {
		t.Fatalf("before the fault: %v\n%s", err, out)
	}
	row := tamper(t, data, func(db *pebble.DB, row, _ []byte) error { return db.Delete(row, pebble.Sync) })
	if _, err := check(); err == nil || !strings.Contains(err.Error(), "differs from the live one") {
		t.Errorf("without the row %x: %v", row, err)
	}
	// The rebuilding has made it good.
	if _, err := check(); err != nil {
		t.Errorf("after it was rebuilt: %v", err)
	}
}

// tamper lets harm do something to the last row of the views of a folder that nobody
// uses, and returns its key. before is what the row before holds.
func tamper(t *testing.T, data string, harm func(db *pebble.DB, row, before []byte) error) (row []byte) {
	t.Helper()
	db, err := pebble.Open(filepath.Join(data, "views"), &pebble.Options{
		FormatMajorVersion: pebble.FormatValueSeparation, Logger: quietPebble{t},
	})
	if err != nil {
		t.Fatal(err)
	}
	it, err := db.NewIter(nil)
	if err != nil {
		t.Fatal(err)
	}
	it.SeekLT([]byte{0x03}) // rows begin with 0x02
	row = bytes.Clone(it.Key())
	it.Prev()
	before := bytes.Clone(it.Value())
	if err := errors.Join(it.Close(), harm(db, row, before), db.Flush(), db.Close()); err != nil {
		t.Fatal(err)
	}
	return row
}

// quietPebble keeps what is fatal.
type quietPebble struct{ t *testing.T }

func (quietPebble) Infof(string, ...any)                {}
func (quietPebble) Errorf(string, ...any)               {}
func (q quietPebble) Fatalf(format string, args ...any) { q.t.Fatalf(format, args...) }

// TestDemoRefusesAFolderInUse shows that the demo does not write into what is
// there, and that an administrator's token opens nothing of another installation.
func TestDemoRefusesAFolderInUse(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p, address := serve(t, data)
	if _, err := demo(t, demoConfig{data: data}); exitCode(err) != exitUsage {
		t.Errorf("demo in the folder of a running weiche: %v", err)
	}
	other, err := openFolder(t.Context(), filepath.Join(t.TempDir(), "other"), true, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	foreign := api.AdminToken(other.keys).Reveal()
	if err := other.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := applySetup(t.Context(), address, foreign, demoAccount, demoSetup(address)); err == nil || !strings.Contains(err.Error(), "unauthenticated") {
		t.Errorf("with the token of another installation: %v", err)
	}
	p.Stop(t)
}
