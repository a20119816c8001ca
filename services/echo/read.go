package echo

import (
	"encoding/json"
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// ErrNoEvents is returned for a body that is none of this provider.
var ErrNoEvents = errors.New("echo: a body without events")

// Reader reads what the room reports.
type Reader struct{}

var _ channel.ItemReader = Reader{}

// body is what the room posts: what happened in it since the last time.
type body struct {
	Room   string            `json:"room"`
	Events []json.RawMessage `json:"events"`
}

// event is one thing that happened. Each is decoded by itself, so that one that is
// not as it should be costs nothing but itself.
type event struct {
	Type string    `json:"type"`
	ID   string    `json:"id"`
	At   time.Time `json:"at"`
	From string    `json:"from"`
	Text string    `json:"text"`
}

// eventsPlace is where an event stands in a body.
const eventsPlace = "events[]"

// Read turns a body into items.
func (Reader) Read(text []byte) ([]*ingressv1.Item, error) {
	var b body
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, ErrNoEvents
	}
	if len(b.Events) == 0 {
		return []*ingressv1.Item{ignored("nothing", b.Room, text)}, nil
	}
	var items []*ingressv1.Item
	for _, raw := range b.Events {
		item := readEvent(b.Room, raw)
		item.Place = eventsPlace
		items = append(items, item)
	}
	return items, nil
}

// ReadItem reads one item again that was kept.
func (r Reader) ReadItem(kept channel.KeptItem) ([]*ingressv1.Item, error) {
	if kept.Place == "" {
		return r.Read(kept.Raw)
	}
	item := readEvent(kept.ProviderAccount, kept.Raw)
	item.Place = eventsPlace
	return []*ingressv1.Item{item}, nil
}

func readEvent(room string, raw []byte) *ingressv1.Item {
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		return unreadable("an event of another form", room, raw)
	}
	if e.ID == "" || e.At.IsZero() {
		return unreadable("an event without id or time", room, raw)
	}
	at := timestamppb.New(e.At)
	switch e.Type {
	case "message":
		if e.From == "" {
			return unreadable("nobody said it", room, raw)
		}
		return &ingressv1.Item{Raw: raw, Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
			ProviderAccountId: room, ProviderMessageId: e.ID, SentAt: at,
			Sender:  []*eventv1.Alias{{Kind: kindName, Value: e.From}},
			Profile: &eventv1.Profile{Name: e.From},
			Event: &ingressv1.Inbound_Message{Message: &eventv1.Content{Parts: []*eventv1.Part{
				{Kind: &eventv1.Part_Text{Text: &eventv1.Text{Body: e.Text}}},
			}}},
		}}}
	case "heard":
		return &ingressv1.Item{Raw: raw, Kind: &ingressv1.Item_Receipt{Receipt: &ingressv1.Receipt{
			ProviderAccountId: room, ProviderMessageId: e.ID, At: at,
			State: eventv1.ReceiptState_RECEIPT_STATE_DELIVERED,
		}}}
	}
	return ignored(e.Type, room, raw)
}

// ignored is something that a conversation has no use for. It is counted, and its
// bytes are kept for a version that has.
func ignored(what, room string, raw []byte) *ingressv1.Item {
	return &ingressv1.Item{Raw: raw, Kind: &ingressv1.Item_Ignored{Ignored: &ingressv1.Ignored{
		What: what, ProviderAccountId: room,
	}}}
}

// unreadable is something that goes into quarantine. The reason holds nothing that
// a person said.
func unreadable(reason, room string, raw []byte) *ingressv1.Item {
	return &ingressv1.Item{Raw: raw, Kind: &ingressv1.Item_Unreadable{Unreadable: &ingressv1.Unreadable{
		Reason: reason, ProviderAccountId: room,
	}}}
}
