// Package directory is the set-up of all accounts in memory, as adapters, senders,
// watch and the API see it. It is the same in every process: a source keeps it up to
// date, which is the log in the router's process and the router itself elsewhere.
package directory

import (
	"cmp"
	"context"
	"slices"
	"sync"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/channel"
)

// Source is where set-ups come from.
type Source interface {
	// Follow hands on what the directory lacks, and then what changes, until ctx ends;
	// it returns nil then. The source keeps no update and changes none later.
	Follow(ctx context.Context, take func(Update)) error
	// Want says that somebody waits for a position. It does not block.
	Want(position uint64)
	// Current says whether what was handed on is not older than the time within which
	// a revocation has to be known.
	Current() bool

	Secrets
}

// Secrets are the secrets of the integrations, as far as this process may know them.
// They are answered from memory, or from the keyring beside it.
type Secrets interface {
	// App returns the secrets that sign an app's webhooks, and its verify token.
	App(account, id string) (secrets []channel.Secret, verify channel.Secret)
	// Token returns the token that authorises sends of an integration.
	Token(account, integration string) channel.Secret
}

// Update is what has changed in the set-up.
type Update struct {
	// Incarnation is the log that it comes from. Another one than before replaces
	// everything.
	Incarnation string
	// Position is that of the log up to which nothing is missing.
	Position uint64
	// Accounts are those that have changed, each as a whole.
	Accounts []*queryv1.AccountSnapshot
}

// Directory is the set-up of all accounts. Its methods may be called concurrently;
// what they return must not be changed.
type Directory struct {
	source Source

	mu       sync.RWMutex
	accounts map[string]*account
	index    index
	// position and incarnation are those of the last update; changed is closed and
	// replaced when they move, loaded is closed by the first.
	position    uint64
	incarnation string
	changed     chan struct{}
	loaded      chan struct{}
}

// New returns a directory that is empty until Run, or somebody else, takes something.
func New(source Source) *Directory {
	return &Directory{
		source: source, accounts: map[string]*account{}, index: newIndex(nil),
		changed: make(chan struct{}), loaded: make(chan struct{}),
	}
}

// Run keeps the directory up to date until ctx ends, and returns nil then.
func (d *Directory) Run(ctx context.Context) error { return d.source.Follow(ctx, d.Take) }

// Take takes an update. An account that is known to a later position stays.
func (d *Directory) Take(update Update) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.incarnation != update.Incarnation {
		d.accounts, d.position, d.incarnation = map[string]*account{}, 0, update.Incarnation
		d.index = newIndex(nil)
	}
	for _, snapshot := range update.Accounts {
		if known := d.accounts[snapshot.GetAccountId()]; known == nil || known.GetPosition() < snapshot.GetPosition() {
			d.accounts[snapshot.GetAccountId()] = newAccount(snapshot)
		}
	}
	if len(update.Accounts) > 0 {
		d.index = newIndex(d.accounts)
	}
	d.position = max(d.position, update.Position)
	close(d.changed)
	d.changed = make(chan struct{})
	select {
	case <-d.loaded:
	default:
		close(d.loaded)
	}
}

// Loaded returns a channel that is closed once the directory knows anything.
func (d *Directory) Loaded() <-chan struct{} { return d.loaded }

// Current says whether the directory knows every revocation that has to be known by
// now. Where it does not, nobody should be let in by it.
func (d *Directory) Current() bool {
	select {
	case <-d.loaded:
		return d.source.Current()
	default:
		return false
	}
}

// Position returns the position up to which nothing is missing, and the incarnation
// of the log that it is a place in.
func (d *Directory) Position() (position uint64, incarnation string) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.position, d.incarnation
}

// WaitFor returns once the directory knows the record at a position, or with ctx's
// error.
func (d *Directory) WaitFor(ctx context.Context, position uint64) error {
	for {
		d.mu.RLock()
		at, changed := d.position, d.changed
		d.mu.RUnlock()
		if at >= position {
			return nil
		}
		d.source.Want(position)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// Since returns the accounts that have changed after a position, in the order in
// which they did, and the position that this shows.
func (d *Directory) Since(after uint64) (accounts []*queryv1.AccountSnapshot, position uint64) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, a := range d.accounts {
		if a.GetPosition() > after {
			accounts = append(accounts, a.AccountSnapshot)
		}
	}
	slices.SortFunc(accounts, func(a, b *queryv1.AccountSnapshot) int { return cmp.Compare(a.GetPosition(), b.GetPosition()) })
	return accounts, d.position
}

// Account returns everything that is set up for an account.
func (d *Directory) Account(id string) (*queryv1.AccountSnapshot, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if a := d.accounts[id]; a != nil {
		return a.AccountSnapshot, true
	}
	return nil, false
}

// account is an account with the ways to find what is in it.
type account struct {
	*queryv1.AccountSnapshot

	apps         map[string]*eventv1.AppConnected
	integrations map[string]*eventv1.IntegrationConnected
	widgets      map[string]*queryv1.Widget
	unhealthy    map[string]*queryv1.Unhealthy
	agents       map[string]*queryv1.Agent
}

func newAccount(s *queryv1.AccountSnapshot) *account {
	return &account{
		AccountSnapshot: s,
		apps:            by(s.GetApps(), (*eventv1.AppConnected).GetAppId),
		integrations:    by(s.GetIntegrations(), (*eventv1.IntegrationConnected).GetIntegrationId),
		widgets:         by(s.GetWidgets(), func(w *queryv1.Widget) string { return w.GetConfig().GetWidgetId() }),
		unhealthy:       by(s.GetUnhealthy(), (*queryv1.Unhealthy).GetIntegrationId),
		agents:          by(s.GetAgents(), (*queryv1.Agent).GetAgentId),
	}
}

// by returns things by their ids.
func by[T any](things []T, id func(T) string) map[string]T {
	found := make(map[string]T, len(things))
	for _, thing := range things {
		found[id(thing)] = thing
	}
	return found
}
