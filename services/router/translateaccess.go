package router

import (
	"fmt"
	"slices"
	"strings"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/keyring"
)

// access translates what is asked for about who may come in. Who asks is part of the
// audit.
func (t *translation) access(a *ingressv1.AgentCommand) (conversation.Command, error) {
	by := a.GetAgentId()
	switch c := a.GetCommand().(type) {
	case *ingressv1.AgentCommand_SetPassword:
		return t.password(by, c.SetPassword)
	case *ingressv1.AgentCommand_MakeLoginLink:
		return &conversation.MakeLoginLink{
			Header: t.header, AgentID: c.MakeLoginLink.GetForAgentId(), By: by, Hash: c.MakeLoginLink.GetHash(),
		}, nil
	case *ingressv1.AgentCommand_OpenSession:
		return &conversation.OpenSession{
			Header: t.header, AgentID: c.OpenSession.GetOfAgentId(), PasswordID: c.OpenSession.GetPasswordId(),
			LinkHash: c.OpenSession.GetLinkHash(), Hash: c.OpenSession.GetHash(), Ended: c.OpenSession.GetEndedSessionId(),
		}, nil
	case *ingressv1.AgentCommand_EndSession:
		return &conversation.EndSession{
			Header: t.header, SessionID: c.EndSession.GetSessionId(), By: by, Logout: c.EndSession.GetLogout(),
		}, nil
	case *ingressv1.AgentCommand_CreateApiKey:
		return &conversation.CreateAPIKey{
			Header: t.header, KeyID: c.CreateApiKey.GetKeyId(), Name: c.CreateApiKey.GetName(), By: by,
			Hash: c.CreateApiKey.GetHash(), Scopes: c.CreateApiKey.GetScopes(), ExpiresAt: timeOf(c.CreateApiKey.GetExpiresAt()),
		}, nil
	case *ingressv1.AgentCommand_UseApiKey:
		return &conversation.UseAPIKey{Header: t.header, KeyID: c.UseApiKey.GetKeyId()}, nil
	case *ingressv1.AgentCommand_RevokeApiKey:
		return &conversation.RevokeAPIKey{Header: t.header, KeyID: c.RevokeApiKey.GetKeyId(), By: by}, nil
	}
	return nil, fmt.Errorf("the agent's command is not known")
}

// password gives a password an id. The keyring holds it under that before the log
// names it, and it counts once the log does.
func (t *translation) password(by string, c *ingressv1.SetPassword) (conversation.Command, error) {
	if !strings.HasPrefix(c.GetPasswordHash(), "$argon2id$") {
		return nil, fmt.Errorf("the password was not hashed by argon2id")
	}
	account, agent, id := t.source.Account, c.GetOfAgentId(), t.engine.newID(t.header.Now)
	t.entry.prepare = func() error {
		held, err := t.engine.keys.Secrets(account, OwnerAgent(agent), SecretPassword)
		if err != nil {
			return err
		}
		values := []string{id + passwordMark + c.GetPasswordHash()}
		for _, before := range held {
			if values = append(values, before.Reveal()); len(values) == heldPasswords {
				break
			}
		}
		return t.engine.keys.PutSecrets(account, OwnerAgent(agent), SecretPassword, values)
	}
	return &conversation.SetPassword{
		Header: t.header, AgentID: agent, By: by, PasswordID: id, Kept: c.GetKeptSessionId(),
	}, nil
}

// SecretPassword is the field under which the keyring holds the passwords of an
// agent, each behind its id: the last, which the log may not name yet, and the one
// before.
const SecretPassword = "password"

const (
	passwordMark  = " "
	heldPasswords = 2
)

// OwnerAgent names an agent as the owner of secrets.
func OwnerAgent(id string) string { return "agent/" + id }

// Password returns a password of an agent as argon2id made it, and false where the
// keyring does not hold it.
func Password(keys *keyring.Keyring, account, agentID, passwordID string) (channel.Secret, bool, error) {
	held, err := keys.Secrets(account, OwnerAgent(agentID), SecretPassword)
	if err != nil || passwordID == "" {
		return "", false, err
	}
	at := slices.IndexFunc(held, func(s channel.Secret) bool { return strings.HasPrefix(s.Reveal(), passwordID+passwordMark) })
	if at < 0 {
		return "", false, nil
	}
	return channel.Secret(strings.TrimPrefix(held[at].Reveal(), passwordID+passwordMark)), true, nil
}
