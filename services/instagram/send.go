package instagram

import (
	"context"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/meta"
)

// MaxText is how long a text may be, in bytes of UTF-8.
const MaxText = 1000

// DefaultLoginURL is where accounts that are connected with their own login are
// served.
const DefaultLoginURL = "https://graph.instagram.com"

// Sender sends as an Instagram account. Text and buttons are sent; everything
// else is refused as unsupported_content, and text over the limit as too_long.
type Sender struct {
	page, login *meta.Graph
}

var _ channel.Sender = (*Sender)(nil)

// NewSender returns a Sender that uses one Graph client for accounts that send
// through a page, and another, usually at DefaultLoginURL, for those with a
// login of their own.
func NewSender(page, login *meta.Graph) *Sender { return &Sender{page: page, login: login} }

// Send makes one attempt. The provider gives nothing of ours back but the echo
// with the id that it returns here.
func (s *Sender) Send(ctx context.Context, send *ingressv1.Send, token channel.Secret) (string, error) {
	body, err := request(send)
	if err != nil {
		return "", err
	}
	graph, sender := s.page, send.GetPageId()
	if sender == "" {
		graph, sender = s.login, send.GetProviderAccountId()
	}
	return graph.Send(ctx, meta.Call{
		Channel: Channel,
		Sender:  sender,
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
	message, err := meta.PageMessage(part, meta.PageText{Limit: MaxText, Bytes: true})
	if err != nil {
		return nil, err
	}
	for _, a := range send.GetRecipient() {
		if a.GetKind() != "igsid" || a.GetValue() == "" {
			continue
		}
		body := map[string]any{"recipient": map[string]any{"id": a.GetValue()}, "message": message}
		if send.GetPageId() != "" {
			body["messaging_type"] = "RESPONSE"
		}
		if id := send.GetContent().GetReplyTo().GetProviderMessageId(); id != "" {
			body["reply_to"] = map[string]any{"mid": id}
		}
		return body, nil
	}
	return nil, meta.Refuse("no_address")
}
