package stream_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"weiche/services/stream"
)

// shown is a page that follows one conversation or the inbox, and shows rows.
type shown struct {
	hub     *stream.Hub
	request stream.Request
	sub     *stream.Subscription
	lines   map[uint64]uint64 // by place, when it was changed last
	unread  map[string]uint32
	version map[string]uint64 // the last that was told live
	fresh   bool              // since the last connect nothing was told live
	caught  int
	setups  int
	moved   string
}

func (p *shown) connect() (err error) {
	p.fresh = true
	p.version = map[string]uint64{}
	p.request.Notify = func() {}
	p.sub, err = p.hub.Subscribe(context.Background(), p.request)
	return err
}

func (p *shown) read() error {
	frames, ended := p.sub.Take()
	for _, f := range frames {
		if f.Response.GetCursor() != "" {
			p.request.Cursor = f.Response.GetCursor()
		}
		if f.Response.GetCaughtUp() != nil {
			p.caught++
		}
		change := f.Response.GetChange()
		if change == nil {
			continue
		}
		if change.GetSetup() {
			p.setups++
			continue
		}
		id := change.GetConversationId()
		if id != p.moved {
			p.moved, p.lines = id, map[uint64]uint64{}
		}
		for _, line := range change.GetLines() {
			if p.lines[line.GetPosition()] > line.GetChanged() {
				return fmt.Errorf("line %d goes back from %d to %d", line.GetPosition(), p.lines[line.GetPosition()], line.GetChanged())
			}
			p.lines[line.GetPosition()] = line.GetChanged()
		}
		if change.GetSummary() != nil {
			p.unread[id] = change.GetSummary().GetUnread()
		}
		if change.GetVersion() == 0 {
			continue
		}
		if before := p.version[id]; before != 0 && change.GetFirstVersion() != before+1 && change.GetVersion() != before {
			return fmt.Errorf("%s: versions %d to %d follow %d", id, change.GetFirstVersion(), change.GetVersion(), before)
		}
		p.version[id] = change.GetVersion()
	}
	if !ended {
		return nil
	}
	p.sub.Close()
	return p.connect()
}

// show plays steps with a page that shows a conversation and one that shows the inbox.
func show(t *testing.T, all []step, noRefill bool) (problem string, did faults) {
	did = faults{}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.noRefill, w.slowPages = noRefill, 10*time.Millisecond
		for range 4 {
			w.happens("acme", "c0", 0, false)
		}
		hub := stream.New(stream.Config{Live: w, Log: w, Logger: slog.New(slog.DiscardHandler)})
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
		pages := []*shown{}
		for _, topic := range []stream.Topic{
			{Kind: stream.Conversation, Account: "acme", ID: "c0"},
			{Kind: stream.Inbox, Account: "acme"},
			{Kind: stream.Conversation, Account: "acme", ID: "c0"},
		} {
			p := &shown{hub: hub, request: stream.Request{Topic: topic}, lines: map[uint64]uint64{}, unread: map[string]uint32{}}
			if topic.Kind == stream.Conversation {
				p.moved = "c0"
			}
			for _, line := range w.lines["acme/c0"] { // the snapshot
				p.lines[line.GetPosition()] = line.GetChanged()
			}
			if problem = message(p.connect()); problem != "" {
				return
			}
			defer func() { p.sub.Close() }()
			pages = append(pages, p)
			synctest.Wait()
			if problem = message(p.read()); problem != "" {
				return
			}
		}
		touched := map[string]bool{}
		for _, s := range all {
			conversation := fmt.Sprint("c", s.Number%3)
			happens := func(changed int, hidden bool) {
				touched[conversation] = true
				e := w.happens("acme", conversation, changed, hidden)
				if s.Do != "lose" {
					w.takes <- e
				}
			}
			switch did[s.Do]++; s.Do {
			case "tell", "lose", "repeat":
				happens(0, false)
			case "other":
				happens(1+s.Number, false)
			case "hide":
				happens(0, true)
			case "burst":
				for n := range 20 {
					happens(n%3, n%4 == 0)
				}
			case "break":
				w.breaks <- struct{}{}
			case "reconnect":
				for _, p := range pages[:2] {
					p.sub.Close()
					if problem = message(p.connect()); problem != "" {
						return
					}
				}
			case "wait":
				time.Sleep(15 * time.Millisecond)
			case "read":
				synctest.Wait()
				if problem = message(pages[1].read()); problem != "" {
					return
				}
			}
			if problem = message(pages[0].read()); problem != "" {
				return
			}
		}
		for range 3 {
			time.Sleep(40 * time.Second)
			for _, p := range pages {
				synctest.Wait()
				if problem = message(p.read()); problem != "" {
					return
				}
			}
		}
		want, unread := map[uint64]uint64{}, map[string]uint32{}
		for _, line := range w.lines["acme/c0"] {
			want[line.GetPosition()] = line.GetChanged()
		}
		for id := range touched {
			unread[id] = uint32(len(w.lines["acme/"+id]))
		}
		for _, p := range []*shown{pages[0], pages[2]} {
			if diff := cmp.Diff(want, p.lines); diff != "" {
				problem = "the conversation is shown as (-want +got):\n" + diff
			}
		}
		if diff := cmp.Diff(unread, pages[1].unread); diff != "" {
			problem = "the inbox is shown as (-want +got):\n" + diff
		}
	})
	return problem, did
}

// I22: what a page shows is what it would read, whatever happens on the way, and no
// version is left out of what it is told.
func TestI22PagesShowWhatIsThere(t *testing.T) {
	did := faults{}
	rapid.Check(t, func(rt *rapid.T) {
		problem, once := show(t, draw(rt), false)
		if problem != "" {
			rt.Fatal(problem)
		}
		for what, n := range once {
			did[what] += n
		}
	})
	for _, what := range []string{"tell", "lose", "hide", "burst", "break", "reconnect"} {
		if did[what] == 0 {
			t.Errorf("%s never happened: %v", what, did)
		}
	}
}

// TestWithoutTheLogPagesMissSomething shows that the test above can fail.
func TestWithoutTheLogPagesMissSomething(t *testing.T) {
	if problem, _ := show(t, []step{{"tell", 0}, {"wait", 0}, {"lose", 0}, {"wait", 0}, {"tell", 0}}, true); problem == "" {
		t.Error("what was lost is not missed")
	}
}

// hubOf runs a hub in a bubble until the test ends.
func hubOf(t *testing.T, w *world) *stream.Hub {
	hub := stream.New(stream.Config{Live: w, Log: w, Logger: slog.New(slog.DiscardHandler)})
	hub.Show(w)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- hub.Run(ctx) }()
	synctest.Wait()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return hub
}
