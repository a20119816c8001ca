package directory

import (
	"maps"
	"slices"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/channel"
)

var _ channel.Directory = (*Directory)(nil)

// App returns the app whose webhook address carries this id. One whose secrets are
// not known has none, and nothing is signed by it.
func (d *Directory) App(id string) (channel.App, bool) {
	d.mu.RLock()
	owner := d.index.apps[id]
	d.mu.RUnlock()
	if owner == nil {
		return channel.App{}, false
	}
	connected := owner.apps[id]
	app := channel.App{
		Account: owner.GetAccountId(), ID: id, Channel: connected.GetChannel(), ProviderApp: connected.GetProviderAppId(),
	}
	app.Secrets, app.VerifyToken = d.source.App(app.Account, id)
	return app, true
}

// ByProviderAccount returns the integration of an app that has this id at the
// provider.
func (d *Directory) ByProviderAccount(app channel.App, providerAccount string) (channel.Integration, bool) {
	a := d.account(app.Account)
	if a == nil || providerAccount == "" {
		return channel.Integration{}, false
	}
	for _, i := range a.GetIntegrations() {
		if i.GetAppId() == app.ID && i.GetProviderAccountId() == providerAccount {
			return integration(app.Account, i), true
		}
	}
	return channel.Integration{}, false
}

// Integration returns one by its own id, with its token.
func (d *Directory) Integration(account, id string) (channel.Integration, bool) {
	a := d.account(account)
	if a == nil || a.integrations[id] == nil {
		return channel.Integration{}, false
	}
	found := integration(account, a.integrations[id])
	found.Token = d.source.Token(account, id)
	return found, true
}

// List returns all integrations, without their tokens, by their accounts.
func (d *Directory) List() []channel.Integration {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var all []channel.Integration
	for _, id := range slices.Sorted(maps.Keys(d.accounts)) {
		for _, i := range d.accounts[id].GetIntegrations() {
			all = append(all, integration(id, i))
		}
	}
	return all
}

func integration(account string, i *eventv1.IntegrationConnected) channel.Integration {
	return channel.Integration{
		Account: account, ID: i.GetIntegrationId(), Channel: i.GetChannel(), App: i.GetAppId(),
		ProviderAccount: i.GetProviderAccountId(), Page: i.GetPageId(),
		BusinessAccount: i.GetBusinessAccountId(),
	}
}

// Widget returns a widget of any account by its id, with the account.
func (d *Directory) Widget(id string) (account *queryv1.AccountSnapshot, widget *queryv1.Widget, ok bool) {
	d.mu.RLock()
	owner := d.index.widgets[id]
	d.mu.RUnlock()
	if owner == nil {
		return nil, nil, false
	}
	return owner.AccountSnapshot, owner.widgets[id], true
}

// ListsOrigin says whether any widget lists this exact origin.
func (d *Directory) ListsOrigin(origin string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.index.origins[origin]
}

// Connected returns an integration as it is set up, and why its provider does not
// serve it, nil where it does.
func (d *Directory) Connected(account, id string) (*eventv1.IntegrationConnected, *queryv1.Unhealthy, bool) {
	a := d.account(account)
	if a == nil || a.integrations[id] == nil {
		return nil, nil, false
	}
	return a.integrations[id], a.unhealthy[id], true
}

// Agent returns an agent of an account.
func (d *Directory) Agent(account, id string) (*queryv1.Agent, bool) {
	a := d.account(account)
	if a == nil || a.agents[id] == nil {
		return nil, false
	}
	return a.agents[id], true
}

// AppOwner returns the account that has an app.
func (d *Directory) AppOwner(id string) (account string, ok bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	owner := d.index.apps[id]
	return owner.name(), owner != nil
}

// ProviderAccountOwner returns the account that has connected a provider's account.
func (d *Directory) ProviderAccountOwner(channel, providerAccountID string) (account string, ok bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	owner := d.index.providers[provider{channel, providerAccountID}]
	return owner.name(), owner != nil
}

func (d *Directory) account(id string) *account {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.accounts[id]
}

func (a *account) name() string {
	if a == nil {
		return ""
	}
	return a.GetAccountId()
}
