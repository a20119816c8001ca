package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/api"
	"weiche/services/blob"
	"weiche/services/blob/fetch"
	"weiche/services/broker"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/directory"
	"weiche/services/egress"
	"weiche/services/instagram"
	"weiche/services/messenger"
	"weiche/services/meta"
	"weiche/services/metrics"
	"weiche/services/operations"
	"weiche/services/router"
	"weiche/services/watch"
	"weiche/services/whatsapp"
)

// serverConfig says how one process serves.
type serverConfig struct {
	settings
	// listener takes webhooks and the API, and admin what operators ask; they are
	// what the addresses of the settings came to. There is none for operators if
	// admin is nil.
	listener, admin net.Listener
	logger          *slog.Logger
	// now is the router's clock; time.Now if nil.
	now func() time.Time
}

// server is the whole product in one process.
type server struct {
	config    serverConfig
	folder    *folder
	broker    *broker.Broker
	lease     *broker.Lease
	engine    *router.Engine
	directory *directory.Directory
	relay     *router.Relay
	media     *blob.Store
	fetcher   *fetch.Fetcher
	senders   map[string]channel.Sender
	egress    *egress.Egress
	watch     *watch.Watch
	webhooks  *watch.Webhooks
	watchdog  *watchdog
	commits   commits
	metrics   *metrics.Metrics
	// handler is what is served to everybody, and operated what is to operators.
	handler, operated http.Handler
	// backends answers what back ends ask for over the broker.
	backends func(context.Context, broker.BackendCall) broker.BackendReply
}

// newServer opens everything that serves. Close has to be called, after run.
func newServer(ctx context.Context, config serverConfig) (_ *server, err error) {
	s := &server{config: config, metrics: newMetrics()}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.folder, err = openFolder(ctx, config.Data, true, config.logger); err != nil {
		return nil, err
	}
	if s.broker, err = broker.Start(ctx, broker.Config{
		URL: config.NATSURL, Dir: filepath.Join(config.Data, "broker"), Logger: config.logger,
		OnReconnect: func() {
			if s.relay != nil {
				s.relay.Again()
			}
		},
	}); err != nil {
		return nil, err
	}
	if s.lease, err = s.broker.AcquireRouter(ctx, instance()); err != nil {
		return nil, err
	}
	if err := s.broker.Adopt(ctx, s.folder.store.Incarnation()); err != nil {
		return nil, err
	}
	if s.directory, err = router.NewDirectory(ctx, s.folder.store, s.folder.keys); err != nil {
		return nil, err
	}
	s.engine = router.NewEngine(router.EngineConfig{
		Store: s.folder.store, Keys: s.folder.keys, Logger: config.logger, Now: config.now,
		Events: s.decisionEvents(),
	})
	if err := s.engine.Settle(ctx); err != nil {
		return nil, err
	}
	if s.media, err = s.folder.openMedia(ctx, config.Media, string(config.PublicURL), config.logger); err != nil {
		return nil, err
	}
	if s.fetcher, err = s.newFetcher(); err != nil {
		return nil, err
	}
	s.relay = router.NewRelay(s.engine, s.broker, config.logger)
	if err := s.openSending(); err != nil {
		return nil, err
	}
	s.watchdog = s.newWatchdog()
	s.metrics.Read(s.readings)
	s.handler, s.operated = s.newHandlers()
	if err := s.writeAdminToken(); err != nil {
		return nil, err
	}
	return s, nil
}

// instance names this process to others.
func instance() string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	name := []byte(fmt.Sprintf("%s-%d", host, os.Getpid()))
	for at, char := range name {
		if (char < '0' || char > '9') && (char < 'a' || char > 'z') && (char < 'A' || char > 'Z') {
			name[at] = '-'
		}
	}
	return string(name)
}

// newWatchdog makes what tells whether this server can do its work.
func (s *server) newWatchdog() *watchdog {
	return &watchdog{
		vitals: vitals{
			log: s.folder.store.Health, head: s.folder.store.Durable, busySince: s.engine.BusySince,
			connected: s.broker.Connected, slowest: s.commits.slowestLately, now: time.Now,
			followers: []*follower{
				{name: "views", position: s.folder.views.Position},
				{name: "relay", position: s.relay.Position},
			},
		},
		warnings: s.troubles,
		die: func(err error) {
			s.config.logger.Error("weiche cannot go on", "error", err)
			code, ok := damageCode(err)
			if !ok {
				code = exitFailed
			}
			os.Exit(code)
		},
	}
}

// newHandlers makes everything that is served over HTTP.
func (s *server) newHandlers() (public, admin http.Handler) {
	mux := http.NewServeMux()
	mux.Handle("GET /readyz", s.watchdog)
	mux.Handle(meta.Pattern, meta.NewWebhook(meta.WebhookConfig{
		Directory: s.directory, Publisher: s.broker,
		Readers: readers(), Events: s.webhookEvents(),
	}))
	commands := publisher{s.broker, s.directory}
	config := api.Config{
		Publisher: commands, Signals: s.broker.PublishSignal,
		Queries: queries{setups{s.directory}, s.folder, s.engine},
		Views:   s.folder.views, Media: s.media, Keys: s.folder.keys, Links: deepLink, Logger: s.config.logger,
		Templates: s.templates, Proxies: s.config.Proxies, Check: s.checkIntegration,
		Webhooks: api.Webhooks{Takes: takesWebhooks, URL: s.webhookURL, Last: s.webhooks.Last},
		Events:   s.metrics.Calls(),
	}
	calls := api.New(config)
	s.backends = api.Backends(calls)
	mux.Handle("/", calls)
	return mux, s.newAdminHandler(config)
}

