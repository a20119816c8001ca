package capability

import (
	"strconv"
	"strings"
	"unicode/utf8"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// buttons adds a question with buttons: as it is, as a list, or as text with the
// titles below, numbered.
func (f *fitting) buttons(b *eventv1.Buttons, was *eventv1.Part) bool {
	question, buttons := b.GetBody(), b.GetButtons()
	if strings.TrimSpace(question) == "" || len(buttons) == 0 {
		return false
	}
	most, payload := f.Title, f.Payload
	list := len(buttons) > f.Buttons
	if list {
		most, payload = f.Row, f.RowPayload
	}
	shown, cut := titles(buttons, most)
	if len(buttons) > max(f.Buttons, f.List) || !answerable(shown, payload) {
		f.changed(eventv1.FitChange_FIT_CHANGE_BUTTONS_AS_TEXT)
		return f.text(numbered(question, buttons), nil)
	}
	if list {
		f.changed(eventv1.FitChange_FIT_CHANGE_BUTTONS_AS_LIST)
	}
	if cut {
		f.changed(eventv1.FitChange_FIT_CHANGE_TITLES_CUT)
	}
	if f.Question.Holds(question) && !cut {
		f.add(was)
		return true
	}
	if !f.Question.Holds(question) {
		f.changed(eventv1.FitChange_FIT_CHANGE_SPLIT)
		question = f.before(question)
	}
	f.add(&eventv1.Part{Kind: &eventv1.Part_Buttons{Buttons: &eventv1.Buttons{Body: question, Buttons: shown}}})
	return true
}

// before adds what of a question goes before it as text, and returns the rest,
// which stands above the buttons.
func (f *fitting) before(question string) string {
	pieces := Split(question, f.Question)
	last := len(pieces) - 1
	// As few messages as can be: what goes before has the longer limit.
	end := strings.LastIndex(question, pieces[last])
	f.text(strings.TrimSpace(question[:end]), nil)
	return pieces[last]
}

// titles returns the buttons with titles that fit, and whether any was cut.
func titles(buttons []*eventv1.Button, most int) (shown []*eventv1.Button, cut bool) {
	for _, b := range buttons {
		if title := Cut(b.GetTitle(), most); title != b.GetTitle() {
			cut = true
			b = &eventv1.Button{Payload: b.GetPayload(), Title: strings.TrimSpace(title)}
		}
		shown = append(shown, b)
	}
	return shown, cut
}

// answerable reports whether the buttons can be told apart and come back whole.
func answerable(buttons []*eventv1.Button, payload int) bool {
	payloads, titles := map[string]bool{}, map[string]bool{}
	for _, b := range buttons {
		if b.GetTitle() == "" || titles[b.GetTitle()] || b.GetPayload() == "" || payloads[b.GetPayload()] ||
			utf8.RuneCountInString(b.GetPayload()) > payload {
			return false
		}
		titles[b.GetTitle()], payloads[b.GetPayload()] = true, true
	}
	return true
}

// numbered returns a question with the titles of its buttons below it.
func numbered(question string, buttons []*eventv1.Button) string {
	var text strings.Builder
	text.WriteString(question + "\n")
	for i, b := range buttons {
		text.WriteString("\n" + strconv.Itoa(i+1) + ". " + b.GetTitle())
	}
	return text.String()
}
