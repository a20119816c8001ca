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
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"weiche/services/api"
	"weiche/services/blob"
	"weiche/services/broker"
	"weiche/services/metrics"
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

// server is the roles of one process, all of them where nothing else is said.
type server struct {
	config serverConfig
	// folder is the data folder; nil where the router is elsewhere.
	folder *folder
	broker *broker.Broker
	known
	// media are the files of messages, and sending what speaks to the providers; nil
	// where no role of the process has to do with them.
	media   *blob.Store
	sending *sending

	metrics *metrics.Metrics
	// parts are all there once newServer has returned. While it makes them, the broker
	// may be connected again: making is held then.
	parts    []part
	making   sync.Mutex
	watchdog *watchdog
	// handler is what is served to everybody, and operated what is to operators.
	handler, operated http.Handler
}

// newServer opens everything that serves. Close has to be called, after run.
func newServer(ctx context.Context, config serverConfig) (_ *server, err error) {
	s := &server{config: config, metrics: newMetrics()}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if config.does(broker.RoleRouter) {
		if s.folder, err = openFolder(ctx, config.Data, true, config.logger); err != nil {
			return nil, err
		}
	}
	if s.broker, err = broker.Start(ctx, broker.Config{
		URL: config.NATSURL, Credentials: config.NATSCredentials, Roles: config.roles(),
		Dir: filepath.Join(config.Data, "broker"), Logger: config.logger, OnReconnect: s.again,
	}); err != nil {
		return nil, err
	}
	for _, role := range s.constructors() {
		p, err := role(ctx)
		s.making.Lock()
		s.parts = append(s.parts, p)
		s.making.Unlock()
		if err != nil {
			return nil, err
		}
	}
	s.watchdog = s.newWatchdog()
	s.metrics.Read(s.readings)
	s.handler, s.operated = s.newHandlers()
	return s, s.writeTokens()
}

// constructors make the parts of the process, what others stand on first.
func (s *server) constructors() (all []func(context.Context) (part, error)) {
	if !s.config.does(broker.RoleRouter) {
		all = append(all, s.newRemote)
	}
	for _, row := range []struct {
		role broker.Role
		make func(context.Context) (part, error)
	}{
		{broker.RoleRouter, s.newRouter},
		{broker.RoleEgress, s.newEgress},
		{broker.RoleAdapters, s.newAdapters},
		{broker.RoleAPI, s.newAPI},
	} {
		if s.config.does(row.role) {
			all = append(all, row.make)
		}
	}
	return all
}

// again is called after each reconnect of the broker.
func (s *server) again() {
	s.making.Lock()
	defer s.making.Unlock()
	for _, p := range s.parts {
		if p.again != nil {
			p.again()
		}
	}
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
	w := &watchdog{
		vitals: vitals{gone: s.folder.gone, connected: s.broker.Connected, now: time.Now},
		warnings: func() (all []string) {
			for _, p := range s.parts {
				if p.troubles != nil {
					all = append(all, p.troubles()...)
				}
			}
			return all
		},
		// Nothing is fatal but what concerns the folder.
		die: func(err error) { s.folder.die(s.config.logger, err) },
	}
	for _, p := range s.parts {
		if p.vitals != nil {
			p.vitals(&w.vitals)
		}
	}
	return w
}

// newHandlers makes everything that is served over HTTP.
func (s *server) newHandlers() (public, operated http.Handler) {
	everybody, operators := http.NewServeMux(), http.NewServeMux()
	everybody.Handle("GET /readyz", s.watchdog)
	everybody.HandleFunc("GET /livez", alive)
	operators.HandleFunc("GET /readyz", s.watchdog.details)
	operators.HandleFunc("GET /livez", alive)
	operators.Handle("GET /metrics", s.metrics.Handler())
	for _, p := range s.parts {
		if p.public != nil {
			p.public(everybody)
		}
		if p.operated != nil {
			p.operated(operators)
		}
	}
	return everybody, operators
}

// run serves until ctx ends, and returns nil then. Where the folder is gone, whatever
// ended it is for that.
func (s *server) run(ctx context.Context) error {
	err := s.runParts(ctx)
	if gone := s.folder.gone(); gone != nil {
		return gone
	}
	return err
}

// runParts stops from the edge inwards: first what takes requests and sends, then what
// decides and follows.
func (s *server) runParts(ctx context.Context) error {
	inner, stopInner := context.WithCancel(context.WithoutCancel(ctx))
	defer stopInner()
	core, inner := errgroup.WithContext(inner)
	core.Go(func() error { return s.watchdog.run(inner) })
	if s.config.admin != nil {
		core.Go(func() error { return listen(inner, s.config.admin, s.operated, s.config.logger) })
	}
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
	if s.config.listener != nil {
		edge.Go(func() error { return listen(outer, s.config.listener, s.handler, s.config.logger) })
	}
	for _, p := range s.parts {
		for _, run := range p.core {
			core.Go(func() error { return run(inner) })
		}
		for _, run := range p.edge {
			edge.Go(func() error { return run(outer) })
		}
	}
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
	for _, p := range slices.Backward(s.parts) {
		if p.close != nil {
			p.close()
		}
	}
	if s.broker != nil {
		s.broker.Close()
	}
	if s.folder != nil {
		return s.folder.close()
	}
	return nil
}

// tokenFile is where the administrator's token is for who may read the folder.
func tokenFile(data string) string { return filepath.Join(data, "tokens", "admin") }

// writeTokens writes the administrator's token beside the log, and the addresses that
// it is good for, where they are this process'.
func (s *server) writeTokens() error {
	if s.folder == nil {
		return nil
	}
	if err := writeToken(tokenFile(s.config.Data), api.AdminToken(s.folder.keys).Reveal()); err != nil {
		return err
	}
	addresses := map[string]string{
		urlFile(s.config.Data):       "",
		adminURLFile(s.config.Data):  "",
		publicURLFile(s.config.Data): string(s.config.PublicURL),
	}
	if s.config.listener != nil && s.config.does(broker.RoleAPI) {
		addresses[urlFile(s.config.Data)] = "http://" + localAddress(s.config.listener.Addr())
	}
	if s.config.admin != nil {
		addresses[adminURLFile(s.config.Data)] = "http://" + localAddress(s.config.admin.Addr())
	}
	for file, address := range addresses {
		var err error
		if address == "" {
			// That of a former life leads nowhere.
			if err = os.Remove(file); errors.Is(err, os.ErrNotExist) {
				err = nil
			}
		} else {
			err = writeToken(file, address)
		}
		if err != nil {
			return err
		}
	}
	return nil
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
