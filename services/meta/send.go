package meta

import (
	"strings"
	"unicode/utf8"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/capability"
)

// Parts returns the parts of a send, or the refusal of a send that was erased or
// is empty.
func Parts(send *ingressv1.Send) ([]*eventv1.Part, error) {
	switch {
	case send.GetErased():
		return nil, Refuse("erased")
	case len(send.GetContent().GetParts()) == 0:
		return nil, Refuse("unsupported_content")
	}
	return send.GetContent().GetParts(), nil
}

// CheckText refuses text that is empty or too long.
func CheckText(text string, limit capability.Limit) error {
	switch {
	case strings.TrimSpace(text) == "":
		return Refuse("empty")
	case !limit.Holds(text):
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
		cut := capability.Cut(button.GetTitle(), title)
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

// ReactionName is the id of a reaction that the provider takes and does not
// name. No message has it.
func ReactionName(send *ingressv1.Send) string { return "reaction:" + send.GetSendId() }
