package stream_test

import (
	"testing"
	"testing/synctest"
	"time"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/services/stream"
)

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
