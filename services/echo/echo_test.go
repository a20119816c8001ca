package echo

import (
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/channel/channeltest"
)

// bodies are what the room says, the odd things included.
var bodies = [][]byte{
	[]byte(`{"room": "room-1", "events": [
		{"type": "message", "id": "m-101", "at": "2026-01-01T00:00:00Z", "from": "ana", "text": "hello"},
		{"type": "message", "id": "m-102", "at": "2026-01-01T00:00:01Z", "from": "bob", "text": "hi"},
		{"type": "heard", "id": "e-201", "at": "2026-01-01T00:00:02Z"}
	]}`),
	[]byte(`{"room": "room-1", "events": [
		{"type": "applause", "id": "m-103", "at": "2026-01-01T00:00:03Z"},
		{"type": "message", "id": "m-104", "at": "2026-01-01T00:00:04Z", "text": "nobody said this"},
		{"type": "message", "at": "yesterday"}
	]}`),
	[]byte(`{"room": "room-2"}`),
}

func TestChannel(t *testing.T) {
	channeltest.Exercise(t, channeltest.Setup{
		Reader:  Reader{},
		Bodies:  bodies,
		Entries: "events",
		Lists:   []string{"events"},
		Strict:  true,
		Sender:  func(_ *testing.T, url string) channel.Sender { return NewSender(url) },
		Send: &ingressv1.Send{
			SendId: "send-1", Attempt: 1, ProviderAccountId: "room-1",
			Recipient: []*eventv1.Alias{{Kind: "name", Value: "ana"}},
			Content: &eventv1.Content{Parts: []*eventv1.Part{
				{Kind: &eventv1.Part_Text{Text: &eventv1.Text{Body: "hello"}}},
			}},
		},
		Path:   "/say",
		Body:   `{"room":"room-1","to":"ana","text":"hello"}`,
		Answer: `{"id":"e-201"}`,
		ID:     "e-201",
		Errors: []channeltest.Refusal{
			{Status: 401, Answer: `{"error":"who are you"}`, Outcome: channel.Unhealthy, Reason: "token_refused"},
			{Status: 404, Answer: `{"error":"gone"}`, Outcome: channel.Refused, Reason: "no_such_user"},
			{Status: 500, Answer: `{"error":"oops"}`, Outcome: channel.Unknown, Reason: "provider_error"},
		},
	})
}

func FuzzRead(f *testing.F) {
	for _, body := range bodies {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) { channeltest.FuzzReader(t, Reader{}, body) })
}

func FuzzReadItem(f *testing.F) {
	channeltest.SeedItems(f, Reader{}, bodies)
	f.Fuzz(func(t *testing.T, raw []byte, place string, beside []byte, account string) {
		channeltest.FuzzReadItem(t, Reader{}, raw, place, beside, account)
	})
}
