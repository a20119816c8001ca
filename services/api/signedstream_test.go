package api_test

import (
	"fmt"
	"strings"
	"testing"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
)

// P3: whom the site has signed in has one conversation wherever they ask for it, on
// every device, and nobody else of that site has it.
func TestASignedVisitorHasTheirConversation(t *testing.T) {
	g := newGallery(t)
	s := g.stage
	s.setup(t, "acme", fmt.Sprintf(`{"widgets":[{"id":"shop","site":"Acme Shop","origins":["https://shop.example"],"visitorKeys":[{"id":"k1","secret":%q}]}]}`, siteKey))
	first := s.signedIn(t, "shop", "k1", siteKey, "7", soon(), "")
	second := s.signedIn(t, "shop", "k1", siteKey, "7", soon(), "")
	other := s.signedIn(t, "shop", "k1", siteKey, "8", soon(), "")
	ana := s.socket(t, "weiche.v1.json", shopPage, second)
	ana.follow(1, own)
	ana.caughtUp(1)
	bob := s.socket(t, "weiche.v1.json", shopPage, other)
	bob.follow(1, own)
	bob.caughtUp(1)

	sent := s.must(t, widgetService+"SendMessage", first, `{"text":"hello","clientToken":"1"}`)
	conversation := sent.text("conversationId")
	told := ana.until(func(f *streamv1.SubscribeResponse) bool { return len(f.GetChange().GetOwnLines()) > 0 })
	if told.GetChange().GetConversationId() != conversation {
		t.Errorf("the other device is told %v", told)
	}
	file := g.upload(t, "/v1/widget/uploads", first, picture(t), false)
	attached := fmt.Sprintf(`{"attachments":[{"blobId":%q}],"clientToken":"2"}`, file.text("blob_id"))
	s.want(t, "not_found", "NOT_FOUND", widgetService+"SendMessage", other, attached)
	again := s.must(t, widgetService+"SendMessage", second, attached)
	if again.text("conversationId") != conversation {
		t.Errorf("the file is in %q, and the message in %q", again.text("conversationId"), conversation)
	}
	page := s.must(t, widgetService+"GetTimeline", second, fmt.Sprintf(`{"minPosition":%q}`, again.text("position")))
	if page.text("conversationId") != conversation || page.length("lines") != 2 {
		t.Errorf("the other device reads %v", page.values)
	}

	eva := s.socket(t, "weiche.v1.json", "", s.eva())
	eva.follow(1, oneConversation(conversation))
	eva.caughtUp(1)
	s.must(t, widgetService+"SendTyping", other, `{"on":true}`)
	s.must(t, widgetService+"SendTyping", second, `{"on":true}`)
	eva.until(func(f *streamv1.SubscribeResponse) bool { return f.GetTyping().GetOn() })
	ana.say(&streamv1.ClientFrame{Frame: &streamv1.ClientFrame_Typing{Typing: &streamv1.ClientTyping{}}})
	eva.until(func(f *streamv1.SubscribeResponse) bool { return f.GetTyping() != nil && !f.GetTyping().GetOn() })
	ana.say(&streamv1.ClientFrame{Frame: &streamv1.ClientFrame_Presence{Presence: &streamv1.ClientPresence{There: true}}})
	eva.until(func(f *streamv1.SubscribeResponse) bool { return f.GetPresence().GetThere() })
	s.must(t, workspaceService+"SendReply", s.eva(), fmt.Sprintf(`{"conversationId":%q,"text":"good day","clientToken":"3"}`, conversation))
	ana.until(func(f *streamv1.SubscribeResponse) bool {
		return strings.Contains(fmt.Sprint(f.GetChange().GetOwnLines()), "good day")
	})

	// Somebody else's own conversation is all that they are told of.
	elsewhere := s.must(t, widgetService+"SendMessage", other, `{"text":"hi","clientToken":"1"}`).text("conversationId")
	if elsewhere == conversation {
		t.Error("two whom the site has signed in share a conversation")
	}
	bob.until(func(f *streamv1.SubscribeResponse) bool {
		if id := f.GetChange().GetConversationId(); id == conversation {
			t.Errorf("somebody else is told %v", f)
		}
		return len(f.GetChange().GetOwnLines()) > 0
	})
}
