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
			if config.listener, err = net.Listen("tcp", string(config.HTTP)); err != nil {
				return err
			}
			s, err := newServer(cmd.Context(), config)
			if err != nil {
				config.listener.Close()
				return err
			}
			config.logger.Info("serving", "http", config.listener.Addr().String(), "data", config.Data,
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
