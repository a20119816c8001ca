package main

import (
	"context"
	"fmt"

	"weiche/services/blob/fetch"
	"weiche/services/channel"
	"weiche/services/directory"
	"weiche/services/egress"
	"weiche/services/instagram"
	"weiche/services/messenger"
	"weiche/services/meta"
	"weiche/services/query"
	"weiche/services/watch"
	"weiche/services/whatsapp"
)

// sending is what speaks to the providers, and what watches over it.
type sending struct {
	senders map[string]channel.Sender
	egress  *egress.Egress
	watch   *watch.Watch
	fetcher *fetch.Fetcher
}

// newEgress makes what speaks to the providers.
func (s *server) newEgress(context.Context) (part, error) {
	graph, err := meta.NewGraph(meta.GraphConfig{URL: string(s.config.GraphURL), Version: s.config.GraphVersion})
	if err != nil {
		return part{}, err
	}
	login := graph
	if s.config.GraphURL == "" {
		if login, err = meta.NewGraph(meta.GraphConfig{URL: instagram.DefaultLoginURL, Version: s.config.GraphVersion}); err != nil {
			return part{}, err
		}
	}
	sending := &sending{senders: senders(graph, login, s.media)}
	if sending.fetcher, err = fetch.New(fetch.Config{
		Store: s.media, Publisher: s.broker, Directory: s.directory, Instance: instance(),
		GraphURL: string(s.config.GraphURL), GraphVersion: s.config.GraphVersion, Logger: s.config.logger,
		Events: s.metrics.Fetches(),
	}); err != nil {
		return part{}, err
	}
	if sending.watch, err = watch.New(watch.Config{
		Directory: s.directory, Keepers: keepers(sending.senders), Publisher: s.broker, Instance: instance(), Logger: s.config.logger,
	}); err != nil {
		return part{}, err
	}
	s.sending = sending
	if sending.egress, err = egress.New(s.egressConfig(sending.senders)); err != nil {
		return part{}, err
	}
	s.providers = asked{s.directory, sending}
	p := part{
		edge: []func(context.Context) error{
			s.afterwards(func(ctx context.Context) error { return sending.egress.Run(ctx) }),
			s.afterwards(sending.watch.Run), s.afterwards(s.fetchMedia),
		},
		troubles: sending.troubles,
		again:    sending.egress.Again,
	}
	if !s.config.whole() {
		p.edge = append(p.edge, s.afterwards(func(ctx context.Context) error { return query.AnswerProviders(ctx, s.broker, s.providers) }))
	}
	return p, nil
}

// fetchMedia fetches until ctx ends, and returns nil then.
func (s *server) fetchMedia(ctx context.Context) error {
	inbox, err := fetch.FromBroker(ctx, s.broker)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	return s.sending.fetcher.Run(ctx, inbox)
}

// senders are the senders of all channels, with the files of messages.
func senders(graph, login *meta.Graph, files channel.Files) map[string]channel.Sender {
	return map[string]channel.Sender{
		whatsapp.Channel:  whatsapp.NewSender(graph, files),
		messenger.Channel: messenger.NewSender(graph, files),
		instagram.Channel: instagram.NewSender(graph, login, files),
	}
}

// asked answers what the API asks of the providers: only those who send have the
// tokens.
type asked struct {
	directory *directory.Directory
	sending   *sending
}

// Templates asks the provider of an integration for its templates.
func (p asked) Templates(ctx context.Context, account, integrationID string) ([]channel.Template, error) {
	integration, ok := p.directory.Integration(account, integrationID)
	if !ok {
		return nil, channel.ErrNoIntegration
	}
	lister, ok := p.sending.senders[integration.Channel].(channel.Templates)
	if !ok {
		return nil, nil
	}
	return lister.Templates(ctx, integration)
}

// Check asks the provider of an integration whether it would serve it. One that is
// set up is looked at by the watch at once, so that its health is known too.
func (p asked) Check(ctx context.Context, integration channel.Integration) error {
	keeper, ok := p.sending.senders[integration.Channel].(channel.Keeper)
	if !ok {
		return nil
	}
	if integration.Token == "" {
		if known, ok := p.directory.Integration(integration.Account, integration.ID); ok {
			integration.Token = known.Token
			p.sending.watch.Hurry(integration.Account, integration.ID)
		}
	}
	return keeper.Check(ctx, integration)
}

// keepers are those senders that can ask after integrations.
func keepers(senders map[string]channel.Sender) map[string]channel.Keeper {
	keepers := map[string]channel.Keeper{}
	for name, sender := range senders {
		if keeper, ok := sender.(channel.Keeper); ok {
			keepers[name] = keeper
		}
	}
	return keepers
}

func (s *server) egressConfig(senders map[string]channel.Sender) egress.Config {
	paces := egress.DefaultPaces()
	for name, sends := range s.config.Pace {
		paces[name] = egress.Pace{Sends: float64(sends), Media: paces[name].Media}
	}
	events := s.metrics.Sends()
	events.Unhealthy = s.sending.watch.Suspect
	events.Broken = func(channelName, account, integration string, broken bool) {
		log := s.config.logger.With("channel", channelName, "account", account, "integration", integration)
		if broken {
			log.Error("a provider does not answer as it should; sends of the integration wait, but for one now and then")
		} else {
			log.Warn("a provider answers again")
		}
	}
	return egress.Config{
		Publisher: s.broker, Open: egress.FromBroker(s.broker), Signals: s.broker.Shown, Wanted: s.broker.Wanted, Directory: s.directory,
		Senders: senders, Paces: paces, Instance: instance(), Logger: s.config.logger,
		Events: events,
	}
}

// troubles are what an operator should know of while the server does its work.
func (s *sending) troubles() []string {
	troubles := s.watch.Troubles()
	for _, b := range s.egress.Broken() {
		troubles = append(troubles, fmt.Sprintf("integration %s of %s: %s does not answer as it should; %s", b.Integration, b.Account, b.Channel, count(b.Waiting, "send waits", "sends wait")))
	}
	return troubles
}
