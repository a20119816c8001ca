package api

import (
	"context"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
)

// The domains of the hashes that are keys of visitors: their ids and their secrets.
const (
	domainVisitorKeyID = "visitor-key-id"
	domainVisitorKey   = "visitor-key"
)

// visitorKeyID is the length of a key's id.
const visitorKeyID = 16

// MakeVisitorKey makes a key for a widget. Id and secret follow from the client token,
// so that the same call again tells the same key.
func (s *adminService) MakeVisitorKey(ctx context.Context, req *adminv1.MakeVisitorKeyRequest) (*adminv1.MakeVisitorKeyResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err != nil {
		return nil, err
	}
	account, w, err := s.keyed(ctx, req.GetAccountId(), req.GetWidgetId())
	if err != nil {
		return nil, err
	}
	// Another caller's client token is another one.
	of := []string{account, w.GetConfig().GetWidgetId(), callingAgent(ctx).by(), token}
	id := tokenEncoding.EncodeToString(s.Keys.Hash(domainVisitorKeyID, of...))[:visitorKeyID]
	secret := tokenEncoding.EncodeToString(s.Keys.Hash(domainVisitorKey, of...))
	answer, err := s.changeKey(ctx, account, token, &ingressv1.VisitorKeyChange{
		WidgetId: req.GetWidgetId(), Key: &ingressv1.VisitorKeySetup{Id: id, Secret: secret},
	})
	if err != nil {
		return nil, err
	}
	return &adminv1.MakeVisitorKeyResponse{KeyId: id, Secret: secret, Position: s.opaque(answer.GetPosition())}, nil
}

// RemoveVisitorKey ends a key.
func (s *adminService) RemoveVisitorKey(ctx context.Context, req *adminv1.RemoveVisitorKeyRequest) (*adminv1.RemoveVisitorKeyResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err != nil {
		return nil, err
	}
	account, w, err := s.keyed(ctx, req.GetAccountId(), req.GetWidgetId())
	if err != nil {
		return nil, err
	}
	if err := known(req.GetKeyId()); err != nil {
		return nil, err
	}
	answer, err := s.changeKey(ctx, account, token, &ingressv1.VisitorKeyChange{
		WidgetId: w.GetConfig().GetWidgetId(), Key: &ingressv1.VisitorKeySetup{Id: req.GetKeyId()}, Remove: true,
	})
	if err != nil {
		return nil, err
	}
	return &adminv1.RemoveVisitorKeyResponse{Position: s.opaque(answer.GetPosition())}, nil
}

// keyed returns the widget whose keys a call is about, with its account.
func (s *adminService) keyed(ctx context.Context, accountID, widgetID string) (account string, w *queryv1.Widget, err error) {
	snapshot, err := s.administered(ctx, accountID)
	if err != nil {
		return "", nil, err
	}
	if w = setupWidget(snapshot, widgetID); w == nil {
		return "", nil, errNotFound
	}
	return snapshot.GetAccountId(), w, nil
}

func (s *adminService) changeKey(ctx context.Context, account, token string, change *ingressv1.VisitorKeyChange) (*ingressv1.ItemAnswer, error) {
	return s.apply(ctx, account, token, &ingressv1.ApplySetup{VisitorKeys: []*ingressv1.VisitorKeyChange{change}})
}
