package api

import (
	"context"
	"errors"

	"google.golang.org/protobuf/types/known/timestamppb"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	errorv1 "weiche/proto/gen/weiche/error/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/channel"
)

// GetAccount returns an account.
func (s *adminService) GetAccount(ctx context.Context, req *adminv1.GetAccountRequest) (*adminv1.GetAccountResponse, error) {
	at, err := s.reachSetup(ctx, req.GetMinPosition())
	if err != nil {
		return nil, err
	}
	account, err := s.administered(ctx, req.GetAccountId())
	if err != nil {
		return nil, err
	}
	return &adminv1.GetAccountResponse{
		AccountId: account.GetAccountId(), Name: account.GetName(), BoundElsewhere: account.GetBoundElsewhere(), Position: at,
	}, nil
}

// ListIntegrations returns the connected channels of an account.
func (s *adminService) ListIntegrations(ctx context.Context, req *adminv1.ListIntegrationsRequest) (*adminv1.ListIntegrationsResponse, error) {
	at, err := s.reachSetup(ctx, req.GetMinPosition())
	if err != nil {
		return nil, err
	}
	account, err := s.administered(ctx, req.GetAccountId())
	if err != nil {
		return nil, err
	}
	response := &adminv1.ListIntegrationsResponse{Position: at}
	for _, i := range account.GetIntegrations() {
		response.Integrations = append(response.Integrations, s.shownIntegration(account, i))
	}
	return response, nil
}

// reachSetup waits until the set-up shows what a client has written, and returns the
// position that it shows.
func (s *server) reachSetup(ctx context.Context, min string) (string, error) {
	place, err := s.placeOf(min)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, waitForViews)
	defer cancel()
	at, err := s.Queries.WaitForSetup(ctx, place)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return "", errBehind
	}
	return s.opaque(at), err
}

// shownIntegration is an integration as an administrator sees it.
func (s *server) shownIntegration(account *queryv1.AccountSnapshot, i *eventv1.IntegrationConnected) *adminv1.Integration {
	shown := &adminv1.Integration{
		IntegrationId: i.GetIntegrationId(), Channel: i.GetChannel(), Name: i.GetName(), Healthy: true,
		Address: i.GetAddress(), ProviderAccountId: i.GetProviderAccountId(), AppId: i.GetAppId(), PageId: i.GetPageId(),
		BusinessAccountId: i.GetBusinessAccountId(), HumanAgent: i.GetHumanAgent(),
	}
	if unhealthy := unhealthyOf(account, shown.IntegrationId); unhealthy != nil {
		shown.Healthy, shown.Error, shown.UnhealthySince = false, unhealthy.GetError(), unhealthy.GetSince()
	}
	if settings := settingsOf(account, shown.IntegrationId); settings != nil {
		shown.Version, shown.ChangedBy, shown.ChangedAt = settings.GetVersion(), settings.GetChangedBy(), settings.GetChangedAt()
	}
	if s.Webhooks.URL != nil && shown.AppId != "" {
		shown.WebhookUrl = s.Webhooks.URL(shown.Channel, shown.AppId)
	}
	if s.Webhooks.Last != nil && shown.AppId != "" {
		if last, ok := s.Webhooks.Last(shown.Channel, shown.AppId); ok {
			shown.LastWebhookAt = timestamppb.New(last)
		}
	}
	return shown
}

// connected returns an integration of an account, nil where there is none. Widgets
// have a list of their own.
func connected(account *queryv1.AccountSnapshot, id string) *eventv1.IntegrationConnected {
	for _, i := range account.GetIntegrations() {
		if i.GetIntegrationId() == id && i.GetChannel() != channelWidget {
			return i
		}
	}
	return nil
}

// channelWidget is the channel of web widgets, which no provider serves.
const channelWidget = "widget"

func unhealthyOf(account *queryv1.AccountSnapshot, integrationID string) *queryv1.Unhealthy {
	for _, unhealthy := range account.GetUnhealthy() {
		if unhealthy.GetIntegrationId() == integrationID {
			return unhealthy
		}
	}
	return nil
}

