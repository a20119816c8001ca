package metrics_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"weiche/services/metrics"
)

// TestWebhookItems counts what belongs to no integration as what it becomes: in
// quarantine, unless it is of no interest anyway.
func TestWebhookItems(t *testing.T) {
	m := metrics.New("test", []string{"whatsapp"})
	item := m.Webhooks().Item
	item("whatsapp", "inbound", true)
	item("whatsapp", "inbound", false)
	item("whatsapp", "ignored", false)
	item("whatsapp", "quarantined", true)
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range []string{
		`weiche_webhook_items_total{channel="whatsapp",kind="inbound"} 1`,
		`weiche_webhook_items_total{channel="whatsapp",kind="ignored"} 1`,
		`weiche_webhook_items_total{channel="whatsapp",kind="quarantined"} 2`,
	} {
		if !strings.Contains(answer.Body.String(), line+"\n") {
			t.Errorf("there is no %q in\n%s", line, answer.Body)
		}
	}
}
