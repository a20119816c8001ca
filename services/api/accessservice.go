package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"
	"time"

	"weiche/proto/gen/weiche/workspace/v1/workspacev1connect"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/password"
)

// accessService is how agents log in and out.
type accessService struct {
	workspacev1connect.UnimplementedAccessServiceHandler
	*server
}

// newSecret returns a secret of 256 random bits and its SHA-256.
func newSecret(prefix string) (token string, hash []byte) {
	var secret [secretSize]byte
	_, _ = rand.Read(secret[:]) // it never fails, it ends the process
	sum := sha256.Sum256(secret[:])
	return prefix + tokenEncoding.EncodeToString(secret[:]), sum[:]
}

// LogIn opens a session by a password. Who is not there takes as long as who is.
func (s *accessService) LogIn(ctx context.Context, req *workspacev1.LogInRequest) (*workspacev1.LogInResponse, error) {
	name := strings.ToLower(strings.TrimSpace(req.GetLogin()))
	if len(name) > maxLogin || len(req.GetPassword()) > 4*password.Most {
		return nil, errWrongLogin
	}
	if !s.guesses.allow(callerOf(ctx)) || !s.guesses.allow(s.guessing(ctx, name)) {
		return nil, errRateLimited
	}
	account, agent, _ := s.Queries.Login(name)
	hash, err := s.passwordOf(ctx, account, agent)
	if err != nil {
		return nil, err
	}
	ok, old, err := s.Passwords.Matches(ctx, req.GetPassword(), hash)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errWrongLogin
	}
	opened, err := s.open(ctx, account, &ingressv1.OpenSession{OfAgentId: agent.GetAgentId(), PasswordId: agent.GetPasswordId()})
	if err != nil {
		return nil, err
	}
	s.remember(ctx, name)
	if old {
		s.hashAgain(ctx, opened, req.GetPassword())
	}
	return &workspacev1.LogInResponse{Agent: agentOf(opened.agent), ExpiresAt: opened.session.GetExpiresAt()}, nil
}

// passwordOf returns the hash of an agent's password; empty where there is none.
func (s *server) passwordOf(ctx context.Context, account string, agent *queryv1.Agent) (string, error) {
	if agent.GetPasswordId() == "" {
		return "", nil
	}
	hash, _, err := s.Queries.Password(ctx, account, agent.GetAgentId(), agent.GetPasswordId())
	return hash.Reveal(), err
}

// hashAgain gives a password that has just been checked a hash of today's cost. That it
// cannot be done keeps nobody out.
func (s *server) hashAgain(ctx context.Context, a actor, plain string) {
	if err := s.setPassword(ctx, a.account, a.by(), a.id, plain, "", a.session.GetSessionId()); err != nil {
		s.Logger.Warn("a password could not be hashed again", "account", a.account, "agent", a.id, "error", err)
	}
}

// LogInByLink opens a session by a link that is good once.
func (s *accessService) LogInByLink(ctx context.Context, req *workspacev1.LogInByLinkRequest) (*workspacev1.LogInByLinkResponse, error) {
	if !s.guesses.allow(callerOf(ctx)) {
		return nil, errRateLimited
	}
	opened, err := s.openByLink(ctx, req.GetLinkToken())
	if err != nil {
		return nil, err
	}
	return &workspacev1.LogInByLinkResponse{Agent: agentOf(opened.agent), ExpiresAt: opened.session.GetExpiresAt()}, nil
}

// openByLink opens a session by the secret of a link, which names its account.
func (s *server) openByLink(ctx context.Context, token string) (actor, error) {
	account, hash, ok := s.parseLoginLink(token)
	if !ok {
		return actor{}, errWrongLogin
	}
	return s.open(ctx, account, &ingressv1.OpenSession{LinkHash: hash})
}

// open opens a session, in the place of the one of the call, and sets its cookie.
func (s *server) open(ctx context.Context, account string, command *ingressv1.OpenSession) (actor, error) {
	token, hash := newSecret(sessionPrefix)
	command.Hash = hash
	before := callingAgent(ctx)
	if before.kind == anAgent && before.account == account {
		command.EndedSessionId = before.session.GetSessionId()
	}
	by := ""
	if command.GetOfAgentId() != "" {
		by = "agent/" + command.GetOfAgentId()
	}
	_, err := s.askAccess(ctx, account, by, &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_OpenSession{OpenSession: command}})
	if err != nil {
		return actor{}, err
	}
	if before.session != nil && before.account != account {
		// What was open in another account ends too.
		_, _ = s.askAccess(ctx, before.account, before.by(), endSession(before.session.GetSessionId(), true))
	}
	opened := s.sessionOf(token)
	if opened.kind == nobody {
		return actor{}, errWrongLogin // it was ended meanwhile
	}
	setCookie(ctx, token, opened.ends)
	return opened, nil
}

func endSession(id string, logout bool) *ingressv1.AgentCommand {
	return &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_EndSession{
		EndSession: &ingressv1.EndSession{SessionId: id, Logout: logout},
	}}
}

