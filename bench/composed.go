package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"

	"golang.org/x/sync/errgroup"

	"weiche/eventstore"
	"weiche/projections"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/channel"
	"weiche/services/directory"
	"weiche/services/keyring"
	"weiche/services/meta"
	"weiche/services/router"
	"weiche/services/whatsapp"
)

// composedCommand has this program serve webhooks with the parts of weiche serve,
// put together here, so that they can be profiled: the product has no switch for
// that.
const composedCommand = "serve-composed"

// composed holds the parts.
type composed struct {
	store     *eventstore.Store
	keys      *keyring.Keyring
	views     *projections.Views
	broker    *broker.Broker
	directory *directory.Directory
	engine    *router.Engine
}

// profilePath begins the profile, which ends with the process.
const profilePath = "/profile"

// serveComposed serves until ctx ends and writes a CPU profile of the time since
// a POST to profilePath. It answers at heapPath where it was told to.
func serveComposed(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet(composedCommand, flag.ContinueOnError)
	data := flags.String("data", "", "the folder")
	address := flags.String("http", "", "the address")
	profile := flags.String("profile", "", "the file for the CPU profile")
	heap := flags.String("heap", "", "the file for the profile of the heap")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *heap != "" {
		runtime.MemProfileRate = sampled
	}
	c, err := compose(ctx, *data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	var file *os.File
	if *profile != "" {
		if file, err = os.Create(*profile); err != nil {
			return err
		}
		defer file.Close()
		defer pprof.StopCPUProfile()
	}

	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	logger := slog.Default()
	group, inner := errgroup.WithContext(inner)
	group.Go(func() error { return c.keys.Run(inner) })
	group.Go(func() error {
		if err := c.views.Run(inner, c.store); inner.Err() == nil {
			return err
		}
		return nil
	})
	group.Go(func() error { return c.directory.Run(inner) })
	group.Go(func() error { return router.New(c.engine, c.broker, logger).Run(inner) })
	group.Go(func() error { return router.NewRelay(c.engine, c.broker, logger).Run(inner) })
	err = c.setUp(ctx)
	if err == nil {
		mux := http.NewServeMux()
		mux.Handle(meta.Pattern, meta.NewWebhook(meta.WebhookConfig{
			Directory: c.directory, Publisher: c.broker,
			Readers: map[string]channel.Reader{whatsapp.Channel: whatsapp.Reader{}},
		}))
		if file != nil {
			mux.HandleFunc(http.MethodPost+" "+profilePath, func(w http.ResponseWriter, _ *http.Request) {
				if err := pprof.StartCPUProfile(file); err != nil {
					http.Error(w, err.Error(), http.StatusInternalServerError)
				}
			})
		}
		if *heap != "" {
			mux.HandleFunc(http.MethodPost+" "+heapPath, answerHeap(*heap))
		}
		err = serve(ctx, *address, mux)
	}
	stop()
	return errors.Join(err, group.Wait())
}

// compose opens the parts as weiche serve does.
func compose(ctx context.Context, data string) (_ *composed, err error) {
	c := &composed{}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	logger := slog.Default()
	if c.store, err = eventstore.Open(filepath.Join(data, "log"), router.LogOptions(eventstore.Options{Logger: logger})); err != nil {
		return nil, err
	}
	if c.keys, err = keyring.Open(filepath.Join(data, "keyring"), keyring.Options{Logger: logger}); err != nil {
		return nil, err
	}
	if c.views, err = projections.Open(filepath.Join(data, "views"), projections.Options{Logger: logger}); err != nil {
		return nil, err
	}
	if c.broker, err = broker.Start(ctx, broker.Config{Dir: filepath.Join(data, "broker"), Logger: logger}); err != nil {
		return nil, err
	}
	if c.directory, err = router.NewDirectory(ctx, c.store, c.keys); err != nil {
		return nil, err
	}
	c.engine = router.NewEngine(router.EngineConfig{Store: c.store, Keys: c.keys, Logger: logger})
	return c, nil
}

// setUp makes the shop.
func (c *composed) setUp(ctx context.Context) error {
	setup := &ingressv1.ApplySetup{
		Apps:         []*ingressv1.AppSetup{{Id: appID, Channel: whatsapp.Channel, ProviderAppId: "1001", AppSecrets: []string{appSecret}, VerifyToken: "a verify token"}},
		Integrations: []*ingressv1.IntegrationSetup{{Id: integration, Channel: whatsapp.Channel, AppId: appID, ProviderAccountId: phoneID, Address: "15550100000", AccessToken: "a token"}},
	}
	answer, err := c.broker.Publish(ctx, channel.Source{Kind: channel.KindAgent, Account: account, ID: "setup"}, &ingressv1.Batch{
		Items: []*ingressv1.Item{{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
			AgentId: "admin", Command: &ingressv1.AgentCommand_ApplySetup{ApplySetup: setup},
		}}}},
	})
	if err != nil {
		return err
	}
	if answer.GetError() != "" || answer.GetItems()[0].GetDetail() != "" {
		return fmt.Errorf("set up: %s", answer)
	}
	return c.directory.WaitFor(ctx, answer.GetItems()[0].GetPosition())
}

func (c *composed) close() error {
	if c.broker != nil {
		c.broker.Close()
	}
	var errs []error
	if c.views != nil {
		errs = append(errs, c.views.Close())
	}
	if c.store != nil {
		errs = append(errs, c.store.Close())
	}
	if c.keys != nil {
		errs = append(errs, c.keys.Close())
	}
	return errors.Join(errs...)
}
