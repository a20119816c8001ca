package messenger

import (
	"context"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/meta"
)

// Sender sends as a page: what the table of capabilities says that Messenger
// shows. Everything else is refused as unsupported_content, and text over the
// limit as too_long. Files are uploaded before their message.
type Sender struct {
	graph   *meta.Graph
	uploads *meta.Uploads
}

var (
	_ channel.Sender    = (*Sender)(nil)
	_ channel.Signaller = (*Sender)(nil)
)

// NewSender returns a Sender that uses a Graph client. Without files, which may
// be nil, messages with files are refused.
func NewSender(graph *meta.Graph, files channel.Files) *Sender {
	return &Sender{graph: graph, uploads: meta.NewUploads(files)}
}

// Send makes one attempt. The send's id goes along as metadata and comes back
// with the echo. A reaction, which the provider does not name, is named by
// meta.ReactionName.
func (s *Sender) Send(ctx context.Context, send *ingressv1.Send, token channel.Secret) (string, error) {
	page := s.page(send.GetProviderAccountId(), send.GetRecipient(), token)
	page.Metadata = send.GetSendId()
	return page.Send(ctx, send)
}

// Signal shows that somebody types, or that the messages were read.
func (s *Sender) Signal(ctx context.Context, integration channel.Integration, signal channel.Signal) error {
	return s.page(integration.ProviderAccount, signal.Recipient, integration.Token).Signal(ctx, signal.Kind)
}

func (s *Sender) page(id string, to []*eventv1.Alias, token channel.Secret) meta.Page {
	return meta.Page{
		Channel: Channel, Graph: s.graph, Sender: id, Token: token, Recipient: recipient(to),
		Uploads: s.uploads, Response: true,
	}
}

// recipient returns whom a request is for: the psid, or the user_ref where
// there is none; nil where there is neither.
func recipient(aliases []*eventv1.Alias) map[string]any {
	for _, want := range []struct{ kind, key string }{{"psid", "id"}, {"user_ref", "user_ref"}} {
		for _, a := range aliases {
			if a.GetKind() == want.kind && a.GetValue() != "" {
				return map[string]any{want.key: a.GetValue()}
			}
		}
	}
	return nil
}
