package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/spf13/cobra"

	"weiche/services/blob"
)

func newServeCommand() *cobra.Command {
	var config serverConfig
	var address string
	var verbose bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the whole product in one process",
		Long: `Serves webhooks and the API, with an embedded broker or an external NATS server,
and the log in the data folder. The token of the administrator is written to
tokens/admin in that folder; with it, weiche setup makes the first account.`,
		Example: `  weiche serve --data ./data --http 127.0.0.1:8080
  weiche serve --nats-url nats://127.0.0.1:4222`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			config.logger = newLogger(verbose)
			if config.publicURL != "" && !blob.IsPublicURL(config.publicURL) {
				return usageError{fmt.Errorf("--public-url %q is no address", config.publicURL)}
			}
			if config.listener, err = net.Listen("tcp", address); err != nil {
				return err
			}
			s, err := newServer(cmd.Context(), config)
			if err != nil {
				config.listener.Close()
				return err
			}
			config.logger.Info("serving", "http", config.listener.Addr().String(), "data", config.data,
				"events", s.folder.store.Durable(), "incarnation", s.folder.store.Incarnation())
			err = s.run(cmd.Context())
			if closed := s.close(); err == nil && closed != nil {
				err = fmt.Errorf("close: %w", closed)
			}
			return err
		},
	}
	dataFlag(cmd, &config.data)
	cmd.Flags().StringVar(&address, "http", "127.0.0.1:8080", "the address to serve HTTP on")
	cmd.Flags().StringVar(&config.natsURL, "nats-url", "", "an external NATS server; embedded if empty")
	cmd.Flags().StringVar(&config.graphURL, "graph-url", "", "where the Graph API is; the provider's if empty")
	cmd.Flags().StringVar(&config.graphVersion, "graph-version", "", "the version of the Graph API; v26.0 if empty")
	cmd.Flags().StringToIntVar(&config.paces, "pace", nil,
		"how many sends a second one number, page or account may begin, by channel (default whatsapp=80,messenger=40,instagram=100)")
	mediaFlag(cmd, &config.media)
	cmd.Flags().StringVar(&config.publicURL, "public-url", "", "where customers and providers reach this server, https://…; files are sent by upload alone if empty")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log what is of use to developers too")
	return cmd
}

// newLogger logs to standard error: text on a terminal, JSON elsewhere.
func newLogger(verbose bool) *slog.Logger {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	options := &slog.HandlerOptions{Level: level}
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		return slog.New(slog.NewTextHandler(os.Stderr, options))
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, options))
}
