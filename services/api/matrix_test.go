package api_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/api"
	"weiche/services/channel"
	"weiche/services/widget"
)

// access gives a command about who may come in.
func (s *stage) access(t testing.TB, account string, command *ingressv1.AgentCommand) {
	t.Helper()
	answer, err := s.give(t.Context(), channel.Source{Kind: channel.KindAgent, Account: account, ID: "access"},
		&ingressv1.Batch{Items: []*ingressv1.Item{{Kind: &ingressv1.Item_Agent{Agent: command}}}})
	if err != nil || answer.GetItems()[0].GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		t.Fatalf("%v, %v", answer, err)
	}
	_, _ = s.WaitForSetup(t.Context(), answer.GetItems()[0].GetPosition())
}

// secret makes a secret and its hash.
func secret() (text string, hash []byte) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	sum := sha256.Sum256(raw)
	return base64.RawURLEncoding.EncodeToString(raw), sum[:]
}

// session logs an agent in by a link.
func (s *stage) session(t testing.TB, account, agent string) (token string) {
	t.Helper()
	_, link := secret()
	text, hash := secret()
	s.access(t, account, &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_MakeLoginLink{
		MakeLoginLink: &ingressv1.MakeLoginLink{ForAgentId: agent, Hash: link},
	}})
	s.access(t, account, &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_OpenSession{
		OpenSession: &ingressv1.OpenSession{LinkHash: link, Hash: hash},
	}})
	return "ws_" + text
}

// sessionID returns the id of the session of a token.
func (s *stage) sessionID(t testing.TB, token string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, "ws_"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(raw)
	_, _, opened, ok := s.Session(sum[:])
	if !ok {
		t.Fatal("there is no such session")
	}
	return opened.GetSessionId()
}

// key makes an API key.
func (s *stage) keyOf(t testing.TB, account string, ends time.Time, scopes ...string) (id, token string) {
	t.Helper()
	text, hash := secret()
	id = fmt.Sprintf("%x", hash[:6])
	made := &ingressv1.CreateApiKey{KeyId: id, Name: "key", Hash: hash, Scopes: scopes}
	if !ends.IsZero() {
		made.ExpiresAt = timestamppb.New(ends)
	}
	s.access(t, account, &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_CreateApiKey{CreateApiKey: made}})
	return id, "wk_" + id + "_" + text
}

