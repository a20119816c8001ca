package api

import (
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"weiche/services/channel"
	"weiche/services/keyring"
	"weiche/services/widget"
)

// The forms of tokens: wa_<account|agent>.<mac> and wz_<mac>.
const (
	agentPrefix = "wa_"
	adminPrefix = "wz_"
)

// The domains of the hashes that are tokens. A change of one ends all tokens.
const (
	domainAgent = "agent-token"
	domainAdmin = "admin-token"
)

// tokenEncoding is strict, so that a token has one form.
var tokenEncoding = base64.RawURLEncoding.Strict()

// AgentToken returns the token of an agent of an account. It is always the same:
// it ends when the set-up no longer has the agent.
func AgentToken(keys keyring.Hasher, account, agentID string) channel.Secret {
	who := tokenEncoding.EncodeToString([]byte(account + "|" + agentID))
	mac := tokenEncoding.EncodeToString(keys.Hash(domainAgent, account, agentID))
	return channel.Secret(agentPrefix + who + "." + mac)
}

// AdminToken returns the token of the installation's administrator. It is always
// the same.
func AdminToken(keys keyring.Hasher) channel.Secret {
	return channel.Secret(adminPrefix + tokenEncoding.EncodeToString(keys.Hash(domainAdmin)))
}

// parseAgentToken returns whom a token claims to be, without believing it.
func parseAgentToken(token string) (account, agentID string, ok bool) {
	text, ok := strings.CutPrefix(token, agentPrefix)
	who, _, dot := strings.Cut(text, ".")
	if !ok || !dot || strings.ContainsAny(who, "\r\n") {
		return "", "", false
	}
	plain, err := tokenEncoding.DecodeString(who)
	if err != nil {
		return "", "", false
	}
	account, agentID, ok = strings.Cut(string(plain), "|")
	return account, agentID, ok && isSetupID(account) && isSetupID(agentID)
}

// agentOf returns whose token it is, if it is that of an agent whom the set-up has.
func (s *server) agentOf(token string) actor {
	account, id, ok := parseAgentToken(token)
	if !ok || !equal(token, AgentToken(s.Keys, account, id).Reveal()) {
		return actor{}
	}
	snapshot, ok := s.Queries.Account(account)
	if !ok {
		return actor{}
	}
	for _, agent := range snapshot.GetAgents() {
		if agent.GetAgentId() == id {
			return actor{kind: anAgent, account: account, id: id, scopes: roles[agent.GetRole()], agent: agent}
		}
	}
	return actor{}
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// bearerOf returns the token of a request whose tokens of this machine count: it comes
// from here, unless others are allowed. What a proxy on this machine passes on is not
// from this machine.
func (s *server) bearerOf(r *http.Request) string {
	if !s.AllowRemoteTokens && (!isLoopback(r.RemoteAddr) || passedOn(r)) {
		return ""
	}
	return bearer(r.Header.Get("Authorization"))
}

// passedOn says whether a proxy has passed a request on.
func passedOn(r *http.Request) bool {
	return slices.ContainsFunc([]string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"}, func(header string) bool {
		return r.Header.Get(header) != ""
	})
}

// bearer returns the token in the value of an Authorization header.
func bearer(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

func isLoopback(peer string) bool {
	host, _, err := net.SplitHostPort(peer)
	if err != nil {
		return false
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

// Domains are those whose hashes the API asks its keys for: a process without the
// keyring is given the keys of these and no others.
func Domains() []string {
	return append([]string{
		domainAgent, domainAdmin, domainUpload, domainVerify, domainVisitorKeyID, domainVisitorKey, domainSalt,
		domainLoginLink, domainDevice, domainAPIKeyID, domainAPIKey, keyring.CodeDomain(), keyring.FingerprintDomain(),
	}, widget.Domains()...)
}
