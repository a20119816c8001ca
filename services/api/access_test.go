package api_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"weiche/services/api"
)

const goodPassword = "correct horse battery"

// team has an owner, an administrator and an agent who logs in.
func team(t *testing.T) *stage {
	t.Helper()
	return teamOf(t, newStage(t, nil))
}

// teamOf is the same on a stage of its own.
func teamOf(t *testing.T, s *stage) *stage {
	t.Helper()
	s.setup(t, "acme", `{"agents":[{"id":"olga","name":"Olga","role":"ROLE_OWNER","login":"olga@acme.example"},
		{"id":"adam","name":"Adam","role":"ROLE_ADMIN"},{"id":"eva","name":"Eva","login":"eva"}]}`)
	s.must(t, adminService+"SetPassword", s.admin(), fmt.Sprintf(`{"accountId":"acme","agentId":"eva","password":%q,"clientToken":"p"}`, goodPassword))
	return s
}

// cookie is the session of an answer, for the header Cookie.
func (a answer) cookie(t *testing.T) string {
	t.Helper()
	session := ""
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if !c.HttpOnly || c.Path != "/" || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("the cookie is %v", c)
		}
		if strings.HasSuffix(c.Name, "weiche-session") {
			session = c.Name + "=" + c.Value
		}
	}
	if session == "" {
		t.Fatalf("no session came: %v", a.header)
	}
	return session
}

func (s *stage) logIn(t *testing.T, login, password string, header ...string) answer {
	t.Helper()
	return s.call(t, accessService+"LogIn", "", fmt.Sprintf(`{"login":%q,"password":%q}`, login, password), header...)
}

