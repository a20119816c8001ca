package conversation_test

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// by applies a set-up as somebody.
func (d *desk) by(who string, setup *ingressv1.ApplySetup) conversation.Decision {
	d.t.Helper()
	return d.give(&conversation.ApplySetup{Setup: setup, By: who})
}

// settings returns how the settings of an integration or a widget stand.
func (d *desk) settings(id string) conversation.Settings {
	return d.state.Account(account).Settings[id]
}

// TestSetupNamesWhoChangedIt shows that every event of a set-up says by whom it was
// caused, and that the same said by somebody else is no change.
func TestSetupNamesWhoChangedIt(t *testing.T) {
	d := newDesk(t)
	said := shop()
	said.Name, said.BoundElsewhere = "Another shop", 1
	said.Apps[0].ProviderAppId, said.Integrations[0].Name, said.Integrations[0].ProviderAccountId = "7", "Shop", "2"
	said.Widgets[0].Site, said.Widgets[0].Offers = "Another", nil
	said.Agents[0].Name = "Kim K."
	said.Agents = append(said.Agents, &ingressv1.AgentSetup{Id: "lea", Name: "Lea"})
	changed := d.by("agent/kim", said).Events
	changed = append(changed, d.by("agent/kim", &ingressv1.ApplySetup{Widgets: shop().Widgets}).Events...)
	changed = append(changed, d.give(&conversation.RemoveAgent{AgentID: "lea", By: "agent/kim"}).Events...)
	changed = append(changed, d.give(&conversation.RemoveIntegration{IntegrationID: "whatsapp", By: "agent/kim"}).Events...)
	kinds := map[string]bool{}
	for _, e := range changed {
		event := e.Body.ProtoReflect()
		kinds[string(event.Descriptor().Name())] = true
		if by := event.Get(event.Descriptor().Fields().ByName("by")).String(); by != "agent/kim" {
			t.Errorf("%s is by %q", event.Descriptor().Name(), by)
		}
	}
	for _, kind := range []string{
		"AccountCreated", "LinkPolicyChanged", "AppConnected", "IntegrationConnected", "IntegrationRemoved",
		"WidgetConfigured", "ChannelOffered", "ChannelWithdrawn", "AgentAdded", "AgentRemoved",
	} {
		if !kinds[kind] {
			t.Errorf("there is no %s", kind)
		}
	}
	if events := d.by("key/1", &ingressv1.ApplySetup{Apps: said.Apps, Agents: said.Agents[:1]}).Events; len(events) > 0 {
		t.Errorf("the same by somebody else is %v", events)
	}
}

// TestSettingsChanged shows that a change which was made from settings that are not
// those of now is refused with who has changed them, and that keys are beside the
// settings of their widget.
func TestSettingsChanged(t *testing.T) {
	d := newDesk(t)
	seen := map[string]conversation.Settings{"widget": d.settings("widget"), "whatsapp": d.settings("whatsapp")}
	refused := func(id string, setup *ingressv1.ApplySetup) *conversation.Refusal {
		t.Helper()
		_, err := conversation.Decide(d.state, &conversation.ApplySetup{
			Header: conversation.Header{ID: "01999999999999999900000000", Account: account, Now: d.now, Received: d.now}, Setup: setup,
		})
		var refusal *conversation.Refusal
		if !errors.As(err, &refusal) {
			t.Fatalf("%s: %v", id, err)
		}
		return refusal
	}
	from := func(seen string, change func(*ingressv1.ApplySetup)) *ingressv1.ApplySetup {
		setup := &ingressv1.ApplySetup{Integrations: shop().Integrations, Widgets: shop().Widgets}
		setup.Widgets[0].KeepVisitorKeys = true
		change(setup)
		setup.Integrations[0].SeenVersion, setup.Widgets[0].SeenVersion = seen, seen
		return setup
	}
	widget := func(seen, site string) *ingressv1.ApplySetup {
		setup := from(seen, func(s *ingressv1.ApplySetup) { s.Widgets[0].Site = site })
		setup.Integrations = nil
		return setup
	}
	integration := func(seen, name string) *ingressv1.ApplySetup {
		setup := from(seen, func(s *ingressv1.ApplySetup) { s.Integrations[0].Name = name })
		setup.Widgets = nil
		return setup
	}

	// A key changes no settings: who changes the site meanwhile loses nothing.
	d.give(&conversation.ApplySetup{
		Setup: &ingressv1.ApplySetup{VisitorKeys: []*ingressv1.VisitorKeyChange{{
			WidgetId: "widget", Key: &ingressv1.VisitorKeySetup{Id: "k"},
		}}},
		Fingerprints: map[string][]*eventv1.SecretFingerprint{"widget/widget": {{Field: "k", Fingerprint: []byte("k")}}},
	})
	if d.settings("widget") != seen["widget"] {
		t.Errorf("a key changed the settings to %+v", d.settings("widget"))
	}
	d.by("agent/eva", widget(seen["widget"].Version, "First"))
	d.by("agent/eva", integration(seen["whatsapp"].Version, "First"))
	for id, setup := range map[string]*ingressv1.ApplySetup{
		"widget":   widget(seen["widget"].Version, "Second"),
		"whatsapp": integration(seen["whatsapp"].Version, "Second"),
	} {
		refusal := refused(id, setup)
		if refusal.Reason != settingsChanged || refusal.IntegrationID != id || refusal.Settings != d.settings(id) ||
			refusal.Settings.By != "agent/eva" || !refusal.Settings.At.Equal(d.now) || refusal.Settings.Version == seen[id].Version {
			t.Errorf("%s: %+v", id, refusal)
		}
		// With the version of now, and with none, it is carried out.
		again := proto.CloneOf(setup)
		for _, w := range again.GetWidgets() {
			w.SeenVersion = refusal.Settings.Version
		}
		for _, i := range again.GetIntegrations() {
			i.SeenVersion = ""
		}
		if events := d.by("agent/kim", again).Events; len(events) == 0 || d.settings(id).By != "agent/kim" {
			t.Errorf("%s: %v", id, events)
		}
	}

	// What a widget offers is part of its settings, also where the channel is removed.
	version := d.settings("widget").Version
	d.give(&conversation.RemoveIntegration{IntegrationID: "whatsapp", By: "operator"})
	if got := d.settings("widget"); got.Version == version || got.By != "operator" {
		t.Errorf("after the channel was removed: %+v", got)
	}
	for what, setup := range map[string]*ingressv1.ApplySetup{
		"a removed integration": integration(seen["whatsapp"].Version, "Third"),
		"a widget that never was": {Widgets: []*ingressv1.WidgetSetup{{
			Id: "other", Site: "Other", SeenVersion: version,
		}}},
	} {
		if refusal := refused(what, setup); refusal.Reason != notFound {
			t.Errorf("%s: %+v", what, refusal)
		}
	}
}

