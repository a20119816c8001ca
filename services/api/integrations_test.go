package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/api"
	"weiche/services/channel"
	"weiche/services/router"
)

// providers answer for what administrators connect; said is the integration that they
// were last asked about, and says what they answer.
type providers struct {
	said  channel.Integration
	asked int
	says  error
}

func (p *providers) check(_ context.Context, i channel.Integration) error {
	p.said = i
	p.asked++
	return p.says
}

func newProviders(t *testing.T) (*stage, *providers) {
	p := &providers{}
	return newStage(t, func(c *api.Config) {
		c.Check = p.check
		c.Webhooks = api.Webhooks{
			Takes: func(channelName string) bool { return channelName != "echo" },
			URL:   func(channelName, app string) string { return "https://weiche.example/" + channelName + "/" + app },
			Last: func(_, app string) (time.Time, bool) {
				return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), app == "acme-wa"
			},
		}
	}), p
}

func (s *stage) administer(t *testing.T, method, body string) answer {
	return s.must(t, adminService+method, s.admin(), body)
}

const connection = `{"accountId":"acme","clientToken":%q,"app":{"id":"new-app","channel":"whatsapp","providerAppId":"7"},
	"integration":{"id":"second","channel":"whatsapp","appId":"new-app","providerAccountId":"101","address":"15550100002","name":"Second","accessToken":"s3cret-token"}}`

func TestConnectIntegration(t *testing.T) {
	s, p := newProviders(t)
	first := s.administer(t, "ConnectIntegration", fmt.Sprintf(connection, "c1"))
	if p.said.ProviderAccount != "101" || p.said.Token.Reveal() != "s3cret-token" || p.asked != 1 {
		t.Errorf("asked about %+v, %d times", p.said, p.asked)
	}
	verify := first.text("verifyToken")
	if len(verify) != 43 || first.text("integration.webhookUrl") != "https://weiche.example/whatsapp/new-app" || first.text("position") == "" {
		t.Errorf("connected: %v", first.values)
	}
	if stored, _, _ := s.keys.Secret("acme", router.OwnerApp("new-app"), router.SecretVerify); stored.Reveal() != verify {
		t.Error("the verify token that was told is not the one that counts")
	}
	// The same call again, as after an answer that was lost, tells the same.
	again := s.administer(t, "ConnectIntegration", fmt.Sprintf(connection, "c1"))
	if again.text("verifyToken") != verify || again.text("position") != first.text("position") {
		t.Errorf("again: %v", again.values)
	}
	s.want(t, "already_exists", "TOKEN_REUSED", adminService+"ConnectIntegration", s.admin(),
		strings.Replace(fmt.Sprintf(connection, "c1"), "Second", "Other", 1))
	// A token that somebody chose is not told, and what is not said keeps it.
	chosen := strings.Replace(fmt.Sprintf(connection, "c2"), `"providerAppId":"7"`, `"providerAppId":"7","verifyToken":"chosen"`, 1)
	if got := s.administer(t, "ConnectIntegration", chosen); got.text("verifyToken") != "" {
		t.Errorf("told %v", got.values)
	}
	if got := s.administer(t, "ConnectIntegration", fmt.Sprintf(connection, "c3")); got.text("verifyToken") != "" {
		t.Errorf("told %v", got.values)
	}
	if stored, _, _ := s.keys.Secret("acme", router.OwnerApp("new-app"), router.SecretVerify); stored.Reveal() != "chosen" {
		t.Error("a chosen verify token was replaced")
	}
	listed := s.administer(t, "ListIntegrations", fmt.Sprintf(`{"accountId":"acme","minPosition":%q}`, first.text("position")))
	if listed.text("integrations.1.integrationId") != "second" || listed.text("integrations.1.providerAccountId") != "101" ||
		listed.text("integrations.3.lastWebhookAt") != "2026-01-02T03:04:05Z" || listed.text("integrations.2.webhookUrl") != "" || listed.text("position") == "" {
		t.Errorf("listed: %v", listed.values)
	}
	if strings.Contains(fmt.Sprint(listed.values), "s3cret") {
		t.Error("a secret is listed")
	}
}

