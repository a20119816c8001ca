package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"weiche/services/simulator"
)

func newSimulatorCommand() *cobra.Command {
	var address, file string
	cmd := &cobra.Command{
		Use:   "simulator",
		Short: "Stand in for the providers: Graph API, webhooks and three phones",
		Long: `Serves the Graph API as the providers do, sends signed webhooks, and has phones
that are moved over an API of its own below /sim/. It is for demos and tests:
nobody is asked for a password there, so it belongs on this machine only.`,
		Example: `  weiche simulator --http 127.0.0.1:8090 --config simulator.json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var config simulator.Config
			if file != "" {
				f, err := os.Open(file)
				if err != nil {
					return err
				}
				config, err = simulator.ReadConfig(f)
				f.Close()
				if err != nil {
					return usageError{fmt.Errorf("%s: %w", file, err)}
				}
			}
			sim, err := simulator.New(config, simulator.Options{Log: newLogger(false)})
			if err != nil {
				return usageError{err}
			}
			listener, err := net.Listen("tcp", address)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "simulator on http://%s\n", listener.Addr())
			return runSimulator(cmd.Context(), sim, listener)
		},
	}
	cmd.Flags().StringVar(&address, "http", "127.0.0.1:8090", "the address to serve HTTP on")
	cmd.Flags().StringVar(&file, "config", "", "a JSON file with apps, numbers, pages, accounts and people")
	return cmd
}

// runSimulator serves a simulator until ctx ends, and returns nil then.
func runSimulator(ctx context.Context, sim *simulator.Simulator, listener net.Listener) error {
	server := &http.Server{Handler: sim.Handler(), ReadHeaderTimeout: 5 * time.Second}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return sim.Run(ctx) })
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		// Answers that are held back as a fault would hold the end back too.
		return server.Close()
	})
	return group.Wait()
}
