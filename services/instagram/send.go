package instagram

import (
	"context"
	"strings"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/meta"
)

// DefaultLoginURL is where accounts that are connected with their own login are
// served.
const DefaultLoginURL = "https://graph.instagram.com"

// Sender sends as an Instagram account: what the table of capabilities says that
// Instagram shows. Everything else is refused as unsupported_content, and text
// over the limit as too_long. Files are sent by their address; where the
// installation has none, an account that sends through a page uploads them, and
// one with a login of its own, which has no upload, refuses them as
// no_public_url.
type Sender struct {
	page, login *meta.Graph
	uploads     *meta.Uploads
}

var (
	_ channel.Sender    = (*Sender)(nil)
	_ channel.Signaller = (*Sender)(nil)
)

// NewSender returns a Sender that uses one Graph client for accounts that send
// through a page, and another, usually at DefaultLoginURL, for those with a
// login of their own. Without files, which may be nil, messages with files are
// refused.
func NewSender(page, login *meta.Graph, files channel.Files) *Sender {
	return &Sender{page: page, login: login, uploads: meta.NewUploads(files)}
}

// Send makes one attempt. The provider gives nothing of ours back but the echo
// with the id that it returns here. A reaction, which it does not name, is named
// by meta.ReactionName.
func (s *Sender) Send(ctx context.Context, send *ingressv1.Send, token channel.Secret) (string, error) {
	return s.account(send.GetPageId(), send.GetProviderAccountId(), send.GetRecipient(), token).Send(ctx, worded(send))
}

// Signal shows that somebody types, or that the messages were read.
func (s *Sender) Signal(ctx context.Context, integration channel.Integration, signal channel.Signal) error {
	return s.account(integration.Page, integration.ProviderAccount, signal.Recipient, integration.Token).Signal(ctx, signal.Kind)
}

// account returns how an account sends: through its page, or with its own login.
func (s *Sender) account(page, id string, to []*eventv1.Alias, token channel.Secret) meta.Page {
	p := meta.Page{
		Channel: Channel, Graph: s.page, Sender: page, Token: token, Recipient: recipient(to),
		Uploads: s.uploads, ByLink: true, Platform: "instagram", Response: true,
	}
	if page == "" {
		// Nothing documents the type of a message here.
		p.Graph, p.Sender, p.NoUpload, p.Response = s.login, id, true, false
	}
	return p
}

// recipient returns whom a request is for, nil where nobody is named.
func recipient(aliases []*eventv1.Alias) map[string]any {
	for _, a := range aliases {
		if a.GetKind() == "igsid" && a.GetValue() != "" {
			return map[string]any{"id": a.GetValue()}
		}
	}
	return nil
}

// worded returns a send whose heart, if it reacts with one, has the name by which
// alone the provider documents it.
func worded(send *ingressv1.Send) *ingressv1.Send {
	parts := send.GetContent().GetParts()
	if len(parts) != 1 || strings.TrimSuffix(parts[0].GetReacted().GetEmoji(), "\ufe0f") != "❤" {
		return send
	}
	send = proto.CloneOf(send)
	send.GetContent().GetParts()[0].GetReacted().Emoji = "love"
	return send
}
