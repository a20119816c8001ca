package stream_test

import (
	"testing"
	"testing/synctest"
	"time"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/services/stream"
)

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
