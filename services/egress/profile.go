package egress

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

const (
	// profileWorkers are how many customers of a channel are asked for at a time, and
	// profilesWaiting how many wait; of those beyond it is asked again.
	profileWorkers  = 4
	profilesWaiting = 256
	// profileFor is how long one question may take, and its report as well, and
	// profileWithin how long it is asked again of a provider that does not answer.
	profileFor    = 20 * time.Second
	profileWithin = 24 * time.Hour
)

// profiles asks who the customers of a channel are until ctx ends. What fails is not
// repeated here: the router asks again.
func (e *Egress) profiles(ctx context.Context, name string, profiler channel.Profiler) error {
	waiting := make(chan *ingressv1.WantedProfile, profilesWaiting)
	stop, err := e.config.Wanted(name, func(wanted *ingressv1.WantedProfile) {
		select {
		case waiting <- wanted:
		default:
		}
	})
	if err != nil {
		return err
	}
	defer stop()
	var working errgroup.Group
	working.SetLimit(profileWorkers)
	defer func() { _ = working.Wait() }() // none returns an error
	for {
		select {
		case <-ctx.Done():
			return nil
		case wanted := <-waiting:
			working.Go(func() error {
				e.profile(ctx, profiler, wanted)
				return nil
			})
		}
	}
}

// profile asks who one customer is, and reports it.
func (e *Egress) profile(ctx context.Context, profiler channel.Profiler, wanted *ingressv1.WantedProfile) {
	asking, cancel := context.WithTimeout(ctx, profileFor)
	defer cancel()
	told, err := e.told(asking, profiler, wanted)
	if err != nil {
		e.config.Logger.Debug("egress: it is not known who a customer is", "channel", wanted.GetChannel(),
			"integration", wanted.GetIntegrationId(), "error", err)
		if errors.Is(err, errToken) || e.config.Now().Sub(wanted.GetSince().AsTime()) < profileWithin {
			return
		}
	}
	report := &ingressv1.SenderCommand{Command: &ingressv1.SenderCommand_Profile{Profile: &ingressv1.ReportProfile{
		IdentityId: wanted.GetIdentityId(), Profile: told,
	}}}
	// A provider that took all of its time is reported, too.
	reporting, cancel := context.WithTimeout(ctx, profileFor)
	defer cancel()
	if _, err := e.ask(reporting, wanted.GetChannel(), wanted.GetAccountId(), report); err != nil && ctx.Err() == nil {
		e.config.Logger.Debug("egress: it is not said who a customer is", "channel", wanted.GetChannel(), "error", err)
	}
}

// told returns what the provider tells; nil where it will not. The error is errToken where
// nobody was asked since there is no token: that ends when there is one.
func (e *Egress) told(ctx context.Context, profiler channel.Profiler, wanted *ingressv1.WantedProfile) (*eventv1.Profile, error) {
	integration, ok := e.config.Directory.Integration(wanted.GetAccountId(), wanted.GetIntegrationId())
	if !ok || integration.Channel != wanted.GetChannel() || len(wanted.GetCustomer()) == 0 {
		return nil, nil
	}
	if integration.Token == "" {
		return nil, errToken
	}
	return profiler.Profile(ctx, integration, wanted.GetCustomer())
}
