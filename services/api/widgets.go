package api

import (
	"context"
	"fmt"
	"slices"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	errorv1 "weiche/proto/gen/weiche/error/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// ListWidgets returns the widgets of an account with the channels that each offers or
// could.
func (s *adminService) ListWidgets(ctx context.Context, req *adminv1.ListWidgetsRequest) (*adminv1.ListWidgetsResponse, error) {
	if err := s.reach(ctx, req.GetMinPosition()); err != nil {
		return nil, err
	}
	at, err := s.reachSetup(ctx, req.GetMinPosition())
	if err != nil {
		return nil, err
	}
	account, err := s.administered(ctx, req.GetAccountId())
	if err != nil {
		return nil, err
	}
	uses, err := s.offerUses(ctx, account)
	if err != nil {
		return nil, err
	}
	response := &adminv1.ListWidgetsResponse{Position: at}
	for _, w := range account.GetWidgets() {
		response.Widgets = append(response.Widgets, widgetSettings(account, w, uses))
	}
	return response, nil
}

// offer names a channel that a widget offers.
type offered struct{ widget, integration string }

// offerUses returns what depends on the offers of an account.
func (s *server) offerUses(ctx context.Context, account *queryv1.AccountSnapshot) (map[offered]*viewv1.OfferUse, error) {
	list, err := s.Views.OfferUse(ctx, account.GetAccountId())
	if err != nil {
		return nil, err
	}
	uses := map[offered]*viewv1.OfferUse{}
	for _, use := range list {
		uses[offered{use.GetWidgetId(), use.GetIntegrationId()}] = use
	}
	return uses, nil
}

// widgetSettings is a widget as an administrator sees it.
func widgetSettings(account *queryv1.AccountSnapshot, w *queryv1.Widget, uses map[offered]*viewv1.OfferUse) *adminv1.WidgetSettings {
	config := w.GetConfig()
	shown := &adminv1.WidgetSettings{
		WidgetId: config.GetWidgetId(), Site: config.GetSite(), Origins: config.GetOrigins(), Languages: config.GetLanguages(),
		Confirmation: config.GetConfirmation(), CodeLifetime: config.GetCodeLifetime(), SilentDisconnect: config.GetSilentDisconnect(),
		NewConversationAfter: config.GetNewConversationAfter(), SignedVisitorsOnly: config.GetSignedVisitorsOnly(),
		Appearance: config.GetAppearance(),
	}
	if settings := settingsOf(account, shown.WidgetId); settings != nil {
		shown.Version, shown.ChangedBy, shown.ChangedAt = settings.GetVersion(), settings.GetChangedBy(), settings.GetChangedAt()
	}
	for _, key := range config.GetVisitorKeys() {
		shown.VisitorKeyIds = append(shown.VisitorKeyIds, key.GetKeyId())
	}
	slices.Sort(shown.VisitorKeyIds)
	for _, i := range account.GetIntegrations() {
		if i.GetChannel() == channelWidget {
			continue
		}
		use := uses[offered{shown.WidgetId, i.GetIntegrationId()}]
		if use == nil {
			use = &viewv1.OfferUse{WidgetId: shown.WidgetId, IntegrationId: i.GetIntegrationId()}
		}
		shown.Offers = append(shown.Offers, &adminv1.WidgetOffer{
			IntegrationId: i.GetIntegrationId(), Channel: i.GetChannel(), Name: i.GetName(),
			Offered: slices.Contains(w.GetOffers(), i.GetIntegrationId()),
			Healthy: unhealthyOf(account, i.GetIntegrationId()) == nil, Use: use,
		})
	}
	return shown
}

// PutWidget makes or changes a widget as a whole. Its keys stay.
func (s *adminService) PutWidget(ctx context.Context, req *adminv1.PutWidgetRequest) (*adminv1.PutWidgetResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err != nil {
		return nil, err
	}
	account, err := s.administered(ctx, req.GetAccountId())
	if err != nil {
		return nil, err
	}
	w := req.GetWidget()
	switch {
	case w == nil:
		return nil, invalid("widget is missing")
	case len(w.GetVisitorKeys()) > 0:
		return nil, invalid("the keys of a widget are made by MakeVisitorKey and ended by RemoveVisitorKey")
	}
	if err := offerable(account, w); err != nil {
		return nil, err
	}
	w.KeepVisitorKeys = true
	answer, err := s.apply(ctx, account.GetAccountId(), token, &ingressv1.ApplySetup{Widgets: []*ingressv1.WidgetSetup{w}})
	if err != nil {
		return nil, err
	}
	response := &adminv1.PutWidgetResponse{Position: s.opaque(answer.GetPosition())}
	if account, err = s.administered(ctx, req.GetAccountId()); err != nil {
		return nil, err
	}
	uses, err := s.offerUses(ctx, account)
	if err != nil {
		return nil, err
	}
	if now := setupWidget(account, w.GetId()); now != nil {
		response.Widget = widgetSettings(account, now, uses)
	}
	return response, nil
}

// offerable refuses a widget that offers what is not connected.
func offerable(account *queryv1.AccountSnapshot, w *ingressv1.WidgetSetup) error {
	for _, id := range w.GetOffers() {
		if !isSetupID(id) {
			return invalid("an offer is the id of a connected channel")
		}
		if connected(account, id) == nil {
			return &failure{
				reason:   errorv1.Reason_REASON_INVALID,
				message:  fmt.Sprintf("the account has no connected channel %.*q: a widget can offer connected channels only", maxID, id),
				metadata: map[string]string{"integration_id": id},
			}
		}
	}
	return nil
}

func setupWidget(account *queryv1.AccountSnapshot, id string) *queryv1.Widget {
	for _, w := range account.GetWidgets() {
		if w.GetConfig().GetWidgetId() == id {
			return w
		}
	}
	return nil
}