// settingsOf returns how the settings of an integration or a widget came to be as they
// are.
func settingsOf(account *queryv1.AccountSnapshot, id string) *ingressv1.SettingsVersion {
	for _, version := range account.GetVersions() {
		if version.GetIntegrationId() == id {
			return version
		}
	}
	return nil
}

// CheckIntegration asks the provider whether it serves an integration.
func (s *adminService) CheckIntegration(ctx context.Context, req *adminv1.CheckIntegrationRequest) (*adminv1.CheckIntegrationResponse, error) {
	at, err := s.reachSetup(ctx, "")
	if err != nil {
		return nil, err
	}
	account, err := s.administered(ctx, req.GetAccountId())
	if err != nil {
		return nil, err
	}
	i := connected(account, req.GetIntegrationId())
	if i == nil {
		return nil, errNotFound
	}
	shown := s.shownIntegration(account, i)
	err = s.check(ctx, integrationOf(account.GetAccountId(), i))
	var failed *channel.SendError
	switch {
	case err == nil:
		shown.Healthy, shown.Error, shown.UnhealthySince = true, nil, nil
	case errors.As(err, &failed) && failed.Outcome == channel.Unhealthy:
		if shown.Healthy {
			shown.UnhealthySince = timestamppb.New(s.Now())
		}
		shown.Healthy, shown.Error = false, failed.Detail
	default:
		return nil, notServed(err)
	}
	return &adminv1.CheckIntegrationResponse{Integration: shown, Position: at}, nil
}

// check asks the provider of an integration, where somebody can.
func (s *server) check(ctx context.Context, i channel.Integration) error {
	if s.Check == nil {
		return nil
	}
	return s.Check(ctx, i)
}

// integrationOf is an integration as channels know it, without its token.
func integrationOf(account string, i *eventv1.IntegrationConnected) channel.Integration {
	return channel.Integration{
		Account: account, ID: i.GetIntegrationId(), Channel: i.GetChannel(), App: i.GetAppId(),
		ProviderAccount: i.GetProviderAccountId(), Page: i.GetPageId(), BusinessAccount: i.GetBusinessAccountId(),
	}
}

// RemoveIntegration takes a channel account out of the account.
func (s *adminService) RemoveIntegration(ctx context.Context, req *adminv1.RemoveIntegrationRequest) (*adminv1.RemoveIntegrationResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err != nil {
		return nil, err
	}
	account, err := inAccount(ctx, req.GetAccountId())
	if err != nil {
		return nil, err
	}
	if !isSetupID(account) || !isSetupID(req.GetIntegrationId()) {
		return nil, errNotFound
	}
	answer, err := s.decide(ctx, account, &ingressv1.AgentCommand{
		ClientToken: token, Command: &ingressv1.AgentCommand_RemoveIntegration{
			RemoveIntegration: &ingressv1.RemoveIntegration{IntegrationId: req.GetIntegrationId()},
		},
	})
	if err != nil {
		return nil, err
	}
	return &adminv1.RemoveIntegrationResponse{Position: s.opaque(answer.GetPosition())}, nil
}

// notServed returns what the caller is told of a provider that said no, or nothing.
func notServed(err error) error {
	var e *channel.SendError
	if !errors.As(err, &e) {
		return err
	}
	f := &failure{
		reason: errorv1.Reason_REASON_CHANNEL_UNHEALTHY, message: providerWords(e.Detail.GetReason()),
		metadata: e.Told(),
	}
	switch {
	case e.Limited:
		f.reason = errorv1.Reason_REASON_RATE_LIMITED
	case e.Outcome == channel.NotSent || e.Outcome == channel.Unknown:
		f.reason, f.message = errorv1.Reason_REASON_UNAVAILABLE, "the provider does not answer"
	}
	return f
}

// providerWords says what a provider means, and what to do.
func providerWords(reason string) string {
	switch reason {
	case "token_refused":
		return "the provider does not take the access token: it is wrong or has ended"
	case "no_token":
		return "the access token is missing"
	case "no_permission":
		return "the access token may not do this at the provider: give its app the permissions, and make a new token"
	case "no_such_account":
		return "the access token leads to no account of this channel with this provider_account_id"
	case "other_owner":
		return "business_account_id or page_id is not that of this account"
	case "not_registered":
		return "the number is not registered at the provider"
	}
	return "the provider does not serve the account"
}
