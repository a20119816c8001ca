package api_test

import (
	"fmt"
	"testing"

	"weiche/services/router"
)

func TestPutWidget(t *testing.T) {
	s, _ := newProviders(t)
	list := func(min string) answer {
		return s.administer(t, "ListWidgets", fmt.Sprintf(`{"accountId":"acme","minPosition":%q}`, min))
	}
	before := list("")
	if before.text("widgets.0.offers.0.integrationId") != "page" || before.get("widgets.0.offers.0.offered") == true ||
		before.get("widgets.0.offers.1.offered") != true || before.get("widgets.0.offers.1.healthy") != true || before.length("widgets.0.offers") != 2 {
		t.Errorf("before: %v", before.values)
	}
	key := s.administer(t, "MakeVisitorKey", `{"accountId":"acme","widgetId":"shop","clientToken":"k1"}`)
	put := s.administer(t, "PutWidget", `{"accountId":"acme","clientToken":"w1","widget":{"id":"shop","site":"Acme Store","origins":["https://shop.example"],
		"codeLifetime":"600s","newConversationAfter":"259200s","signedVisitorsOnly":true,"offers":["page"]}}`)
	for path, want := range map[string]any{
		"widget.site": "Acme Store", "widget.codeLifetime": "600s", "widget.newConversationAfter": "259200s", "widget.signedVisitorsOnly": true,
		"widget.visitorKeyIds.0": key.text("keyId"), "widget.offers.0.offered": true, "widget.offers.1.offered": nil, "widget.languages": nil,
	} {
		if got := put.get(path); got != want {
			t.Errorf("%s is %v, not %v", path, got, want)
		}
	}
	if after := list(put.text("position")); fmt.Sprint(after.get("widgets.0")) != fmt.Sprint(put.get("widget")) {
		t.Errorf("listed %v, put %v", after.get("widgets.0"), put.get("widget"))
	}
	s.administer(t, "PutWidget", `{"accountId":"acme","clientToken":"w2","widget":{"id":"help","site":"Help","offers":["wa"]}}`)
	if list("").length("widgets") != 2 {
		t.Error("no new widget")
	}
	for what, body := range map[string]string{
		"a widget with keys":            `{"accountId":"acme","clientToken":"w3","widget":{"id":"shop","visitorKeys":[{"id":"a"}]}}`,
		"no widget":                     `{"accountId":"acme","clientToken":"w3"}`,
		"an offer that is a widget":     `{"accountId":"acme","clientToken":"w3","widget":{"id":"shop","offers":["shop"]}}`,
		"an offer of nothing":           `{"accountId":"acme","clientToken":"w3","widget":{"id":"shop","offers":["nothing"]}}`,
		"an id that an integration has": `{"accountId":"acme","clientToken":"w3","widget":{"id":"wa"}}`,
	} {
		got := s.call(t, adminService+"PutWidget", s.admin(), body)
		if got.reason() != "REASON_INVALID" || what == "an offer of nothing" && got.text("details.0.debug.metadata.integration_id") != "nothing" {
			t.Errorf("%s: %v", what, got.values)
		}
	}
	s.want(t, "already_exists", "TAKEN", adminService+"PutWidget", s.admin(), `{"accountId":"acme","clientToken":"w4","widget":{"id":"blog"}}`)
}

