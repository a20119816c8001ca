package messenger

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
			return NewSender(graph)
		},
		Send: &ingressv1.Send{
			SendId: "send-1", Attempt: 1, ProviderAccountId: "4001",
			Recipient: []*eventv1.Alias{{Kind: "psid", Value: "5001"}},
			Content:   &eventv1.Content{Parts: []*eventv1.Part{meta.TextPart("hello")}},
		},
		Path:   "/v26.0/4001/messages",
		Body:   `{"recipient":{"id":"5001"},"messaging_type":"RESPONSE","message":{"text":"hello","metadata":"send-1"}}`,
		Answer: `{"recipient_id":"5001","message_id":"m_1"}`,
		ID:     "m_1",
		Errors: []channeltest.Refusal{
			{Status: 400, Code: 10, Subcode: 2018278, Outcome: channel.Refused, Reason: "window_closed"},
			{Status: 400, Code: 10, Subcode: 2018065, Outcome: channel.Refused, Reason: "window_closed"},
			{Status: 400, Code: 10, Subcode: 2018108, Outcome: channel.Refused, Reason: "unavailable"},
			{Status: 403, Code: 10, Outcome: channel.Unhealthy, Reason: "no_permission"},
			{Status: 400, Code: 551, Subcode: 1545041, Outcome: channel.Refused, Reason: "unavailable"},
			{Status: 400, Code: 200, Subcode: 1545041, Outcome: channel.Refused, Reason: "unavailable"},
			{Status: 403, Code: 200, Outcome: channel.Unhealthy, Reason: "no_permission"},
			{Status: 400, Code: 100, Subcode: 2018001, Outcome: channel.Refused, Reason: "no_such_user"},
			{Status: 400, Code: 100, Subcode: 2018008, Outcome: channel.NotSent, Reason: "media_failed"},
			{Status: 400, Code: 613, Outcome: channel.NotSent, Reason: "rate_limited"},
			{Status: 500, Code: 1200, Outcome: channel.Unknown, Reason: "provider_error"},
			{Status: 400, Code: 1, Subcode: 1357046, Outcome: channel.Unknown, Reason: "provider_error"},
			{Status: 500, Code: 2, Outcome: channel.Unknown, Reason: "provider_unavailable"},
			{Status: 400, Code: 100, Outcome: channel.Refused, Reason: "invalid"},
			{Status: 400, Code: 190, Outcome: channel.Unhealthy, Reason: "token_refused"},
		},
	})
}

func TestRequest(t *testing.T) {
	ref := &eventv1.Alias{Kind: "user_ref", Value: "ref-1"}
	question := &eventv1.Buttons{Body: "Continue here?", Buttons: []*eventv1.Button{{Payload: "yes", Title: "Yes"}}}
	for _, tc := range []struct {
		name    string
		to      []*eventv1.Alias
		content *eventv1.Content
		want    string // the body, or the reason why there is none
	}{
		{
			"quick replies",
			[]*eventv1.Alias{ref, {Kind: "psid", Value: "5001"}},
			&eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Buttons{Buttons: question}}}},
			`{"recipient":{"id":"5001"},"messaging_type":"RESPONSE","message":{"text":"Continue here?",
			"quick_replies":[{"content_type":"text","title":"Yes","payload":"yes"}],"metadata":"s"}}`,
		},
		{
			"an answer to a visitor of a plug-in",
			[]*eventv1.Alias{ref},
			&eventv1.Content{Parts: []*eventv1.Part{meta.TextPart("hi")}, ReplyTo: &eventv1.ReplyTo{ProviderMessageId: "m_q"}},
			`{"recipient":{"user_ref":"ref-1"},"messaging_type":"RESPONSE","message":{"text":"hi","metadata":"s"},"reply_to":{"mid":"m_q"}}`,
		},
		{
			"longest",
			[]*eventv1.Alias{ref},
			&eventv1.Content{Parts: []*eventv1.Part{meta.TextPart(strings.Repeat("ä", MaxText))}},
			`{"recipient":{"user_ref":"ref-1"},"messaging_type":"RESPONSE","message":{"text":"` + strings.Repeat("ä", MaxText) + `","metadata":"s"}}`,
		},
		{"too long", []*eventv1.Alias{ref}, &eventv1.Content{Parts: []*eventv1.Part{meta.TextPart(strings.Repeat("ä", MaxText+1))}}, "too_long"},
		{"two parts", []*eventv1.Alias{ref}, &eventv1.Content{Parts: []*eventv1.Part{meta.TextPart("a"), meta.TextPart("b")}}, "unsupported_content"},
		{"media", []*eventv1.Alias{ref}, &eventv1.Content{Parts: []*eventv1.Part{meta.MediaPart(&eventv1.Media{})}}, "unsupported_content"},
		{"another channel's address", []*eventv1.Alias{{Kind: "igsid", Value: "7001"}}, &eventv1.Content{Parts: []*eventv1.Part{meta.TextPart("a")}}, "no_address"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body, err := request(&ingressv1.Send{SendId: "s", Recipient: tc.to, Content: tc.content})
			var e *channel.SendError
			if errors.As(err, &e) {
				if e.Detail.GetReason() != tc.want {
					t.Errorf("%v, want %q", err, tc.want)
				}
				return
			}
			b, _ := json.Marshal(body)
			var got, want any
			if json.Unmarshal(b, &got) != nil || json.Unmarshal([]byte(tc.want), &want) != nil {
				t.Fatalf("%s, want %s", b, tc.want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLink(t *testing.T) {
	if got, want := Link("4001", "w1ab=_-"), "https://m.me/4001?ref=w1ab%3D_-"; got != want {
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
		`{"object":"page","entry":[{"id":"4001","time":1767225600000,"messaging":[`,
		`{"sender":{"id":"5001"},"recipient":{"id":"4001"},"timestamp":1767225600123,"message":{"mid":"m_1457764197618:41d102a3e1ae206a38","text":"does it come in \u00e4nother color?"}}`,
		`]}]}`)
}
