package directory

import (
	"maps"
	"slices"
)

// index leads from what is unique over all accounts to the account that has it. Where
// two have the same it is the first of them.
type index struct {
	apps, widgets map[string]*account
	// origins are those that some widget lists.
	origins map[string]bool
	// sessions and keys lead from the SHA-256 of a secret to whom it lets in, logins
	// from a name.
	sessions map[string]session
	keys     map[string]key
	logins   map[string]person
	// providers are the connected accounts of providers.
	providers map[provider]*account
}

// provider names an account of a provider.
type provider struct{ channel, account string }

func newIndex(accounts map[string]*account) index {
	i := index{
		apps: map[string]*account{}, widgets: map[string]*account{},
		origins: map[string]bool{}, providers: map[provider]*account{},
		sessions: map[string]session{}, keys: map[string]key{}, logins: map[string]person{},
	}
	for _, id := range slices.Sorted(maps.Keys(accounts)) {
		a := accounts[id]
		for app := range a.apps {
			first(i.apps, app, a)
		}
		for id, widget := range a.widgets {
			first(i.widgets, id, a)
			for _, origin := range widget.GetConfig().GetOrigins() {
				i.origins[origin] = true
			}
		}
		for _, agent := range a.GetAgents() {
			if agent.GetLogin() != "" {
				first(i.logins, agent.GetLogin(), person{a, agent})
			}
			for _, opened := range agent.GetSessions() {
				i.sessions[string(opened.GetHash())] = session{person{a, agent}, opened}
			}
		}
		for _, made := range a.GetApiKeys() {
			i.keys[string(made.GetKey().GetHash())] = key{a, made}
		}
		for _, connected := range a.integrations {
			first(i.providers, provider{connected.GetChannel(), connected.GetProviderAccountId()}, a)
		}
	}
	return i
}

func first[K comparable, V any](of map[K]V, key K, a V) {
	if _, taken := of[key]; !taken {
		of[key] = a
	}
}
