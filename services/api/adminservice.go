package api

import (
	"context"
	"errors"
	"fmt"

	"weiche/proto/gen/weiche/admin/v1/adminv1connect"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	errorv1 "weiche/proto/gen/weiche/error/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/channel"
	"weiche/services/widget"
)

// adminService is what an administrator may do.
type adminService struct {
	adminv1connect.UnimplementedAdminServiceHandler
	*server
}

// ApplySetup makes an account what a set-up says. It takes nothing that another
// account has.
func (s *adminService) ApplySetup(ctx context.Context, req *adminv1.ApplySetupRequest) (*adminv1.ApplySetupResponse, error) {
	setup := req.GetSetup()
	account, err := inAccount(ctx, req.GetAccountId())
	if err != nil {
		return nil, err
	}
	if !isSetupID(account) {
		return nil, invalid("account_id is 1 to 64 of a-z, 0-9 and -")
	}
	if setup == nil {
		return nil, invalid("setup is missing")
	}
	var token string
	if req.GetClientToken() != "" {
		if token, err = clientToken(ctx, req.GetClientToken()); err != nil {
			return nil, err
		}
	}
	answer, err := s.apply(ctx, account, token, setup)
	if err != nil {
		return nil, err
	}
	response := &adminv1.ApplySetupResponse{Position: s.opaque(answer.GetPosition())}
	for _, agent := range setup.GetAgents() {
		response.AgentTokens = append(response.AgentTokens, &adminv1.AgentToken{
			AgentId: agent.GetId(), Token: AgentToken(s.Keys, account, agent.GetId()).Reveal(),
		})
	}
	return response, nil
}

// administered returns what is set up for the account that a call is about.
func (s *adminService) administered(ctx context.Context, named string) (*queryv1.AccountSnapshot, error) {
	account, err := inAccount(ctx, named)
	if err != nil {
		return nil, err
	}
	snapshot, ok := s.Queries.Account(account)
	if !ok {
		return nil, errNotFound
	}
	return snapshot, nil
}

// decide gives an administrator's command and returns the answer, once the set-up
// shows what became of it.
func (s *adminService) decide(ctx context.Context, account string, command *ingressv1.AgentCommand) (*ingressv1.ItemAnswer, error) {
	from := channel.Source{Kind: channel.KindAgent, Account: account, ID: instanceAdmin}
	return s.askSetup(ctx, from, callingAgent(ctx).by(), command)
}

// free refuses ids of a wrong form, and what another account is known to have. It
// spares asking a provider; the router decides who has what.
func (s *adminService) free(account string, setup *ingressv1.ApplySetup) error {
	taken := func(what, id, owner string, ok bool) error {
		if ok && owner != account {
			return fail(errorv1.Reason_REASON_TAKEN, fmt.Sprintf("%s %q belongs to another account", what, id))
		}
		return nil
	}
	form := func(what, id string) error {
		if isSetupID(id) {
			return nil
		}
		return invalid(fmt.Sprintf("%s %q: an id is 1 to 64 of a-z, 0-9 and -", what, id))
	}
	for _, app := range setup.GetApps() {
		owner, ok := s.Queries.AppOwner(app.GetId())
		if err := errors.Join(form("app", app.GetId()), taken("app", app.GetId(), owner, ok)); err != nil {
			return err
		}
	}
	for _, i := range setup.GetIntegrations() {
		owner, ok := s.Queries.ProviderAccountOwner(i.GetChannel(), i.GetProviderAccountId())
		err := errors.Join(form("integration", i.GetId()), taken("provider account", i.GetProviderAccountId(), owner, ok))
		if err != nil {
			return err
		}
	}
	for _, w := range setup.GetWidgets() {
		other, ok := s.Queries.Widget(w.GetId())
		if err := errors.Join(form("widget", w.GetId()), taken("widget", w.GetId(), other.Account, ok)); err != nil {
			return err
		}
	}
	for _, w := range setup.GetWidgets() {
		if err := strong(w.GetId(), w.GetVisitorKeys()...); err != nil {
			return err
		}
		if zone := w.GetAppearance().GetHours().GetTimeZone(); zone != "" {
			if _, ok := widget.Zone(zone); !ok {
				return invalid(fmt.Sprintf("widget %q: hours: there is no time zone %.64q", w.GetId(), zone))
			}
		}
	}
	for _, change := range setup.GetVisitorKeys() {
		if err := strong(change.GetWidgetId(), change.GetKey()); err != nil {
			return err
		}
	}
	for _, agent := range setup.GetAgents() {
		if err := form("agent", agent.GetId()); err != nil {
			return err
		}
	}
	return nil
}

// minVisitorSecret is the least length of a secret by which a site signs who its
// visitors are.
const minVisitorSecret = 32

// strong refuses keys that can be guessed. One without a secret keeps its own.
func strong(widgetID string, keys ...*ingressv1.VisitorKeySetup) error {
	for _, key := range keys {
		if key == nil || key.GetSecret() != "" && len(key.GetSecret()) < minVisitorSecret {
			return invalid(fmt.Sprintf("widget %q: the secret of a key has at least %d bytes", widgetID, minVisitorSecret))
		}
	}
	return nil
}
