package simulator

import (
	"cmp"
	"slices"
	"strings"
)

// integration is a number, a page or an Instagram account: what webhooks come
// from and sends go through.
type integration struct {
	id      string
	channel Channel
	app     string
	entry   string // entry[].id of its webhooks
	account string // digits, page name or user name, as in its links
	name    string
	page    string // the page that an Instagram account belongs to
	tokens  []string
	starter []Button // Get Started or icebreakers of a new thread

	coexistence bool // WhatsApp
	noMediaURL  bool // WhatsApp

	identityCheck bool // WhatsApp
	oldStickers   bool // Messenger
	humanAgent    bool // Messenger and Instagram
}

// Integration is one connected account as GET /sim/integrations lists it.
type Integration struct {
	ID      string  `json:"id"`
	Channel Channel `json:"channel"`
	App     string  `json:"app"`
	Account string  `json:"account"`
	Link    string  `json:"link"` // its deep link without text or ref
}

// Integrations returns the connected accounts by channel and id.
func (s *Simulator) Integrations() []Integration {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Integration{}
	for _, in := range s.integrations {
		out = append(out, Integration{
			ID: in.id, Channel: in.channel, App: in.app, Account: in.account,
			Link: linkBase[in.channel] + in.account,
		})
	}
	slices.SortFunc(out, func(a, b Integration) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.ID, b.ID))
	})
	return out
}

func (c Config) integrations() []*integration {
	var all []*integration
	for _, n := range c.Numbers {
		all = append(all, &integration{
			id: n.ID, channel: ChannelWhatsApp, app: n.App, entry: n.WABA,
			account: onlyDigits(n.Display), name: n.Name, tokens: present(n.Token),
			coexistence: n.Coexistence, noMediaURL: n.NoMediaURL, identityCheck: n.IdentityCheck,
		})
	}
	pages := map[string]*integration{}
	for _, p := range c.Pages {
		in := &integration{
			id: p.ID, channel: ChannelMessenger, app: p.App, entry: p.ID,
			account: cmp.Or(p.Name, p.ID), name: p.Name, tokens: present(p.Token),
			oldStickers: p.OldStickers, humanAgent: p.HumanAgent,
		}
		if !p.NoGetStarted {
			in.starter = []Button{{ID: p.GetStarted, Title: "Get Started", Kind: ButtonPostback}}
		}
		pages[p.ID] = in
		all = append(all, in)
	}
	for _, i := range c.Instagrams {
		in := &integration{
			id: i.ID, channel: ChannelInstagram, app: i.App, entry: i.ID,
			account: i.Username, name: i.Username, page: i.Page,
			tokens: present(i.Token), humanAgent: i.HumanAgent,
		}
		if page := pages[i.Page]; page != nil {
			in.tokens = append(in.tokens, page.tokens...)
			in.humanAgent = in.humanAgent || page.humanAgent
		}
		for _, b := range i.Icebreakers {
			in.starter = append(in.starter, Button{ID: b.Payload, Title: b.Question, Kind: ButtonPostback})
		}
		all = append(all, in)
	}
	return all
}

// findIntegration returns the integration of that id, or the only one of that
// channel. s.mu is held.
func (s *Simulator) findIntegration(name string) (*integration, error) {
	if in := s.integrations[name]; in != nil {
		return in, nil
	}
	var found []*integration
	for _, in := range s.integrations {
		if string(in.channel) == name {
			found = append(found, in)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, notFound("integration %q", name)
	}
	return nil, invalid("%d integrations of channel %q, name one by its id", len(found), name)
}

func (in *integration) accepts(token string) bool {
	return token != "" && slices.Contains(in.tokens, token)
}

func present(token string) []string {
	if token == "" {
		return nil
	}
	return []string{token}
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
