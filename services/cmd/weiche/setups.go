package main

import (
	"context"

	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/api"
	"weiche/services/directory"
)

// setups answers what the API asks of the set-up, from the directory.
type setups struct{ directory *directory.Directory }

// Widget returns a widget with what it offers.
func (s setups) Widget(widgetID string) (api.Widget, bool) {
	account, widget, ok := s.directory.Widget(widgetID)
	if !ok {
		return api.Widget{}, false
	}
	found := api.Widget{
		Account: account.GetAccountId(), ID: widgetID, Site: widget.GetConfig().GetSite(),
		Languages: widget.GetConfig().GetLanguages(), Origins: widget.GetConfig().GetOrigins(),
		Appearance: widget.GetConfig().GetAppearance(),
	}
	found.SignedOnly = widget.GetConfig().GetSignedVisitorsOnly()
	for _, key := range widget.GetConfig().GetVisitorKeys() {
		found.VisitorKeys = append(found.VisitorKeys, api.VisitorKey{ID: key.GetKeyId(), Fingerprint: key.GetFingerprint()})
	}
	for _, id := range widget.GetOffers() {
		if i, unhealthy, ok := s.directory.Connected(found.Account, id); ok {
			found.Offers = append(found.Offers, api.Offer{
				IntegrationID: id, Channel: i.GetChannel(), Name: i.GetName(), Address: i.GetAddress(), Unhealthy: unhealthy != nil,
			})
		}
	}
	for _, withdrawal := range widget.GetWithdrawals() {
		if found.Withdrawn == nil {
			found.Withdrawn = map[string]api.Withdrawal{}
		}
		found.Withdrawn[withdrawal.GetIntegrationId()] = api.Withdrawal{
			At: withdrawal.GetWithdrawnAt().AsTime(), Position: withdrawal.GetPosition(),
		}
	}
	return found, true
}

// ListsOrigin says whether any widget may be embedded by an origin.
func (s setups) ListsOrigin(origin string) bool { return s.directory.ListsOrigin(origin) }

// Agent returns the name of an agent.
func (s setups) Agent(account, agentID string) (string, bool) {
	agent, ok := s.directory.Agent(account, agentID)
	return agent.GetName(), ok
}

// Account returns everything that is set up for an account.
func (s setups) Account(account string) (*queryv1.AccountSnapshot, bool) {
	return s.directory.Account(account)
}

// WaitForSetup returns once the directory knows the record at a position.
func (s setups) WaitForSetup(ctx context.Context, position uint64) (uint64, error) {
	err := s.directory.WaitFor(ctx, position)
	at, _ := s.directory.Position()
	return at, err
}

// Integrations returns the connected channels of an account.
func (s setups) Integrations(account string) ([]api.Integration, bool) {
	snapshot, ok := s.directory.Account(account)
	if !ok {
		return nil, false
	}
	var integrations []api.Integration
	for _, i := range snapshot.GetIntegrations() {
		said := api.Integration{ID: i.GetIntegrationId(), Channel: i.GetChannel(), Name: i.GetName(), HumanAgent: i.GetHumanAgent()}
		if _, unhealthy, _ := s.directory.Connected(account, said.ID); unhealthy != nil {
			said.Unhealthy, said.Since = unhealthy.GetError(), unhealthy.GetSince().AsTime()
		}
		integrations = append(integrations, said)
	}
	return integrations, true
}

// AppOwner returns the account that has an app.
func (s setups) AppOwner(appID string) (string, bool) { return s.directory.AppOwner(appID) }

// ProviderAccountOwner returns the account that has connected a provider's account.
func (s setups) ProviderAccountOwner(channel, providerAccountID string) (string, bool) {
	return s.directory.ProviderAccountOwner(channel, providerAccountID)
}

// Session returns whose session has a secret with this hash.
func (s setups) Session(hash []byte) (string, *queryv1.Agent, *queryv1.AgentSession, bool) {
	return s.directory.Session(hash)
}

// APIKey returns the API key whose secret has this hash.
func (s setups) APIKey(hash []byte) (string, *queryv1.ApiKey, bool) { return s.directory.APIKey(hash) }

// Login returns the agent who logs in under a name.
func (s setups) Login(name string) (string, *queryv1.Agent, bool) { return s.directory.Login(name) }
