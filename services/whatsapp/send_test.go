package whatsapp

import (
	"strings"
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/channel/channeltest"
	"weiche/services/meta"
)

// say makes a message of parts.
func say(parts ...*eventv1.Part) func(*ingressv1.Send) {
	return func(send *ingressv1.Send) { send.Content = &eventv1.Content{Parts: parts} }
}

func buttons(body string, titles ...string) *eventv1.Part {
	b := &eventv1.Buttons{Body: body}
	for i, title := range titles {
		b.Buttons = append(b.Buttons, &eventv1.Button{Payload: string(rune('a' + i)), Title: title})
	}
	return &eventv1.Part{Kind: &eventv1.Part_Buttons{Buttons: b}}
}

func file(kind eventv1.MediaKind, mimeType, name, caption string) *eventv1.Part {
	return meta.MediaPart(&eventv1.Media{Kind: kind, MimeType: mimeType, FileName: name, Caption: caption, BlobId: "blob-1"})
}

func react(id, emoji string) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Reacted{Reacted: &eventv1.Reacted{ProviderMessageId: id, Emoji: emoji}}}
}

func cards(all ...*eventv1.ContactCard) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Contacts{Contacts: &eventv1.ContactCards{Cards: all}}}
}

func fill(t *eventv1.Template) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Template{Template: t}}
}

const (
	image    = eventv1.MediaKind_MEDIA_KIND_IMAGE
	voice    = eventv1.MediaKind_MEDIA_KIND_VOICE
	audio    = eventv1.MediaKind_MEDIA_KIND_AUDIO
	sticker  = eventv1.MediaKind_MEDIA_KIND_STICKER
	document = eventv1.MediaKind_MEDIA_KIND_DOCUMENT
)

// body is what is posted to Ana's phone number.
func body(kind, object string) string {
	return `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+15550100001","biz_opaque_callback_data":"send-1",` +
		`"type":"` + kind + `","` + kind + `":` + object + `}`
}

// upload is the form of a file.
func upload(mimeType, name string) map[string]string {
	return map[string]string{
		"messaging_product": "whatsapp", "type": mimeType, "file": mimeType + " " + name + " " + channeltest.FileContent("blob-1"),
	}
}

