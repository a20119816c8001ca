package query

import (
	"context"
	"encoding/hex"
	"sync"
	"time"

	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/channel"
)

func (s *Server) password(ctx context.Context, who asked, q *queryv1.GetPasswordRequest) (*queryv1.GetPasswordResponse, error) {
	hash, _, err := s.Log.Password(ctx, who.account, q.GetAgentId(), q.GetPasswordId())
	return &queryv1.GetPasswordResponse{Hash: hash.Reveal()}, err
}

func (s *Server) visitorKey(ctx context.Context, who asked, q *queryv1.GetVisitorKeyRequest) (*queryv1.GetVisitorKeyResponse, error) {
	secret, _, err := s.Log.VisitorKey(ctx, who.account, q.GetWidgetId(), q.GetKeyId())
	return &queryv1.GetVisitorKeyResponse{Secret: secret.Reveal()}, err
}

func (s *Server) visitorEnded(ctx context.Context, who asked, q *queryv1.GetVisitorEndedRequest) (*queryv1.GetVisitorEndedResponse, error) {
	ended, err := s.Log.VisitorEnded(ctx, who.account, q.GetHash())
	return &queryv1.GetVisitorEndedResponse{Ended: ended}, err
}

// Password returns a password of an agent as argon2id made it.
func (c *Client) Password(ctx context.Context, account, agentID, passwordID string) (channel.Secret, bool, error) {
	said, err := ask[queryv1.GetPasswordResponse](ctx, c, account, "password",
		&queryv1.GetPasswordRequest{AgentId: agentID, PasswordId: passwordID})
	return channel.Secret(said.GetHash()), said.GetHash() != "", err
}

// VisitorKey returns the secret by which a site signs who its visitors are.
func (c *Client) VisitorKey(ctx context.Context, account, widgetID, keyID string) (channel.Secret, bool, error) {
	said, err := ask[queryv1.GetVisitorKeyResponse](ctx, c, account, "visitor-key",
		&queryv1.GetVisitorKeyRequest{WidgetId: widgetID, KeyId: keyID})
	return channel.Secret(said.GetSecret()), said.GetSecret() != "", err
}

// VisitorEnded says whether a visitor's session was ended. That it was not is believed
// for half a minute.
func (c *Client) VisitorEnded(ctx context.Context, account string, hash []byte) (bool, error) {
	name := account + " " + hex.EncodeToString(hash)
	if c.live.has(name, time.Now()) {
		return false, nil
	}
	said, err := ask[queryv1.GetVisitorEndedResponse](ctx, c, account, "visitor-ended", &queryv1.GetVisitorEndedRequest{Hash: hash})
	if err == nil && !said.GetEnded() {
		c.live.put(name, time.Now())
	}
	return said.GetEnded(), err
}

// How long, and how many, sessions are believed not to have ended.
const (
	liveFor = 30 * time.Second
	maxLive = 50_000
)

// live are sessions of visitors that had not ended when they were asked for.
type live struct {
	mu    sync.Mutex
	since map[string]time.Time
}

func (l *live) has(name string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	since, ok := l.since[name]
	return ok && now.Sub(since) < liveFor
}

func (l *live) put(name string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.since == nil || len(l.since) >= maxLive {
		l.since = map[string]time.Time{}
	}
	l.since[name] = now
}
