package whatsapp

import (
	"context"
	"strings"
	"unicode/utf8"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/meta"
)

// What a message may hold, in characters.
const (
	MaxText    = 4096
	MaxBody    = 1024 // of the text above buttons
	MaxTitle   = 20
	MaxPayload = 256
	MaxButtons = 3
)

// Sender sends over the Cloud API. Text and buttons are sent; everything else
// is refused as unsupported_content, and text over the limit as too_long.
type Sender struct {
	graph *meta.Graph
}

var _ channel.Sender = (*Sender)(nil)

// NewSender returns a Sender that uses a Graph client.
func NewSender(graph *meta.Graph) *Sender { return &Sender{graph: graph} }

// Send makes one attempt. The send's id goes along as biz_opaque_callback_data
// and comes back with every status.
func (s *Sender) Send(ctx context.Context, send *ingressv1.Send, token channel.Secret) (string, error) {
	body, err := request(send)
	if err != nil {
		return "", err
	}
	return s.graph.Send(ctx, meta.Call{
		Channel: Channel,
		Sender:  send.GetProviderAccountId(),
		Token:   token,
		Body:    body,
		Attempt: send.GetAttempt(),
		ID: func(answer meta.Object) string {
			for _, m := range answer.Get("messages").Array() {
				return m.Object().Text("id")
			}
			return ""
		},
	})
}

// request returns the body for a send, or why there is none.
func request(send *ingressv1.Send) (map[string]any, error) {
	part, err := meta.OnlyPart(send)
	if err != nil {
		return nil, err
	}
	body := map[string]any{"messaging_product": "whatsapp", "recipient_type": "individual"}
	if id := send.GetSendId(); id != "" {
		body["biz_opaque_callback_data"] = id
	}
	if id := send.GetContent().GetReplyTo().GetProviderMessageId(); id != "" {
		body["context"] = map[string]any{"message_id": id}
	}
	key, address, ok := recipient(send.GetRecipient())
	if !ok {
		return nil, meta.Refuse("no_address")
	}
	body[key] = address
	switch kind := part.GetKind().(type) {
	case *eventv1.Part_Text:
		text := kind.Text.GetBody()
		if err := meta.CheckLength(utf8.RuneCountInString(text), MaxText); err != nil {
			return nil, err
		}
		body["type"] = "text"
		body["text"] = map[string]any{"preview_url": false, "body": text}
	case *eventv1.Part_Buttons:
		buttons, err := interactive(kind.Buttons)
		if err != nil {
			return nil, err
		}
		body["type"] = "interactive"
		body["interactive"] = buttons
	default:
		return nil, meta.Refuse("unsupported_content")
	}
	return body, nil
}

// recipient returns the field of the request that names whom it is for: a phone
// number, which needs its plus, goes before a bsuid.
func recipient(aliases []*eventv1.Alias) (key, address string, ok bool) {
	for _, a := range aliases {
		if digits := a.GetValue(); a.GetKind() == kindPhone && digits != "" && strings.Trim(digits, "0123456789") == "" {
			return "to", "+" + digits, true
		}
	}
	for _, a := range aliases {
		if a.GetKind() == kindBSUID && a.GetValue() != "" {
			return "recipient", a.GetValue(), true
		}
	}
	return "", "", false
}

func interactive(b *eventv1.Buttons) (map[string]any, error) {
	if err := meta.CheckLength(utf8.RuneCountInString(b.GetBody()), MaxBody); err != nil {
		return nil, err
	}
	choices, err := meta.Choices(b, MaxButtons, MaxTitle, MaxPayload)
	if err != nil {
		return nil, err
	}
	var buttons []map[string]any
	for _, c := range choices {
		buttons = append(buttons, map[string]any{
			"type": "reply", "reply": map[string]any{"id": c.GetPayload(), "title": c.GetTitle()},
		})
	}
	return map[string]any{
		"type":   "button",
		"body":   map[string]any{"text": b.GetBody()},
		"action": map[string]any{"buttons": buttons},
	}, nil
}
