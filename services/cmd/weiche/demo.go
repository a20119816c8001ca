package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"weiche/projections"
	"weiche/services/api"
	"weiche/services/setting"
	"weiche/services/simulator"
)

// demoConfig says how the demo runs.
type demoConfig struct {
	data, simulator, fault string
	http, admin            setting.Address
	once, play             bool
	// patience is how long each step of the story may take; usualPatience if 0.
	patience time.Duration
}

const usualPatience = 10 * time.Second

func newDemoCommand() *cobra.Command {
	var config demoConfig
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole product with simulated channels, and a page to try it on",
		Long: `Starts Weiche and a simulator of the providers, and sets a shop up with agents and
customers. It prints the address of a page that has all of it side by side: the shop
with its chat, a phone with three messengers, the agents' workspace, and the calls
between Weiche and the providers. It stays up until it is interrupted.

With --play it plays the story that the product is made for by itself first, over real
HTTP: the API, signed webhooks, and sends through the Graph API. Then it prints the
views, and a line by which one can go on with curl.

With --once it plays the story alone, checks it through the public API and on the
phones, verifies the log, builds the views anew and compares them, and says with its
exit code whether all is right. --fault puts a fault of the simulator in, which the
product has to survive or --once to notice.`,
		Example: `  weiche demo
  weiche demo --play
  weiche demo --once
  weiche demo --once --data ./look && weiche events --data ./look`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if config.once && !cmd.Flags().Changed("simulator") {
				config.simulator = "127.0.0.1:0"
			}
			return runDemo(cmd.Context(), config, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&config.data, "data", "", "the data folder, which is left for a look; a new one that goes with the demo if empty")
	takesSettings(cmd, func(s settings, read setting.Read) {
		config.http, config.admin = s.HTTP, s.Admin
		for name, address := range map[string]*setting.Address{"http": &config.http, "admin": &config.admin} {
			if config.once && !read.Said(name) {
				*address = "127.0.0.1:0"
			}
		}
	}, "http", "admin", flagMasterKey)
	cmd.Flags().StringVar(&config.simulator, "simulator", "127.0.0.1:8090", "the address of the simulator")
	cmd.Flags().BoolVar(&config.play, "play", false, "play the story first")
	cmd.Flags().BoolVar(&config.once, "once", false, "play the story, check it and end")
	cmd.MarkFlagsMutuallyExclusive("play", "once")
	cmd.Flags().StringVar(&config.fault, "fault", "", "a fault of the simulator: drop, rate_limit, timeout_after_accept, ...")
	return cmd
}

// runDemo starts everything, and stays, or plays the story and checks.
func runDemo(ctx context.Context, config demoConfig, out io.Writer) (err error) {
	kept := config.data != ""
	if !kept {
		if config.data, err = os.MkdirTemp("", "weiche-demo-"); err != nil {
			return err
		}
		defer os.RemoveAll(config.data)
	} else if _, err := os.Stat(filepath.Join(config.data, "log")); err == nil {
		return usageError{fmt.Errorf("%s holds a log already; the demo begins with an empty folder", config.data)}
	}
	simListener, err := listenAt("simulator", config.simulator)
	if err != nil {
		return err
	}
	// What is refused here is refused on purpose, and nobody has to take care of it.
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	serves := serverConfig{settings: settings{
		Data: config.data, HTTP: config.http, Admin: config.admin, GraphURL: setting.URL("http://" + simListener.Addr().String()),
	}, logger: logger}
	if err := serves.open(); err != nil {
		simListener.Close()
		return err
	}
	a := &actors{
		weiche: "http://" + serves.listener.Addr().String(), providers: "http://" + simListener.Addr().String(), person: demoPerson,
		patience: cmp.Or(config.patience, usualPatience),
	}
	providers, options := demoProviders(a.weiche, config.fault), simulator.Options{}
	providers.BaseURL = a.providers
	if !config.once {
		options.Now = func() time.Time { return time.Now().Add(-demoPast) }
	}
	sim, err := simulator.New(providers, options)
	if err != nil {
		return usageError{err}
	}
	s, err := newServer(ctx, serves)
	if err != nil {
		simListener.Close()
		serves.closeListeners()
		return err
	}
	running, stop := context.WithCancel(ctx)
	if !config.once {
		s.handler = demoPages{
			weiche: a.weiche, token: api.AdminToken(s.folder.keys), product: s.handler, providers: sim.Handler(), until: running,
		}.handler()
	}
	group, running := errgroup.WithContext(running)
	group.Go(func() error { return runSimulator(running, sim, simListener) })
	group.Go(func() error { return s.run(running) })
	group.Go(func() error {
		defer stop()
		return perform(running, s, a, config, out)
	})
	err = group.Wait()
	stop()
	if err == nil && config.once {
		err = checkLog(context.WithoutCancel(ctx), s, out)
	}
	if closed := s.close(); err == nil && closed != nil {
		err = fmt.Errorf("close: %w", closed)
	}
	if err != nil {
		return err
	}
	if config.once {
		fmt.Fprintln(out, "\nAll is as it should be.")
	} else {
		fmt.Fprintln(out, "\nThe demo has ended.")
	}
	if kept {
		fmt.Fprintf(out, "Its data is in %s. It can be read for as long as its master key is there, %s.\n",
			config.data, cmp.Or(masterKeyOf(ctx), filepath.Join(config.data, "keyring", "master.key")))
	}
	return nil
}

