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
	looks := widget.GetAppearance()
	if looks.GetTitle() != "Blue Shop" || looks.GetGreeting()["en"] == "" || looks.GetAway()["de"] == "" || looks.GetAccent() != "#0b57d0" ||
		looks.GetReplyTime() != eventv1.ReplyTime_REPLY_TIME_MINUTES || len(looks.GetHours().GetTimes()) != 6 || looks.GetHours().GetTimes()[5].GetToMinute() != 14*60 {
		t.Errorf("it looks as %v", looks)
	}
	for _, wrong := range []string{
		"{days: [monday], from: '9', to: '10:00'}", "{days: [monday], from: '09:00', to: '25:00'}", "{days: [someday], from: '09:00', to: '10:00'}", "{from: '09:00', to: '10:00'}",
	} {
		text := "account: shop\nwidgets: [{id: shop-web, appearance: {hours: {time_zone: UTC, times: [" + wrong + "]}}}]\n"
		if _, _, err := parseSetup([]byte(text), ""); err == nil || !strings.Contains(err.Error(), `widget "shop-web": hours:`) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	// Keys of which the file says nothing stay.
	if _, setup, err = parseSetup([]byte("account: shop\nwidgets: [{id: shop-web}]\n"), ""); err != nil || !setup.GetWidgets()[0].GetKeepVisitorKeys() {
		t.Errorf("read as %v, %v", setup, err)
	}
	if _, _, err = parseSetup([]byte("account: shop\nagents: [{id: kim, role: boss}]\n"), ""); err == nil || !strings.Contains(err.Error(), "admin, agent, auditor, owner") {
		t.Errorf("a role that is none: %v", err)
	}
}
