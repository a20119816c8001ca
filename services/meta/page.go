package meta

import (
	"context"
	"encoding/json"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/capability"
	"weiche/services/channel"
)

// Page is one attempt at a message of a page or an Instagram account, whose APIs
// are one.
type Page struct {
	// Channel is messenger or instagram.
	Channel string
	// Graph is where the account is served, and Sender the element of the path
	// before /messages.
	Graph  *Graph
	Sender string
	// Token authorises it.
	Token channel.Secret
	// Recipient names whom it is for.
	Recipient map[string]any
	// Metadata comes back in the echo, where it is set.
	Metadata string
	// Uploads are the files. Where ByLink is set a file is sent by its address if
	// it has one. Platform goes along with an upload; NoUpload says that the
	// account cannot upload.
	Uploads          *Uploads
	ByLink, NoUpload bool
	Platform         string
	// Response says that a plain answer is marked as one.
	Response bool
}

// Send makes the attempt. The error is a [*channel.SendError].
func (p Page) Send(ctx context.Context, send *ingressv1.Send) (string, error) {
	body, id, err := p.request(ctx, send)
	if err != nil {
		return "", err
	}
	mid, err := p.Graph.Send(ctx, Call{
		Channel: p.Channel, Sender: p.Sender, Token: p.Token, Body: body, Attempt: send.GetAttempt(), ID: id,
	})
	p.Uploads.Refused(p.Sender, err, send.GetContent().GetParts())
	return mid, err
}

// Signal tells the customer that somebody types or has read. The error is a
// [*channel.SendError].
func (p Page) Signal(ctx context.Context, kind channel.SignalKind) error {
	action, ok := map[channel.SignalKind]string{
		channel.TypingOn: "typing_on", channel.TypingOff: "typing_off", channel.Seen: "mark_seen",
	}[kind]
	switch {
	case !ok:
		return nil
	case p.Recipient == nil:
		return Refuse("no_address")
	}
	_, err := p.Graph.Ask(ctx, Request{
		Channel: p.Channel, Method: "POST", Account: p.Sender, Edge: "messages", Token: p.Token, Attempt: 1,
		Body: map[string]any{"recipient": p.Recipient, "sender_action": action},
	})
	return err
}

// request returns the body for a send and how its answer names it, or why there
// is none.
func (p Page) request(ctx context.Context, send *ingressv1.Send) (map[string]any, func(Object) string, error) {
	parts, err := Parts(send)
	if err != nil {
		return nil, nil, err
	}
	if p.Recipient == nil {
		return nil, nil, Refuse("no_address")
	}
	body := map[string]any{"recipient": p.Recipient}
	if r := parts[0].GetReacted(); r != nil && len(parts) == 1 {
		if err := p.react(body, r); err != nil {
			return nil, nil, err
		}
		return body, reactionTaken(send), nil
	}
	message, err := p.message(ctx, send, parts)
	if err != nil {
		return nil, nil, err
	}
	if p.Metadata != "" {
		message["metadata"] = p.Metadata
	}
	body["message"] = message
	switch {
	case send.GetHumanAgent():
		body["messaging_type"], body["tag"] = "MESSAGE_TAG", "HUMAN_AGENT"
	case p.Response:
		body["messaging_type"] = "RESPONSE"
	}
	if id := send.GetContent().GetReplyTo().GetProviderMessageId(); id != "" {
		body["reply_to"] = map[string]any{"mid": id}
	}
	return body, PageAnswer, nil
}

// PageAnswer returns the id of a message from an answer of the Send API for
// pages and Instagram accounts.
func PageAnswer(answer Object) string { return answer.Text("message_id") }

func (p Page) react(body map[string]any, r *eventv1.Reacted) error {
	if r.GetProviderMessageId() == "" {
		return Refuse("no_such_message")
	}
	payload := map[string]any{"message_id": r.GetProviderMessageId()}
	body["sender_action"], body["payload"] = "unreact", payload
	if r.GetEmoji() != "" {
		body["sender_action"], payload["reaction"] = "react", r.GetEmoji()
	}
	return nil
}

// reactionTaken takes an answer to a reaction, which names no message, for its
// name.
func reactionTaken(send *ingressv1.Send) func(Object) string {
	return func(o Object) string {
		if o.Has("recipient_id") || o.Get("success").True() {
			return ReactionName(send)
		}
		return ""
	}
}