// deepLink returns the address that carries a code to a channel.
func deepLink(channelName, address, language, code string) string {
	switch channelName {
	case whatsapp.Channel:
		return whatsapp.Link(address, conversation.LinkSentence(language, code))
	case messenger.Channel:
		return messenger.Link(address, code)
	case instagram.Channel:
		return instagram.Link(address, code)
	}
	return ""
}

// publisher publishes for the API. What changes the set-up is answered once the
// directory knows it, so that the next webhook finds its integration.
type publisher struct {
	channel.Publisher
	directory *directory.Directory
}

func (p publisher) Publish(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	answer, err := p.Publisher.Publish(ctx, from, batch)
	if err != nil {
		return answer, err
	}
	for at, item := range batch.GetItems() {
		if changesSetup(item.GetAgent()) && at < len(answer.GetItems()) {
			if err := p.directory.WaitFor(ctx, answer.GetItems()[at].GetPosition()); err != nil {
				return nil, err
			}
		}
	}
	return answer, nil
}

// changesSetup says whether the set-up is another one after a command.
func changesSetup(command *ingressv1.AgentCommand) bool {
	return command.GetApplySetup() != nil || command.GetRemoveIntegration() != nil || command.GetRemoveAgent() != nil
}

// errRouterLost is returned when another process became the router.
var errRouterLost = errors.New("another process has become the router")

// run serves until ctx ends, and returns nil then. It stops from the edge inwards:
// first what takes requests and sends, then what decides and follows.
func (s *server) run(ctx context.Context) error {
	inner, stopInner := context.WithCancel(context.WithoutCancel(ctx))
	defer stopInner()
	core, inner := errgroup.WithContext(inner)
	core.Go(func() error { return s.folder.keys.Run(inner) })
	core.Go(func() error {
		if err := s.folder.views.Run(inner, s.folder.store); inner.Err() == nil {
			return err
		}
		return nil
	})
	core.Go(func() error {
		if err := s.folder.store.Warm(inner); inner.Err() == nil {
			return err
		}
		return nil
	})
	core.Go(func() error { return s.directory.Run(inner) })
	core.Go(func() error { return router.New(s.engine, s.broker, s.config.logger).Run(inner) })
	core.Go(func() error { return s.relay.Run(inner) })
	core.Go(func() error { return router.NewSignals(s.engine, s.broker, s.config.logger).Run(inner) })
	core.Go(func() error {
		return operations.Housekeeping{
			Store: s.folder.store, Keys: s.folder.keys, Views: s.folder.views, Logger: s.config.logger,
		}.Run(inner)
	})
	core.Go(func() error {
		return operations.MediaKeeping{
			Store: s.folder.store, Keys: s.folder.keys, Media: s.media, Logger: s.config.logger,
		}.Run(inner)
	})
	core.Go(func() error { return s.watchdog.run(inner) })
	if s.config.admin != nil {
		core.Go(func() error { return listen(inner, s.config.admin, s.operated, s.config.logger) })
	}
	core.Go(func() error {
		select {
		case <-s.lease.Lost():
			return errRouterLost
		case <-inner.Done():
			return nil
		}
	})

	edge, outer := errgroup.WithContext(ctx)
	edge.Go(func() error {
		// The core's end is the edge's end.
		select {
		case <-inner.Done():
			return context.Cause(inner)
		case <-outer.Done():
			return nil
		}
	})
	edge.Go(func() error { return s.egress.Run(outer) })
	edge.Go(func() error { return s.watch.Run(outer) })
	if s.config.NATSURL != "" { // nobody else reaches the embedded one
		edge.Go(func() error { return s.broker.ServeBackends(outer, s.backends) })
	}
	edge.Go(func() error { return s.webhooks.Run(outer) })
	edge.Go(func() error { return s.fetchMedia(outer) })
	edge.Go(func() error { return listen(outer, s.config.listener, s.handler, s.config.logger) })
	err := edge.Wait()
	stopInner()
	if coreErr := core.Wait(); coreErr != nil {
		return coreErr
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// close closes everything, the broker before the log that it carries to.
func (s *server) close() error {
	if s.lease != nil {
		s.lease.Close()
	}
	if s.broker != nil {
		s.broker.Close()
	}
	if s.media != nil {
		s.media.Bucket.Close()
	}
	if s.folder != nil {
		return s.folder.close()
	}
	return nil
}

// tokenFile is where the administrator's token is for who may read the folder.
func tokenFile(data string) string { return filepath.Join(data, "tokens", "admin") }

// writeAdminToken writes the administrator's token beside the log, and where it is
// good for.
func (s *server) writeAdminToken() error {
	err := writeToken(tokenFile(s.config.Data), api.AdminToken(s.folder.keys).Reveal())
	if err != nil {
		return err
	}
	if err := writeToken(urlFile(s.config.Data), "http://"+localAddress(s.config.listener.Addr())); err != nil {
		return err
	}
	if s.config.admin == nil {
		return nil
	}
	return writeToken(adminURLFile(s.config.Data), "http://"+localAddress(s.config.admin.Addr()))
}

// localAddress is how this machine reaches a listener.
func localAddress(at net.Addr) string {
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return at.String()
}

// writeToken writes a token that only its owner can read.
func writeToken(path, token string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(token+"\n"), 0o600)
}
