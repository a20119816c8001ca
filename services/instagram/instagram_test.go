package instagram

import (
	"errors"
	"strings"
	"testing"

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
			return NewSender(newGraph(t, url, ""), nil, channeltest.Files{Public: "https://weiche.test/media"})
		},
		Send: &ingressv1.Send{
			SendId: "send-1", Attempt: 1, ProviderAccountId: "6001", PageId: "4001",
			Recipient: []*eventv1.Alias{{Kind: "igsid", Value: "7001"}},
			Content:   &eventv1.Content{Parts: []*eventv1.Part{meta.TextPart("hello")}},
		},
		Path:           "/v26.0/4001/messages",
		Body:           `{"recipient":{"id":"7001"},"messaging_type":"RESPONSE","message":{"text":"hello"}}`,
		Answer:         `{"recipient_id":"7001","message_id":"aWd1"}`,
		ID:             "aWd1",
		Channel:        Channel,
		ReactionAnswer: `{"recipient_id":"7001"}`,
		Messages:       messages,
		Signals:        []channeltest.Signal{signal(channel.Integration{ProviderAccount: "6001", Page: "4001"})},
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
	channeltest.Exercise(t, channeltest.Setup{
		Reader: Reader{},
		Bodies: channeltest.Bodies(t, "testdata"),
		Lists:  []string{"messaging"},
		Sender: func(t *testing.T, url string) channel.Sender {
			return NewSender(newGraph(t, "http://127.0.0.1:1", ""), newGraph(t, url, "v25.0"), channeltest.Files{Public: "https://weiche.test/media"})
		},
		Send: &ingressv1.Send{
			ProviderAccountId: "6001",
			Recipient:         []*eventv1.Alias{{Kind: "igsid", Value: "7001"}},
			Content: &eventv1.Content{
				Parts:   []*eventv1.Part{meta.TextPart("hello")},
				ReplyTo: &eventv1.ReplyTo{ProviderMessageId: "aWdq"},
			},
		},
		Path:           "/v25.0/6001/messages",
		Body:           `{"recipient":{"id":"7001"},"message":{"text":"hello"},"reply_to":{"mid":"aWdq"}}`,
		Answer:         `{"recipient_id":"7001","message_id":"aWd1"}`,
		ID:             "aWd1",
		Channel:        Channel,
		ReactionAnswer: `{"success":true}`,
		Messages:       loginMessages,
		Signals:        []channeltest.Signal{signal(channel.Integration{ProviderAccount: "6001"})},
	})
}

// TestPrivate shows that files are uploaded where they have no address.
func TestPrivate(t *testing.T) {
	channeltest.Exercise(t, channeltest.Setup{
		Reader: Reader{},
		Bodies: channeltest.Bodies(t, "testdata"),
		Lists:  []string{"messaging"},
		Sender: func(t *testing.T, url string) channel.Sender {
			return NewSender(newGraph(t, url, ""), nil, channeltest.Files{})
		},
		Send: &ingressv1.Send{
			PageId:    "4001",
			Recipient: []*eventv1.Alias{{Kind: "igsid", Value: "7001"}},
			Content:   &eventv1.Content{Parts: []*eventv1.Part{meta.TextPart("hello")}},
		},
		Path:           "/v26.0/4001/messages",
		Body:           `{"recipient":{"id":"7001"},"messaging_type":"RESPONSE","message":{"text":"hello"}}`,
		Answer:         `{"recipient_id":"7001","message_id":"aWd1"}`,
		ID:             "aWd1",
		Channel:        Channel,
		UploadPath:     "/v26.0/4001/message_attachments",
		UploadAnswer:   `{"attachment_id":9001}`,
		ReactionAnswer: `{"recipient_id":"7001"}`,
		Private:        true,
		Messages: []channeltest.Message{{
			Name: "an image", Change: say(file(image, "image/png")),
			Upload: map[string]string{
				"message":  `{"attachment":{"payload":{"is_reusable":true},"type":"image"}}`,
				"platform": "instagram",
				"filedata": "image/png image " + channeltest.FileContent("blob-1"),
			},
			Body: body(`{"attachment":{"type":"image","payload":{"attachment_id":"9001"}}}`),
		}},
	})
}

func newGraph(t *testing.T, url, version string) *meta.Graph {
	t.Helper()
	graph, err := meta.NewGraph(meta.GraphConfig{URL: url, Version: version})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(graph.Close)
	return graph
}

// say makes a message of parts.
func say(parts ...*eventv1.Part) func(*ingressv1.Send) {
	return func(send *ingressv1.Send) { send.Content = &eventv1.Content{Parts: parts} }
}

func file(kind eventv1.MediaKind, mimeType string) *eventv1.Part {
	return meta.MediaPart(&eventv1.Media{Kind: kind, MimeType: mimeType, BlobId: "blob-1"})
}

func react(id, emoji string) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Reacted{Reacted: &eventv1.Reacted{ProviderMessageId: id, Emoji: emoji}}}
}

// body is what is posted to Ana through a page.
func body(message string) string {
	return `{"recipient":{"id":"7001"},"messaging_type":"RESPONSE","message":` + message + `}`
}

