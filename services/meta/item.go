package meta

import (
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// maxWord is how much is kept of a word of the provider, which is a type or the
// name of a field and never that long.
const maxWord = 64

// Ignored returns the item for something that is of no use to a conversation.
// What is the provider's word for it.
func Ignored(what, account string, raw Value) *ingressv1.Item { return ignored(what, account, raw) }

// Unreadable returns the item for something that cannot be read. The reason
// holds no personal data.
func Unreadable(reason, account string, at *timestamppb.Timestamp, raw Value) *ingressv1.Item {
	return unreadable(reason, account, at, raw)
}

func ignored(what, account string, raw Value) *ingressv1.Item {
	return &ingressv1.Item{
		Kind: &ingressv1.Item_Ignored{Ignored: &ingressv1.Ignored{What: Word(what), ProviderAccountId: account}},
		Raw:  raw,
	}
}

func unreadable(reason, account string, at *timestamppb.Timestamp, raw Value) *ingressv1.Item {
	return &ingressv1.Item{
		Kind: &ingressv1.Item_Unreadable{Unreadable: &ingressv1.Unreadable{
			Reason: reason, ProviderAccountId: account, SentAt: at,
		}},
		Raw: raw,
	}
}

// Word returns a word of the provider, cut where it is absurdly long.
func Word(s string) string {
	if len(s) <= maxWord {
		return s
	}
	return strings.ToValidUTF8(s[:maxWord], "")
}

// TextPart returns a part of plain text.
func TextPart(body string) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Text{Text: &eventv1.Text{Body: body}}}
}

// UnsupportedPart returns the placeholder for what cannot be shown.
func UnsupportedPart(kind string, code int64, reason string) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Unsupported{Unsupported: &eventv1.Unsupported{
		Type: Word(kind), Code: code, Reason: reason,
	}}}
}

// MediaPart returns a part that is a file.
func MediaPart(m *eventv1.Media) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Media{Media: m}}
}

// SharePart returns a part that was passed on.
func SharePart(s *eventv1.Share) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Share{Share: s}}
}

// AnswerPart returns a part that is a choice.
func AnswerPart(a *eventv1.Answer) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Answer{Answer: a}}
}

// OrderPart returns a part that is a shopping cart.
func OrderPart(o *eventv1.Order) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Order{Order: o}}
}

// LocationPart returns the place that o describes, and false where its
// coordinates are no place on earth.
func LocationPart(latitude, longitude Value, l *eventv1.Location) (*eventv1.Part, bool) {
	lat, ok1 := latitude.Float()
	long, ok2 := longitude.Float()
	if !ok1 || !ok2 || lat < -90 || lat > 90 || long < -180 || long > 180 {
		return nil, false
	}
	l.Latitude, l.Longitude = lat, long
	return &eventv1.Part{Kind: &eventv1.Part_Location{Location: l}}, true
}

// kindOf returns the word for what an item is.
func kindOf(item *ingressv1.Item) string {
	switch item.GetKind().(type) {
	case *ingressv1.Item_Inbound:
		return "inbound"
	case *ingressv1.Item_Receipt:
		return "receipt"
	case *ingressv1.Item_Echo:
		return "echo"
	case *ingressv1.Item_Ignored:
		return "ignored"
	}
	return "quarantined"
}
