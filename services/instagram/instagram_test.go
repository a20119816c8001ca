package instagram

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/channel/channeltest"
	"weiche/services/meta"
)

func TestChannel(t *testing.T) {
	channeltest.Exercise(t, channeltest.Setup{
		Reader: Reader{},
		Bodies: channeltest.Bodies(t, "testdata"),
		Lists:  []string{"messaging", "standby", "changes"},
		Sender: func(t *testing.T, url string) channel.Sender {
			graph, err := meta.NewGraph(meta.GraphConfig{URL: url})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(graph.Close)
			return NewSender(graph, graph)
		},
		Send: &ingressv1.Send{
			SendId: "send-1", Attempt: 1, ProviderAccountId: "6001", PageId: "4001",
			Recipient: []*eventv1.Alias{{Kind: "igsid", Value: "7001"}},
			Content:   &eventv1.Content{Parts: []*eventv1.Part{meta.TextPart("hello")}},
		},
		Path:   "/v26.0/4001/messages",
		Body:   `{"recipient":{"id":"7001"},"messaging_type":"RESPONSE","message":{"text":"hello"}}`,
		Answer: `{"recipient_id":"7001","message_id":"aWd1"}`,
		ID:     "aWd1",
		Errors: []channeltest.Refusal{
			{Status: 400, Code: 10, Subcode: 2534022, Outcome: channel.Refused, Reason: "window_closed"},
			{Status: 400, Code: 100, Subcode: 2534014, Outcome: channel.Refused, Reason: "no_such_user"},
			{Status: 403, Code: 200, Subcode: 2534041, Outcome: channel.Unhealthy, Reason: "messages_disabled"},
			{Status: 400, Code: 613, Subcode: 2534040, Outcome: channel.NotSent, Reason: "rate_limited"},
			{Status: 400, Code: 10, Subcode: 1893063, Outcome: channel.Unhealthy, Reason: "restricted"},
			{Status: 400, Code: 100, Subcode: 2534029, Outcome: channel.Unhealthy, Reason: "blocked"},
			{Status: 400, Code: 1, Subcode: 1357046, Outcome: channel.Unknown, Reason: "provider_error"},
			{Status: 401, Code: 190, Outcome: channel.Unhealthy, Reason: "token_refused"},
		},
	})
}

// TestLogin shows that an account without a page is served elsewhere, under its
// own id, and without messaging_type.
func TestLogin(t *testing.T) {
	page, err := meta.NewGraph(meta.GraphConfig{URL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	channeltest.Exercise(t, channeltest.Setup{
		Reader: Reader{},
		Bodies: channeltest.Bodies(t, "testdata"),
		Lists:  []string{"messaging"},
		Sender: func(t *testing.T, url string) channel.Sender {
			login, err := meta.NewGraph(meta.GraphConfig{URL: url, Version: "v25.0"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(login.Close)
			return NewSender(page, login)
		},
		Send: &ingressv1.Send{
			ProviderAccountId: "6001",
			Recipient:         []*eventv1.Alias{{Kind: "igsid", Value: "7001"}},
			Content: &eventv1.Content{
				Parts:   []*eventv1.Part{meta.TextPart("hello")},
				ReplyTo: &eventv1.ReplyTo{ProviderMessageId: "aWdq"},
			},
		},
		Path:   "/v25.0/6001/messages",
		Body:   `{"recipient":{"id":"7001"},"message":{"text":"hello"},"reply_to":{"mid":"aWdq"}}`,
		Answer: `{"recipient_id":"7001","message_id":"aWd1"}`,
		ID:     "aWd1",
	})
}

func TestRequestLimits(t *testing.T) {
	send := &ingressv1.Send{Recipient: []*eventv1.Alias{{Kind: "igsid", Value: "7001"}}}
	for _, tc := range []struct {
		name, text string
		sent       bool
	}{
		{"a thousand bytes", strings.Repeat("ä", MaxText/2), true},
		{"two more", strings.Repeat("ä", MaxText/2+1), false},
		{"none", "", false},
	} {
		s := proto.CloneOf(send)
		s.Content = &eventv1.Content{Parts: []*eventv1.Part{meta.TextPart(tc.text)}}
		if _, err := request(s); (err == nil) != tc.sent {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func TestLink(t *testing.T) {
	if got, want := Link("@shop.at", "w1ab=_-"), "https://ig.me/m/shop.at?ref=w1ab%3D_-"; got != want {
		t.Errorf("Link = %s, want %s", got, want)
	}
}

func FuzzRead(f *testing.F) {
	for _, body := range channeltest.Bodies(f, "testdata") {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) { channeltest.FuzzReader(t, Reader{}, body) })
}

func FuzzReadItem(f *testing.F) {
	channeltest.SeedItems(f, Reader{}, channeltest.Bodies(f, "testdata"))
	f.Fuzz(func(t *testing.T, raw []byte, place string, beside []byte, account string) {
		channeltest.FuzzReadItem(t, Reader{}, raw, place, beside, account)
	})
}

func BenchmarkRead(b *testing.B) {
	channeltest.BenchmarkReader(b, Reader{},
		`{"object":"instagram","entry":[{"id":"6001","time":1767225600000,"messaging":[`,
		`{"sender":{"id":"5001"},"recipient":{"id":"4001"},"timestamp":1767225600123,"message":{"mid":"m_1457764197618:41d102a3e1ae206a38","text":"does it come in \u00e4nother color?"}}`,
		`]}]}`)
}
