package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"weiche/services/broker"
	"weiche/services/setting"
)

func newServeCommand() *cobra.Command {
	var config serverConfig
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the whole product, or some of its roles, in one process",
		Long: `Serves webhooks and the API, with an embedded broker or an external NATS server,
and the log in the data folder. The token of the administrator is written to
tokens/admin in that folder; with it, weiche setup makes the first account.

With --roles it does a part of that: adapters take the webhooks, exactly one router
decides and has the data folder, api serves pages, agents and administrators, egress
speaks to the providers. They find each other by a NATS server; weiche nats config
prints its configuration, with one user for each.

Every flag can be a variable of the environment or a line of a file, too: see weiche
config.`,
		Example: `  weiche serve --data ./data --http 127.0.0.1:8080
  weiche serve --nats-url nats://127.0.0.1:4222
  weiche serve --config /etc/weiche.yaml
  weiche serve --roles adapters --nats-url nats://nats:4222 --nats-credentials adapters.nk`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := config.foreign(cmd.Flags().Changed); err != nil {
				return err
			}
			config.logger = newLogger(config.LogLevel, config.LogFormat)
			if err := config.open(); err != nil {
				return err
			}
			s, err := newServer(cmd.Context(), config)
			if err != nil {
				config.closeListeners()
				return err
			}
			config.logger.Info("serving", s.says()...)
			err = s.run(cmd.Context())
			if closed := s.close(); err == nil && closed != nil {
				err = fmt.Errorf("close: %w", closed)
			}
			return err
		},
	}
	takesSettings(cmd, func(s settings, _ setting.Read) { config.settings = s })
	return cmd
}

// says is what is logged when the server serves: where, and what.
func (s *server) says() (said []any) {
	if s.config.listener != nil {
		said = append(said, "http", s.config.listener.Addr().String())
	}
	said = append(said, "admin", s.config.admin.Addr().String(), "roles", broker.JoinRoles(s.config.roles(), ","))
	if s.folder != nil {
		said = append(said, "data", s.config.Data, "events", s.folder.store.Durable(), "incarnation", s.folder.store.Incarnation())
	}
	return said
}

// open opens the listeners of the settings; none for everybody where nothing is served
// to them.
func (c *serverConfig) open() (err error) {
	if c.serves() {
		if c.listener, err = listenAt("http", string(c.HTTP)); err != nil {
			return err
		}
	}
	if c.admin, err = listenAt("admin", string(c.Admin)); err != nil && c.listener != nil {
		c.listener.Close()
	}
	return err
}

// closeListeners closes what open has opened, where nothing serves on it.
func (c *serverConfig) closeListeners() {
	if c.listener != nil {
		c.listener.Close()
	}
	c.admin.Close()
}
