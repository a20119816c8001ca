package api_test

import (
	"fmt"
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// A button that a visitor presses is an answer, as it is from other channels; it counts
// for who has it in their conversation, and nothing else can be said with it.
func TestPressedButtons(t *testing.T) {
	s := newStage(t, nil)
	ana, ben := s.visitor(t, "shop"), s.visitor(t, "shop")
	said := s.must(t, widgetService+"SendMessage", ana, `{"text":"hello","clientToken":"1"}`)
	s.must(t, widgetService+"SendMessage", ben, `{"text":"hello","clientToken":"1"}`)
	conv := said.text("conversationId")
	asked := s.must(t, workspaceService+"SendReply", s.eva(), fmt.Sprintf(`{"conversationId":%q,"clientToken":"q","content":{"parts":[
		{"buttons":{"body":"Which?","buttons":[{"title":"Blue","payload":"colour: b"},{"title":"Red","payload":"r"}]}}]}}`, conv))
	message := asked.text("messageId")
	s.must(t, widgetService+"GetTimeline", ana, fmt.Sprintf(`{"minPosition":%q}`, asked.text("position")))

	press := func(message, button, more string) string {
		return fmt.Sprintf(`{"clientToken":%q,"pressed":{"messageId":%q,"buttonId":%q}%s}`, "p"+button+more, message, button, more)
	}
	s.want(t, "not_found", "NOT_FOUND", widgetService+"SendMessage", ben, press(message, "r", ""))
	s.want(t, "not_found", "NOT_FOUND", widgetService+"SendMessage", s.visitor(t, "shop"), press(message, "r", ""))
	s.want(t, "not_found", "NOT_FOUND", widgetService+"SendMessage", ana, press(message, "green", ""))
	s.want(t, "not_found", "NOT_FOUND", widgetService+"SendMessage", ana, press(said.text("messageId"), "r", ""))
	s.want(t, "invalid_argument", "INVALID", widgetService+"SendMessage", ana, press(message, "r", `,"text":"red"`))

	first := s.must(t, widgetService+"SendMessage", ana, press(message, "colour: b", ""))
	again := s.must(t, widgetService+"SendMessage", ana, press(message, "colour: b", ""))
	if first.text("messageId") != again.text("messageId") {
		t.Errorf("pressed once it is %s, and again %s", first.text("messageId"), again.text("messageId"))
	}
	received := logged[*eventv1.MessageReceived](t, s)
	last := received[len(received)-1]
	answer := last.GetSealed().GetContent().GetParts()[0].GetAnswer()
	if len(received) != 3 || answer.GetPayload() != "colour: b" || answer.GetTitle() != "Blue" ||
		last.GetSealed().GetContent().GetReplyTo().GetMessageId() != message {
		t.Errorf("%d messages came, the last of them %v", len(received), last)
	}
}
