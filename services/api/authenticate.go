package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/channel"
)

// The forms of secrets that are random: ws_<secret> of a session, wl_<secret> of a
// login link, wk_<id>_<secret> of an API key. What is written down is a hash.
const (
	sessionPrefix = "ws_"
	linkPrefix    = "wl_"
	keyPrefix     = "wk_"
	visitorPrefix = "wv_"

	secretSize = 32
	keyIDSize  = 12
)

// maxLogin is the longest name by which an agent logs in.
const maxLogin = 128

// loginLinkFor is how long a login link can be used, which the router says too.
const loginLinkFor = time.Hour

// parseSecret reads a secret behind its prefix and returns its SHA-256. It has one
// form.
func parseSecret(prefix, token string) (hash []byte, ok bool) {
	text, ok := strings.CutPrefix(token, prefix)
	if !ok || len(text) != tokenEncoding.EncodedLen(secretSize) || strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	secret, err := tokenEncoding.DecodeString(text)
	if err != nil {
		return nil, false
	}
	sum := sha256.Sum256(secret)
	return sum[:], true
}

// parseAPIKey reads an API key, and returns its id and the SHA-256 of its secret.
func parseAPIKey(token string) (id string, hash []byte, ok bool) {
	text, ok := strings.CutPrefix(token, keyPrefix)
	id, _, sure := strings.Cut(text, "_")
	if !ok || !sure || id == "" || len(id) > 32 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return "", nil, false
	}
	hash, ok = parseSecret(keyPrefix+id+"_", token)
	return id, hash, ok
}

// token returns what a request says in its header: a Bearer token, or a key as the
// password of Basic, whatever the name.
func tokenIn(authorization string) string {
	if token := bearer(authorization); token != "" {
		return token
	}
	scheme, text, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return ""
	}
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	_, password, _ := strings.Cut(string(plain), ":")
	if !strings.HasPrefix(password, keyPrefix) {
		return "" // the others are no passwords
	}
	return password
}

// authenticated finds out who calls, before anything else is done for them. Cookies
// are read here and nowhere else.
func (s *server) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := actor{}
		if b, ok := r.Context().Value(backendKey{}).(backend); ok {
			a = s.backendOf(b)
		} else if a = s.authenticate(r); a.kind == nobody && !s.addresses.allow(s.caller(r)) {
			s.refuseRequest(w, r, errRateLimited)
			return
		}
		if a.kind == anAgent || a.kind == aKey {
			if !s.callers.allow(a.remembered()) {
				s.refuseRequest(w, r, errRateLimited)
				return
			}
		}
		if a.kind == aKey {
			s.used(r.Context(), a)
		}
		next.ServeHTTP(w, r.WithContext(as(r.Context(), a)))
	})
}

// authenticate turns a request into who calls: by the header, and else by the cookie.
func (s *server) authenticate(r *http.Request) actor {
	if authorization := r.Header.Get("Authorization"); authorization != "" {
		return s.actorOf(tokenIn(authorization), s.bearerOf(r))
	}
	if cookie, err := r.Cookie(sessionCookie(r)); err == nil {
		return s.sessionOf(cookie.Value)
	}
	return actor{}
}

// actorOf returns whose token it is. local is the same where it comes from this
// machine.
func (s *server) actorOf(token, local string) actor {
	switch {
	case strings.HasPrefix(token, keyPrefix):
		return s.keyOf(token)
	case strings.HasPrefix(token, sessionPrefix):
		return s.sessionOf(token)
	case local != "" && equal(local, AdminToken(s.Keys).Reveal()):
		return actor{kind: anOperator}
	}
	return s.agentOf(local)
}

// sessionOf returns whose session a token is.
func (s *server) sessionOf(token string) actor {
	hash, ok := parseSecret(sessionPrefix, token)
	if !ok {
		return actor{}
	}
	account, agent, opened, ok := s.Queries.Session(hash)
	if !ok || !s.Now().Before(opened.GetExpiresAt().AsTime()) {
		return actor{}
	}
	return actor{
		kind: anAgent, account: account, id: agent.GetAgentId(), scopes: roles[agent.GetRole()], agent: agent,
		session: opened, ends: opened.GetExpiresAt().AsTime(),
	}
}

