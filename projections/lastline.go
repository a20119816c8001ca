package projections

import (
	"cmp"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// lastText is how many characters of the last line the inbox shows.
const lastText = 200

// complete gives a row of the inbox the customer's name and what was said last.
func (r *reader) complete(account string, s *viewv1.ConversationSummary) (err error) {
	if s.CustomerName, err = r.nameOf(account, s.CustomerId); err != nil || s.LastLine == nil {
		return err
	}
	item, err := r.item(account, s.ConversationId, s.LastLine.Position)
	if err != nil {
		return err
	}
	s.LastLine = lastLine(item)
	return nil
}

// lastLine makes the last line of a row of the inbox of a line of the timeline.
func lastLine(item *viewv1.TimelineItem) *viewv1.LastLine {
	last := &viewv1.LastLine{
		At: item.RecordedAt, Unsent: item.Unsent, MessageId: item.MessageId, Position: item.Position,
	}
	switch line := item.Line.(type) {
	case *viewv1.TimelineItem_Customer:
		last.Speaker, last.Channel = viewv1.Speaker_SPEAKER_CUSTOMER, line.Customer.Channel
	case *viewv1.TimelineItem_Agent:
		last.Speaker, last.AgentId, last.Channel = viewv1.Speaker_SPEAKER_AGENT, line.Agent.AgentId, line.Agent.Channel
	case *viewv1.TimelineItem_NativeApp:
		last.Speaker, last.Channel = viewv1.Speaker_SPEAKER_NATIVE_APP, line.NativeApp.Channel
	case *viewv1.TimelineItem_Note:
		last.Speaker, last.AgentId = viewv1.Speaker_SPEAKER_NOTE, line.Note.AgentId
	}
	for _, part := range item.Content.GetParts() {
		text, other := tellPart(part)
		last.Text, last.Other = cmp.Or(last.Text, text), cmp.Or(last.Other, other)
	}
	if runes := []rune(last.Text); len(runes) > lastText {
		last.Text = string(runes[:lastText])
	}
	return last
}

// tellPart says a part of a message in few words: its text, and what it is where
// it is no text.
func tellPart(part *eventv1.Part) (text, other string) {
	switch kind := part.GetKind().(type) {
	case *eventv1.Part_Text:
		return kind.Text.GetBody(), ""
	case *eventv1.Part_Buttons:
		return kind.Buttons.GetBody(), ""
	case *eventv1.Part_Answer:
		return kind.Answer.GetTitle(), ""
	case *eventv1.Part_Postback:
		return kind.Postback.GetTitle(), ""
	case *eventv1.Part_Media:
		return kind.Media.GetCaption(), mediaWords[kind.Media.GetKind()]
	case *eventv1.Part_Location:
		return kind.Location.GetName(), "location"
	case *eventv1.Part_Contacts:
		return "", "contacts"
	case *eventv1.Part_Template:
		return "", "template"
	case *eventv1.Part_Share:
		return kind.Share.GetTitle(), "share"
	case *eventv1.Part_Order:
		return kind.Order.GetText(), "order"
	}
	return "", "unsupported"
}

// mediaWords are what the inbox calls files.
var mediaWords = map[eventv1.MediaKind]string{
	eventv1.MediaKind_MEDIA_KIND_UNSPECIFIED: "document",
	eventv1.MediaKind_MEDIA_KIND_IMAGE:       "image",
	eventv1.MediaKind_MEDIA_KIND_VIDEO:       "video",
	eventv1.MediaKind_MEDIA_KIND_AUDIO:       "audio",
	eventv1.MediaKind_MEDIA_KIND_VOICE:       "audio",
	eventv1.MediaKind_MEDIA_KIND_STICKER:     "sticker",
	eventv1.MediaKind_MEDIA_KIND_DOCUMENT:    "document",
}

// nameOf returns the newest name that was told of a customer, over all their
// identities; empty where there is none.
func (r *reader) nameOf(account, customer string) (name string, err error) {
	var told time.Time
	prefix := rowKey(account, customer, kindCustomerIdentity)
	err = r.rows[CustomerName].scan(prefix, prefixEnd(prefix), false, func(_ []byte, load func(proto.Message) error) (bool, error) {
		identity := new(viewv1.Identity)
		if err := load(identity); err != nil {
			return false, err
		}
		for _, names := range slices.Backward(identity.Names) {
			at := names.LearntAt.AsTime()
			if name != "" && !at.After(told) {
				break
			}
			_, profile, _, err := r.open.names(account, names.Sealed)
			if err != nil {
				return false, err
			}
			if newest := cmp.Or(profile.GetName(), profile.GetUsername()); newest != "" {
				name, told = newest, at
				break
			}
		}
		return true, nil
	})
	return name, err
}
