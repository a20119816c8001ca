package messenger

import (
	"context"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/meta"
)

// MaxText is how long a text may be, in characters.
const MaxText = 2000

// Sender sends as a page. Text and buttons are sent; everything else is refused
// as unsupported_content, and text over the limit as too_long.
type Sender struct {
	graph *meta.Graph
}

var _ channel.Sender = (*Sender)(nil)

// NewSender returns a Sender that uses a Graph client.
func NewSender(graph *meta.Graph) *Sender { return &Sender{graph: graph} }

// Send makes one attempt. The send's id goes along as metadata and comes back
// with the echo.
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
		ID:      meta.PageAnswer,
	})
}

// request returns the body for a send, or why there is none.
func request(send *ingressv1.Send) (map[string]any, error) {
	part, err := meta.OnlyPart(send)
	if err != nil {
		return nil, err
	}
	to, ok := recipient(send.GetRecipient())
	if !ok {
		return nil, meta.Refuse("no_address")
	}
	message, err := meta.PageMessage(part, meta.PageText{Limit: MaxText})
	if err != nil {
		return nil, err
	}
	if id := send.GetSendId(); id != "" {
		message["metadata"] = id
	}
	body := map[string]any{"recipient": to, "messaging_type": "RESPONSE", "message": message}
	if id := send.GetContent().GetReplyTo().GetProviderMessageId(); id != "" {
		body["reply_to"] = map[string]any{"mid": id}
	}
	return body, nil
}

// recipient returns whom a request is for: the psid, or the user_ref where
// there is none.
func recipient(aliases []*eventv1.Alias) (map[string]any, bool) {
	for _, want := range []struct{ kind, key string }{{"psid", "id"}, {"user_ref", "user_ref"}} {
		for _, a := range aliases {
			if a.GetKind() == want.kind && a.GetValue() != "" {
				return map[string]any{want.key: a.GetValue()}, true
			}
		}
	}
	return nil, false
}
