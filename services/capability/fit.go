package capability

import (
	"slices"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// Fit returns what a channel gets instead of a content: parts that it can show,
// in order, each a message of its own, and what was changed, each change once and
// in the order of their numbers. A content that fits is its own only part, with
// nothing changed but BUTTONS_AS_LIST, which is said of a question that a channel
// shows as a list. What is returned fits: fitted again, it stays as it is. It is
// not ok where the channel has nothing that could stand in for a part, or where
// there is nothing to show. The content is not changed and may be shared by the
// parts.
func Fit(channel string, content *eventv1.Content) (parts []*eventv1.Content, changes []eventv1.FitChange, ok bool) {
	f := &fitting{Channel: Of(channel)}
	for _, part := range content.GetParts() {
		if !f.part(part) {
			return nil, nil, false
		}
	}
	if len(f.parts) == 0 {
		return nil, nil, false
	}
	quotes := content.GetReplyTo() != nil
	if quotes && !f.Quote {
		f.changed(eventv1.FitChange_FIT_CHANGE_QUOTE_DROPPED)
	}
	messages := f.messages()
	if len(content.GetParts()) > 1 && len(messages) > 1 {
		f.changed(eventv1.FitChange_FIT_CHANGE_PARTS_APART)
	}
	slices.Sort(f.changes)
	if len(messages) == 1 && same(messages[0], content.GetParts()) && (!quotes || f.Quote) {
		return []*eventv1.Content{content}, f.changes, true
	}
	for i, m := range messages {
		c := &eventv1.Content{Parts: m}
		if i == 0 && quotes && f.Quote {
			c.ReplyTo = content.GetReplyTo()
		}
		parts = append(parts, c)
	}
	return parts, f.changes, true
}

// fitting collects what a channel gets.
type fitting struct {
	Channel
	parts   []*eventv1.Part
	changes []eventv1.FitChange
}

func (f *fitting) changed(c eventv1.FitChange) {
	if !slices.Contains(f.changes, c) {
		f.changes = append(f.changes, c)
	}
}

func (f *fitting) add(parts ...*eventv1.Part) { f.parts = append(f.parts, parts...) }

// part adds what the channel gets for one part, and reports whether it gets
// anything.
func (f *fitting) part(part *eventv1.Part) bool {
	switch kind := part.GetKind().(type) {
	case *eventv1.Part_Text:
		return f.text(kind.Text.GetBody(), part)
	case *eventv1.Part_Media:
		return f.media(kind.Media, part)
	case *eventv1.Part_Buttons:
		return f.buttons(kind.Buttons, part)
	case *eventv1.Part_Location:
		if f.Location {
			f.add(part)
			return true
		}
		f.changed(eventv1.FitChange_FIT_CHANGE_LOCATION_AS_TEXT)
		return f.text(placeText(kind.Location), nil)
	case *eventv1.Part_Contacts:
		if f.Contacts && len(kind.Contacts.GetCards()) > 0 {
			f.add(part)
			return true
		}
		f.changed(eventv1.FitChange_FIT_CHANGE_CONTACTS_AS_TEXT)
		return f.text(cardsText(kind.Contacts), nil)
	case *eventv1.Part_Template:
		f.add(part)
		return f.Template
	case *eventv1.Part_Reacted:
		f.add(part)
		return f.Reaction
	}
	// What else there is comes from customers alone.
	return false
}

// text adds a text, in pieces where it is over the limit. It stays the part
// that it was where it fits.
func (f *fitting) text(text string, was *eventv1.Part) bool {
	pieces := Split(text, f.Text)
	if len(pieces) == 1 && pieces[0] == text && was != nil {
		f.add(was)
		return true
	}
	if len(pieces) > 1 {
		f.changed(eventv1.FitChange_FIT_CHANGE_SPLIT)
	}
	for _, piece := range pieces {
		f.add(textPart(piece))
	}
	return len(pieces) > 0
}

// messages returns the parts of each message: one, but for pictures in a row, and
// for channels that take everything at once.
func (f *fitting) messages() [][]*eventv1.Part {
	if f.Parts {
		return [][]*eventv1.Part{f.parts}
	}
	var all [][]*eventv1.Part
	for i, part := range f.parts {
		last := len(all) - 1
		if i > 0 && isImage(part) && isImage(f.parts[i-1]) && len(all[last]) < f.Images {
			all[last] = append(all[last], part)
			continue
		}
		all = append(all, []*eventv1.Part{part})
	}
	return all
}

func isImage(part *eventv1.Part) bool {
	m := part.GetMedia()
	return m != nil && !m.GetAsLink() && Kind(m) == image
}

func same(a, b []*eventv1.Part) bool {
	return slices.EqualFunc(a, b, func(a, b *eventv1.Part) bool { return a == b || proto.Equal(a, b) })
}

func textPart(text string) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Text{Text: &eventv1.Text{Body: text}}}
}
