package main

import (
	"context"
	"net/http"
	"strings"

	"weiche/services/api"
	"weiche/services/conversation"
	"weiche/services/instagram"
	"weiche/services/messenger"
	"weiche/services/pages"
	"weiche/services/stream"
	"weiche/services/whatsapp"
)

// newAPI makes what serves pages, agents and administrators.
func (s *server) newAPI(context.Context) (part, error) {
	signals := stream.FromBroker{Broker: s.broker}.Signals
	hub := stream.New(stream.Config{Live: s.live, Log: s.public, Signals: signals, Logger: s.config.logger})
	config := s.apiConfig()
	config.Stream = hub
	handler := api.New(config)
	p := part{
		public: func(mux *http.ServeMux) {
			pages.Register(mux, pages.Config{Origins: s.embedders})
			mux.Handle("/", s.gate(handler))
		},
		edge: []func(context.Context) error{s.afterwards(hub.Run)},
	}
	if s.config.NATSURL != "" { // nobody else reaches the embedded one
		backends := api.Backends(handler)
		p.edge = append(p.edge, s.afterwards(func(ctx context.Context) error { return s.broker.ServeBackends(ctx, backends) }))
	}
	return p, nil
}

// apiConfig is what the API is made of.
func (s *server) apiConfig() api.Config {
	return api.Config{
		Publisher: s.broker, Signals: s.broker.PublishSignal,
		Events:  s.metrics.Calls(),
		Queries: queries{setups{s.directory}, s.log},
		Log:     s.public,
		Views:   s.views, Media: s.media, Keys: s.keys, Links: deepLink, Logger: s.config.logger,
		Templates: s.providers.Templates, Check: s.providers.Check, Proxies: s.config.Proxies,
		Workspace: true,
		Webhooks:  api.Webhooks{Takes: takesWebhooks, URL: s.webhookURL, Last: s.lastWebhook},
	}
}

// embedders returns the origins that may embed a widget.
func (s *server) embedders(widgetID string) ([]string, bool) {
	widget, ok := setups{s.directory}.Widget(widgetID)
	return widget.Origins, ok
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

// deepLink returns the address that carries a code to a channel, or without a code
// that of the chat there.
func deepLink(channelName, address, language, code string) string {
	switch channelName {
	case whatsapp.Channel:
		if code == "" {
			return whatsapp.Link(address, "")
		}
		return whatsapp.Link(address, conversation.LinkSentence(language, code))
	case messenger.Channel:
		return messenger.Link(address, code)
	case instagram.Channel:
		return instagram.Link(address, code)
	}
	return ""
}