const image = eventv1.MediaKind_MEDIA_KIND_IMAGE

// link is where the file of blob-1 is.
const link = "https://weiche.test/media//blob-1"

var messages = []channeltest.Message{
	{
		Name: "longest text", Change: say(meta.TextPart(strings.Repeat("ä", 500))),
		Body: body(`{"text":"` + strings.Repeat("ä", 500) + `"}`),
	},
	{Name: "two bytes more", Change: say(meta.TextPart(strings.Repeat("ä", 501))), Refused: "too_long"},
	{Name: "no text", Change: say(meta.TextPart("")), Refused: "empty"},
	{
		Name: "a person's late answer", Change: func(send *ingressv1.Send) { send.HumanAgent = true },
		Body: `{"recipient":{"id":"7001"},"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT","message":{"text":"hello"}}`,
	},
	{
		Name: "an answer", Change: func(send *ingressv1.Send) { send.Content.ReplyTo = &eventv1.ReplyTo{ProviderMessageId: "aWdq"} },
		Body: `{"recipient":{"id":"7001"},"messaging_type":"RESPONSE","message":{"text":"hello"},"reply_to":{"mid":"aWdq"}}`,
	},
	{
		Name: "quick replies",
		Change: say(&eventv1.Part{Kind: &eventv1.Part_Buttons{Buttons: &eventv1.Buttons{
			Body: "Continue here?", Buttons: []*eventv1.Button{{Payload: "yes", Title: "Yes"}},
		}}}),
		Body: body(`{"text":"Continue here?","quick_replies":[{"content_type":"text","title":"Yes","payload":"yes"}]}`),
	},
	{
		Name: "an image", Change: say(file(image, "image/png")),
		Body: body(`{"attachment":{"type":"image","payload":{"url":"` + link + `"}}}`),
	},
	{
		Name: "two images", Change: say(file(image, "image/png"), file(0, "image/gif")),
		Body: body(`{"attachments":[{"type":"image","payload":{"url":"` + link + `"}},{"type":"image","payload":{"url":"` + link + `"}}]}`),
	},
	{Name: "an image and a film", Change: say(file(image, "image/png"), file(0, "video/mp4")), Refused: "unsupported_content"},
	{
		Name: "a document", Change: say(file(0, "application/pdf")),
		Body: body(`{"attachment":{"type":"file","payload":{"url":"` + link + `"}}}`),
	},
	{Name: "another document", Change: say(file(0, "text/csv")), Refused: "unsupported_media"},
	{
		Name: "a link to a file", Change: say(meta.MediaPart(&eventv1.Media{MimeType: "text/csv", BlobId: "blob-1", AsLink: true})),
		Body: body(`{"text":"` + link + `"}`),
	},
	{
		Name: "a heart", Change: say(react("aWdq", "❤️")),
		Body: `{"recipient":{"id":"7001"},"sender_action":"react","payload":{"message_id":"aWdq","reaction":"love"}}`,
	},
	{
		Name: "another reaction", Change: say(react("aWdq", "👍")),
		Body: `{"recipient":{"id":"7001"},"sender_action":"react","payload":{"message_id":"aWdq","reaction":"👍"}}`,
	},
	{
		Name: "a reaction that is taken back", Change: say(react("aWdq", "")),
		Body: `{"recipient":{"id":"7001"},"sender_action":"unreact","payload":{"message_id":"aWdq"}}`,
	},
}

// loginMessages are those of an account with a login of its own.
var loginMessages = []channeltest.Message{
	{
		Name: "a person's late answer", Change: func(send *ingressv1.Send) { send.Content.ReplyTo, send.HumanAgent = nil, true },
		Body: `{"recipient":{"id":"7001"},"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT","message":{"text":"hello"}}`,
	},
}

// TestLoginPrivate shows that an account with a login of its own cannot send
// files that have no address.
func TestLoginPrivate(t *testing.T) {
	graph := newGraph(t, "http://127.0.0.1:1", "")
	send := &ingressv1.Send{ProviderAccountId: "6001", Recipient: []*eventv1.Alias{{Kind: "igsid", Value: "7001"}}}
	say(file(image, "image/png"))(send)
	_, err := NewSender(graph, graph, channeltest.Files{}).Send(t.Context(), send, "a-token")
	var e *channel.SendError
	if !errors.As(err, &e) || e.Outcome != channel.Refused || e.Detail.GetReason() != "no_public_url" {
		t.Error(err)
	}
}

func signal(integration channel.Integration) channeltest.Signal {
	return channeltest.Signal{
		Name: "typing", Integration: integration,
		Signal: channel.Signal{Kind: channel.TypingOn, Recipient: []*eventv1.Alias{{Kind: "igsid", Value: "7001"}}},
		Body:   `{"recipient":{"id":"7001"},"sender_action":"typing_on"}`,
	}
}

func TestLink(t *testing.T) {
	if got, want := Link("@shop.at", "w1ab=_-"), "https://ig.me/m/shop.at?ref=w1ab%3D_-"; got != want {
		t.Errorf("Link = %s, want %s", got, want)
	}
	if got := Link("@shop.at", ""); got != "https://ig.me/m/shop.at" {
		t.Errorf("without a ref: %s", got)
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
