// Package egress is the sender. It takes the sends that the router asked for, holds
// back those whose integration may not send now, claims each before the first byte
// leaves, hands it to its channel once, and reports what became of it. Retries,
// order and time limits are the router's: a claim that nobody reports on becomes
// unknown there, and is never sent again.
package egress

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/channel"
)

// Config is what an Egress needs.
type Config struct {
	// Publisher takes claims and outcomes to the router.
	Publisher channel.Publisher
	// Open opens the sends of a channel. An error that is broker.ErrUnavailable
	// is tried again, any other ends Run.
	Open func(ctx context.Context, channelName string) (Inbox, error)
	// Signals, if set, calls take with what is to be shown on a channel, until the
	// func that it returns is called. It is for senders that are Signallers.
	Signals func(channelName string, take func(*ingressv1.ChannelSignal)) (stop func(), err error)
	// Wanted, if set, calls take with the customers of a channel whose profiles are
	// wanted, likewise. It is for senders that are Profilers.
	Wanted func(channelName string, take func(*ingressv1.WantedProfile)) (stop func(), err error)
	// Directory knows the integrations and their tokens. It has to be complete
	// before Run: a send whose integration it does not know is refused for good.
	Directory channel.Directory
	// Senders holds a sender for each channel. A sender returns soon after its
	// context has ended.
	Senders map[string]channel.Sender
	// Instance names this process at the router: 1 to 128 of [A-Za-z0-9_-].
	Instance string
	// Workers bounds the sends of one channel that are under way; 128 if 0.
	Workers int
	// InFlight bounds those of one integration, so that one that is slow leaves
	// workers for the others; a quarter of Workers if 0.
	InFlight int
	// Paces say how fast one integration of each channel may send; DefaultPaces
	// for the channels that it does not name. When a provider says that it is too
	// fast, the integration is slower for a while.
	Paces map[string]Pace
	// Breaker says when an integration is given a rest.
	Breaker Breaker
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Logger gets what the log of record does not say; slog.Default if nil.
	Logger *slog.Logger
	// Events counts what happens.
	Events Events
}

// EnsureDefaults sets what is not set and returns the config.
func (c Config) EnsureDefaults() Config {
	if c.Workers == 0 {
		c.Workers = 128
	}
	if c.InFlight == 0 {
		c.InFlight = max(1, c.Workers/4)
	}
	paces := DefaultPaces()
	maps.Copy(paces, c.Paces)
	c.Paces = paces
	c.Breaker.Failures = cmp.Or(c.Breaker.Failures, 5)
	c.Breaker.OpenFor = cmp.Or(c.Breaker.OpenFor, 15*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	c.Events = c.Events.ensureDefaults()
	return c
}

func (c Config) check() error {
	var missing []string
	for _, part := range []struct {
		name string
		set  bool
	}{
		{"publisher", c.Publisher != nil},
		{"open", c.Open != nil},
		{"directory", c.Directory != nil},
		{"senders", len(c.Senders) > 0},
		{"workers", c.Workers > 0},
		{"in flight", c.InFlight > 0},
		{"breaker", c.Breaker.Failures > 0 && c.Breaker.OpenFor > 0},
		{"instance", isName(c.Instance)},
	} {
		if !part.set {
			missing = append(missing, part.name)
		}
	}
	for name, pace := range c.Paces {
		if pace.Sends < slowest {
			missing = append(missing, "pace of "+name)
		}
	}
	for name, sender := range c.Senders {
		if sender == nil {
			missing = append(missing, "sender of "+name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w: %s", ErrConfig, strings.Join(missing, ", "))
	}
	return nil
}

// isName reports whether the broker takes an instance as part of a subject.
func isName(name string) bool {
	return name != "" && len(name) <= 128 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// Egress sends what is on EGRESS. Several, in one process or many, share the
// sends of a channel: a send is made by the one whose claim was granted.
type Egress struct {
	config  Config
	outlets *outlets
}

// New returns an Egress. The error is ErrConfig.
func New(config Config) (*Egress, error) {
	config = config.EnsureDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	return &Egress{config: config, outlets: newOutlets(config)}, nil
}

// Run sends until ctx ends, and returns nil then, after what is under way has
// ended: nothing new is claimed, a claim gets 5 s to be answered and 5 s to be
// given back, an attempt the 30 s that it has anyway, its report 10 s: 45 s in
// all. Any other end is an error of an inbox. The publisher and the inboxes'
// transport have to outlive Run.
func (e *Egress) Run(ctx context.Context) error {
	group, running := errgroup.WithContext(ctx)
	for name, sender := range e.config.Senders {
		group.Go(func() error {
			err := e.serve(running, name, sender)
			if err == nil || running.Err() != nil {
				return nil
			}
			return fmt.Errorf("egress: sends of %s: %w", name, err)
		})
		if signaller, ok := sender.(channel.Signaller); ok && e.config.Signals != nil {
			group.Go(func() error { return e.signal(running, name, signaller) })
		}
		if profiler, ok := sender.(channel.Profiler); ok && e.config.Wanted != nil {
			group.Go(func() error { return e.profiles(running, name, profiler) })
		}
	}
	return group.Wait()
}

// Again says that the inboxes may have lost what they were given back: a send that
// comes is no longer taken for a copy of one that comes again later, and waits behind
// none of those. It is called after each reconnect of the broker, and may be called at
// any time.
func (e *Egress) Again() { e.outlets.again() }

// serve makes the sends of one channel.
func (e *Egress) serve(ctx context.Context, name string, sender channel.Sender) error {
	inbox, err := e.open(ctx, name)
	if err != nil {
		return err
	}
	// The inbox is closed first: what it holds goes to others while what is
	// under way here ends.
	workers := newCrew(e.config.Workers)
	defer workers.wait()
	defer inbox.Close()
	defer func() {
		for _, d := range e.outlets.leave(name) {
			e.ended(d.Nak(0))
		}
	}()
	for {
		// No more is taken than can begin at once.
		free, err := workers.reserve(ctx)
		if err != nil {
			return err
		}
		deliveries, err := inbox.Next(ctx, free)
		workers.release(free - len(deliveries))
		for _, d := range deliveries {
			// In order, so that of the sends of an integration the first go first.
			if work := e.begin(ctx, name, sender, d); work != nil {
				workers.do(work)
			} else {
				workers.release(1)
			}
		}
		if err != nil {
			return err
		}
	}
}

// open opens an inbox, however long the server is out of reach.
func (e *Egress) open(ctx context.Context, name string) (Inbox, error) {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		inbox, err := e.config.Open(ctx, name)
		if err == nil || !errors.Is(err, broker.ErrUnavailable) {
			return inbox, err
		}
		e.config.Logger.Warn("egress: no sends yet", "channel", name, "error", err)
		if err := pause(ctx, wait); err != nil {
			return nil, err
		}
	}
}
