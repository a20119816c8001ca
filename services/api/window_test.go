package api_test

import (
	"fmt"
	"testing"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/api"
)

// R7, R10: the route tells until when replies can go over each binding, what has no
// window is always open, and a channel that is not served says why; the admin sees it
// among the integrations.
func TestRoutesTellWindowsAndHealth(t *testing.T) {
	var later time.Duration
	s := newStage(t, func(c *api.Config) { c.Now = func() time.Time { return time.Now().Add(later) } })
	conv, _ := s.ana(t)
	route := func() answer {
		t.Helper()
		return s.must(t, workspaceService+"GetRoute", s.eva(), fmt.Sprintf(`{"conversationId":%q}`, conv))
	}
	got := route()
	ends, err := time.Parse(time.RFC3339Nano, got.text("route.bindings.0.windowEndsAt"))
	if left := time.Until(ends); err != nil || left > 24*time.Hour || left < 24*time.Hour-time.Minute {
		t.Errorf("the window ends in %v (%v)", left, err)
	}
	if got.get("route.bindings.0.windowClosed") != nil || got.get("route.bindings.0.humanUntil") != nil {
		t.Errorf("the window of WhatsApp: %v", got.get("route.bindings.0"))
	}
	for after, closed := range map[time.Duration]any{24*time.Hour - time.Minute: nil, 24*time.Hour + time.Second: true} {
		if later = after; route().get("route.bindings.0.windowClosed") != closed {
			t.Errorf("after %v closed is not %v", after, closed)
		}
	}
	later = 0

	visitor := s.must(t, widgetService+"SendMessage", s.visitor(t, "shop"), `{"text":"hello","clientToken":"1"}`)
	inWidget := s.must(t, workspaceService+"GetRoute", s.eva(), fmt.Sprintf(`{"conversationId":%q,"minPosition":%q}`, visitor.text("conversationId"), visitor.text("position")))
	if inWidget.get("route.bindings.0.windowEndsAt") != nil || inWidget.get("route.bindings.0.windowClosed") != nil {
		t.Errorf("the widget has a window: %v", inWidget.values)
	}

	s.sender(t, &ingressv1.SenderCommand{Command: &ingressv1.SenderCommand_Health{Health: &ingressv1.ReportHealth{
		IntegrationId: "wa", Error: &eventv1.SendError{Reason: "token_refused"},
	}}})
	if got := route(); got.text("route.bindings.0.unhealthy.reason") != "token_refused" {
		t.Errorf("an unhealthy channel: %v", got.values)
	}
	list := s.must(t, adminService+"ListIntegrations", s.admin(), `{"accountId":"acme"}`)
	if list.length("integrations") != 3 || list.text("integrations.0.integrationId") != "page" || list.get("integrations.0.healthy") != true ||
		list.get("integrations.0.unhealthySince") != nil || list.text("integrations.0.name") != "Acme" || list.text("integrations.0.channel") != "messenger" {
		t.Errorf("the page: %v", list.get("integrations"))
	}
	since, err := time.Parse(time.RFC3339Nano, list.text("integrations.2.unhealthySince"))
	if list.get("integrations.2.healthy") == true || list.text("integrations.2.error.reason") != "token_refused" || err != nil || time.Since(since) > time.Minute {
		t.Errorf("WhatsApp: %v (%v)", list.get("integrations.2"), err)
	}
	if none := s.must(t, adminService+"ListIntegrations", s.admin(), `{"accountId":"other"}`); none.length("integrations") != 1 || none.text("integrations.0.integrationId") != "blog" {
		t.Errorf("another account has %v", none.values)
	}
	s.want(t, "not_found", "NOT_FOUND", adminService+"ListIntegrations", s.admin(), `{"accountId":"nowhere"}`)
}

// R7: where the provider lets people answer for longer, the route tells until when.
func TestRoutesTellUntilWhenPeopleMayAnswer(t *testing.T) {
	var later time.Duration
	s := newStage(t, func(c *api.Config) { c.Now = func() time.Time { return time.Now().Add(later) } })
	s.setup(t, "acme", `{"name":"Acme","apps":[{"id":"acme-ms","channel":"messenger","providerAppId":"2"}],
		"integrations":[{"id":"page","channel":"messenger","appId":"acme-ms","providerAccountId":"200","humanAgent":true}],
		"agents":[{"id":"eva","name":"Eva"}]}`)
	conv := s.onPage(t)
	for after, closed := range map[time.Duration]any{25 * time.Hour: nil, 7*24*time.Hour + time.Minute: true} {
		later = after
		got := s.must(t, workspaceService+"GetRoute", s.eva(), fmt.Sprintf(`{"conversationId":%q}`, conv))
		ends, _ := time.Parse(time.RFC3339Nano, got.text("route.bindings.0.windowEndsAt"))
		human, _ := time.Parse(time.RFC3339Nano, got.text("route.bindings.0.humanUntil"))
		if human.Sub(ends) != 6*24*time.Hour || got.get("route.bindings.0.windowClosed") != closed {
			t.Errorf("after %v: %v", after, got.get("route.bindings.0"))
		}
	}
}