// jwtOf is the word of the site for who a visitor is.
func jwtOf(t testing.TB, keyID, key, aud, external string, ends time.Time) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(key)},
		(&jose.SignerOptions{}).WithHeader("kid", keyID))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(map[string]any{
		"scope": "user", "external_id": external, "aud": aud, "exp": ends.Unix(), "name": "Ana",
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// signedIn opens the session of a visitor whom the site has signed in.
func (s *stage) signedIn(t testing.TB, widgetID, keyID, key, external string, ends time.Time, device string) string {
	t.Helper()
	return s.must(t, widgetService+"OpenSession", device,
		fmt.Sprintf(`{"widgetId":%q,"visitorToken":%q}`, widgetID, jwtOf(t, keyID, key, widgetID, external, ends))).text("sessionToken")
}

// caller is one column of the matrix.
type caller struct {
	name string
	// token makes the token; it is made anew where a call would use it up.
	token func() string
	held  string
	// visitor, agent, key or operator; nothing where the token does not count.
	kind   string
	scopes []string
}

// consumes are the calls that end the token that they come with.
var consumes = []string{widgetService + "EndSession", accessService + "LogOut"}

const siteKey = "a secret of the site, 32 bytes at least"

// I20, I21, I22: every call and every route, for every sort of caller. What is asked for
// is malformed or about nothing: who may ask is told so, and nobody else is told more
// than that they may not.
func TestI20EveryRouteForEveryCaller(t *testing.T) {
	g := newGallery(t)
	s := g.stage
	s.setup(t, "acme", fmt.Sprintf(`{"widgets":[{"id":"shop","site":"Acme Shop","origins":["https://shop.example"],"visitorKeys":[{"id":"k1","secret":%q},{"id":"k2","secret":%q}]}],
		"agents":[{"id":"olga","name":"Olga","role":"ROLE_OWNER"},{"id":"adam","name":"Adam","role":"ROLE_ADMIN"},
		{"id":"audrey","name":"Audrey","role":"ROLE_AUDITOR"},{"id":"max","name":"Max"}]}`, siteKey, siteKey))
	agent := func(id string, role eventv1.Role) caller {
		return caller{name: "a session of " + id, token: func() string { return s.session(t, "acme", id) }, kind: "agent", scopes: api.Scopes(role)}
	}
	fixed := func(name, token string) caller { return caller{name: name, token: func() string { return token }} }

	revoked := s.session(t, "acme", "olga")
	s.access(t, "acme", &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_EndSession{EndSession: &ingressv1.EndSession{SessionId: s.sessionID(t, revoked)}}})
	left := s.session(t, "acme", "max")
	s.access(t, "acme", &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_RemoveAgent{RemoveAgent: &ingressv1.RemoveAgent{RemovedAgentId: "max"}}})
	revokedID, revokedKey := s.keyOf(t, "acme", time.Time{}, api.Scopes(eventv1.Role_ROLE_OWNER)...)
	s.access(t, "acme", &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_RevokeApiKey{RevokeApiKey: &ingressv1.RevokeApiKey{KeyId: revokedID}}})
	_, expiredKey := s.keyOf(t, "acme", time.Now().Add(time.Hour), api.Scopes(eventv1.Role_ROLE_OWNER)...)
	id, whole := s.keyOf(t, "acme", time.Time{}, api.Scopes(eventv1.Role_ROLE_OWNER)...)
	text, _ := secret()
	over := s.signedIn(t, "shop", "k1", siteKey, "7", time.Now().Add(time.Hour), "")
	withdrawn := s.signedIn(t, "shop", "k2", siteKey, "7", time.Now().Add(time.Hour), "")
	g.now = g.now.Add(2 * time.Hour)
	ended := s.visitor(t, "shop")
	s.must(t, widgetService+"EndSession", ended, `{}`)
	endedSigned := s.signedIn(t, "shop", "k1", siteKey, "7", g.now.Add(time.Hour), "")
	s.must(t, widgetService+"EndSession", endedSigned, `{}`)
	s.must(t, adminService+"RemoveVisitorKey", s.admin(), `{"accountId":"acme","widgetId":"shop","keyId":"k2","clientToken":"1"}`)

	callers := []caller{
		fixed("nobody", ""),
		fixed("nonsense", "x"),
		fixed("a forged visitor", widget.NewSession(forger{}, "acme", "shop").Token().Reveal()),
		fixed("a visitor of a widget that is not", widget.NewSession(s.keys, "acme", "gone").Token().Reveal()),
		fixed("a visitor of another account's widget", widget.NewSession(s.keys, "other", "shop").Token().Reveal()),
		fixed("a visitor whose session was ended", ended),
		fixed("a signed visitor whose session was ended", endedSigned),
		fixed("a signed visitor whose time is over", over),
		fixed("a signed visitor whose key is gone", withdrawn),
		fixed("a signed visitor, forged", widget.NewSignedSession(forger{}, "acme", "shop", widget.SignIn{ExternalID: "7", KeyID: "k1", ExpiresAt: g.now.Add(time.Hour)}).Token().Reveal()),
		fixed("a session that was revoked", revoked),
		fixed("a session of who has left", left),
		fixed("a session that nobody opened", "ws_"+text),
		fixed("a key that was revoked", revokedKey),
		fixed("a key that has expired", expiredKey),
		fixed("a key with another secret", "wk_"+id+"_"+text),
		fixed("a key under another name", strings.Replace(whole, id, "a"+id[1:], 1)+"A"),
		fixed("an agent whom nobody has", api.AgentToken(s.keys, "acme", "zoe").Reveal()),
		fixed("half an agent's token", s.eva()[:len(s.eva())-10]),
		fixed("an operator, forged", "wz_"+text),

		{name: "a visitor", token: func() string { return s.visitor(t, "shop") }, kind: "visitor"},
		{name: "a signed visitor", token: func() string { return s.signedIn(t, "shop", "k1", siteKey, "7", g.now.Add(time.Hour), "") }, kind: "visitor"},
		agent("olga", eventv1.Role_ROLE_OWNER),
		agent("adam", eventv1.Role_ROLE_ADMIN),
		agent("eva", eventv1.Role_ROLE_AGENT),
		agent("audrey", eventv1.Role_ROLE_AUDITOR),
		{name: "an operator", token: s.admin, kind: "operator"},
	}
	for _, scope := range api.Scopes(eventv1.Role_ROLE_OWNER) {
		callers = append(callers, caller{
			name: "a key with " + scope, kind: "key", scopes: []string{scope},
			token: func() string { _, token := s.keyOf(t, "acme", time.Time{}, scope); return token },
		})
	}
	actions := map[string]bool{} // to whether it answers with a stream
	for procedure, streams := range procedures(t) {
		actions[procedure] = streams
	}
	rules := api.Rules()
	for action := range rules {
		if _, ok := actions[action]; !ok && strings.Contains(action, "{") || strings.Contains(action, "/v1/") && !strings.Contains(action, "weiche.") || strings.HasPrefix(action, "GET /") {
			actions[action] = false
		}
	}
	tried, refused, forbidden := 0, 0, 0
	for action, streams := range actions {
		row, ok := rules[action]
		if strings.HasPrefix(action, operationsService) {
			continue // it is served elsewhere: TestOperators
		}
		if !ok {
			t.Errorf("nobody says who may do %s", action)
			continue
		}
		for at := range callers {
			c := &callers[at]
			if c.held == "" || slices.Contains(consumes, action) {
				c.held = c.token()
			}
			token := c.held
			if slices.Contains(consumes, action) {
				c.held = ""
			}
			tried++
			reason := s.reason(t, action, streams, token)
			want := "let in"
			switch may := map[string]bool{"visitor": row.Visitors, "agent": row.People, "key": row.Keys, "operator": row.Operators}; {
			case row.Open:
			case !may[c.kind]:
				want = "REASON_UNAUTHENTICATED"
				refused++
			case row.Scope != "" && (c.kind == "agent" || c.kind == "key") && !slices.Contains(c.scopes, row.Scope):
				want = "REASON_FORBIDDEN"
				forbidden++
			}
			got := reason
			if got != "REASON_UNAUTHENTICATED" && got != "REASON_FORBIDDEN" || row.Open {
				got = "let in"
			}
			if got != want {
				t.Errorf("%s: %s is told %q and not %q", action, c.name, reason, want)
			}
		}
	}
	if tried < 2000 || refused < 500 || forbidden < 200 {
		t.Errorf("%d were tried, %d refused and %d forbidden: that is not the matrix", tried, refused, forbidden)
	}
	// What has lived its time is refused everywhere.
	old := s.session(t, "acme", "olga")
	g.now = g.now.Add(8 * 24 * time.Hour)
	for action, row := range rules {
		if row.People && strings.HasPrefix(action, "/") && !strings.HasSuffix(action, "/Subscribe") {
			if got := s.reason(t, action, false, old); got != "REASON_UNAUTHENTICATED" {
				t.Errorf("%s: a session that has expired is told %q", action, got)
			}
		}
	}
}

// reason does something and returns why it was refused.
func (s *stage) reason(t *testing.T, action string, streams bool, token string) string {
	t.Helper()
	if strings.HasPrefix(action, "/weiche.") {
		return s.attempt(t, action, streams, token).reason()
	}
	method, path, ok := strings.Cut(action, " ")
	if !ok {
		method, path = http.MethodPost, action
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.server.URL+strings.ReplaceAll(path, "{token}", "x"), bytes.NewReader(nil))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	for _, reason := range []string{"REASON_UNAUTHENTICATED", "REASON_FORBIDDEN"} {
		if strings.Contains(string(body), reason) {
			return reason
		}
	}
	if resp.StatusCode == http.StatusNotFound && strings.Contains(string(body), "404 page") {
		t.Errorf("%s is not served", action)
	}
	return ""
}