func TestConnectIntegrationRefuses(t *testing.T) {
	s, p := newProviders(t)
	said := func(outcome channel.Outcome, reason string, code int64) error {
		return &channel.SendError{Outcome: outcome, Detail: &eventv1.SendError{Reason: reason, Code: code}}
	}
	before := s.store.Durable()
	for _, c := range []struct {
		what, code, reason string
		says               error
	}{
		{"a wrong token", "failed_precondition", "CHANNEL_UNHEALTHY", said(channel.Unhealthy, "token_refused", 190)},
		{"another account", "failed_precondition", "CHANNEL_UNHEALTHY", said(channel.Unhealthy, "no_such_account", 0)},
		{"a missing permission", "failed_precondition", "CHANNEL_UNHEALTHY", said(channel.Unhealthy, "no_permission", 200)},
		{"a provider that is away", "unavailable", "UNAVAILABLE", said(channel.NotSent, "network", 0)},
		{"too many calls", "resource_exhausted", "RATE_LIMITED", &channel.SendError{Outcome: channel.NotSent, Limited: true, Detail: &eventv1.SendError{Reason: "rate_limited"}}},
	} {
		p.says = c.says
		got := s.want(t, c.code, c.reason, adminService+"ConnectIntegration", s.admin(), fmt.Sprintf(connection, "c1"))
		if word := got.text("details.0.debug.metadata.provider"); word == "" || c.what == "a wrong token" && (word != "token_refused" || got.text("details.0.debug.metadata.provider_code") != "190") {
			t.Errorf("%s: %v", c.what, got.values)
		}
	}
	p.says = nil
	checked := s.administer(t, "ConnectIntegration", strings.Replace(fmt.Sprintf(connection, "c1"), "{", `{"checkOnly":true,`, 1))
	if checked.text("position") != "" || checked.text("verifyToken") != "" || checked.text("integration.integrationId") != "second" {
		t.Errorf("checked: %v", checked.values)
	}
	for what, spoilt := range map[string]string{
		"no client token":                   strings.Replace(fmt.Sprintf(connection, "c1"), `"c1"`, `""`, 1),
		"no app":                            strings.Replace(fmt.Sprintf(connection, "c1"), `"app":{"id":"new-app","channel":"whatsapp","providerAppId":"7"},`, "", 1),
		"another app":                       strings.Replace(fmt.Sprintf(connection, "c1"), `"appId":"new-app"`, `"appId":"acme-wa"`, 1),
		"an id that is none":                strings.Replace(fmt.Sprintf(connection, "c1"), `"second"`, `"Second!"`, 1),
		"nothing":                           `{"accountId":"acme","clientToken":"c1"}`,
		"the number of another integration": strings.Replace(fmt.Sprintf(connection, "c1"), `"101"`, `"100"`, 1),
	} {
		if got := s.call(t, adminService+"ConnectIntegration", s.admin(), spoilt); got.reason() != "REASON_INVALID" {
			t.Errorf("%s: %v", what, got.values)
		}
	}
	s.want(t, "not_found", "NOT_FOUND", adminService+"ConnectIntegration", s.admin(), strings.Replace(fmt.Sprintf(connection, "c1"), "acme", "nobody", 1))
	s.want(t, "already_exists", "TAKEN", adminService+"ConnectIntegration", s.admin(),
		strings.NewReplacer(`"acme"`, `"other"`, `"101"`, `"100"`).Replace(fmt.Sprintf(connection, "c1")))
	if s.store.Durable() != before {
		t.Error("something was written")
	}
}

func TestCheckIntegration(t *testing.T) {
	s, p := newProviders(t)
	check := adminService + "CheckIntegration"
	if got := s.must(t, check, s.admin(), `{"accountId":"acme","integrationId":"wa"}`); got.get("integration.healthy") != true || p.said.Token != "" || p.said.ID != "wa" {
		t.Errorf("%v, asked about %+v", got.values, p.said)
	}
	p.says = &channel.SendError{Outcome: channel.Unhealthy, Detail: &eventv1.SendError{Reason: "token_refused", Code: 190}}
	got := s.must(t, check, s.admin(), `{"accountId":"acme","integrationId":"wa"}`)
	if got.get("integration.healthy") == true || got.text("integration.error.reason") != "token_refused" || got.text("integration.unhealthySince") == "" {
		t.Errorf("%v", got.values)
	}
	p.says = &channel.SendError{Outcome: channel.NotSent, Detail: &eventv1.SendError{Reason: "network"}}
	s.want(t, "unavailable", "UNAVAILABLE", check, s.admin(), `{"accountId":"acme","integrationId":"wa"}`)
	for _, id := range []string{"shop", "nothing", ""} {
		s.want(t, "not_found", "NOT_FOUND", check, s.admin(), fmt.Sprintf(`{"accountId":"acme","integrationId":%q}`, id))
	}
	s.want(t, "not_found", "NOT_FOUND", check, s.admin(), `{"accountId":"other","integrationId":"wa"}`)
}

func TestGetAccount(t *testing.T) {
	s, _ := newProviders(t)
	if got := s.administer(t, "GetAccount", `{"accountId":"acme"}`); got.text("name") != "Acme" || got.text("position") == "" {
		t.Errorf("%v", got.values)
	}
	s.want(t, "not_found", "NOT_FOUND", adminService+"GetAccount", s.admin(), `{"accountId":"nobody"}`)
	s.want(t, "invalid_argument", "INVALID", adminService+"GetAccount", s.admin(), `{"accountId":"acme","minPosition":"?"}`)
}

