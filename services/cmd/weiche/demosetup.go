package main

import (
	"strings"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/simulator"
)

// demoSetup is the demo's account.
func demoSetup(origin string) *ingressv1.ApplySetup {
	setup := &ingressv1.ApplySetup{
		Name: "Blue Shop",
		Widgets: []*ingressv1.WidgetSetup{{
			Id: demoWidget, Site: "blue-shop.example", Languages: []string{"en", "de"},
			// The same machine is called by both names.
			Origins:      []string{origin, strings.Replace(origin, "//127.0.0.1:", "//localhost:", 1)},
			Confirmation: eventv1.Confirmation_CONFIRMATION_PROMPT,
			Appearance: &eventv1.Appearance{
				Title: "Blue Shop", ReplyTime: eventv1.ReplyTime_REPLY_TIME_MINUTES,
				Greeting: map[string]string{
					"en": "Hello! How can we help you?",
					"de": "Hallo! Wie können wir Ihnen helfen?",
				},
			},
		}},
		Agents: []*ingressv1.AgentSetup{
			{Id: demoAgent, Name: "Kim", Role: eventv1.Role_ROLE_OWNER},
			{Id: "robin", Name: "Robin", Role: eventv1.Role_ROLE_AGENT},
			{Id: "alex", Name: "Alex", Role: eventv1.Role_ROLE_AGENT},
		},
	}
	for _, c := range []struct{ channel, address, page, business string }{
		{channel: "whatsapp", address: "15550100001", business: "210001"},
		{channel: "messenger", address: "blue.shop"},
		{channel: "instagram", address: "blue.shop.ig", page: "300002"},
	} {
		setup.Apps = append(setup.Apps, &ingressv1.AppSetup{
			Id: "demo-" + c.channel, Channel: c.channel, ProviderAppId: demoApp(c.channel),
			AppSecrets: []string{"demo-secret-" + c.channel}, VerifyToken: "demo-verify",
		})
		setup.Integrations = append(setup.Integrations, &ingressv1.IntegrationSetup{
			Id: c.channel, Channel: c.channel, AppId: "demo-" + c.channel, ProviderAccountId: demoProviderAccount(c.channel),
			Address: c.address, Name: "Blue Shop", PageId: c.page, BusinessAccountId: c.business, AccessToken: "demo-token-" + c.channel,
		})
		setup.Widgets[0].Offers = append(setup.Widgets[0].Offers, c.channel)
	}
	return setup
}

// demoProviderAccount is the provider's id of the demo's account on a channel.
func demoProviderAccount(channel string) string {
	return map[string]string{"whatsapp": "200001", "messenger": "300001", "instagram": "400001"}[channel]
}

// demoApp is the provider's id of the app of a channel.
func demoApp(channel string) string {
	return map[string]string{"whatsapp": "100001", "messenger": "100002", "instagram": "100003"}[channel]
}

// demoProviders is the same account at the providers.
func demoProviders(weiche, fault string) simulator.Config {
	config := simulator.Config{
		Seed:    1,
		Numbers: []simulator.Number{{ID: "200001", WABA: "210001", App: demoApp("whatsapp"), Display: "15550100001", Name: "Blue Shop", Token: "demo-token-whatsapp"}},
		Pages: []simulator.Page{
			{ID: "300001", Name: "blue.shop", App: demoApp("messenger"), Token: "demo-token-messenger"},
			{ID: "300002", Name: "blue.shop.page", App: demoApp("instagram"), Token: "demo-token-instagram"},
		},
		Instagrams: []simulator.Instagram{{ID: "400001", Username: "blue.shop.ig", Page: "300002", App: demoApp("instagram"), Token: "demo-token-instagram"}},
		People:     []simulator.Person{{Name: demoPerson}},
		Templates: []simulator.Template{
			{WABA: "210001", Name: "order_update", Language: "en", Components: []simulator.TemplateComponent{
				{Type: "BODY", Text: "Hello {{1}}, there is news of your order {{2}}. May we tell you here?"},
				{Type: "BUTTONS", Buttons: []simulator.TemplateButton{{Type: "QUICK_REPLY", Text: "Yes"}, {Type: "QUICK_REPLY", Text: "Later"}}},
			}},
			{WABA: "210001", Name: "reopen", Language: "de", Components: []simulator.TemplateComponent{
				{Type: "BODY", Text: "Guten Tag {{1}}, wir haben eine Antwort auf Ihre Frage. Passt es jetzt?"},
			}},
		},
	}
	for _, channel := range []string{"whatsapp", "messenger", "instagram"} {
		config.Apps = append(config.Apps, simulator.App{
			ID: demoApp(channel), Secret: "demo-secret-" + channel, VerifyToken: "demo-verify",
			CallbackURL: weiche + "/webhooks/" + channel + "/demo-" + channel,
		})
	}
	if fault != "" {
		config.Faults = []simulator.Fault{{Kind: simulator.FaultKind(fault)}}
	}
	return config
}
