package api_test

import (
	"fmt"
	"testing"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
)

// The widget is told as it happens that an agent has seen what the customer wrote.
func TestTheWidgetShowsWhatAnAgentHasSeen(t *testing.T) {
	s := newStage(t, nil)
	token := s.visitor(t, "shop")
	first := s.must(t, widgetService+"SendMessage", token, `{"text":"hello","clientToken":"1"}`)
	second := s.must(t, widgetService+"SendMessage", token, `{"text":"is it in stock?","clientToken":"2"}`)
	ana := s.socket(t, "weiche.v1.json", shopPage, token)
	ana.follow(1, own)
	ana.caughtUp(1)
	states := func(position string) string {
		page := s.must(t, widgetService+"GetTimeline", token, fmt.Sprintf(`{"minPosition":%q}`, position))
		return page.text("lines.0.state") + " " + page.text("lines.1.state")
	}
	if got := states(second.text("position")); got != "sent sent" {
		t.Errorf("before: %s", got)
	}
	seen := func(body string) answer {
		t.Helper()
		return s.must(t, workspaceService+"MarkSeen", s.eva(), fmt.Sprintf(`{"conversationId":%q%s}`, first.text("conversationId"), body))
	}
	seen("") // a sign of the moment changes nothing
	marked := seen(fmt.Sprintf(`,"messageId":%q`, second.text("messageId")))
	told := ana.until(func(f *streamv1.SubscribeResponse) bool { return len(f.GetChange().GetOwnLines()) > 0 }).GetChange()
	if lines := told.GetOwnLines(); len(lines) != 1 || lines[0].GetMessageId() != second.text("messageId") || lines[0].GetState() != "read" {
		t.Errorf("told %v", told)
	}
	if got := states(marked.text("position")); got != "read read" {
		t.Errorf("after: %s", got)
	}
}
