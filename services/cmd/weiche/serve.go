package main

import (
	"fmt"
	"net"

	"github.com/spf13/cobra"

	"weiche/services/setting"
)

func newServeCommand() *cobra.Command {
	var config serverConfig
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the whole product in one process",
		Long: `Serves webhooks and the API, with an embedded broker or an external NATS server,
and the log in the data folder. The token of the administrator is written to
tokens/admin in that folder; with it, weiche setup makes the first account.

Every flag can be a variable of the environment or a line of a file, too: see weiche
config.`,
		Example: `  weiche serve --data ./data --http 127.0.0.1:8080
  weiche serve --nats-url nats://127.0.0.1:4222
  weiche serve --config /etc/weiche.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			config.logger = newLogger(config.LogLevel, config.LogFormat)
			if err := config.open(); err != nil {
				return err
			}
			s, err := newServer(cmd.Context(), config)
			if err != nil {
				config.closeListeners()
				return err
			}
			config.logger.Info("serving", "http", config.listener.Addr().String(), "admin", config.admin.Addr().String(), "data", config.Data,
				"events", s.folder.store.Durable(), "incarnation", s.folder.store.Incarnation())
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

// open opens the listeners of the settings.
func (c *serverConfig) open() (err error) {
	if c.listener, err = net.Listen("tcp", string(c.HTTP)); err != nil {
		return err
	}
	if c.admin, err = net.Listen("tcp", string(c.Admin)); err != nil {
		c.listener.Close()
	}
	return err
}

// closeListeners closes what open has opened, where nothing serves on it.
func (c *serverConfig) closeListeners() {
	c.listener.Close()
	c.admin.Close()
}