// TestAudit shows that the audit of an account is what was set up there, and nothing
// that anybody said.
func TestAudit(t *testing.T) {
	s, _ := newProviders(t)
	s.onPage(t)
	s.administer(t, "PutWidget", `{"accountId":"acme","clientToken":"w1","widget":{"id":"shop","site":"Acme Store"}}`)
	var types []string
	for after := "0"; ; {
		page := s.administer(t, "ListEvents", fmt.Sprintf(`{"accountId":"acme","limit":3,"after":%q}`, after))
		if page.length("events") == 0 {
			break
		}
		for at := range page.length("events") {
			types = append(types, page.text(fmt.Sprintf("events.%d.event.@type", at)))
			if page.text(fmt.Sprintf("events.%d.accountId", at)) != "acme" || !strings.HasPrefix(page.text(fmt.Sprintf("events.%d.stream", at)), "account-acme") {
				t.Errorf("in the audit: %v", page.get(fmt.Sprintf("events.%d", at)))
			}
			after = page.text(fmt.Sprintf("events.%d.position", at))
		}
	}
	if len(types) < 8 || !strings.HasSuffix(types[0], "AccountCreated") || !strings.HasSuffix(types[len(types)-1], "ChannelWithdrawn") {
		t.Errorf("the audit: %v", types)
	}
	if got := s.call(t, adminService+"ListEvents", s.admin(), `{"accountId":"nobody"}`); got.status != http.StatusNotFound {
		t.Errorf("%v", got.values)
	}
}

func TestRemoveIntegration(t *testing.T) {
	s, _ := newProviders(t)
	other := s.administer(t, "CreateApiKey", `{"accountId":"other","name":"Other","scopes":["setup:read","setup:write"],"clientToken":"k"}`).text("key")
	for _, call := range []string{
		`RemoveIntegration {"accountId":"acme","integrationId":"wa","clientToken":"x"}`, `CheckIntegration {"accountId":"acme","integrationId":"wa"}`,
		`ListIntegrations {"accountId":"acme"}`, `GetAccount {"accountId":"acme"}`, `ListWidgets {"accountId":"acme"}`,
		`PutWidget {"accountId":"acme","widget":{"id":"shop"},"clientToken":"x"}`, `MakeVisitorKey {"accountId":"acme","widgetId":"shop","clientToken":"x"}`,
		`RemoveVisitorKey {"accountId":"acme","widgetId":"shop","keyId":"a","clientToken":"x"}`, "ConnectIntegration " + fmt.Sprintf(connection, "x"),
	} {
		method, body, _ := strings.Cut(call, " ")
		s.want(t, "not_found", "NOT_FOUND", adminService+method, other, body)
	}
	s.want(t, "not_found", "NOT_FOUND", adminService+"RemoveIntegration", other, `{"integrationId":"wa","clientToken":"x"}`)
	if got := s.must(t, adminService+"GetAccount", other, `{}`); got.text("accountId") != "other" {
		t.Errorf("%v", got.values)
	}
	const body = `{"accountId":"acme","integrationId":"wa","clientToken":"r1"}`
	first := s.administer(t, "RemoveIntegration", body)
	if again := s.administer(t, "RemoveIntegration", body); first.text("position") == "" || again.text("position") != first.text("position") {
		t.Errorf("%v, again %v", first.values, again.values)
	}
	listed := s.administer(t, "ListIntegrations", fmt.Sprintf(`{"accountId":"acme","minPosition":%q}`, first.text("position")))
	if strings.Contains(fmt.Sprint(listed.values), "integrationId:wa") || listed.length("integrations") != 2 {
		t.Errorf("listed: %v", listed.values)
	}
	if got := s.administer(t, "ListWidgets", `{"accountId":"acme"}`); got.length("widgets.0.offers") != 1 {
		t.Errorf("a widget can offer %v", got.values)
	}
	for _, id := range []string{"wa", "nothing", "../x", ""} {
		s.want(t, "not_found", "NOT_FOUND", adminService+"RemoveIntegration", s.admin(), fmt.Sprintf(`{"accountId":"acme","integrationId":%q,"clientToken":"r2"}`, id))
	}
	s.want(t, "not_found", "NOT_FOUND", adminService+"RemoveIntegration", s.admin(), `{"accountId":"other","integrationId":"page","clientToken":"r2"}`)
	s.want(t, "invalid_argument", "INVALID", adminService+"RemoveIntegration", s.admin(), `{"accountId":"acme","integrationId":"shop","clientToken":"r2"}`)
	s.want(t, "invalid_argument", "INVALID", adminService+"RemoveIntegration", s.admin(), `{"accountId":"acme","integrationId":"page"}`)
	// The number can be connected again, by whomever.
	s.administer(t, "ConnectIntegration", strings.Replace(fmt.Sprintf(connection, "c9"), `"101"`, `"100"`, 1))
}
