package whatsapp

import (
	"context"
	"strings"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/meta"
)

// Sender sends over the Cloud API: what the table of capabilities says that
// WhatsApp shows. Everything else is refused as unsupported_content, and text
// over the limit as too_long. Files are uploaded before their message.
type Sender struct {
	graph   *meta.Graph
	uploads *meta.Uploads
}

var (
	_ channel.Sender    = (*Sender)(nil)
	_ channel.Signaller = (*Sender)(nil)
	_ channel.Templates = (*Sender)(nil)
)

// NewSender returns a Sender that uses a Graph client. Without files, which may
// be nil, messages with files are refused.
func NewSender(graph *meta.Graph, files channel.Files) *Sender {
	return &Sender{graph: graph, uploads: meta.NewUploads(files)}
}

// Send makes one attempt. The send's id goes along as biz_opaque_callback_data
// and comes back with every status.
func (s *Sender) Send(ctx context.Context, send *ingressv1.Send, token channel.Secret) (string, error) {
	body, err := s.request(ctx, send, token)
	if err != nil {
		return "", err
	}
	wamid, err := s.graph.Send(ctx, meta.Call{
		Channel: Channel, Sender: send.GetProviderAccountId(), Token: token, Body: body, Attempt: send.GetAttempt(), ID: messageID,
	})
	s.uploads.Refused(send.GetProviderAccountId(), err, send.GetContent().GetParts())
	return wamid, err
}

func messageID(answer meta.Object) string {
	for _, m := range answer.Get("messages").Array() {
		return m.Object().Text("id")
	}
	return ""
}

// request returns the body for a send, or why there is none.
func (s *Sender) request(ctx context.Context, send *ingressv1.Send, token channel.Secret) (map[string]any, error) {
	parts, err := meta.Parts(send)
	if err != nil {
		return nil, err
	}
	if len(parts) > 1 {
		return nil, meta.Refuse("unsupported_content")
	}
	key, address, ok := recipient(send.GetRecipient())
	if !ok {
		return nil, meta.Refuse("no_address")
	}
	var kind string
	var content any
	if m := parts[0].GetMedia(); m != nil {
		kind, content, err = s.media(ctx, send, m, token)
	} else {
		kind, content, err = written(parts[0])
	}
	if err != nil {
		return nil, err
	}
	body := map[string]any{
		"messaging_product": "whatsapp", "recipient_type": "individual", key: address, "type": kind, kind: content,
	}
	if id := send.GetSendId(); id != "" {
		body["biz_opaque_callback_data"] = id
	}
	if id := send.GetContent().GetReplyTo().GetProviderMessageId(); id != "" && kind != "reaction" {
		body["context"] = map[string]any{"message_id": id}
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
