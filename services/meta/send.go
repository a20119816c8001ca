package meta

import (
	"unicode/utf8"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// OnlyPart returns the one part of a send, or the refusal of a send that was
// erased, is empty, or has several.
func OnlyPart(send *ingressv1.Send) (*eventv1.Part, error) {
	parts := send.GetContent().GetParts()
	switch {
	case send.GetErased():
		return nil, Refuse("erased")
	case len(parts) != 1:
		return nil, Refuse("unsupported_content")
	}
	return parts[0], nil
}

// CheckLength refuses text that is empty or too long.
func CheckLength(length, limit int) error {
	switch {
	case length == 0:
		return Refuse("empty")
	case length > limit:
		return Refuse("too_long")
	}
	return nil
}

// Choices returns the buttons of a question with titles that fit, or refuses
// them: none, too many, or one without a title or with a payload that does not
// fit.
func Choices(b *eventv1.Buttons, most, title, payload int) ([]*eventv1.Button, error) {
	if len(b.GetButtons()) == 0 || len(b.GetButtons()) > most {
		return nil, Refuse("invalid")
	}
	var choices []*eventv1.Button
	for _, button := range b.GetButtons() {
		cut := Cut(button.GetTitle(), title)
		if cut == "" || button.GetPayload() == "" {
			return nil, Refuse("invalid")
		}
		if utf8.RuneCountInString(button.GetPayload()) > payload {
			return nil, Refuse("too_long")
		}
		choices = append(choices, &eventv1.Button{Payload: button.GetPayload(), Title: cut})
	}
	return choices, nil
}

// PageText is how long a text may be: in characters for Messenger, in bytes for
// Instagram.
type PageText struct {
	Limit int
	Bytes bool
}

// PageMessage returns the message of a request to the Send API for pages and
// Instagram accounts: text, or text with quick replies.
func PageMessage(part *eventv1.Part, text PageText) (map[string]any, error) {
	check := func(s string) error {
		if text.Bytes {
			return CheckLength(len(s), text.Limit)
		}
		return CheckLength(utf8.RuneCountInString(s), text.Limit)
	}
	switch kind := part.GetKind().(type) {
	case *eventv1.Part_Text:
		if err := check(kind.Text.GetBody()); err != nil {
			return nil, err
		}
		return map[string]any{"text": kind.Text.GetBody()}, nil
	case *eventv1.Part_Buttons:
		if err := check(kind.Buttons.GetBody()); err != nil {
			return nil, err
		}
		choices, err := Choices(kind.Buttons, maxQuickReplies, maxQuickTitle, maxQuickPayload)
		if err != nil {
			return nil, err
		}
		var replies []map[string]any
		for _, c := range choices {
			replies = append(replies, map[string]any{
				"content_type": "text", "title": c.GetTitle(), "payload": c.GetPayload(),
			})
		}
		return map[string]any{"text": kind.Buttons.GetBody(), "quick_replies": replies}, nil
	}
	return nil, Refuse("unsupported_content")
}

// What quick replies may hold, in characters.
const (
	maxQuickReplies = 13
	maxQuickTitle   = 20
	maxQuickPayload = 1000
)

// PageAnswer returns the id of a message from an answer of the Send API for
// pages and Instagram accounts.
func PageAnswer(answer Object) string { return answer.Text("message_id") }
