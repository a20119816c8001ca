package main

import (
	"context"
	"net/http"

	"weiche/services/meta"
	"weiche/services/watch"
)

// newAdapters makes what takes the providers' webhooks.
func (s *server) newAdapters(context.Context) (part, error) {
	watched := watch.NewWebhooks(s.config.logger)
	webhook := meta.NewWebhook(meta.WebhookConfig{
		Directory: s.directory, Publisher: s.broker,
		Readers: readers(), Events: s.webhookEvents(watched),
	})
	s.lastWebhook = watched.Last
	return part{
		edge:     []func(context.Context) error{watched.Run},
		public:   func(mux *http.ServeMux) { mux.Handle(meta.Pattern, s.gate(webhook)) },
		troubles: watched.Troubles,
	}, nil
}
