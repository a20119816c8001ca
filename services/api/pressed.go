package api

import (
	"context"

	"weiche/projections"
	errorv1 "weiche/proto/gen/weiche/error/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
)

// pressable is how many of the last comments of a conversation have buttons that can
// still be pressed.
const pressable = 500

// pressed makes of a button that a visitor pressed what other channels bring: the
// answer, with what stands on the button. A button counts for who has it in their
// conversation alone.
func (s *server) pressed(ctx context.Context, v *visit, button *widgetv1.PressedButton) (*eventv1.Content, error) {
	if err := known(button.GetMessageId()); err != nil {
		return nil, err
	}
	errNoButton := fail(errorv1.Reason_REASON_NOT_FOUND, "there is no such button")
	id, err := s.Queries.Conversation(ctx, v.widget.Account, v.widget.ID, v.session.Visitor())
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, errNoButton
	}
	timeline, err := s.Views.Timeline(ctx, v.widget.Account, id, projections.Page{
		Last: true, Limit: pressable, Keep: projections.Lines{Kinds: []viewv1.ItemKind{viewv1.ItemKind_ITEM_KIND_COMMENT}},
	})
	if err != nil {
		return nil, err
	}
	for _, item := range timeline.GetItems() {
		if item.GetMessageId() != button.GetMessageId() || item.GetAgent() == nil {
			continue
		}
		for _, part := range item.GetContent().GetParts() {
			for _, b := range part.GetButtons().GetButtons() {
				if b.GetPayload() == button.GetButtonId() {
					return &eventv1.Content{
						Parts: []*eventv1.Part{{Kind: &eventv1.Part_Answer{Answer: &eventv1.Answer{
							Kind: eventv1.AnswerKind_ANSWER_KIND_BUTTON, Payload: b.GetPayload(), Title: b.GetTitle(),
						}}}},
						ReplyTo: &eventv1.ReplyTo{MessageId: item.GetMessageId()},
					}, nil
				}
			}
		}
	}
	return nil, errNoButton
}
