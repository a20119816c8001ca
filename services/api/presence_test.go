package api_test

import (
	"testing"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
)

// Who looks at a conversation in two pages is there until the last of them is closed.
func TestPresenceIsThatOfAllPages(t *testing.T) {
	s := newStage(t, nil)
	conversation := s.onPage(t)
	watcher := s.socket(t, "weiche.v1.json", "", s.eva())
	watcher.follow(1, oneConversation(conversation))
	watcher.caughtUp(1)
	page := func() *client {
		c := s.socket(t, "weiche.v1.json", "", s.eva())
		c.follow(1, oneConversation(conversation))
		c.caughtUp(1)
		c.say(&streamv1.ClientFrame{Frame: &streamv1.ClientFrame_Presence{Presence: &streamv1.ClientPresence{ConversationId: conversation, There: true}}})
		// What follows is answered after that was taken.
		c.follow(2, &streamv1.SubscribeRequest{})
		c.until(func(f *streamv1.SubscribeResponse) bool { return f.GetRefused() != nil })
		return c
	}
	there := func() bool {
		return watcher.until(func(f *streamv1.SubscribeResponse) bool { return f.GetPresence() != nil }).GetPresence().GetThere()
	}
	one, two := page(), page()
	if !there() {
		t.Error("who looks is not there")
	}
	one.say(&streamv1.ClientFrame{Frame: &streamv1.ClientFrame_Presence{Presence: &streamv1.ClientPresence{ConversationId: conversation}}})
	// A sign of its own comes next, and nothing before it says that nobody is there.
	one.say(&streamv1.ClientFrame{Frame: &streamv1.ClientFrame_Typing{Typing: &streamv1.ClientTyping{ConversationId: conversation, On: true}}})
	watcher.until(func(f *streamv1.SubscribeResponse) bool {
		if f.GetPresence() != nil && !f.GetPresence().GetThere() {
			t.Error("who looks in another page is not there")
		}
		return f.GetTyping().GetOn()
	})
	_ = two.conn.CloseNow()
	if there() {
		t.Error("who closed all pages is there")
	}
}