var messages = []channeltest.Message{
	{
		Name: "to a bsuid, as an answer",
		Change: func(send *ingressv1.Send) {
			send.Content.ReplyTo = &eventv1.ReplyTo{ProviderMessageId: "wamid.q"}
			send.Recipient = []*eventv1.Alias{{Kind: "bsuid", Value: "US.1001"}, {Kind: "phone", Value: "not a number"}}
		},
		Body: `{"messaging_product":"whatsapp","recipient_type":"individual","recipient":"US.1001","type":"text","biz_opaque_callback_data":"send-1",
			"text":{"body":"hello <Ana>","preview_url":false},"context":{"message_id":"wamid.q"}}`,
	},
	{
		Name: "longest text", Change: say(meta.TextPart(strings.Repeat("ä", 4096))),
		Body: body("text", `{"preview_url":false,"body":"`+strings.Repeat("ä", 4096)+`"}`),
	},
	{Name: "too long a text", Change: say(meta.TextPart(strings.Repeat("ä", 4097))), Refused: "too_long"},
	{Name: "empty text", Change: say(meta.TextPart(" ")), Refused: "empty"},
	{
		Name: "buttons", Change: say(buttons("Continue here?", "Yes", "No, and this is too long a title")),
		Body: body("interactive", `{"type":"button","body":{"text":"Continue here?"},"action":{"buttons":[
			{"type":"reply","reply":{"id":"a","title":"Yes"}},{"type":"reply","reply":{"id":"b","title":"No, and this is too "}}]}}`),
	},
	{Name: "longest question", Change: say(buttons(strings.Repeat("ä", 1024), "Yes")), Body: body("interactive",
		`{"type":"button","body":{"text":"`+strings.Repeat("ä", 1024)+`"},"action":{"buttons":[{"type":"reply","reply":{"id":"a","title":"Yes"}}]}}`)},
	{Name: "too long a question", Change: say(buttons(strings.Repeat("ä", 1025), "Yes")), Refused: "too_long"},
	{Name: "no buttons", Change: say(buttons("?")), Refused: "invalid"},
	{Name: "a button without a title", Change: say(buttons("?", "")), Refused: "invalid"},
	{
		Name: "a list", Change: say(buttons("Which?", "1", "2", "3", "The large one, in blue, with a lid")),
		Body: body("interactive", `{"type":"list","body":{"text":"Which?"},"action":{"button":"Menu","sections":[{"rows":[
			{"id":"a","title":"1"},{"id":"b","title":"2"},{"id":"c","title":"3"},
			{"id":"d","title":"The large one, in blue,","description":"The large one, in blue, with a lid"}]}]}}`),
	},
	{Name: "too long a list", Change: say(buttons("?", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11")), Refused: "invalid"},
	{
		Name: "an image", Change: say(file(image, "image/jpeg", "", "this one")), Upload: upload("image/jpeg", "image"),
		Body: body("image", `{"id":"9001","caption":"this one"}`),
	},
	{
		Name: "a film that says what it is", Change: say(file(0, "video/mp4", "a.mp4", "")), Upload: upload("video/mp4", "a.mp4"),
		Body: body("video", `{"id":"9001"}`),
	},
	{
		Name: "sound", Change: say(file(audio, "audio/x-m4a", "a.m4a", "")), Upload: upload("audio/mp4", "a.m4a"),
		Body: body("audio", `{"id":"9001"}`),
	},
	{
		Name: "a voice message", Change: say(file(voice, "audio/ogg; codecs=opus", "", "")), Upload: upload("audio/ogg; codecs=opus", "audio"),
		Body: body("audio", `{"id":"9001","voice":true}`),
	},
	{
		Name: "a voice message of another kind", Change: say(file(voice, "audio/aac", "", "")), Upload: upload("audio/aac", "audio"),
		Body: body("audio", `{"id":"9001"}`),
	},
	{
		Name: "a sticker", Change: say(file(sticker, "image/webp", "", "")), Upload: upload("image/webp", "sticker"),
		Body: body("sticker", `{"id":"9001"}`),
	},
	{
		Name: "a document", Change: say(file(document, "text/csv", `my "list".csv`, "the list")), Upload: upload("text/plain", "my _list_.csv"),
		Body: body("document", `{"id":"9001","filename":"my \"list\".csv","caption":"the list"}`),
	},
	{
		Name: "a link to a file", Change: func(send *ingressv1.Send) {
			send.AccountId = "acme"
			say(meta.MediaPart(&eventv1.Media{MimeType: "application/zip", FileName: "all.zip", BlobId: "blob-1", AsLink: true}))(send)
		},
		Body: body("text", `{"preview_url":true,"body":"all.zip\nhttps://weiche.test/media/acme/blob-1"}`),
	},
	{Name: "a file of another type", Change: say(file(image, "image/tiff", "", "")), Refused: "unsupported_media"},
	{Name: "a text below sound", Change: say(file(audio, "audio/aac", "", "listen")), Refused: "unsupported_content"},
	{Name: "too long a text below", Change: say(file(image, "image/png", "", strings.Repeat("ä", 1025))), Refused: "too_long"},
	{
		Name: "a place",
		Change: say(&eventv1.Part{Kind: &eventv1.Part_Location{Location: &eventv1.Location{
			Latitude: 48.2, Longitude: -16.5, Name: "Shop", Address: "Street 1",
		}}}),
		Body: body("location", `{"latitude":48.2,"longitude":-16.5,"name":"Shop","address":"Street 1"}`),
	},
	{
		Name: "cards",
		Change: say(cards(
			&eventv1.ContactCard{Name: "Ana", Phones: []string{"+1 555 0100"}, Emails: []string{"ana@example.test"}, Organisation: "Shop"},
			&eventv1.ContactCard{Phones: []string{"+1 555 0101"}},
		)),
		Body: body("contacts", `[{"name":{"formatted_name":"Ana","first_name":"Ana"},"org":{"company":"Shop"},
			"phones":[{"phone":"+1 555 0100"}],"emails":[{"email":"ana@example.test"}]},
			{"name":{"formatted_name":"+1 555 0101","first_name":"+1 555 0101"},"phones":[{"phone":"+1 555 0101"}]}]`),
	},
	{Name: "a card without anything", Change: say(cards(&eventv1.ContactCard{})), Refused: "invalid"},
	{
		Name: "a template", Change: say(fill(&eventv1.Template{
			Name: "order_ready", Language: "de", ComponentsJson: `[{"type":"body","parameters":[{"type":"text","text":"Ana"}]}]`,
		})),
		Body: body("template", `{"name":"order_ready","language":{"code":"de"},"components":[{"type":"body","parameters":[{"type":"text","text":"Ana"}]}]}`),
	},
	{Name: "a template without values", Change: say(fill(&eventv1.Template{Name: "hello", Language: "en"})), Body: body("template", `{"name":"hello","language":{"code":"en"}}`)},
	{Name: "a template with something else", Change: say(fill(&eventv1.Template{Name: "hello", Language: "en", ComponentsJson: `{}`})), Refused: "invalid"},
	{Name: "a template with half of its values", Change: say(fill(&eventv1.Template{Name: "hello", Language: "en", ComponentsJson: `[`})), Refused: "invalid"},
	{Name: "a template of no language", Change: say(fill(&eventv1.Template{Name: "hello"})), Refused: "invalid"},
	{Name: "a reaction", Change: say(react("wamid.q", "👍")), Body: body("reaction", `{"message_id":"wamid.q","emoji":"👍"}`)},
	{Name: "a reaction that is taken back", Change: say(react("wamid.q", "")), Body: body("reaction", `{"message_id":"wamid.q","emoji":""}`)},
	{Name: "a reaction to nothing", Change: say(react("", "👍")), Refused: "no_such_message"},
	{Name: "two parts", Change: say(meta.TextPart("a"), meta.TextPart("b")), Refused: "unsupported_content"},
	{Name: "nothing", Change: say(&eventv1.Part{}), Refused: "unsupported_content"},
}

var signals = []channeltest.Signal{
	{
		Name: "typing", Integration: channel.Integration{ProviderAccount: "2001"}, Signal: channel.Signal{Kind: channel.TypingOn, LastMessage: "wamid.q"},
		Body: `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.q","typing_indicator":{"type":"text"}}`,
	},
	{
		Name: "seen", Integration: channel.Integration{ProviderAccount: "2001"}, Signal: channel.Signal{Kind: channel.Seen, LastMessage: "wamid.q"},
		Body: `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.q"}`,
	},
	{Name: "typing no more", Integration: channel.Integration{ProviderAccount: "2001"}, Signal: channel.Signal{Kind: channel.TypingOff, LastMessage: "wamid.q"}},
	{Name: "seen, but nothing was said", Integration: channel.Integration{ProviderAccount: "2001"}, Signal: channel.Signal{Kind: channel.Seen}},
}

func TestLink(t *testing.T) {
	for _, tc := range []struct{ number, text, want string }{
		{"+1 (555) 010-0000", "Hello & good day: w1abc", "https://wa.me/15550100000?text=Hello%20%26%20good%20day%3A%20w1abc"},
		{"0015550100000", "ä+", "https://wa.me/15550100000?text=%C3%A4%2B"},
		{"15550100000", "", "https://wa.me/15550100000"},
	} {
		if got := Link(tc.number, tc.text); got != tc.want {
			t.Errorf("Link(%q, %q) = %s, want %s", tc.number, tc.text, got, tc.want)
		}
	}
}

func TestNormalPhone(t *testing.T) {
	for in, want := range map[string]string{
		"15550100001": "15550100001", "+1 (555) 010-0001": "15550100001", "": "", "+": "+", "someone": "someone", "12a": "12a",
	} {
		if got := normalPhone(in); got != want {
			t.Errorf("normalPhone(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestIsBSUID(t *testing.T) {
	for in, want := range map[string]bool{
		"US.1001": true, "US.ENT.9001": true, "AT.a1B2": true, "15550100001": false, "us.1": false, "US.": false, "USA.1": false, "US.1 2": false,
	} {
		if got := isBSUID(in); got != want {
			t.Errorf("isBSUID(%q) = %v", in, got)
		}
	}
}
