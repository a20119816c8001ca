package api_test

import (
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/services/api"
)

func TestAgentsSeeSharedPagesAndNoFilesOfProviders(t *testing.T) {
	for _, c := range []struct{ address, seen string }{
		{"https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=s", ""},
		{"https://scontent-fra3-1.cdninstagram.com/v/t51/1.jpg?oh=s", ""},
		{"https://Video.xx.FBCDN.net./v/1.mp4?oh=s", ""},
		{"https://shop.example/jacket?size=m", "https://shop.example/jacket?size=m"},
		{"https://notfbcdn.net/x", "https://notfbcdn.net/x"},
		{"https://www.instagram.com/p/1/", "https://www.instagram.com/p/1/"},
	} {
		said := &eventv1.Content{
			Parts:   []*eventv1.Part{{Kind: &eventv1.Part_Share{Share: &eventv1.Share{Type: "share", Url: c.address}}}},
			ReplyTo: &eventv1.ReplyTo{StoryUrl: c.address, StoryId: "1"},
		}
		api.ForAgent(&viewv1.TimelineItem{Content: said})
		if got := said.GetParts()[0].GetShare().GetUrl(); got != c.seen {
			t.Errorf("of the share %s agents see %q", c.address, got)
		}
		if got := said.GetReplyTo(); got.GetStoryUrl() != c.seen || got.GetStoryId() != "1" {
			t.Errorf("of the story %s agents see %v", c.address, got)
		}
	}
}