// keyOf returns the API key that a token is.
func (s *server) keyOf(token string) actor {
	id, hash, ok := parseAPIKey(token)
	if !ok {
		return actor{}
	}
	account, key, ok := s.Queries.APIKey(hash)
	if !ok || key.GetKey().GetKeyId() != id {
		return actor{}
	}
	return s.keyActor(account, key)
}

// keyActor returns who acts by a key; nobody where it has ended by itself.
func (s *server) keyActor(account string, key *queryv1.ApiKey) actor {
	a := actor{kind: aKey, account: account, id: "key/" + key.GetKey().GetKeyId(), key: key}
	if end := key.GetKey().GetExpiresAt(); end != nil {
		if a.ends = end.AsTime(); !s.Now().Before(a.ends) {
			return actor{}
		}
	}
	for _, name := range key.GetKey().GetScopes() {
		a.scopes = append(a.scopes, scope(name))
	}
	return a
}

// stands says whether what an actor came in by still counts: an open stream asks at
// least every half minute. Role and scopes are those of now.
func (s *server) stands(ctx context.Context, a actor) (actor, bool) {
	switch {
	case a.kind == nobody, !a.ends.IsZero() && !s.Now().Before(a.ends):
		return actor{}, false
	case a.kind == aVisitor:
		return a, s.admits(ctx, a.visit)
	case a.kind == aKey && a.key != nil:
		account, key, ok := s.Queries.APIKey(a.key.GetKey().GetHash())
		return a, ok && account == a.account && key.GetKey().GetKeyId() == a.key.GetKey().GetKeyId()
	case a.kind == anAgent && a.session != nil:
		account, agent, _, ok := s.Queries.Session(a.session.GetHash())
		if !ok || account != a.account || agent.GetAgentId() != a.id {
			return actor{}, false
		}
		a.agent, a.scopes = agent, roles[agent.GetRole()]
	}
	return a, true
}

// used notes that a key is used, on the first call of a day. That it cannot be noted
// keeps nobody out.
func (s *server) used(ctx context.Context, a actor) {
	day := s.Now().UTC().Truncate(24 * time.Hour)
	if !a.key.GetUsedAt().AsTime().Before(day) || !s.noting.allow(a.remembered()) {
		return
	}
	command := &ingressv1.AgentCommand{
		AgentId: a.by(), Deadline: s.deadline(),
		Command: &ingressv1.AgentCommand_UseApiKey{UseApiKey: &ingressv1.UseApiKey{KeyId: a.key.GetKey().GetKeyId()}},
	}
	from := channel.Source{Kind: channel.KindAgent, Account: a.account, ID: instanceAccess}
	if _, err := s.ask(ctx, from, &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: command}}); err != nil {
		s.Logger.Warn("the use of a key could not be noted", "account", a.account, "key", a.id, "error", err)
	}
}

// The cookie of a session. Browsers keep its name to what was set by this very host
// over TLS; over plain HTTP on this machine they take no Secure cookie with that name
// everywhere, so it has another one there.
const (
	secureCookie = "__Host-weiche-session"
	localCookie  = "weiche-session"
)

// sessionCookie returns the name of the cookie for a request. A proxy may name this
// machine as the host of pages that come from elsewhere.
func sessionCookie(r *http.Request) string {
	if r.TLS == nil && isLoopback(hostPort(r.Host)) && !passedOn(r) {
		return localCookie
	}
	return secureCookie
}

func hostPort(host string) string {
	if strings.HasPrefix(host, "localhost") {
		host = strings.Replace(host, "localhost", "127.0.0.1", 1)
	}
	if at := strings.LastIndexByte(host, ':'); at < 0 || strings.HasSuffix(host, "]") {
		host += ":80"
	}
	return host
}

// cookieOf returns the cookie that something is kept in, or that ends it where the
// token is empty.
func cookieOf(name, token string, ends time.Time) *http.Cookie {
	c := &http.Cookie{
		Name: name, Value: token, Path: "/", HttpOnly: true, Secure: strings.HasPrefix(name, "__Host-"),
		SameSite: http.SameSiteLaxMode, Expires: ends,
	}
	if token == "" {
		c.Expires, c.MaxAge = time.Time{}, -1
	}
	return c
}