func TestVisitorKeys(t *testing.T) {
	s, _ := newProviders(t)
	made := func(widget, token string) answer {
		return s.administer(t, "MakeVisitorKey", fmt.Sprintf(`{"accountId":"acme","widgetId":%q,"clientToken":%q}`, widget, token))
	}
	keys := func() string {
		return fmt.Sprint(s.administer(t, "ListWidgets", `{"accountId":"acme"}`).get("widgets.0.visitorKeyIds"))
	}
	first, second := made("shop", "k1"), made("shop", "k2")
	if len(first.text("secret")) != 43 || first.text("secret") == second.text("secret") || first.text("keyId") == second.text("keyId") {
		t.Errorf("made %v and %v", first.values, second.values)
	}
	stored := func(id string) string {
		secret, _, err := s.keys.Secret("acme", router.OwnerWidget("shop"), id)
		if err != nil {
			t.Fatal(err)
		}
		return secret.Reveal()
	}
	if stored(first.text("keyId")) != first.text("secret") {
		t.Error("the key that was told is not the one that counts")
	}
	// After an answer that was lost the same is told, and a key that was made meanwhile stays.
	if again := made("shop", "k1"); again.text("secret") != first.text("secret") || again.text("position") != first.text("position") {
		t.Errorf("again: %v", again.values)
	}
	remove := adminService + "RemoveVisitorKey"
	body := fmt.Sprintf(`{"accountId":"acme","widgetId":"shop","keyId":%q,"clientToken":"r1"}`, first.text("keyId"))
	for range 2 {
		s.must(t, remove, s.admin(), body)
	}
	if got, want := keys(), fmt.Sprint([]any{second.text("keyId")}); got != want || stored(first.text("keyId")) != "" {
		t.Errorf("the keys are %s, not %s", got, want)
	}
	s.want(t, "not_found", "NOT_FOUND", remove, s.admin(), `{"accountId":"acme","widgetId":"shop","keyId":"nothing","clientToken":"r2"}`)
	s.want(t, "not_found", "NOT_FOUND", remove, s.admin(), `{"accountId":"acme","widgetId":"blog","keyId":"nothing","clientToken":"r2"}`)
	s.want(t, "not_found", "NOT_FOUND", adminService+"MakeVisitorKey", s.admin(), `{"accountId":"acme","widgetId":"blog","clientToken":"k1"}`)
	// The last key stays where nobody comes in without.
	s.administer(t, "PutWidget", `{"accountId":"acme","clientToken":"w1","widget":{"id":"shop","signedVisitorsOnly":true}}`)
	s.want(t, "invalid_argument", "INVALID", remove, s.admin(), fmt.Sprintf(`{"accountId":"acme","widgetId":"shop","keyId":%q,"clientToken":"r3"}`, second.text("keyId")))
	// A set-up says all keys of a widget, unless it says that they stay.
	s.setup(t, "acme", `{"widgets":[{"id":"shop","visitorKeys":[{"id":"mine","secret":"0123456789012345678901234567890123456789"}]}]}`)
	if got := keys(); got != "[mine]" {
		t.Errorf("the keys are %s", got)
	}
	s.setup(t, "acme", `{"widgets":[{"id":"shop","keepVisitorKeys":true}]}`)
	if got := keys(); got != "[mine]" {
		t.Errorf("the keys are %s", got)
	}
	for what, setup := range map[string]string{
		"keys that stay and are named":  `{"widgets":[{"id":"shop","keepVisitorKeys":true,"visitorKeys":[{"id":"mine"}]}]}`,
		"a widget and its key":          `{"widgets":[{"id":"shop"}],"visitorKeys":[{"widgetId":"shop","key":{"id":"x","secret":"0123456789012345678901234567890123456789"}}]}`,
		"a key that can be guessed":     `{"visitorKeys":[{"widgetId":"shop","key":{"id":"x","secret":"short"}}]}`,
		"a widget's that can":           `{"widgets":[{"id":"shop","visitorKeys":[{"id":"x","secret":"short"}]}]}`,
		"a key without a secret":        `{"visitorKeys":[{"widgetId":"shop","key":{"id":"x"}}]}`,
		"a key with an id that is none": `{"visitorKeys":[{"widgetId":"shop","key":{"id":"x y","secret":"0123456789012345678901234567890123456789"}}]}`,
	} {
		got := s.call(t, adminService+"ApplySetup", s.admin(), fmt.Sprintf(`{"accountId":"acme","setup":%s}`, setup))
		if got.reason() != "REASON_INVALID" {
			t.Errorf("%s: %v", what, got.values)
		}
	}
}
