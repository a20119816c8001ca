package simulator

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Starter is a configuration to begin with: one app with a number, a page and
// an Instagram account, approved templates, two people, and the provider's
// limits. Its ids, tokens and secrets never change.
func Starter() Config {
	body := func(text string) []TemplateComponent { return []TemplateComponent{{Type: "BODY", Text: text}} }
	return Config{
		Apps: []App{{ID: "100000000000001", Secret: "simulated-app-secret", VerifyToken: "simulated-verify-token"}},
		Numbers: []Number{{
			ID: "200000000000001", WABA: "210000000000001", App: "100000000000001",
			Display: "15550100001", Name: "Blue Shop", Token: "simulated-whatsapp-token", Coexistence: true,
		}},
		Pages: []Page{{ID: "300000000000001", Name: "blue.shop", App: "100000000000001", Token: "simulated-page-token", HumanAgent: true}},
		Instagrams: []Instagram{{
			ID: "400000000000001", Username: "blue.shop.ig", Page: "300000000000001", App: "100000000000001", Token: "simulated-instagram-token",
		}},
		Templates: []Template{
			{WABA: "210000000000001", Name: "hello_world", Language: "en_US", Components: body("Hello World")},
			{WABA: "210000000000001", Name: "order_update", Language: "en", Components: []TemplateComponent{
				{Type: "BODY", Text: "Hello {{1}}, your order {{2}} is on its way."},
				{Type: "FOOTER", Text: "Blue Shop"},
				{Type: "BUTTONS", Buttons: []TemplateButton{{Type: "QUICK_REPLY", Text: "Thanks"}, {Type: "QUICK_REPLY", Text: "Call me"}}},
			}},
			{WABA: "210000000000001", Name: "receipt", Language: "en", Components: []TemplateComponent{
				{Type: "HEADER", Format: "DOCUMENT"},
				{Type: "BODY", Text: "Your receipt, {{name}}."},
			}},
			{WABA: "210000000000001", Name: "spring_sale", Language: "en", Status: "PAUSED", Category: "MARKETING", Components: body("Spring sale")},
		},
		People: []Person{
			{Name: "Ana", WhatsApp: WhatsAppIdentity{Phone: "15550110001", Mode: ModePhoneAndBSUID}},
			{Name: "Ben", WhatsApp: WhatsAppIdentity{Phone: "15550110002", Mode: ModeUsername}},
		},
		Limits: Limits{PairBurst: 45, PairEvery: Duration(6 * time.Second), PerSecond: 80},
	}
}

// Describe writes what somebody needs to point their software at a simulator
// that is reached at base: addresses, ids, tokens and people.
func (s *Simulator) Describe(w io.Writer, base string) error {
	config := s.Config()
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("Graph API      %s/v26.0/ (any version from v%d.0)", base, oldestVersion)
	line("control API    %s/sim/", base)
	line("phones         %s/sim/ in a browser", base)
	for _, a := range config.Apps {
		line("app            %s  secret %s  verify token %s", a.ID, a.Secret, a.VerifyToken)
		for _, channel := range slices.Sorted(maps.Keys(a.Callbacks)) {
			line("               callback %s of %s", a.Callbacks[channel], channel)
		}
		switch {
		case a.CallbackURL != "":
			line("               callback %s", a.CallbackURL)
		case len(a.Callbacks) == 0:
			line("               callback none yet: PUT %s/sim/apps/%s/callback", base, a.ID)
		}
	}
	for _, n := range config.Numbers {
		line("WhatsApp       phone number id %s  business account %s  +%s  token %s", n.ID, n.WABA, onlyDigits(n.Display), n.Token)
	}
	for _, p := range config.Pages {
		line("Messenger      page %s  m.me/%s  token %s", p.ID, p.Name, p.Token)
	}
	for _, i := range config.Instagrams {
		line("Instagram      account %s  @%s  token %s", i.ID, i.Username, i.Token)
		if i.Page != "" {
			line("               or by page %s with the page's token", i.Page)
		}
	}
	for _, t := range config.Templates {
		line("template       %s  %s  %s", t.Name, t.Language, strings.ToLower(t.Status))
	}
	for _, p := range s.People() {
		line("person         %s  +%s  %s  shown as %s", p.Name, p.WhatsApp.Phone, p.WhatsApp.BSUID, p.WhatsApp.Mode)
		for _, page := range slices.Sorted(maps.Keys(p.Messenger)) {
			line("               PSID %s on page %s", p.Messenger[page], page)
		}
		for _, account := range slices.Sorted(maps.Keys(p.Instagram)) {
			line("               IGSID %s for account %s", p.Instagram[account], account)
		}
	}
	for _, f := range s.Faults().Faults {
		line("fault          %s", f.Fault)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
