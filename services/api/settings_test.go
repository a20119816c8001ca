package api_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/api"
	"weiche/services/channel"
)

// TestSettingsVersions shows that who changes a widget or an integration from settings
// that somebody else has changed meanwhile is told so and by whom, and that callers
// who name no version go on as ever.
func TestSettingsVersions(t *testing.T) {
	s, _ := newProviders(t)
	keys := map[string]string{}
	for _, name := range []string{"Mia", "Ben"} {
		made := s.administer(t, "CreateApiKey", fmt.Sprintf(`{"accountId":"acme","name":%q,"scopes":["setup:read","setup:write"],"clientToken":%q}`, name, name))
		keys[name] = made.text("key")
	}
	seen := func(list, path string) string {
		return s.must(t, adminService+list, keys["Mia"], `{}`).text(path + ".version")
	}
	widget := func(token, seen, site string) string {
		return fmt.Sprintf(`{"clientToken":%q,"widget":{"id":"shop","site":%q,"offers":["wa"],"seenVersion":%q}}`, token, site, seen)
	}
	integration := func(token, seen, name string) string {
		return fmt.Sprintf(`{"clientToken":%q,"integration":{"id":"wa","channel":"whatsapp","appId":"acme-wa","providerAccountId":"100","name":%q,"seenVersion":%q}}`, token, name, seen)
	}
	for _, c := range []struct {
		method, list, path, at string
		body                   func(token, seen, name string) string
	}{
		{"PutWidget", "ListWidgets", "widgets.0", "widget", widget},
		{"ConnectIntegration", "ListIntegrations", "integrations.2", "integration", integration},
	} {
		first := seen(c.list, c.path)
		put := s.must(t, adminService+c.method, keys["Mia"], c.body("m1 of "+c.method, first, "Mia's"))
		if now := seen(c.list, c.path); first == "" || now == first || put.text(c.at+".version") != now {
			t.Fatalf("%s: the version was %q, is %q, and was told as %q", c.method, first, now, put.text(c.at+".version"))
		}
		got := s.want(t, "aborted", "SETTINGS_CHANGED", adminService+c.method, keys["Ben"], c.body("b1 of "+c.method, first, "Ben's"))
		told := "details.0.debug.metadata."
		if got.text(told+"version") != seen(c.list, c.path) || got.text(told+"changed_at") == "" ||
			!strings.HasPrefix(got.text(told+"changed_by"), "key/") || got.text(told+"changed_by") != put.text(c.at+".changedBy") {
			t.Errorf("%s: %v after %v", c.method, got.values, put.values)
		}
		// The same call again, as after an answer that was lost, is no conflict with itself.
		if again := s.must(t, adminService+c.method, keys["Mia"], c.body("m1 of "+c.method, first, "Mia's")); again.text("position") != put.text("position") {
			t.Errorf("%s again: %v", c.method, again.values)
		}
		s.must(t, adminService+c.method, keys["Ben"], c.body("b2 of "+c.method, got.text(told+"version"), "Ben's"))
		s.must(t, adminService+c.method, keys["Mia"], c.body("m2 of "+c.method, "", "Mia's after all"))
	}
}

// TestMadeMeanwhile shows that who makes a widget or an integration that must not be there
// yet overwrites none that somebody else has made meanwhile, and is told who has.
func TestMadeMeanwhile(t *testing.T) {
	s, _ := newProviders(t)
	for method, body := range map[string]string{
		"PutWidget":          `{"accountId":"acme","clientToken":%q,"widget":{"id":"chat","site":%q,"seenVersion":"0"}}`,
		"ConnectIntegration": `{"accountId":"acme","clientToken":%q,"integration":{"id":"wa-2","channel":"whatsapp","appId":"acme-wa","providerAccountId":"101","name":%q,"seenVersion":"0"}}`,
	} {
		made := s.administer(t, method, fmt.Sprintf(body, "m1 of "+method, "Mia's"))
		if again := s.administer(t, method, fmt.Sprintf(body, "m1 of "+method, "Mia's")); again.text("position") != made.text("position") {
			t.Errorf("%s again: %v", method, again.values)
		}
		got := s.want(t, "aborted", "SETTINGS_CHANGED", adminService+method, s.admin(), fmt.Sprintf(body, "b1 of "+method, "Ben's"))
		if got.text("details.0.debug.metadata.changed_by") != "operator" || got.text("details.0.debug.metadata.version") == "" {
			t.Errorf("%s: %v", method, got.values)
		}
	}
}

// TestVersionIsOfWhatIsBesideIt shows that where somebody else changes an integration
// before the answer is there, its version comes with their settings: a change that is
// made from it overwrites nothing that was not seen.
func TestVersionIsOfWhatIsBesideIt(t *testing.T) {
	s, _ := newProviders(t)
	connect := func(token, name string) answer {
		return s.administer(t, "ConnectIntegration", fmt.Sprintf(
			`{"accountId":"acme","clientToken":%q,"integration":{"id":"wa","channel":"whatsapp","appId":"acme-wa","providerAccountId":"100","name":%q}}`, token, name))
	}
	s.publish = func(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
		said, err := s.give(ctx, from, batch)
		s.publish = nil
		connect("b", "Ben's")
		return said, err
	}
	mia := connect("m", "Mia's")
	now := s.administer(t, "ListIntegrations", `{"accountId":"acme"}`)
	if mia.text("integration.version") != now.text("integrations.2.version") || mia.text("integration.name") != "Ben's" {
		t.Errorf("Mia was told %v, and it is %v", mia.get("integration"), now.get("integrations.2"))
	}
}

// TestOneAccountGetsIt shows that of two accounts that connect one account of a
// provider, or take one id, in the same moment and by two processes, one gets it: the
// log decides, whoever of them the processes let through.
func TestOneAccountGetsIt(t *testing.T) {
	type wish struct{ app, number string }
	for what, wishes := range map[string]map[string]wish{
		"a number":  {"acme": {"mine", "900"}, "other": {"theirs", "900"}},
		"an app id": {"acme": {"ours", "901"}, "other": {"ours", "902"}},
	} {
		t.Run(what, func(t *testing.T) {
			var config api.Config
			s := newStage(t, func(c *api.Config) { config = *c })
			// Both have found nobody who has it before either asks the router.
			var both sync.WaitGroup
			both.Add(len(wishes))
			s.publish = func(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
				both.Done()
				both.Wait()
				return s.give(ctx, from, batch)
			}
			second := &stage{server: httptest.NewServer(everything(config))}
			defer second.server.Close()
			var ended sync.WaitGroup
			answers := make(chan answer, len(wishes))
			for account, process := range map[string]*stage{"acme": s, "other": second} {
				w := wishes[account]
				ended.Go(func() {
					answers <- process.call(t, adminService+"ConnectIntegration", s.admin(), fmt.Sprintf(
						`{"accountId":%q,"clientToken":"c","app":{"id":%q,"channel":"whatsapp","providerAppId":"7"},
						"integration":{"id":"new","channel":"whatsapp","appId":%q,"providerAccountId":%q,"accessToken":"t"}}`,
						account, w.app, w.app, w.number))
				})
			}
			ended.Wait()
			reasons := map[string]int{}
			for range wishes {
				reasons[(<-answers).reason()]++
			}
			if reasons[""] != 1 || reasons["REASON_TAKEN"] != 1 {
				t.Errorf("the two were answered %v", reasons)
			}
		})
	}
}
