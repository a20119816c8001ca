package instagram

import (
	"context"

	"weiche/services/channel"
	"weiche/services/meta"
)

// loginFields are what an app needs of an account with a login of its own. For one
// without it is the page's subscription that lets the account's messages through.
var loginFields = []string{
	"messages", "messaging_postbacks", "message_echoes", "message_reactions", "messaging_referral", "message_edit",
	"messaging_seen", "standby",
}

var _ channel.Keeper = (*Sender)(nil)

// Probe asks for the account.
func (s *Sender) Probe(ctx context.Context, i channel.Integration) error { return s.keep(i).Probe(ctx) }

// Check asks for the account, and for the subscriptions of it or of its page.
func (s *Sender) Check(ctx context.Context, i channel.Integration) error { return s.keep(i).Check(ctx) }

// Subscribe subscribes an app to the account, or to its page.
func (s *Sender) Subscribe(ctx context.Context, i channel.Integration, providerApp string) (bool, error) {
	return s.keep(i).Subscribe(ctx, providerApp)
}

func (s *Sender) keep(i channel.Integration) meta.Keep {
	k := meta.Keep{
		Channel: Channel, Graph: s.page, Account: i.ProviderAccount, Owner: i.Page, Token: i.Token, Fields: meta.PageFields(),
		Tells: []string{"username"},
	}
	if i.Page == "" {
		k.Graph, k.Owner, k.Fields = s.login, i.ProviderAccount, loginFields
		k.Tells = append(k.Tells, meta.AccountID)
	}
	return k
}
