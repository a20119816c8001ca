package main

import (
	"context"
	"errors"
	"net/http"

	"weiche/services/api"
	"weiche/services/broker"
	"weiche/services/operations"
	"weiche/services/query"
	"weiche/services/router"
)

// errRouterLost is returned where another process may be the router by now.
var errRouterLost = errors.New("the router's lease is lost: the NATS server was out of reach for longer than it lasts, or another process has it; start weiche again")

// newRouter makes what decides, keeps the log and the views, and answers the other
// roles.
func (s *server) newRouter(ctx context.Context) (_ part, err error) {
	store, keys, views, logger := s.folder.store, s.folder.keys, s.folder.views, s.config.logger
	lease, err := s.broker.AcquireRouter(ctx, instance())
	if err != nil {
		return part{}, err
	}
	p := part{close: func() { lease.Close(); s.closeMedia() }}
	if err := s.broker.Adopt(ctx, store.Incarnation()); err != nil {
		return p, err
	}
	if s.directory, err = router.NewDirectory(ctx, store, keys); err != nil {
		return p, err
	}
	commits := &commits{}
	engine := router.NewEngine(router.EngineConfig{
		Store: store, Keys: keys, Logger: logger, Now: s.config.now,
		Events: s.decisionEvents(commits),
	})
	if err := engine.Settle(ctx); err != nil {
		return p, err
	}
	s.views, s.log, s.keys = views, logOf{s.folder, engine}, keys
	public := router.NewPublicLog(engine)
	s.public, s.live = public, public
	s.files, s.full = s.folder.fileKeys(), func() bool { return store.Health().DiskFull }
	s.providers = query.NewClient(s.broker, broker.RoleAPI)
	if err := s.openMedia(); err != nil {
		return p, err
	}
	relay, events := router.NewRelay(engine, s.broker, logger), router.NewEventRelay(engine, s.broker, logger)
	p.again = func() { relay.Again(); events.Again() }
	followers := []*follower{{name: "views", position: views.Position}, {name: "relay", position: relay.Position}}
	p.core = []func(context.Context) error{
		keys.Run,
		unlessEnded(func(ctx context.Context) error { return views.Run(ctx, store) }),
		unlessEnded(store.Warm),
		s.directory.Run,
		router.New(engine, s.broker, logger).Run,
		relay.Run,
		router.NewSignals(engine, s.broker, logger).Run,
		router.NewProfiles(engine, s.broker, logger).Run,
		operations.Housekeeping{Store: store, Keys: keys, Views: views, Logger: logger}.Run,
		operations.MediaKeeping{Store: store, Keys: keys, Media: s.media, Logger: logger}.Run,
		func(ctx context.Context) error { return keeps(ctx, lease) },
	}
	if s.config.NATSURL != "" { // nobody else reads the embedded one
		p.core = append(p.core, events.Run)
		followers = append(followers, &follower{name: "events", position: events.Position})
	}
	if !s.config.whole() {
		answers := query.NewServer(query.Config{
			Directory: s.directory, Views: views, Log: s.log, Public: s.public, Incarnation: store.Incarnation(),
			Head: store.Durable, Files: s.files, HashKey: keys.HashKey, Domains: domains(),
		})
		p.core = append(p.core, func(ctx context.Context) error { return answers.Run(ctx, s.broker) })
	}
	p.vitals = func(v *vitals) {
		v.log, v.head, v.busySince, v.slowest = store.Health, store.Durable, engine.BusySince, commits.slowestLately
		v.followers = followers
	}
	p.operated = func(mux *http.ServeMux) {
		mux.Handle("/", api.NewOperations(s.apiConfig(), s.folder.operations(s.broker, s.directory, s.media, logger)))
	}
	return p, nil
}

// keeps returns when the lease is lost, with errRouterLost, or ctx ends.
func keeps(ctx context.Context, lease *broker.Lease) error {
	select {
	case <-lease.Lost():
		return errRouterLost
	case <-ctx.Done():
		return nil
	}
}