func TestLogIn(t *testing.T) {
	s := team(t)
	for name, c := range map[string][2]string{
		"another password": {"eva", "incorrect horse battery"}, "nobody": {"zoe", goodPassword},
		"no password": {"olga@acme.example", goodPassword}, "nothing": {"", ""}, "half of it": {"eva", goodPassword[:12]},
	} {
		if got := s.logIn(t, c[0], c[1]); got.reason() != "REASON_WRONG_LOGIN" || got.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %v", name, got.values)
		}
	}
	first := s.logIn(t, " EVA", goodPassword)
	if first.text("agent.agentId") != "eva" || first.text("expiresAt") == "" {
		t.Fatalf("%v", first.values)
	}
	one := first.cookie(t)
	two := s.logIn(t, "eva", goodPassword).cookie(t)
	list := s.must(t, accessService+"ListSessions", "", `{}`, "Cookie", two)
	if list.length("sessions") != 2 || list.get("sessions.0.current") != true || list.get("sessions.1.current") == true {
		t.Errorf("%v", list.values)
	}
	// A cookie is for our own pages alone, and no cookie is ever read for a widget.
	if got := s.call(t, accessService+"ListSessions", "", `{}`, "Cookie", one, "Origin", shopPage); got.status != http.StatusForbidden {
		t.Errorf("another site's page is answered %d", got.status)
	}
	s.want(t, "unauthenticated", "UNAUTHENTICATED", widgetService+"GetTimeline", "", `{}`, "Cookie", one)
	// Another login in the place of a session ends that.
	three := s.logIn(t, "eva", goodPassword, "Cookie", one).cookie(t)
	s.want(t, "unauthenticated", "UNAUTHENTICATED", accessService+"ListSessions", "", `{}`, "Cookie", one)
	// The session that changes the password stays, the others end.
	s.want(t, "unauthenticated", "WRONG_LOGIN", accessService+"ChangePassword", "", `{"oldPassword":"no","newPassword":"another good password"}`, "Cookie", two)
	s.want(t, "invalid_argument", "INVALID", accessService+"ChangePassword", "", fmt.Sprintf(`{"oldPassword":%q,"newPassword":"short"}`, goodPassword), "Cookie", two)
	s.must(t, accessService+"ChangePassword", "", fmt.Sprintf(`{"oldPassword":%q,"newPassword":"another good password"}`, goodPassword), "Cookie", two)
	s.want(t, "unauthenticated", "UNAUTHENTICATED", accessService+"ListSessions", "", `{}`, "Cookie", three)
	s.must(t, accessService+"ListSessions", "", `{}`, "Cookie", two)
	if got := s.logIn(t, "eva", goodPassword); got.reason() != "REASON_WRONG_LOGIN" {
		t.Errorf("the old password: %v", got.values)
	}
	out := s.must(t, accessService+"LogOut", "", `{}`, "Cookie", two)
	if !strings.Contains(out.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("the cookie stays: %v", out.header)
	}
	s.want(t, "unauthenticated", "UNAUTHENTICATED", accessService+"ListSessions", "", `{}`, "Cookie", two)
	// Where the page comes over TLS, the cookie can be set by this host alone.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.server.URL+accessService+"LogIn",
		strings.NewReader(`{"login":"eva","password":"another good password"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "chat.acme.example"
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	proxied := s.logIn(t, "eva", "another good password", "X-Forwarded-For", "203.0.113.9")
	for _, c := range []string{resp.Header.Get("Set-Cookie"), proxied.header.Get("Set-Cookie")} {
		if !strings.HasPrefix(c, "__Host-weiche-session=ws_") || !strings.Contains(c, "; Secure") {
			t.Errorf("%q", c)
		}
	}
}

func TestGuessingIsLimited(t *testing.T) {
	s := newStage(t, func(c *api.Config) { c.Limits.LoginPerSecond, c.Limits.LoginBurst = 0.0001, 3 })
	for range 3 {
		s.want(t, "unauthenticated", "WRONG_LOGIN", accessService+"LogIn", "", `{"login":"eva","password":"incorrect horse"}`)
	}
	s.want(t, "resource_exhausted", "RATE_LIMITED", accessService+"LogIn", "", `{"login":"eva","password":"incorrect horse"}`)
}

// TestGuessingKeepsNobodyOut shows that an agent comes in by a browser that they have
// used before, while somebody else guesses their password, and that the cookie by which
// it is known gives nobody more guesses than that.
func TestGuessingKeepsNobodyOut(t *testing.T) {
	const burst = 3
	s := teamOf(t, newStage(t, func(c *api.Config) {
		c.Limits.LoginPerSecond, c.Limits.LoginBurst = 0.0001, burst
		c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}))
	address := 0
	// try is one from an address that nobody else has.
	try := func(login, password, device string) answer {
		address++
		header := []string{"X-Forwarded-For", fmt.Sprintf("203.0.113.%d", address)}
		if device != "" {
			header = append(header, "Cookie", "__Host-weiche-device="+device)
		}
		return s.call(t, accessService+"LogIn", "", fmt.Sprintf(`{"login":%q,"password":%q}`, login, password), header...)
	}
	device := ""
	for _, cookie := range (&http.Response{Header: try("eva", goodPassword, "").header}).Cookies() {
		if cookie.Name == "__Host-weiche-device" && cookie.HttpOnly && cookie.Secure {
			device = cookie.Value
		}
	}
	if device == "" {
		t.Fatal("the browser is not remembered")
	}
	guess := func(device string) {
		t.Helper()
		for range 2 * burst {
			if got := try("eva", "incorrect horse", device); got.reason() == "REASON_RATE_LIMITED" {
				return
			}
		}
		t.Errorf("whoever has the cookie %q guesses without an end", device)
	}
	guess("")
	for _, unknown := range []string{"", "made.up", strings.Replace(device, ".", "", 1)} {
		if got := try("eva", goodPassword, unknown); got.reason() != "REASON_RATE_LIMITED" {
			t.Errorf("by the cookie %q: %d %v", unknown, got.status, got.values)
		}
	}
	if got := try("eva", goodPassword, device); got.status != http.StatusOK {
		t.Errorf("the agent is kept out: %d %v", got.status, got.values)
	}
	guess(device)
	// It is good for one name.
	for range 2 * burst {
		try("ben", "incorrect horse", "")
	}
	if got := try("ben", "incorrect horse", device); got.reason() != "REASON_RATE_LIMITED" {
		t.Errorf("eva's browser guesses for ben: %d %v", got.status, got.values)
	}
}

// Nobody changes who may do more, or gives anybody more than they have.
func TestNobodyGivesMoreThanTheyHave(t *testing.T) {
	s := team(t)
	olga, adam := s.session(t, "acme", "olga"), s.session(t, "acme", "adam")
	forbidden := func(call, token, body string) {
		t.Helper()
		s.want(t, "permission_denied", "FORBIDDEN", adminService+call, token, body)
	}
	for _, token := range []string{adam} {
		forbidden("PutAgent", token, `{"agent":{"id":"olga","name":"Olga","role":"ROLE_AGENT"},"clientToken":"1"}`)
		forbidden("PutAgent", token, `{"agent":{"id":"adam","name":"Adam","role":"ROLE_OWNER"},"clientToken":"2"}`)
		forbidden("ApplySetup", token, `{"setup":{"agents":[{"id":"new","name":"New","role":"ROLE_OWNER"}]}}`)
		forbidden("RemoveAgent", token, `{"agentId":"olga","clientToken":"3"}`)
		forbidden("SetPassword", token, `{"agentId":"olga","password":"a long enough password","clientToken":"4"}`)
		forbidden("MakeLoginLink", token, `{"agentId":"olga","clientToken":"5"}`)
		forbidden("EndAgentSession", token, fmt.Sprintf(`{"sessionId":%q,"clientToken":"6"}`, s.sessionID(t, olga)))
		forbidden("CreateApiKey", token, `{"name":"k","scopes":["owners:write"],"clientToken":"7"}`)
	}
	s.must(t, adminService+"PutAgent", adam, `{"agent":{"id":"eva","name":"Eva","role":"ROLE_ADMIN"},"clientToken":"8"}`)
	s.must(t, adminService+"PutAgent", olga, `{"agent":{"id":"adam","name":"Adam","role":"ROLE_OWNER"},"clientToken":"9"}`)
	// A key may do what its maker may, and no more by what it makes.
	made := s.must(t, adminService+"CreateApiKey", olga, `{"name":"access","scopes":["access:write","access:read"],"clientToken":"10"}`)
	key := made.text("key")
	if same := s.must(t, adminService+"CreateApiKey", olga, `{"name":"access","scopes":["access:write","access:read"],"clientToken":"10"}`); same.text("key") != key {
		t.Error("the same call made another key")
	}
	forbidden("CreateApiKey", key, `{"name":"k","scopes":["setup:write"],"clientToken":"11"}`)
	forbidden("MakeLoginLink", key, `{"agentId":"eva","clientToken":"12"}`)
	s.want(t, "invalid_argument", "INVALID", adminService+"CreateApiKey", olga, `{"name":"k","scopes":["everything"],"clientToken":"13"}`)
	_, _ = s.WaitForSetup(t.Context(), s.store.Durable()) // nobody waits for the note that it was used
	listed := s.must(t, adminService+"ListApiKeys", "", `{}`, "Authorization", basic("anybody", key))
	if listed.length("apiKeys") != 1 || listed.text("apiKeys.0.createdBy") != "agent/olga" || listed.text("apiKeys.0.usedAt") == "" {
		t.Errorf("%v", listed.values)
	}
	s.must(t, adminService+"RevokeApiKey", olga, fmt.Sprintf(`{"keyId":%q,"clientToken":"14"}`, made.text("apiKey.keyId")))
	s.want(t, "unauthenticated", "UNAUTHENTICATED", adminService+"ListApiKeys", key, `{}`)
	// Another account is not there, whatever it is called.
	s.want(t, "not_found", "NOT_FOUND", adminService+"ListAgents", olga, `{"accountId":"other"}`)
	s.want(t, "not_found", "NOT_FOUND", adminService+"ListAgents", olga, `{"accountId":"nowhere"}`)
	s.want(t, "not_found", "NOT_FOUND", adminService+"ListEvents", olga, `{"accountId":"other"}`)
	s.want(t, "not_found", "NOT_FOUND", adminService+"ApplySetup", olga, `{"accountId":"other","setup":{"name":"Mine"}}`)
	// A login is one agent's of all accounts.
	s.want(t, "already_exists", "TAKEN", adminService+"ApplySetup", s.admin(), `{"accountId":"other","setup":{"agents":[{"id":"eva","name":"Eva","login":"eva"}]}}`)
	s.must(t, adminService+"RemoveAgent", olga, `{"agentId":"eva","clientToken":"15"}`)
	s.must(t, adminService+"ApplySetup", s.admin(), `{"accountId":"other","setup":{"agents":[{"id":"eva","name":"Eva","login":"eva"}]}}`)
}

func TestSignedVisitorsOnly(t *testing.T) {
	s := newStage(t, nil)
	device := s.visitor(t, "shop")
	s.must(t, widgetService+"SendMessage", device, `{"text":"hello","clientToken":"1"}`)
	s.setup(t, "acme", fmt.Sprintf(`{"widgets":[{"id":"shop","site":"Acme Shop","origins":["https://shop.example"],"signedVisitorsOnly":true,"visitorKeys":[{"id":"k1","secret":%q}]}]}`, siteKey))
	s.want(t, "unauthenticated", "UNAUTHENTICATED", widgetService+"OpenSession", "", `{"widgetId":"shop"}`)
	s.want(t, "unauthenticated", "UNAUTHENTICATED", widgetService+"OpenSession", "", `{"widgetId":"shop","visitorToken":"x.y.z"}`)
	s.want(t, "unauthenticated", "UNAUTHENTICATED", widgetService+"GetTimeline", device, `{}`)
	s.must(t, widgetService+"GetTimeline", s.signedIn(t, "shop", "k1", siteKey, "7", soon(), ""), `{}`)
}

// P3: what somebody said on a device before they signed in is theirs on every device,
// and nobody's on that one once they have signed out.
func TestADeviceThatSignsIn(t *testing.T) {
	s := newStage(t, nil)
	s.setup(t, "acme", fmt.Sprintf(`{"widgets":[{"id":"shop","site":"Acme Shop","origins":["https://shop.example"],"visitorKeys":[{"id":"k1","secret":%q}]}]}`, siteKey))
	device := s.visitor(t, "shop")
	said := s.must(t, widgetService+"SendMessage", device, `{"text":"hello","clientToken":"1"}`)
	s.signedIn(t, "shop", "k1", siteKey, "7", soon(), device)
	if err := s.views.WaitFor(t.Context(), s.store.Durable()); err != nil {
		t.Fatal(err)
	}
	elsewhere := s.signedIn(t, "shop", "k1", siteKey, "7", soon(), "")
	got := s.must(t, widgetService+"GetTimeline", elsewhere, `{}`)
	if got.text("conversationId") != said.text("conversationId") || got.length("lines") != 1 {
		t.Errorf("%v", got.values)
	}
	s.must(t, widgetService+"EndSession", elsewhere, `{}`)
	s.want(t, "unauthenticated", "UNAUTHENTICATED", widgetService+"GetTimeline", elsewhere, `{}`)
	s.want(t, "unauthenticated", "UNAUTHENTICATED", widgetService+"GetTimeline", device, `{}`)
	next := s.must(t, widgetService+"OpenSession", device, `{"widgetId":"shop"}`).text("sessionToken")
	if got := s.must(t, widgetService+"GetTimeline", next, `{}`); got.get("conversationId") != nil || got.length("lines") != 0 {
		t.Errorf("whoever has the device next reads %v", got.values)
	}
	// Their own conversation ends for the device too where agents are asked whose it is.
	s.must(t, widgetService+"SendMessage", next, `{"text":"me too","clientToken":"1"}`)
	s.signedIn(t, "shop", "k1", siteKey, "7", soon(), next)
	s.want(t, "unauthenticated", "UNAUTHENTICATED", widgetService+"GetTimeline", next, `{}`)
	// A session in which nothing was said goes on: there is nothing to find in it.
	unused := s.visitor(t, "shop")
	s.signedIn(t, "shop", "k1", siteKey, "7", soon(), unused)
	if got := s.must(t, widgetService+"GetTimeline", unused, `{}`); got.length("lines") != 0 {
		t.Errorf("a session in which nothing was said reads %v", got.values)
	}
}

// I22: another secret under the same id is another key.
func TestAChangedKeyEndsItsSessions(t *testing.T) {
	s := newStage(t, nil)
	const widget = `{"widgets":[{"id":"shop","site":"Acme Shop","origins":["https://shop.example"],"visitorKeys":[{"id":"k1","secret":%q}]}]}`
	s.setup(t, "acme", fmt.Sprintf(widget, siteKey))
	ana := s.signedIn(t, "shop", "k1", siteKey, "7", soon(), "")
	s.must(t, widgetService+"SendMessage", ana, `{"text":"hello","clientToken":"1"}`)
	if err := s.views.WaitFor(t.Context(), s.store.Durable()); err != nil {
		t.Fatal(err)
	}
	// The same person on another device sees the same, and somebody else does not.
	if got := s.must(t, widgetService+"GetTimeline", s.signedIn(t, "shop", "k1", siteKey, "7", soon(), ""), `{}`); got.length("lines") != 1 {
		t.Errorf("%v", got.values)
	}
	if got := s.must(t, widgetService+"GetTimeline", s.signedIn(t, "shop", "k1", siteKey, "8", soon(), ""), `{}`); got.length("lines") != 0 {
		t.Errorf("%v", got.values)
	}
	s.setup(t, "acme", fmt.Sprintf(widget, strings.ToUpper(siteKey)))
	s.want(t, "unauthenticated", "UNAUTHENTICATED", widgetService+"GetTimeline", ana, `{}`)
}

// soon is when the word of a site ends.
func soon() time.Time { return time.Now().Add(time.Hour) }

// basic is a key as a program says it that knows no Bearer.
func basic(name, key string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+key))
}

func FuzzSecrets(f *testing.F) {
	f.Add("wk_abc_" + strings.Repeat("A", 43))
	f.Add("wl_acme." + strings.Repeat("A", 43))
	f.Add("Basic eDp3a19hX0E=")
	f.Add("Bearer wk__")
	f.Fuzz(func(t *testing.T, text string) {
		if id, hash, ok := api.ParseAPIKey(text); ok && (len(hash) != 32 || !strings.HasPrefix(text, "wk_"+id+"_")) {
			t.Fatalf("%q is the key %q", text, id)
		}
		if account, hash, ok := api.ParseLoginLink(text); ok && (len(hash) != 32 || !strings.HasPrefix(text, "wl_"+account+".")) {
			t.Fatalf("%q is a link of %q", text, account)
		}
		if token := api.TokenIn(text); token != "" && !strings.Contains(text, " ") {
			t.Fatalf("%q has the token %q", text, token)
		}
	})
}
