package conversation

import (
	"strings"
	"time"
	"unicode/utf8"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// The bounds of an account's API keys.
const (
	maxKeys    = 200
	maxKeyName = 64 // characters
	maxScopes  = 32
)

// CreateAPIKey lets a program in.
type CreateAPIKey struct {
	Header
	KeyID, Name, By string
	// Hash is the SHA-256 of the key's secret.
	Hash      []byte
	Scopes    []string
	ExpiresAt time.Time
}

// UseAPIKey says that a key was used.
type UseAPIKey struct {
	Header
	KeyID string
}

// RevokeAPIKey ends a key.
type RevokeAPIKey struct {
	Header
	KeyID, By string
}

// keyActs begins the id under which an API key acts: what follows is the key's.
const keyActs = "key/"

// acts refuses what is asked for by somebody whom the account does not know: an agent,
// or an API key as key/<id>.
func (d *decider) acts(id string) error {
	keyID, isKey := strings.CutPrefix(id, keyActs)
	if !isKey {
		_, err := d.agent(id)
		return err
	}
	if _, ok := d.accessOf().access.Keys[keyID]; !ok {
		return refuse(notFound, "there is no such key")
	}
	return nil
}

func (d *decider) createAPIKey(c *CreateAPIKey) error {
	a := d.accessOf()
	_, taken := a.access.Keys[c.KeyID]
	live := 0
	for _, key := range a.access.Keys {
		if !key.ended(d.head.Now) {
			live++
		}
	}
	switch n := utf8.RuneCountInString(c.Name); {
	case a.account().Version == 0:
		return refuse(notFound, "there is no such account")
	case !isID(c.KeyID) || len(c.KeyID) > 32 || len(c.Hash) != hashSize || taken:
		return refuse(invalid, "the key is malformed")
	case n < 1 || n > maxKeyName || !utf8.ValidString(c.Name):
		return refuse(invalid, "a key has a name of 1 to 64 characters")
	case len(c.Scopes) < 1 || len(c.Scopes) > maxScopes:
		return refuse(invalid, "a key has at least one scope")
	case past(c.ExpiresAt, d.head.Now):
		return refuse(invalid, "the key would have ended already")
	case live >= maxKeys:
		return refuse(invalid, "an account has at most 200 keys")
	}
	a.emit(a.stream, &eventv1.ApiKeyCreated{
		KeyId: c.KeyID, Name: c.Name, Hash: c.Hash, Scopes: c.Scopes, ExpiresAt: stamp(c.ExpiresAt), By: c.By,
	})
	return nil
}

// useAPIKey notes the use of a key, at most once a day.
func (d *decider) useAPIKey(c *UseAPIKey) error {
	a := d.accessOf()
	key, ok := a.access.Keys[c.KeyID]
	if !ok {
		return refuse(notFound, "there is no such key")
	}
	if day := d.head.Now.UTC().Truncate(24 * time.Hour); day.After(key.UsedAt) {
		a.emit(a.stream, &eventv1.ApiKeyUsed{KeyId: c.KeyID, At: stamp(day)})
	}
	return nil
}

func (d *decider) revokeAPIKey(c *RevokeAPIKey) error {
	a := d.accessOf()
	if _, ok := a.access.Keys[c.KeyID]; !ok {
		return refuse(notFound, "there is no such key")
	}
	a.emit(a.stream, &eventv1.ApiKeyRevoked{KeyId: c.KeyID, By: c.By})
	return nil
}
