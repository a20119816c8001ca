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

	streamv1 "weiche/proto/gen/weiche/stream/v1"
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

// A visitor who follows their own conversation is told of it from its beginning, and
// of the one that follows it.
func TestVisitorsFollowTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		hub := hubOf(t, w)
		ana := stream.Visitor{Account: "acme", Widget: "shop", Value: "ana"}
		bob := stream.Visitor{Account: "acme", Widget: "shop", Value: "bob"}
		var pages []*shown
		for _, visitor := range []stream.Visitor{ana, bob} {
			p := &shown{
				hub: hub, lines: map[uint64]uint64{},
				request: stream.Request{Topic: stream.Topic{Kind: stream.Own, Account: "acme"}, Visitor: visitor},
			}
			if err := p.connect(); err != nil {
				t.Fatal(err)
			}
			defer func() { p.sub.Close() }()
			pages = append(pages, p)
			synctest.Wait()
			if err := p.read(); err != nil || p.caught != 1 {
				t.Fatalf("before a conversation has begun: %v, caught up %d times", err, p.caught)
			}
		}
		begin := func(conversation string) {
			w.mu.Lock()
			w.visitors[ana] = conversation
			w.mu.Unlock()
			w.takes <- w.says("acme", "conversation", conversation, &streamv1.Event{
				ConversationId: conversation, Body: &streamv1.Event_ConversationStarted{ConversationStarted: &streamv1.ConversationStarted{CustomerId: "ana"}},
			})
			for range 5 {
				w.takes <- w.happens("acme", conversation, 0, false)
			}
			synctest.Wait()
		}
		begin("c1")
		if err := pages[0].read(); err != nil || pages[0].moved != "c1" || len(pages[0].lines) != 5 {
			t.Fatalf("%v: shows %q with %d lines", err, pages[0].moved, len(pages[0].lines))
		}
		begin("c2")
		w.takes <- w.says("acme", "conversation", "c1", &streamv1.Event{
			ConversationId: "c1", Body: &streamv1.Event_ConversationContinued{ConversationContinued: &streamv1.ConversationContinued{ByConversationId: "c2"}},
		})
		synctest.Wait()
		if err := pages[0].read(); err != nil || pages[0].moved != "c2" || len(pages[0].lines) != 5 || pages[0].caught != 1 {
			t.Fatalf("%v: shows %q with %d lines", err, pages[0].moved, len(pages[0].lines))
		}
		w.takes <- w.happens("acme", "c2", 0, false)
		synctest.Wait()
		if err := pages[0].read(); err != nil || len(pages[0].lines) != 6 {
			t.Errorf("%v: shows %d lines", err, len(pages[0].lines))
		}
		if err := pages[1].read(); err != nil || pages[1].moved != "" {
			t.Errorf("%v: somebody else is shown %q", err, pages[1].moved)
		}
	})
}

// A page that comes back is told that the set-up has changed while it was away, once,
// and nothing of that where it has not; so is one that catches up meanwhile.
func TestSetupThatChangedMeanwhileIsTold(t *testing.T) {
	ana := stream.Visitor{Account: "acme", Widget: "shop", Value: "ana"}
	for name, request := range map[string]stream.Request{
		"an agent":                          {Topic: stream.Topic{Kind: stream.Conversation, Account: "acme", ID: "c0"}},
		"a visitor":                         {Topic: stream.Topic{Kind: stream.Own, Account: "acme"}, Visitor: ana},
		"a visitor who has not written yet": {Topic: stream.Topic{Kind: stream.Own, Account: "acme"}, Visitor: stream.Visitor{Account: "acme", Widget: "shop", Value: "bob"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.visitors[ana] = "c0"
				w.happens("acme", "c0", 0, false)
				hub := hubOf(t, w)
				p := &shown{hub: hub, lines: map[uint64]uint64{}, unread: map[string]uint32{}, request: request}
				// Somebody else is there all the time.
				other := &shown{hub: hub, request: stream.Request{Topic: stream.Topic{Kind: stream.Inbox, Account: "acme"}}}
				if err := other.connect(); err != nil {
					t.Fatal(err)
				}
				defer func() { other.sub.Close() }()
				visit := func(meanwhile func()) {
					t.Helper()
					if err := p.connect(); err != nil {
						t.Fatal(err)
					}
					meanwhile()
					synctest.Wait()
					if err := p.read(); err != nil {
						t.Fatal(err)
					}
					p.sub.Close()
				}
				changes := func() { w.takes <- w.says("acme", "account", "acme", nil) }
				told := func(when string, want int) {
					t.Helper()
					if p.setups != want {
						t.Errorf("%s: told %d times that the set-up has changed, not %d", when, p.setups, want)
					}
				}
				visit(func() {})
				w.takes <- w.happens("acme", "c0", 0, false)
				synctest.Wait()
				visit(func() {})
				told("where it has not", 0)
				changes()
				synctest.Wait()
				visit(func() {})
				told("while it was away", 1)
				visit(func() {})
				told("afterwards", 1)
				w.mu.Lock()
				w.slowPages = time.Second
				w.mu.Unlock()
				visit(func() {
					time.Sleep(time.Second / 2)
					changes()
					time.Sleep(time.Minute)
				})
				told("while it caught up", 2)
			})
		})
	}
}

