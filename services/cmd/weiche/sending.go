package main

import (
	"context"
	"fmt"
	"strings"

	"weiche/services/channel"
	"weiche/services/egress"
	"weiche/services/instagram"
	"weiche/services/messenger"
	"weiche/services/meta"
	"weiche/services/watch"
	"weiche/services/whatsapp"
)

// openSending makes what speaks to the providers, and what watches over it.
func (s *server) openSending() error {
	graph, err := meta.NewGraph(meta.GraphConfig{URL: string(s.config.GraphURL), Version: s.config.GraphVersion})
	if err != nil {
		return err
	}
	login := graph
	if s.config.GraphURL == "" {
		if login, err = meta.NewGraph(meta.GraphConfig{URL: instagram.DefaultLoginURL, Version: s.config.GraphVersion}); err != nil {
			return err
		}
	}
	s.senders = senders(graph, login, s.media)
	s.webhooks = watch.NewWebhooks(s.config.logger)
	if s.watch, err = watch.New(watch.Config{
		Directory: s.directory, Keepers: keepers(s.senders), Publisher: s.broker, Instance: instance(), Logger: s.config.logger,
	}); err != nil {
		return err
	}
	s.egress, err = egress.New(s.egressConfig(s.senders))
	return err
}

// senders are the senders of all channels, with the files of messages.
func senders(graph, login *meta.Graph, files channel.Files) map[string]channel.Sender {
	return map[string]channel.Sender{
		whatsapp.Channel:  whatsapp.NewSender(graph, files),
		messenger.Channel: messenger.NewSender(graph, files),
		instagram.Channel: instagram.NewSender(graph, login, files),
	}
}

// templates asks the provider of an integration for its templates.
func (s *server) templates(ctx context.Context, account, integrationID string) ([]channel.Template, error) {
	integration, ok := s.directory.Integration(account, integrationID)
	if !ok {
		return nil, channel.ErrNoIntegration
	}
	lister, ok := s.senders[integration.Channel].(channel.Templates)
	if !ok {
		return nil, nil
	}
	return lister.Templates(ctx, integration)
}

// checkIntegration asks the provider of an integration whether it would serve it. One
// that is set up is looked at by the watch at once, so that its health is known too.
func (s *server) checkIntegration(ctx context.Context, integration channel.Integration) error {
	keeper, ok := s.senders[integration.Channel].(channel.Keeper)
	if !ok {
		return nil
	}
	if integration.Token == "" {
		if known, ok := s.directory.Integration(integration.Account, integration.ID); ok {
			integration.Token = known.Token
			s.watch.Hurry(integration.Account, integration.ID)
		}
	}
	return keeper.Check(ctx, integration)
}

// webhookURL returns the address of an app's webhooks.
func (s *server) webhookURL(channelName, appID string) string {
	if s.config.PublicURL == "" || !takesWebhooks(channelName) {
		return ""
	}
	return strings.TrimSuffix(string(s.config.PublicURL), "/") + "/webhooks/" + channelName + "/" + appID
}

// takesWebhooks says whether a channel's webhooks are read here.
func takesWebhooks(channelName string) bool {
	_, ours := readers()[channelName]
	return ours
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
	events.Unhealthy = s.watch.Suspect
	events.Broken = func(channelName, account, integration string, broken bool) {
		log := s.config.logger.With("channel", channelName, "account", account, "integration", integration)
		if broken {
			log.Error("a provider does not answer as it should; sends of the integration wait, but for one now and then")
		} else {
			log.Warn("a provider answers again")
		}
	}
	return egress.Config{
		Publisher: s.broker, Open: egress.FromBroker(s.broker), Signals: s.broker.Shown, Directory: s.directory,
		Senders: senders, Paces: paces, Instance: instance(), Logger: s.config.logger,
		Events: events,
	}
}

// troubles are what an operator should know of while the server does its work.
func (s *server) troubles() []string {
	troubles := append(s.watch.Troubles(), s.webhooks.Troubles()...)
	for _, b := range s.egress.Broken() {
		troubles = append(troubles, fmt.Sprintf("integration %s of %s: %s does not answer as it should; %d sends wait", b.Integration, b.Account, b.Channel, b.Waiting))
	}
	return troubles
}
