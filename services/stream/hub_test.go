package stream_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"weiche/services/stream"
)

// step is one thing that a test of the hub does.
type step struct {
	Do     string
	Number int
}

// steps are what can be done, and how often among others.
var steps = []string{
	"tell", "tell", "tell", "tell", "tell", "tell", "lose", "lose", "repeat", "delay", "hide", "other",
	"break", "read", "read", "read", "reconnect", "fail", "wait", "burst",
}

// program is a client that follows all events of an account. It keeps what it was
// told, and comes back with the last cursor.
type program struct {
	hub    *stream.Hub
	sub    *stream.Subscription
	cursor string
	told   []string
	ends   map[string]int
}

func (p *program) connect() error {
	var err error
	p.sub, err = p.hub.Subscribe(context.Background(), stream.Request{
		Topic: stream.Topic{Kind: stream.Everything, Account: "acme"}, Cursor: p.cursor, Notify: func() {},
	})
	return err
}

// read takes what waits; where that ends the stream it connects anew.
func (p *program) read() error {
	frames, ended := p.sub.Take()
	for _, f := range frames {
		if f.Response.GetCursor() != "" {
			p.cursor = f.Response.GetCursor()
		}
		if event := f.Response.GetEvent(); event != nil {
			p.told = append(p.told, event.GetEventId())
		}
		if away := f.Response.GetGoAway(); away != nil {
			p.ends[away.GetReason().String()]++
		}
	}
	if !ended {
		return nil
	}
	p.sub.Close()
	return p.connect()
}

// faults counts what a run did to what is heard live.
type faults map[string]int

// run plays steps with three programs: one that reads at once, one that reads where
// the steps say so and one that never reads before the end.
func run(t *testing.T, all []step, noRefill bool) (problem string, did faults) {
	did = faults{}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.noRefill = noRefill
		for range 5 {
			w.happens("acme", "c1", 0, false)
		}
		hub := stream.New(stream.Config{Live: w, Log: w, Buffer: 64, Logger: slog.New(slog.DiscardHandler)})
		hub.Show(w)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- hub.Run(ctx) }()
		synctest.Wait()
		defer func() {
			cancel()
			if err := <-ended; err != nil {
				problem = err.Error()
			}
		}()
		programs := []*program{}
		for range 3 {
			p := &program{hub: hub, ends: did}
			if problem = message(p.connect()); problem != "" {
				return
			}
			defer func() { p.sub.Close() }()
			programs = append(programs, p)
			synctest.Wait()
			if problem = message(p.read()); problem != "" { // where it begins
				return
			}
		}
		before := len(w.all())
		var late []func()
		for _, s := range all {
			conversation := fmt.Sprint("c", s.Number%3)
			switch did[s.Do]++; s.Do {
			case "tell":
				w.takes <- w.happens("acme", conversation, 0, false)
			case "hide":
				w.takes <- w.happens("acme", conversation, 0, true)
			case "other":
				w.takes <- w.happens("other", conversation, 0, false)
			case "lose":
				w.happens("acme", conversation, 0, false)
			case "repeat":
				e := w.happens("acme", conversation, 0, false)
				w.takes <- e
				w.takes <- e
			case "delay":
				e := w.happens("acme", conversation, 0, false)
				late = append(late, func() { w.takes <- e })
			case "burst":
				for range 40 {
					w.takes <- w.happens("acme", conversation, 0, false)
				}
			case "break":
				w.breaks <- struct{}{}
			case "fail":
				w.fail(2)
			case "read":
				problem = message(programs[1].read())
			case "reconnect":
				programs[1].sub.Close()
				problem = message(programs[1].connect())
			case "wait":
				time.Sleep(time.Second)
				for _, f := range late {
					f()
				}
				late = nil
			}
			synctest.Wait()
			if problem = problem + message(programs[0].read()); problem != "" {
				return
			}
		}
		for range 3 {
			time.Sleep(40 * time.Second)
			for _, p := range programs {
				for range 40 {
					synctest.Wait()
					if problem = message(p.read()); problem != "" {
						return
					}
				}
			}
		}
		var want []string
		log := w.all()
		for _, e := range log[before:] {
			if e.Account == "acme" && e.Type != "" {
				want = append(want, fmt.Sprint(e.Position))
			}
		}
		for at, p := range programs {
			if !slices.Equal(want, p.told) {
				problem = fmt.Sprintf("program %d was told (-want +got):\n%s", at, cmp.Diff(want, p.told))
			}
		}
		did["refilled"] = w.read()
	})
	return problem, did
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// I20: whoever follows events is told each once, in order, whatever is lost, said
// twice or late on the way, and whenever it goes and comes back.
func TestI20EachOnceInOrder(t *testing.T) {
	did := faults{}
	rapid.Check(t, func(rt *rapid.T) {
		problem, once := run(t, draw(rt), false)
		if problem != "" {
			rt.Fatal(problem)
		}
		for what, n := range once {
			did[what] += n
		}
	})
	for _, what := range append(slices.Clone(steps), "refilled", "GO_AWAY_REASON_SLOW") {
		if did[what] == 0 {
			t.Errorf("%s never happened: %v", what, did)
		}
	}
}

// The log is read ahead of what is heard of: who comes back while nothing is heard is
// told what happened meanwhile out of the log, and not again when it is heard of.
func TestI20TheLogIsAheadOfWhatIsHeard(t *testing.T) {
	for name, then := range map[string][]step{
		"the past":   nil,
		"the cursor": {{"reconnect", 0}, {"read", 0}},
	} {
		t.Run(name, func(t *testing.T) {
			// More is told than the account remembers, and taken in three parts.
			steps := []step{{"burst", 0}, {"break", 0}, {"tell", 0}, {"reconnect", 0}, {"read", 0}, {"read", 0}, {"read", 0}}
			problem, _ := run(t, append(steps, then...), false)
			if problem != "" {
				t.Error(problem)
			}
		})
	}
}

// TestWithoutTheLogSomethingIsMissed shows that the test above can fail: the log gives
// nothing, and something is lost.
func TestWithoutTheLogSomethingIsMissed(t *testing.T) {
	if problem, _ := run(t, []step{{"tell", 0}, {"lose", 0}, {"tell", 0}}, true); problem == "" {
		t.Error("what was lost is not missed")
	}
}

func draw(rt *rapid.T) []step {
	return rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) step {
		return step{rapid.SampledFrom(steps).Draw(rt, "do"), rapid.IntRange(0, 9).Draw(rt, "number")}
	}), 10, 60).Draw(rt, "steps")
}