// What could not be told is told together with what came meanwhile, and nothing that it
// meant is lost.
func TestWhatIsToldLateMovesVisitors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		hub := hubOf(t, w)
		ana := stream.Visitor{Account: "acme", Widget: "shop", Value: "ana"}
		var pages []*shown
		for _, request := range []stream.Request{
			{Topic: stream.Topic{Kind: stream.Own, Account: "acme"}, Visitor: ana},
			{Topic: stream.Topic{Kind: stream.Inbox, Account: "acme"}},
		} {
			p := &shown{hub: hub, request: request, lines: map[uint64]uint64{}, unread: map[string]uint32{}}
			if err := p.connect(); err != nil {
				t.Fatal(err)
			}
			defer func() { p.sub.Close() }()
			pages = append(pages, p)
			synctest.Wait()
		}
		w.mu.Lock()
		w.visitors[ana], w.slowPages, w.lateViews = "c1", 10*time.Millisecond, 1
		w.mu.Unlock()
		w.takes <- w.says("acme", "conversation", "c1", &streamv1.Event{
			ConversationId: "c1", Body: &streamv1.Event_ConversationStarted{ConversationStarted: &streamv1.ConversationStarted{CustomerId: "ana"}},
		})
		synctest.Wait() // the views are waited for
		for range 5 {
			w.takes <- w.happens("acme", "c1", 0, false)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if err := pages[0].read(); err != nil || pages[0].moved != "c1" || len(pages[0].lines) != 5 {
			t.Errorf("%v: shows %q with %d lines", err, pages[0].moved, len(pages[0].lines))
		}
		if w.lateViews != 0 {
			t.Error("the views were never late")
		}
	})
}

// One conversation that cannot be read holds up no other, and its pages come back.
func TestWhatCannotBeReadHoldsUpNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.happens("acme", "c0", 0, false)
		hub := hubOf(t, w)
		var pages []*shown
		for _, topic := range []stream.Topic{
			{Kind: stream.Conversation, Account: "acme", ID: "c0"},
			{Kind: stream.Conversation, Account: "acme", ID: "c1"},
			{Kind: stream.Inbox, Account: "acme"},
		} {
			p := &shown{hub: hub, request: stream.Request{Topic: topic}, lines: map[uint64]uint64{}, unread: map[string]uint32{}, moved: topic.ID}
			if err := p.connect(); err != nil {
				t.Fatal(err)
			}
			defer func() { p.sub.Close() }()
			pages = append(pages, p)
			synctest.Wait()
		}
		w.mu.Lock()
		w.broken = "c0"
		w.mu.Unlock()
		w.takes <- w.happens("acme", "c0", 0, false)
		w.takes <- w.happens("acme", "c1", 0, false)
		synctest.Wait()
		w.takes <- w.happens("acme", "c1", 0, false)
		synctest.Wait() // no time has passed
		for _, p := range pages[1:] {
			if err := p.read(); err != nil {
				t.Fatal(err)
			}
		}
		if len(pages[1].lines) != 2 || pages[2].unread["c0"] != 2 || pages[2].unread["c1"] != 2 {
			t.Errorf("the others show %v and %v", pages[1].lines, pages[2].unread)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		var last *stream.Frame
		frames, ended := pages[0].sub.Take()
		for _, last = range frames {
		}
		if !ended || last.Response.GetGoAway().GetReason() != streamv1.GoAwayReason_GO_AWAY_REASON_UNAVAILABLE {
			t.Errorf("the page of what is broken was told %v", frames)
		}
		w.mu.Lock()
		tried := w.brokenReads
		w.broken = ""
		w.mu.Unlock()
		if tried < 2 || tried > 10 {
			t.Errorf("it was tried %d times", tried)
		}
		if _, ended := pages[2].sub.Take(); ended {
			t.Error("the inbox ended, which could be read")
		}
		pages[0].request.Cursor = ""
		for _, f := range frames {
			if f.Response.GetCursor() != "" {
				pages[0].request.Cursor = f.Response.GetCursor()
			}
		}
		pages[0].sub.Close()
		if err := pages[0].connect(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := pages[0].read(); err != nil || len(pages[0].lines) == 0 {
			t.Errorf("%v: it shows %v after it came back", err, pages[0].lines)
		}
	})
}
