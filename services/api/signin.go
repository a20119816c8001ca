package api

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	"weiche/services/channel"
	"weiche/services/widget"
)

// signIn makes a session for whom the site has signed in. Where the call comes with the
// session of a device, or the site tells a name, that is written down first.
func (s *widgetService) signIn(ctx context.Context, of *Widget, token string) (*widgetv1.OpenSessionResponse, error) {
	var failed error
	var mark VisitorKey
	signed, err := widget.ReadSignIn(token, of.ID, func(keyID string) (channel.Secret, bool) {
		for _, mark = range of.VisitorKeys {
			if mark.ID == keyID {
				secret, ok, err := s.Queries.VisitorKey(ctx, of.Account, of.ID, keyID)
				failed = err
				return secret, ok
			}
		}
		return "", false
	}, s.Now())
	if failed != nil {
		return nil, failed
	}
	if err != nil {
		// The page is not told: whoever tries tokens would be.
		s.Logger.Info("a site's word for a visitor does not count", "account", of.Account, "widget", of.ID, "error", err)
		return nil, errUnauthenticated
	}
	session := widget.NewSignedSession(s.Keys, of.Account, of.ID, widget.SignIn{
		ExternalID: signed.ExternalID, KeyID: signed.KeyID, KeyMark: widget.MarkOf(mark.Fingerprint), ExpiresAt: signed.ExpiresAt,
	})
	device := visitOf(ctx)
	identify := &ingressv1.IdentifyVisitor{External: session.Visitor()}
	if signed.Name != "" {
		identify.Profile = &eventv1.Profile{Name: signed.Name}
	}
	v := &visit{widget: *of, session: session}
	known := device.known && device.widget.ID == of.ID && !device.session.Signed()
	if known {
		v.session = device.session
		identify.SessionHash = device.session.Hash()
	}
	if known || identify.GetProfile() != nil {
		command := &ingressv1.WidgetCommand{Command: &ingressv1.WidgetCommand_Identify{Identify: identify}}
		if _, err := s.askWidget(ctx, v, command); err != nil {
			return nil, err
		}
	}
	shown, err := s.widgetOf(ctx, of, nil)
	if err != nil {
		return nil, err
	}
	return &widgetv1.OpenSessionResponse{
		SessionToken: session.Token().Reveal(), Widget: shown, ExpiresAt: timestamppb.New(session.SignIn.ExpiresAt),
	}, nil
}

// EndSession ends the session of the call for good.
func (s *widgetService) EndSession(ctx context.Context, _ *widgetv1.EndSessionRequest) (*widgetv1.EndSessionResponse, error) {
	v := visitOf(ctx)
	answer, err := s.askWidget(ctx, v, &ingressv1.WidgetCommand{
		Command: &ingressv1.WidgetCommand_EndSession{EndSession: &ingressv1.EndVisitorSession{Hash: v.session.Hash()}},
	})
	if err != nil {
		return nil, err
	}
	return &widgetv1.EndSessionResponse{Position: s.opaque(answer.GetPosition())}, nil
}
