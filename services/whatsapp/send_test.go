package whatsapp

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/meta"
)

func sendOf(to *eventv1.Alias, parts ...*eventv1.Part) *ingressv1.Send {
	return &ingressv1.Send{Recipient: []*eventv1.Alias{to}, Content: &eventv1.Content{Parts: parts}}
}

func buttons(body string, titles ...string) *eventv1.Part {
	b := &eventv1.Buttons{Body: body}
	for i, title := range titles {
		b.Buttons = append(b.Buttons, &eventv1.Button{Payload: string(rune('a' + i)), Title: title})
	}
	return &eventv1.Part{Kind: &eventv1.Part_Buttons{Buttons: b}}
}

func TestRequest(t *testing.T) {
	phone, bsuid := &eventv1.Alias{Kind: "phone", Value: "15550100001"}, &eventv1.Alias{Kind: "bsuid", Value: "US.1001"}
	answer := sendOf(bsuid, meta.TextPart("hi"))
	answer.Content.ReplyTo = &eventv1.ReplyTo{ProviderMessageId: "wamid.q"}
	answer.Recipient = append(answer.Recipient, &eventv1.Alias{Kind: "phone", Value: "not a number"})
	for _, tc := range []struct {
		name string
		send *ingressv1.Send
		want string
	}{
		{
			"to a bsuid, as an answer", answer,
			`{"messaging_product":"whatsapp","recipient_type":"individual","recipient":"US.1001","type":"text",
			"text":{"body":"hi","preview_url":false},"context":{"message_id":"wamid.q"}}`,
		},
		{
			"buttons", sendOf(phone, buttons("Continue here?", "Yes", "No, and this is too long a title")),
			`{"messaging_product":"whatsapp","recipient_type":"individual","to":"+15550100001","type":"interactive",
			"interactive":{"type":"button","body":{"text":"Continue here?"},"action":{"buttons":[
			{"type":"reply","reply":{"id":"a","title":"Yes"}},{"type":"reply","reply":{"id":"b","title":"No, and this is too "}}]}}}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body, err := request(tc.send)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := json.Marshal(body)
			var got, want any
			if json.Unmarshal(b, &got) != nil || json.Unmarshal([]byte(tc.want), &want) != nil {
				t.Fatal("no JSON")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRequestLimits(t *testing.T) {
	phone := &eventv1.Alias{Kind: "phone", Value: "15550100001"}
	for _, tc := range []struct {
		name   string
		part   *eventv1.Part
		reason string // empty where it is sent
	}{
		{"longest text", meta.TextPart(strings.Repeat("ä", MaxText)), ""},
		{"too long a text", meta.TextPart(strings.Repeat("ä", MaxText+1)), "too_long"},
		{"empty text", meta.TextPart(""), "empty"},
		{"longest question", buttons(strings.Repeat("ä", MaxBody), "Yes"), ""},
		{"too long a question", buttons(strings.Repeat("ä", MaxBody+1), "Yes"), "too_long"},
		{"three buttons", buttons("?", "1", "2", "3"), ""},
		{"four buttons", buttons("?", "1", "2", "3", "4"), "invalid"},
		{"no buttons", buttons("?"), "invalid"},
		{"a button without a title", buttons("?", ""), "invalid"},
		{"media", meta.MediaPart(&eventv1.Media{BlobId: "b"}), "unsupported_content"},
		{"template", &eventv1.Part{Kind: &eventv1.Part_Template{Template: &eventv1.Template{Name: "t"}}}, "unsupported_content"},
		{"nothing", &eventv1.Part{}, "unsupported_content"},
	} {
		_, err := request(sendOf(phone, tc.part))
		var e *channel.SendError
		if errors.As(err, &e) && (e.Outcome != channel.Refused || e.Detail.GetReason() != tc.reason) || (err == nil) != (tc.reason == "") {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.reason)
		}
	}
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