// perform sets the account up, plays where it shall, and stays or checks.
func perform(ctx context.Context, s *server, a *actors, config demoConfig, out io.Writer) error {
	tokens, err := applySetup(ctx, a.weiche, api.AdminToken(s.folder.keys).Reveal(), demoAccount, demoSetup(a.weiche))
	if err != nil {
		return fmt.Errorf("set the account up: %w", err)
	}
	for _, agent := range tokens {
		a.tokens = append(a.tokens, agent)
		if agent.GetAgentId() == demoAgent {
			a.agent = agent.GetToken()
		}
	}
	if !config.once {
		if err := fillInbox(ctx, a); err != nil {
			return fmt.Errorf("let customers write: %w", err)
		}
	}
	fmt.Fprintf(out, "Weiche serves on %s, the simulated providers on %s.\n", a.weiche, a.providers)
	if config.once || config.play {
		if err := playDemo(ctx, a, out); err != nil {
			return err
		}
		if err := showViews(ctx, a, out); err != nil {
			return err
		}
	}
	if config.once {
		if err := a.simulate(ctx, "GET", "/sim/idle?timeout="+a.patience.String(), nil, nil); err != nil {
			return err
		}
		return checkDemo(ctx, a)
	}
	if config.play {
		fmt.Fprintf(out, "\nIt stays up; go on as the agent:\n\n%s\nor look at Ana's phone:\n\n  curl -s %s/sim/people/%s/threads\n", curlReply(a), a.providers, a.person)
	}
	fmt.Fprintf(out, "\n  Open %s%s\n\nCtrl-C ends it.\n", a.weiche, demoPage)
	openBrowser(ctx, out, a.weiche+demoPage)
	<-ctx.Done()
	return nil
}

// curlReply is the command line that answers as the agent.
func curlReply(a *actors) string {
	return fmt.Sprintf(`  curl -s %s/weiche.workspace.v1.WorkspaceService/SendReply \
    -H 'Content-Type: application/json' \
    -H 'Authorization: Bearer %s' \
    -d '{"conversationId":"%s","text":"Anything else?","clientToken":"curl-1"}'
`, a.weiche, a.agent, a.conversation)
}

// checkLog verifies the log, builds the views anew, and compares them with those
// that followed it.
func checkLog(ctx context.Context, s *server, out io.Writer) error {
	if err := s.folder.store.Verify(ctx, nil); err != nil {
		return fmt.Errorf("verify the log: %w", err)
	}
	digests := func() (all [][32]byte, err error) {
		for _, p := range projections.All() {
			digest, err := s.folder.views.Digest(ctx, p.Name)
			if err != nil {
				return nil, err
			}
			all = append(all, digest)
		}
		return all, nil
	}
	var live, rebuilt [][32]byte
	err := s.folder.caughtUp(ctx, func() (err error) {
		live, err = digests()
		return err
	})
	if err != nil {
		return err
	}
	if err := s.folder.views.Rebuild(ctx, s.folder.store, "", nil); err != nil {
		return fmt.Errorf("rebuild the views: %w", err)
	}
	if rebuilt, err = digests(); err != nil {
		return err
	}
	for at, p := range projections.All() {
		if live[at] != rebuilt[at] {
			return fmt.Errorf("the rebuilt %s differs from the live one", p.Name)
		}
	}
	fmt.Fprintf(out, "\n%d events verified, %d views rebuilt and the same.\n", s.folder.store.Durable(), len(live))
	return nil
}