func (p Page) message(ctx context.Context, send *ingressv1.Send, parts []*eventv1.Part) (map[string]any, error) {
	c := capability.Of(p.Channel)
	if len(parts) > 1 || parts[0].GetMedia() != nil && !parts[0].GetMedia().GetAsLink() {
		return p.attachments(ctx, send, parts, c)
	}
	switch kind := parts[0].GetKind().(type) {
	case *eventv1.Part_Text:
		return textMessage(kind.Text.GetBody(), c.Text)
	case *eventv1.Part_Media:
		text, err := p.Uploads.LinkText(send.GetAccountId(), kind.Media)
		if err != nil {
			return nil, err
		}
		return textMessage(text, c.Text)
	case *eventv1.Part_Buttons:
		message, err := textMessage(kind.Buttons.GetBody(), c.Question)
		if err != nil {
			return nil, err
		}
		choices, err := Choices(kind.Buttons, c.Buttons, c.Title, c.Payload)
		if err != nil {
			return nil, err
		}
		var replies []map[string]any
		for _, choice := range choices {
			replies = append(replies, map[string]any{
				"content_type": "text", "title": choice.GetTitle(), "payload": choice.GetPayload(),
			})
		}
		message["quick_replies"] = replies
		return message, nil
	}
	return nil, Refuse("unsupported_content")
}

func textMessage(text string, limit capability.Limit) (map[string]any, error) {
	if err := CheckText(text, limit); err != nil {
		return nil, err
	}
	return map[string]any{"text": text}, nil
}

// attachments returns a message of one file, or of several pictures.
func (p Page) attachments(ctx context.Context, send *ingressv1.Send, parts []*eventv1.Part, c capability.Channel) (map[string]any, error) {
	if len(parts) > max(c.Images, 1) {
		return nil, Refuse("unsupported_content")
	}
	var all []map[string]any
	for _, part := range parts {
		m := part.GetMedia()
		kind := attachmentType(m)
		switch {
		case m == nil || m.GetAsLink() || len(parts) > 1 && kind != "image":
			return nil, Refuse("unsupported_content")
		case !c.Takes(m):
			return nil, Refuse("unsupported_media")
		case m.GetCaption() != "":
			// Nothing may be lost without a word.
			return nil, Refuse("unsupported_content")
		}
		payload, err := p.payload(ctx, send, m, kind)
		if err != nil {
			return nil, err
		}
		all = append(all, map[string]any{"type": kind, "payload": payload})
	}
	if len(all) == 1 {
		return map[string]any{"attachment": all[0]}, nil
	}
	return map[string]any{"attachments": all}, nil
}

// payload returns where the provider finds a file: an address, or an upload.
func (p Page) payload(ctx context.Context, send *ingressv1.Send, m *eventv1.Media, kind string) (map[string]any, error) {
	if p.ByLink {
		if link, ok := p.Uploads.Link(send.GetAccountId(), m); ok {
			return map[string]any{"url": link}, nil
		}
	}
	if p.NoUpload {
		return nil, Refuse("no_public_url")
	}
	message, err := json.Marshal(map[string]any{
		"attachment": map[string]any{"type": kind, "payload": map[string]any{"is_reusable": true}},
	})
	if err != nil {
		return nil, failed(channel.Refused, "invalid", err)
	}
	id, err := p.Uploads.ID(ctx, p.Graph, Upload{
		Channel: p.Channel, Sender: p.Sender, Edge: "message_attachments", Token: p.Token,
		Account: send.GetAccountId(), Media: m, Attempt: send.GetAttempt(), ID: "attachment_id",
		Form: func(mimeType string) Form {
			fields := [][2]string{{"message", string(message)}}
			if p.Platform != "" {
				fields = append(fields, [2]string{"platform", p.Platform})
			}
			return Form{Fields: fields, Name: "filedata", Type: mimeType}
		},
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{"attachment_id": id}, nil
}

// attachmentType returns the provider's word for a kind of file.
func attachmentType(m *eventv1.Media) string {
	switch capability.Kind(m) {
	case eventv1.MediaKind_MEDIA_KIND_IMAGE, eventv1.MediaKind_MEDIA_KIND_STICKER:
		return "image"
	case eventv1.MediaKind_MEDIA_KIND_VIDEO:
		return "video"
	case eventv1.MediaKind_MEDIA_KIND_AUDIO, eventv1.MediaKind_MEDIA_KIND_VOICE:
		return "audio"
	}
	return "file"
}
