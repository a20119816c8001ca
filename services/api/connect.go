package api

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/channel"
	"weiche/services/keyring"
)

// ConnectIntegration connects a channel account once its provider has taken the
// credentials. The subscription of the app is left to the watch, which sees a new
// integration at once.
func (s *adminService) ConnectIntegration(ctx context.Context, req *adminv1.ConnectIntegrationRequest) (*adminv1.ConnectIntegrationResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err != nil {
		return nil, err
	}
	account, err := s.administered(ctx, req.GetAccountId())
	if err != nil {
		return nil, err
	}
	setup, verify, err := s.connecting(account, req)
	if err != nil {
		return nil, err
	}
	if err := s.free(account.GetAccountId(), setup); err != nil {
		return nil, err
	}
	i := setup.GetIntegrations()[0]
	asked := integrationOf(account.GetAccountId(), connectedAs(i))
	asked.Token = channel.Secret(i.GetAccessToken())
	if err := s.check(ctx, asked); err != nil {
		return nil, notServed(err)
	}
	if req.GetCheckOnly() {
		return &adminv1.ConnectIntegrationResponse{Integration: s.shownIntegration(&queryv1.AccountSnapshot{}, connectedAs(i))}, nil
	}
	answer, err := s.apply(ctx, account.GetAccountId(), token, setup)
	if err != nil {
		return nil, err
	}
	if account, err = s.administered(ctx, req.GetAccountId()); err != nil {
		return nil, err
	}
	response := &adminv1.ConnectIntegrationResponse{VerifyToken: verify, Position: s.opaque(answer.GetPosition())}
	// As it stands: a version is that of the settings beside it, also where somebody has
	// changed them again. The provider has just said that it serves it.
	for _, now := range account.GetIntegrations() {
		if now.GetIntegrationId() == i.GetId() {
			response.Integration = s.shownIntegration(&queryv1.AccountSnapshot{Versions: account.GetVersions()}, now)
		}
	}
	return response, nil
}

// connecting returns the part of a set-up that connects a channel account, and the
// verify token that was made for its app.
func (s *adminService) connecting(account *queryv1.AccountSnapshot, req *adminv1.ConnectIntegrationRequest) (setup *ingressv1.ApplySetup, verify string, err error) {
	i, app := req.GetIntegration(), req.GetApp()
	if i == nil {
		return nil, "", invalid("integration is missing")
	}
	setup = &ingressv1.ApplySetup{Integrations: []*ingressv1.IntegrationSetup{i}}
	known := slices.ContainsFunc(account.GetApps(), func(known *eventv1.AppConnected) bool { return known.GetAppId() == i.GetAppId() })
	switch {
	case app == nil && !known:
		return nil, "", invalid(fmt.Sprintf("app is missing: the account has no app %.*q", maxID, i.GetAppId()))
	case app != nil && app.GetId() != i.GetAppId():
		return nil, "", invalid("the integration's app_id is not that of the app")
	case app != nil:
		if app.GetVerifyToken() == "" && s.hooked(app) {
			verify = s.verifyToken(account, app.GetId())
			app.VerifyToken = verify
		}
		setup.Apps = []*ingressv1.AppSetup{app}
	}
	return setup, verify, nil
}

// hooked says whether a provider posts webhooks of an app to this server.
func (s *adminService) hooked(app *ingressv1.AppSetup) bool {
	return s.Webhooks.Takes != nil && s.Webhooks.Takes(app.GetChannel())
}

// domainVerify is the domain of the hashes that are verify tokens.
const domainVerify = "verify-token"

// verifyToken returns the token that is made for an app where nobody gave one, and
// nothing where it has another. It is always the same, so that the same call again
// says the same.
func (s *adminService) verifyToken(account *queryv1.AccountSnapshot, appID string) string {
	made := tokenEncoding.EncodeToString(s.Keys.Hash(domainVerify, account.GetAccountId(), appID))
	// As the router calls what owns a secret.
	const owner, field = "app/", "verify_token"
	for _, app := range account.GetApps() {
		if app.GetAppId() != appID {
			continue
		}
		for _, secret := range app.GetSecrets() {
			if secret.GetField() == field &&
				!bytes.Equal(secret.GetFingerprint(), keyring.Fingerprint(s.Keys, account.GetAccountId(), owner+appID, field, made)) {
				return ""
			}
		}
	}
	return made
}

// connectedAs is an integration as it is once it is connected.
func connectedAs(i *ingressv1.IntegrationSetup) *eventv1.IntegrationConnected {
	return &eventv1.IntegrationConnected{
		IntegrationId: i.GetId(), Channel: i.GetChannel(), AppId: i.GetAppId(), ProviderAccountId: i.GetProviderAccountId(),
		Address: i.GetAddress(), Name: i.GetName(), PageId: i.GetPageId(), HumanAgent: i.GetHumanAgent(),
		BusinessAccountId: i.GetBusinessAccountId(),
	}
}

// apply makes a part of the set-up so, unless another account has what it names: the
// router decides that, for all processes.
func (s *adminService) apply(ctx context.Context, account, token string, setup *ingressv1.ApplySetup) (*ingressv1.ItemAnswer, error) {
	if err := s.givesNoMore(ctx, account, setup.GetAgents()); err != nil {
		return nil, err
	}
	if err := s.free(account, setup); err != nil {
		return nil, err
	}
	return s.decide(ctx, account, &ingressv1.AgentCommand{
		ClientToken: token, Command: &ingressv1.AgentCommand_ApplySetup{ApplySetup: setup},
	})
}
