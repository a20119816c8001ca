package main

import (
	"os"
	"strings"
	"testing"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// The set-up that the documentation shows is one that can be read.
func TestSetupExample(t *testing.T) {
	text, err := os.ReadFile("../../../docs/setup.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	account, setup, err := parseSetup(text, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if account != "shop" || len(setup.GetApps()) != 1 || len(setup.GetWidgets()[0].GetOffers()) != 1 {
		t.Errorf("read as %q, %v", account, setup)
	}
	widget, kim := setup.GetWidgets()[0], setup.GetAgents()[0]
	if widget.GetNewConversationAfter().AsDuration() != 720*time.Hour || len(widget.GetVisitorKeys()) != 1 || len(widget.GetVisitorKeys()[0].GetSecret()) < 32 ||
		widget.GetKeepVisitorKeys() || kim.GetRole() != eventv1.Role_ROLE_OWNER || kim.GetLogin() == "" {
		t.Errorf("read as %v, %v", widget, kim)
	}
	// Keys of which the file says nothing stay.
	if _, setup, err = parseSetup([]byte("account: shop\nwidgets: [{id: shop-web}]\n"), ""); err != nil || !setup.GetWidgets()[0].GetKeepVisitorKeys() {
		t.Errorf("read as %v, %v", setup, err)
	}
	if _, _, err = parseSetup([]byte("account: shop\nagents: [{id: kim, role: boss}]\n"), ""); err == nil || !strings.Contains(err.Error(), "admin, agent, auditor, owner") {
		t.Errorf("a role that is none: %v", err)
	}
}
