package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"weiche/projections"
	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/api"
	"weiche/services/setting"
	"weiche/services/simulator"
)

// demoConfig says how the demo runs.
type demoConfig struct {
	data, simulator, fault string
	http, admin            setting.Address
	once                   bool
	// patience is how long each step of the story may take; usualPatience if 0.
	patience time.Duration
}

const usualPatience = 10 * time.Second

func newDemoCommand() *cobra.Command {
	var config demoConfig
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole product with simulated channels and play its story",
		Long: `Starts Weiche and a simulator of the providers, sets an account up, and plays the
story that the product is made for, over real HTTP: the API, signed webhooks, and
sends through the Graph API. Then it prints the views and stays up, so that one can
go on by curl.

With --once it plays the story, checks it through the public API and on the phones,
verifies the log, builds the views anew and compares them, and says with its exit
code whether all is right. --fault puts a fault of the simulator in, which the
product has to survive or --once to notice.`,
		Example: `  weiche demo
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
	cmd.Flags().BoolVar(&config.once, "once", false, "play, check and end")
	cmd.Flags().StringVar(&config.fault, "fault", "", "a fault of the simulator: drop, rate_limit, timeout_after_accept, ...")
	return cmd
}

// runDemo starts everything, plays the story, and stays or checks.
func runDemo(ctx context.Context, config demoConfig, out io.Writer) (err error) {
	if config.data == "" {
		if config.data, err = os.MkdirTemp("", "weiche-demo-"); err != nil {
			return err
		}
		defer os.RemoveAll(config.data)
	} else if _, err := os.Stat(filepath.Join(config.data, "log")); err == nil {
		return usageError{fmt.Errorf("%s holds a log already; the demo begins with an empty folder", config.data)}
	}
	simListener, err := net.Listen("tcp", config.simulator)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
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
	sim, err := simulator.New(demoProviders(a.weiche, config.fault), simulator.Options{})
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
	if err == nil && config.once {
		fmt.Fprintln(out, "\nAll is as it should be.")
	}
	return err
}

// perform sets the account up and plays.
func perform(ctx context.Context, s *server, a *actors, config demoConfig, out io.Writer) error {
	began := time.Now()
	tokens, err := applySetup(ctx, a.weiche, api.AdminToken(s.folder.keys).Reveal(), demoAccount, demoSetup(a.weiche))
	if err != nil {
		return fmt.Errorf("set the account up: %w", err)
	}
	a.agent = tokens[0].GetToken()
	fmt.Fprintf(out, "Weiche serves on %s, the simulated providers on %s.\n", a.weiche, a.providers)
	if err := playDemo(ctx, a, out); err != nil {
		return err
	}
	if err := showViews(ctx, a, out); err != nil {
		return err
	}
	if config.once {
		if err := a.simulate(ctx, "GET", "/sim/idle?timeout="+a.patience.String(), nil, nil); err != nil {
			return err
		}
		return checkDemo(ctx, a)
	}
	link := &adminv1.MakeLoginLinkResponse{}
	if err := call(ctx, a.weiche, "weiche.admin.v1.AdminService/MakeLoginLink", api.AdminToken(s.folder.keys).Reveal(),
		&adminv1.MakeLoginLinkRequest{AccountId: demoAccount, AgentId: "kim", ClientToken: rand.Text()}, link); err != nil {
		return fmt.Errorf("make a login link: %w", err)
	}
	fmt.Fprintf(out, "\nPlayed in %s. It stays up; go on as the agent:\n\n%s\nor log in as the agent, once, within an hour:\n\n  %s%s\n\nor look at Ana's phone:\n\n  curl -s %s/sim/people/%s/threads\n\nCtrl-C ends it.\n",
		time.Since(began).Round(time.Millisecond), curlReply(a), a.weiche, link.GetPath(), a.providers, a.person)
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

// demoSetup is the demo's account.
func demoSetup(origin string) *ingressv1.ApplySetup {
	setup := &ingressv1.ApplySetup{
		Name: "Blue Shop",
		Widgets: []*ingressv1.WidgetSetup{{
			Id: demoWidget, Site: "blue-shop.example", Origins: []string{origin}, Languages: []string{"en", "de"},
			Confirmation: eventv1.Confirmation_CONFIRMATION_PROMPT,
		}},
		Agents: []*ingressv1.AgentSetup{{Id: "kim", Name: "Kim"}},
	}
	for _, c := range []struct{ channel, address, page, business string }{
		{channel: "whatsapp", address: "15550100001", business: "210001"},
		{channel: "messenger", address: "blue.shop"},
		{channel: "instagram", address: "blue.shop.ig", page: "300002"},
	} {
		setup.Apps = append(setup.Apps, &ingressv1.AppSetup{
			Id: "demo-" + c.channel, Channel: c.channel, ProviderAppId: demoApp(c.channel),
			AppSecrets: []string{"demo-secret-" + c.channel}, VerifyToken: "demo-verify",
		})
		setup.Integrations = append(setup.Integrations, &ingressv1.IntegrationSetup{
			Id: c.channel, Channel: c.channel, AppId: "demo-" + c.channel, ProviderAccountId: demoProviderAccount(c.channel),
			Address: c.address, Name: "Blue Shop", PageId: c.page, BusinessAccountId: c.business, AccessToken: "demo-token-" + c.channel,
		})
		setup.Widgets[0].Offers = append(setup.Widgets[0].Offers, c.channel)
	}
	return setup
}

// demoProviderAccount is the provider's id of the demo's account on a channel.
func demoProviderAccount(channel string) string {
	return map[string]string{"whatsapp": "200001", "messenger": "300001", "instagram": "400001"}[channel]
}

// demoApp is the provider's id of the app of a channel.
func demoApp(channel string) string {
	return map[string]string{"whatsapp": "100001", "messenger": "100002", "instagram": "100003"}[channel]
}

// demoProviders is the same account at the providers.
func demoProviders(weiche, fault string) simulator.Config {
	config := simulator.Config{
		Seed:    1,
		Numbers: []simulator.Number{{ID: "200001", WABA: "210001", App: demoApp("whatsapp"), Display: "15550100001", Name: "Blue Shop", Token: "demo-token-whatsapp"}},
		Pages: []simulator.Page{
			{ID: "300001", Name: "blue.shop", App: demoApp("messenger"), Token: "demo-token-messenger"},
			{ID: "300002", Name: "blue.shop.page", App: demoApp("instagram"), Token: "demo-token-instagram"},
		},
		Instagrams: []simulator.Instagram{{ID: "400001", Username: "blue.shop.ig", Page: "300002", App: demoApp("instagram"), Token: "demo-token-instagram"}},
		People:     []simulator.Person{{Name: demoPerson}},
	}
	for _, channel := range []string{"whatsapp", "messenger", "instagram"} {
		config.Apps = append(config.Apps, simulator.App{
			ID: demoApp(channel), Secret: "demo-secret-" + channel, VerifyToken: "demo-verify",
			CallbackURL: weiche + "/webhooks/" + channel + "/demo-" + channel,
		})
	}
	if fault != "" {
		config.Faults = []simulator.Fault{{Kind: simulator.FaultKind(fault)}}
	}
	return config
}