// setCookie sets the cookie of the answer; an empty token ends it.
func setCookie(ctx context.Context, token string, ends time.Time) {
	way := wayOf(ctx)
	http.SetCookie(way.writer, cookieOf(way.cookie, token, ends))
}

// LogOut ends the session of the call.
func (s *accessService) LogOut(ctx context.Context, _ *workspacev1.LogOutRequest) (*workspacev1.LogOutResponse, error) {
	a := callingAgent(ctx)
	if a.session != nil {
		if _, err := s.askAccess(ctx, a.account, a.by(), endSession(a.session.GetSessionId(), true)); err != nil && err != errNotFound {
			return nil, err
		}
	}
	setCookie(ctx, "", time.Time{})
	return &workspacev1.LogOutResponse{}, nil
}

// ChangePassword gives the caller another password.
func (s *accessService) ChangePassword(ctx context.Context, req *workspacev1.ChangePasswordRequest) (*workspacev1.ChangePasswordResponse, error) {
	a := callingAgent(ctx)
	if !s.guesses.allow("change " + a.remembered()) {
		return nil, errRateLimited
	}
	if a.agent.GetPasswordId() != "" && !a.session.GetByLink() {
		hash, err := s.passwordOf(ctx, a.account, a.agent)
		if err != nil {
			return nil, err
		}
		if ok, _, err := s.Passwords.Matches(ctx, req.GetOldPassword(), hash); err != nil || !ok {
			return nil, cmp.Or(err, errWrongLogin)
		}
	}
	if err := s.setPassword(ctx, a.account, a.by(), a.id, req.GetNewPassword(), "", a.session.GetSessionId()); err != nil {
		return nil, err
	}
	return &workspacev1.ChangePasswordResponse{}, nil
}

// domainSalt is the domain of the hashes that are salts of passwords.
const domainSalt = "password-salt"

// setPassword hashes a password and gives it to an agent. The salt follows from the
// client token where there is one, so that the same call again is the same.
func (s *server) setPassword(ctx context.Context, account, by, agentID, plain, token, kept string) error {
	if password.Check(plain) != nil {
		return invalid("a password has 12 to 128 characters")
	}
	salt := []byte(rand.Text())[:password.SaltSize]
	if token != "" {
		salt = s.Keys.Hash(domainSalt, account, by, agentID, token)[:password.SaltSize]
	}
	hash, err := s.Passwords.Hash(ctx, plain, salt)
	if err != nil {
		return err
	}
	_, err = s.askAccess(ctx, account, by, &ingressv1.AgentCommand{
		ClientToken: token,
		Command: &ingressv1.AgentCommand_SetPassword{SetPassword: &ingressv1.SetPassword{
			OfAgentId: agentID, PasswordHash: hash, KeptSessionId: kept,
		}},
	})
	return err
}

// ListSessions returns the caller's sessions.
func (s *accessService) ListSessions(ctx context.Context, _ *workspacev1.ListSessionsRequest) (*workspacev1.ListSessionsResponse, error) {
	a := callingAgent(ctx)
	return &workspacev1.ListSessionsResponse{Sessions: s.sessionsOf(a.agent, a.session.GetSessionId())}, nil
}

// sessionsOf returns the sessions of an agent that count, the newest first.
func (s *server) sessionsOf(agent *queryv1.Agent, current string) []*workspacev1.Session {
	var sessions []*workspacev1.Session
	for _, opened := range slices.Backward(agent.GetSessions()) {
		if s.Now().Before(opened.GetExpiresAt().AsTime()) {
			sessions = append(sessions, &workspacev1.Session{
				SessionId: opened.GetSessionId(), OpenedAt: opened.GetOpenedAt(), ExpiresAt: opened.GetExpiresAt(),
				Current: opened.GetSessionId() == current,
			})
		}
	}
	return sessions
}

// EndSession ends one of the caller's sessions. Somebody else's is not there.
func (s *accessService) EndSession(ctx context.Context, req *workspacev1.EndSessionRequest) (*workspacev1.EndSessionResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err != nil {
		return nil, err
	}
	a := callingAgent(ctx)
	if !slices.ContainsFunc(a.agent.GetSessions(), func(o *queryv1.AgentSession) bool { return o.GetSessionId() == req.GetSessionId() }) {
		return nil, errNotFound
	}
	command := endSession(req.GetSessionId(), false)
	command.ClientToken = token
	if _, err := s.askAccess(ctx, a.account, a.by(), command); err != nil {
		return nil, err
	}
	return &workspacev1.EndSessionResponse{}, nil
}

// way is how a call came in, for what a call by Connect cannot see.
type way struct {
	writer http.ResponseWriter
	caller string
	cookie string
	// device is the cookie of the browser, without a value where there is none.
	device http.Cookie
}

type wayKey struct{}

func wayOf(ctx context.Context) way {
	w, _ := ctx.Value(wayKey{}).(way)
	return w
}

// callerOf returns the address that a call comes from.
func callerOf(ctx context.Context) string { return wayOf(ctx).caller }