// TestMadeMeanwhile shows that of two who make the same widget, or the same integration,
// the second is refused where they say that it must not be there yet.
func TestMadeMeanwhile(t *testing.T) {
	d := newDesk(t)
	for id, setup := range map[string]*ingressv1.ApplySetup{
		"chat": {Widgets: []*ingressv1.WidgetSetup{{Id: "chat", Site: "Chat", SeenVersion: "0"}}},
		"wa-2": {Integrations: []*ingressv1.IntegrationSetup{{
			Id: "wa-2", Channel: "whatsapp", AppId: "app", ProviderAccountId: "2", SeenVersion: "0",
		}}},
	} {
		d.by("agent/eva", setup)
		_, err := conversation.Decide(d.state, &conversation.ApplySetup{
			Header: conversation.Header{ID: "01999999999999999900000000", Account: account, Now: d.now, Received: d.now}, Setup: setup,
		})
		var refusal *conversation.Refusal
		if !errors.As(err, &refusal) || refusal.Reason != settingsChanged || refusal.IntegrationID != id || refusal.Settings != d.settings(id) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// TestWithdrawnByAClockSetBack shows that a code is dead once its channel was withdrawn,
// and a later one good, whichever way the clock was set in between. Of a link whose event
// does not say the version of the set-up, the times decide.
func TestWithdrawnByAClockSetBack(t *testing.T) {
	const good, dead = "CustomerCreated IdentityCreated LinkMatched IdentityMatched LinkPrompted SendQueued SendRequested",
		"CustomerCreated IdentityCreated CodeRefused SendQueued SendRequested LinkCancelled"
	for _, tc := range []struct {
		name                 string
		requested, withdrawn time.Duration
		first, old           bool // the link is asked for first; its event does not say the version
		want                 string
	}{
		{"asked for, set back, withdrawn", 0, -time.Minute, true, false, dead},
		{"withdrawn, set back, asked for", -time.Minute, 0, false, false, good},
		{"asked for and withdrawn by an old event", 0, time.Minute, true, true, dead},
		{"withdrawn and asked for by an old event", time.Minute, 0, false, true, good},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDesk(t)
			request := func() {
				d.now = start.Add(tc.requested)
				asked := d.give(&conversation.RequestLink{
					Visitor:       &conversation.Visitor{WidgetID: "widget", Address: address("widget", "visitor", "ana")},
					IntegrationID: "whatsapp", LinkID: "this", CodeHash: []byte("this"),
				})
				if link := d.state.Conversation(asked.ConversationID).Links["this"]; link.SetupVersion == 0 {
					t.Fatal("the link does not say the version of the set-up")
				} else if tc.old {
					link.SetupVersion = 0
				}
			}
			if tc.first {
				request()
			}
			d.now = start.Add(tc.withdrawn)
			for _, offers := range [][]string{nil, {"whatsapp"}} {
				setup := &ingressv1.ApplySetup{Widgets: shop().Widgets}
				setup.Widgets[0].Offers = offers
				d.give(&conversation.ApplySetup{Setup: setup})
			}
			if !tc.first {
				request()
			}
			d.expect(d.writes("this", &conversation.Code{Hash: []byte("this")}), tc.want)
		})
	}
}
