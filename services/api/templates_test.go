package api_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/api"
	"weiche/services/channel"
)

func TestListTemplates(t *testing.T) {
	var asked []string
	var later time.Duration
	failing := map[string]error{
		"refused": &channel.SendError{Outcome: channel.Unhealthy, Detail: &eventv1.SendError{Reason: "token_refused"}},
		"limited": &channel.SendError{Outcome: channel.NotSent, Limited: true, Detail: &eventv1.SendError{Reason: "rate_limited"}},
		"away":    &channel.SendError{Outcome: channel.NotSent, Detail: &eventv1.SendError{Reason: "network"}},
		"nobody":  channel.ErrNoIntegration,
	}
	s := newStage(t, func(c *api.Config) {
		c.Now = func() time.Time { return time.Now().Add(later) }
		c.Templates = func(_ context.Context, account, id string) ([]channel.Template, error) {
			asked = append(asked, account+" "+id)
			return []channel.Template{{Name: "ready", Language: "de", Category: "UTILITY", Components: []channel.TemplateComponent{
				{Type: "BODY", Text: "Hello {{name}}", Parameters: 1, Names: []string{"name"}},
				{Type: "BUTTONS", Buttons: []channel.TemplateButton{{Type: "URL", Text: "Track", URL: "https://shop.test/{{1}}", Parameters: 1}}},
			}}}, failing[id]
		}
	})
	list := func(id string) answer {
		return s.call(t, workspaceService+"ListTemplates", s.eva(), `{"integrationId":"`+id+`"}`)
	}
	for range 2 {
		got := list("wa")
		if got.status != http.StatusOK || got.text("templates.0.name") != "ready" || got.text("templates.0.components.0.parameterNames.0") != "name" ||
			got.text("templates.0.components.1.buttons.0.url") != "https://shop.test/{{1}}" {
			t.Errorf("%d %v", got.status, got.values)
		}
	}
	later = 5 * time.Minute
	list("wa")
	if len(asked) != 2 || asked[0] != "acme wa" {
		t.Errorf("asked for %v", asked)
	}
	for id, want := range map[string]string{
		"refused": "REASON_CHANNEL_UNHEALTHY", "limited": "REASON_RATE_LIMITED", "away": "REASON_UNAVAILABLE", "nobody": "REASON_NOT_FOUND",
	} {
		asked = nil
		for range 2 {
			if got := list(id); got.status == http.StatusOK || got.reason() != want {
				t.Errorf("%s: %d %v", id, got.status, got.values)
			}
		}
		if len(asked) != 2 {
			t.Errorf("%s: a failure was kept", id)
		}
	}
}

// TestListTemplatesNowhere shows that an installation without templates has none.
func TestListTemplatesNowhere(t *testing.T) {
	s := newStage(t, nil)
	if got := s.call(t, workspaceService+"ListTemplates", s.eva(), `{"integrationId":"wa"}`); got.status != http.StatusOK || got.length("templates") != 0 {
		t.Errorf("%d %v", got.status, got.values)
	}
}
