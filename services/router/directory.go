package router

import (
	"context"
	"maps"
	"slices"
	"sync"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/keyring"
)

// Directory is the set-up of all accounts in memory, as adapters, senders and the
// API see it. It follows the log.
type Directory struct {
	store *eventstore.Store
	keys  *keyring.Keyring

	mu       sync.RWMutex
	accounts map[string]*conversation.Account
	// apps leads from an app to its account: every webhook asks for it. Where
	// two accounts have the same it is the first of them.
	apps map[string]string
	// changed is closed and replaced when position moves.
	position uint64
	changed  chan struct{}
}

// NewDirectory returns the directory of a log, as it stands now.
func NewDirectory(ctx context.Context, store *eventstore.Store, keys *keyring.Keyring) (*Directory, error) {
	d := &Directory{
		store: store, keys: keys,
		accounts: map[string]*conversation.Account{}, apps: map[string]string{}, changed: make(chan struct{}), position: store.Durable(),
	}
	accounts, err := Accounts(ctx, store)
	if err != nil {
		return nil, err
	}
	for _, account := range accounts {
		if err := d.reload(ctx, account); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// Accounts returns the accounts of a log in the order of their ids.
func Accounts(ctx context.Context, store *eventstore.Store) ([]string, error) {
	var accounts []string
	for hit, err := range store.IndexScan(ctx, installation, indexAccount, nil, nil) {
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, string(hit.Key))
	}
	return accounts, nil
}

// Run follows the log until the context ends, and returns nil then.
func (d *Directory) Run(ctx context.Context) error {
	d.mu.RLock()
	from := d.position + 1
	d.mu.RUnlock()
	for rec, err := range d.store.Subscribe(ctx, from) {
		if err != nil {
			return ended(ctx, err)
		}
		if rec.Stream.Category == conversation.CategoryAccount {
			if err := d.reload(ctx, rec.Stream.ID); err != nil {
				return ended(ctx, err)
			}
		}
		d.mu.Lock()
		d.position = rec.Position
		close(d.changed)
		d.changed = make(chan struct{})
		d.mu.Unlock()
	}
	return nil
}

// WaitFor returns once the directory knows the record at a position.
func (d *Directory) WaitFor(ctx context.Context, position uint64) error {
	for {
		d.mu.RLock()
		at, changed := d.position, d.changed
		d.mu.RUnlock()
		if at >= position {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// reload folds the set-up of one account anew.
func (d *Directory) reload(ctx context.Context, account string) error {
	state := conversation.NewState()
	stream := eventstore.Stream{Account: account, Category: conversation.CategoryAccount, ID: account}
	for rec, err := range d.store.ReadStream(ctx, stream, 1) {
		if err != nil {
			return err
		}
		event, err := Decode(rec)
		if err != nil {
			return err
		}
		conversation.Evolve(state, event)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	setup := state.Account(account)
	d.accounts[account] = setup
	if setup == nil {
		return nil
	}
	// No event takes an app away from its account.
	for id := range setup.Apps {
		if first, ok := d.apps[id]; !ok || account < first {
			d.apps[id] = account
		}
	}
	return nil
}

// App returns the app whose webhook address carries this id.
func (d *Directory) App(id string) (channel.App, bool) {
	d.mu.RLock()
	account, ok := d.apps[id]
	setup := d.accounts[account]
	d.mu.RUnlock()
	if !ok {
		return channel.App{}, false
	}
	connected := setup.Apps[id]
	app := channel.App{
		Account: account, ID: id, Channel: connected.GetChannel(), ProviderApp: connected.GetProviderAppId(),
	}
	// An app whose secrets cannot be read has none, and nothing is signed by it.
	app.Secrets, _ = d.keys.Secrets(app.Account, OwnerApp(id), SecretApp)
	app.VerifyToken, _, _ = d.keys.Secret(app.Account, OwnerApp(id), SecretVerify)
	return app, true
}

// ByProviderAccount returns the integration of an app that has this id at the
// provider.
func (d *Directory) ByProviderAccount(app channel.App, providerAccount string) (channel.Integration, bool) {
	d.mu.RLock()
	setup := d.accounts[app.Account]
	d.mu.RUnlock()
	if setup == nil || providerAccount == "" {
		return channel.Integration{}, false
	}
	for _, i := range setup.Integrations {
		if i.GetAppId() == app.ID && i.GetProviderAccountId() == providerAccount {
			return d.integration(app.Account, i), true
		}
	}
	return channel.Integration{}, false
}

// Integration returns one by its own id, with its token.
func (d *Directory) Integration(account, id string) (channel.Integration, bool) {
	d.mu.RLock()
	setup := d.accounts[account]
	d.mu.RUnlock()
	if setup == nil || setup.Integrations[id] == nil {
		return channel.Integration{}, false
	}
	integration := d.integration(account, setup.Integrations[id])
	integration.Token, _, _ = d.keys.Secret(account, OwnerIntegration(id), SecretToken)
	return integration, true
}

// List returns all integrations, without their tokens, by their accounts.
func (d *Directory) List() []channel.Integration {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var all []channel.Integration
	for _, account := range slices.Sorted(maps.Keys(d.accounts)) {
		setup := d.accounts[account]
		if setup == nil {
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(setup.Integrations)) {
			all = append(all, d.integration(account, setup.Integrations[id]))
		}
	}
	return all
}

func (d *Directory) integration(account string, i *eventv1.IntegrationConnected) channel.Integration {
	return channel.Integration{
		Account: account, ID: i.GetIntegrationId(), Channel: i.GetChannel(), App: i.GetAppId(),
		ProviderAccount: i.GetProviderAccountId(), Page: i.GetPageId(),
		BusinessAccount: i.GetBusinessAccountId(),
	}
}

// Each calls see for every account in the order of their ids until it returns
// false. The set-up must not be changed.
func (d *Directory) Each(see func(account string, setup *conversation.Account) bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, id := range slices.Sorted(maps.Keys(d.accounts)) {
		if !see(id, d.accounts[id]) {
			return
		}
	}
}

// Account returns the set-up of an account, which must not be changed.
func (d *Directory) Account(id string) (*conversation.Account, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	setup, ok := d.accounts[id]
	return setup, ok
}
