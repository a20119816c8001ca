package messenger

import (
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
			graph, err := meta.NewGraph(meta.GraphConfig{URL: url})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(graph.Close)
			return NewSender(graph, channeltest.Files{Public: "https://weiche.test/media"})
		},
		Send: &ingressv1.Send{
			SendId: "send-1", Attempt: 1, ProviderAccountId: "4001",
			Recipient: []*eventv1.Alias{{Kind: "psid", Value: "5001"}},
			Content:   &eventv1.Content{Parts: []*eventv1.Part{meta.TextPart("hello")}},
		},
		Path:           "/v26.0/4001/messages",
		Body:           `{"recipient":{"id":"5001"},"messaging_type":"RESPONSE","message":{"text":"hello","metadata":"send-1"}}`,
		Answer:         `{"recipient_id":"5001","message_id":"m_1"}`,
		ID:             "m_1",
		Channel:        Channel,
		UploadPath:     "/v26.0/4001/message_attachments",
		UploadAnswer:   `{"attachment_id":"9001"}`,
		ReactionAnswer: `{"recipient_id":"5001"}`,
		Messages:       messages,
		Signals:        signals,
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

// say makes a message of parts.
func say(parts ...*eventv1.Part) func(*ingressv1.Send) {
	return func(send *ingressv1.Send) { send.Content = &eventv1.Content{Parts: parts} }
}

func file(kind eventv1.MediaKind, mimeType, name, caption string) *eventv1.Part {
	return meta.MediaPart(&eventv1.Media{Kind: kind, MimeType: mimeType, FileName: name, Caption: caption, BlobId: "blob-1"})
}

func react(id, emoji string) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Reacted{Reacted: &eventv1.Reacted{ProviderMessageId: id, Emoji: emoji}}}
}

func question(body, title, payload string) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Buttons{Buttons: &eventv1.Buttons{
		Body: body, Buttons: []*eventv1.Button{{Payload: payload, Title: title}},
	}}}
}

// body is what is posted to Ana.
func body(message string) string {
	return `{"recipient":{"id":"5001"},"messaging_type":"RESPONSE","message":` + message + `}`
}

// upload is the form of a file.
func upload(kind, mimeType, name string) map[string]string {
	return map[string]string{
		"message":  `{"attachment":{"payload":{"is_reusable":true},"type":"` + kind + `"}}`,
		"filedata": mimeType + " " + name + " " + channeltest.FileContent("blob-1"),
	}
}

func attached(kind string) string {
	return body(`{"attachment":{"type":"` + kind + `","payload":{"attachment_id":"9001"}},"metadata":"send-1"}`)
}

const (
	image    = eventv1.MediaKind_MEDIA_KIND_IMAGE
	voice    = eventv1.MediaKind_MEDIA_KIND_VOICE
	document = eventv1.MediaKind_MEDIA_KIND_DOCUMENT
)

