package api

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/netip"
	"slices"
	"strings"

	"connectrpc.com/connect/v2"

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

// agent is who calls the workspace.
type agent struct{ account, id string }

type agentKey struct{}

// callingAgent returns who calls, as requireAgent has found out.
func callingAgent(ctx context.Context) agent {
	return ctx.Value(agentKey{}).(agent)
}

// requireAgent lets agents pass that the set-up has.
func (s *server) requireAgent(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		who, ok := s.callingBackend(ctx)
		if !ok {
			who, ok = s.agentOf(s.localBearer(ctx))
		}
		if !ok {
			return errUnauthenticated
		}
		return next(context.WithValue(ctx, agentKey{}, who), spec, stream)
	}
}

// agentOf returns whose token it is, if it is that of an agent whom the set-up has.
func (s *server) agentOf(token string) (agent, bool) {
	account, id, ok := parseAgentToken(token)
	if !ok || !equal(token, AgentToken(s.Keys, account, id).Reveal()) {
		return agent{}, false
	}
	_, ok = s.Queries.Agent(account, id)
	return agent{account, id}, ok
}

// requireAdmin lets the administrator pass.
func (s *server) requireAdmin(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		if !equal(s.localBearer(ctx), AdminToken(s.Keys).Reveal()) {
			return errUnauthenticated
		}
		return next(ctx, spec, stream)
	}
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// localBearer returns the token of a call from this machine; empty for others,
// unless those are allowed. What a proxy on this machine passes on is not from
// this machine.
func (s *server) localBearer(ctx context.Context) string {
	info, ok := connect.CallInfoForServerContext(ctx)
	if !ok {
		return ""
	}
	header := info.RequestHeader()
	return s.bearerFrom(info.PeerAddr, header.Has, header.Get("Authorization"))
}

// bearerFrom returns the token in the value of an Authorization header, where it
// comes from a peer whose tokens count.
func (s *server) bearerFrom(peer string, has func(header string) bool, authorization string) string {
	if !s.AllowRemoteTokens && (!isLoopback(peer) || slices.ContainsFunc([]string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"}, has)) {
		return ""
	}
	return bearer(authorization)
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
	return append([]string{domainAgent, domainAdmin, domainUpload, keyring.CodeDomain()}, widget.Domains()...)
}
