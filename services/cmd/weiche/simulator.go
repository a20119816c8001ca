package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"weiche/services/simulator"
)

// simulatorConfig is what the flags of weiche simulator say.
type simulatorConfig struct {
	address, file, base string
	callbacks, faults   []string
	seed                int64
}

func newSimulatorCommand() *cobra.Command {
	var flags simulatorConfig
	cmd := &cobra.Command{
		Use:   "simulator",
		Short: "Stand in for the providers: Graph API, webhooks and phones",
		Long: `Serves the Graph API as the providers do, sends signed webhooks, and has phones
that are moved over an API of its own below /sim/. It is for demos and tests of
any software that speaks to WhatsApp Cloud API, Messenger or Instagram. Without
--config it starts with one app, a number, a page, an Instagram account and two
people, and prints their ids and tokens.

Nobody is asked for a password at /sim/, so it belongs on this machine only.`,
		Example: `  weiche simulator
  weiche simulator --callback http://127.0.0.1:3000/webhook
  weiche simulator --seed 7 --fault timeout_after_accept:rate=0.1 --fault duplicate:event=message,copies=3
  weiche simulator --http 127.0.0.1:8090 --config simulator.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := flags.config(cmd.Flags().Changed("seed"))
			if err != nil {
				return err
			}
			listener, err := listenAt("http", flags.address)
			if err != nil {
				return err
			}
			base := "http://" + listener.Addr().String()
			if config.BaseURL != "" {
				base = config.BaseURL
			}
			sim, err := simulator.New(config, simulator.Options{Log: newLogger("info", "auto")})
			if err != nil {
				listener.Close()
				return usageError{err}
			}
			if err := sim.Describe(cmd.OutOrStdout(), base); err != nil {
				listener.Close()
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "simulator on http://%s\n", listener.Addr())
			return runSimulator(cmd.Context(), sim, listener)
		},
	}
	cmd.Flags().StringVar(&flags.address, "http", "127.0.0.1:8090", "the address to serve HTTP on")
	cmd.Flags().StringVar(&flags.file, "config", "", "a JSON file with apps, numbers, pages, accounts, templates and people")
	cmd.Flags().StringArrayVar(&flags.callbacks, "callback", nil, "where the webhooks of all apps go, or, as 'channel=URL', those of one channel; may be given several times")
	cmd.Flags().StringVar(&flags.base, "base-url", "", "the address in links to media, if it is not the one that requests come to")
	cmd.Flags().Int64Var(&flags.seed, "seed", 0, "makes ids and faults repeatable; another seed makes others")
	cmd.Flags().StringArrayVar(&flags.faults, "fault", nil, "a fault, as 'kind[:key=value,...]'; may be given several times")
	return cmd
}

// config is the file, or a configuration to begin with, and over it what the
// flags say.
func (f simulatorConfig) config(seeded bool) (simulator.Config, error) {
	config := simulator.Starter()
	if f.file != "" {
		file, err := os.Open(f.file)
		if err != nil {
			return config, err
		}
		config, err = simulator.ReadConfig(file)
		file.Close()
		if err != nil {
			return config, usageError{fmt.Errorf("%s: %w", f.file, err)}
		}
	}
	if seeded {
		config.Seed = f.seed
	}
	if f.base != "" {
		config.BaseURL = f.base
	}
	for _, callback := range f.callbacks {
		channel, address, ofOne := strings.Cut(callback, "=")
		ofOne = ofOne && !strings.Contains(channel, "/") // an address may have that sign too
		for i := range config.Apps {
			app := &config.Apps[i]
			if !ofOne {
				app.CallbackURL = callback
				continue
			}
			if app.Callbacks == nil {
				app.Callbacks = map[simulator.Channel]string{}
			}
			app.Callbacks[simulator.Channel(channel)] = address
		}
	}
	for _, text := range f.faults {
		fault, err := simulator.ParseFault(text)
		if err != nil {
			return config, usageError{err}
		}
		config.Faults = append(config.Faults, fault)
	}
	return config, nil
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
