package whatsapp

import (
	"context"

	"weiche/services/channel"
	"weiche/services/meta"
)

var _ channel.Keeper = (*Sender)(nil)

// Probe asks for the number.
func (s *Sender) Probe(ctx context.Context, i channel.Integration) error { return s.keep(i).Probe(ctx) }

// Check asks for the number, and for its WABA where the set-up names it.
func (s *Sender) Check(ctx context.Context, i channel.Integration) error { return s.keep(i).Check(ctx) }

// Subscribe subscribes an app to the number's WABA, where the set-up names it.
func (s *Sender) Subscribe(ctx context.Context, i channel.Integration, providerApp string) (bool, error) {
	return s.keep(i).Subscribe(ctx, providerApp)
}

func (s *Sender) keep(i channel.Integration) meta.Keep {
	return meta.Keep{
		Channel: Channel, Graph: s.graph, Account: i.ProviderAccount, Owner: i.BusinessAccount, Token: i.Token,
		Tells: []string{"display_phone_number"}, Among: "phone_numbers",
	}
}