var messages = []channeltest.Message{
	{
		Name: "to a visitor of a plug-in, as an answer",
		Change: func(send *ingressv1.Send) {
			send.Content.ReplyTo = &eventv1.ReplyTo{ProviderMessageId: "m_q"}
			send.Recipient = []*eventv1.Alias{{Kind: "user_ref", Value: "ref-1"}}
		},
		Body: `{"recipient":{"user_ref":"ref-1"},"messaging_type":"RESPONSE","message":{"text":"hello","metadata":"send-1"},"reply_to":{"mid":"m_q"}}`,
	},
	{
		Name: "the psid goes first",
		Change: func(send *ingressv1.Send) {
			send.Recipient = []*eventv1.Alias{{Kind: "user_ref", Value: "ref-1"}, {Kind: "psid", Value: "5001"}}
		},
		Body: body(`{"text":"hello","metadata":"send-1"}`),
	},
	{
		Name: "a person's late answer", Change: func(send *ingressv1.Send) { send.HumanAgent = true },
		Body: `{"recipient":{"id":"5001"},"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT","message":{"text":"hello","metadata":"send-1"}}`,
	},
	{
		Name: "another channel's address", Refused: "no_address",
		Change: func(send *ingressv1.Send) { send.Recipient = []*eventv1.Alias{{Kind: "igsid", Value: "7001"}} },
	},
	{
		Name: "longest text", Change: say(meta.TextPart(strings.Repeat("ä", 1999))),
		Body: body(`{"text":"` + strings.Repeat("ä", 1999) + `","metadata":"send-1"}`),
	},
	{Name: "too long a text", Change: say(meta.TextPart(strings.Repeat("ä", 2000))), Refused: "too_long"},
	{
		Name: "quick replies", Change: say(question("Continue here?", "Yes, with pleasure, thank you", "yes")),
		Body: body(`{"text":"Continue here?","quick_replies":[{"content_type":"text","title":"Yes, with pleasure, ","payload":"yes"}],"metadata":"send-1"}`),
	},
	{Name: "too long a payload", Change: say(question("?", "Yes", strings.Repeat("p", 1001))), Refused: "too_long"},
	{Name: "an image", Change: say(file(image, "image/webp", "a.webp", "")), Upload: upload("image", "image/webp", "a.webp"), Body: attached("image")},
	{Name: "a film", Change: say(file(0, "video/mp4", "", "")), Upload: upload("video", "video/mp4", "video"), Body: attached("video")},
	{Name: "a voice message", Change: say(file(voice, "audio/ogg", "", "")), Upload: upload("audio", "audio/ogg", "audio"), Body: attached("audio")},
	{Name: "a document", Change: say(file(document, "application/zip", "a.zip", "")), Upload: upload("file", "application/zip", "a.zip"), Body: attached("file")},
	{Name: "a text below", Change: say(file(image, "image/png", "", "this one")), Refused: "unsupported_content"},
	{
		Name: "too large a file", Refused: "unsupported_media",
		Change: say(meta.MediaPart(&eventv1.Media{MimeType: "image/png", BlobId: "blob-1", Size: 26 << 20})),
	},
	{
		Name: "a link to a file", Change: func(send *ingressv1.Send) {
			send.AccountId = "acme"
			say(meta.MediaPart(&eventv1.Media{MimeType: "image/png", BlobId: "blob-1", Caption: "the plan", AsLink: true}))(send)
		},
		Body: body(`{"text":"the plan\nhttps://weiche.test/media/acme/blob-1","metadata":"send-1"}`),
	},
	{
		Name: "a reaction", Change: say(react("m_q", "👍")),
		Body: `{"recipient":{"id":"5001"},"sender_action":"react","payload":{"message_id":"m_q","reaction":"👍"}}`,
	},
	{
		Name: "a reaction that is taken back", Change: say(react("m_q", "")),
		Body: `{"recipient":{"id":"5001"},"sender_action":"unreact","payload":{"message_id":"m_q"}}`,
	},
	{Name: "a reaction to nothing", Change: say(react("", "👍")), Refused: "no_such_message"},
	{Name: "two parts", Change: say(meta.TextPart("a"), meta.TextPart("b")), Refused: "unsupported_content"},
	{Name: "two images", Change: say(file(image, "image/png", "", ""), file(image, "image/png", "", "")), Refused: "unsupported_content"},
}

var signals = []channeltest.Signal{
	signal("typing", channel.TypingOn, "typing_on"),
	signal("typing no more", channel.TypingOff, "typing_off"),
	signal("seen", channel.Seen, "mark_seen"),
}

func signal(name string, kind channel.SignalKind, action string) channeltest.Signal {
	return channeltest.Signal{
		Name: name, Integration: channel.Integration{ProviderAccount: "4001"},
		Signal: channel.Signal{Kind: kind, Recipient: []*eventv1.Alias{{Kind: "psid", Value: "5001"}}},
		Body:   `{"recipient":{"id":"5001"},"sender_action":"` + action + `"}`,
	}
}

func TestLink(t *testing.T) {
	if got, want := Link("4001", "w1ab=_-"), "https://m.me/4001?ref=w1ab%3D_-"; got != want {
		t.Errorf("Link = %s, want %s", got, want)
	}
	if got := Link("4001", ""); got != "https://m.me/4001" {
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
		`{"object":"page","entry":[{"id":"4001","time":1767225600000,"messaging":[`,
		`{"sender":{"id":"5001"},"recipient":{"id":"4001"},"timestamp":1767225600123,"message":{"mid":"m_1457764197618:41d102a3e1ae206a38","text":"does it come in \u00e4nother color?"}}`,
		`]}]}`)
}
