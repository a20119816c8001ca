package directory

import queryv1 "weiche/proto/gen/weiche/query/v1"

// person is an agent with their account, session one of their sessions, and key an API
// key with its account.
type (
	person struct {
		account *account
		agent   *queryv1.Agent
	}
	session struct {
		person
		opened *queryv1.AgentSession
	}
	key struct {
		account *account
		made    *queryv1.ApiKey
	}
)

// Session returns whose session has a secret with this SHA-256. Whether it has ended by
// itself is for the caller to say.
func (d *Directory) Session(hash []byte) (account string, agent *queryv1.Agent, opened *queryv1.AgentSession, ok bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	found, ok := d.index.sessions[string(hash)]
	return found.account.name(), found.agent, found.opened, ok
}

// APIKey returns the API key whose secret has this SHA-256. Whether it has ended by
// itself is for the caller to say.
func (d *Directory) APIKey(hash []byte) (account string, key *queryv1.ApiKey, ok bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	found, ok := d.index.keys[string(hash)]
	return found.account.name(), found.made, ok
}

// Login returns the agent who logs in under a name.
func (d *Directory) Login(name string) (account string, agent *queryv1.Agent, ok bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	found, ok := d.index.logins[name]
	return found.account.name(), found.agent, ok
}
