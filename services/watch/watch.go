// Package watch looks after the integrations at their providers: whether they are
// served, whether what happens there still reaches this installation, and how the
// webhooks that bring it are answered.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// ErrConfig is returned by New for a config that lacks something.
var ErrConfig = errors.New("watch: incomplete config")

// The times of a watch.
const (
	// lookEvery is how often it looks what is due.
	lookEvery = 5 * time.Second
	// healthyEvery is how often an integration that works is probed, and every
	// subscription checked; illEvery how often one that does not at first. Where
	// it fails again soon after it was said to work, a probe proves little: that
	// is doubled then, up to healthyEvery.
	healthyEvery = time.Hour
	illEvery     = time.Minute
	// againAfter is when a check that said nothing is made again, and when it is
	// looked whether a renewal did something.
	againAfter = 5 * time.Minute
	// parallel is how many integrations are looked at at a time, and askFor how
	// long one may take.
	parallel = 8
	askFor   = 20 * time.Second
)

// Directory is what a watch needs of the set-up.
type Directory interface {
	// List returns all integrations without their tokens.
	List() []channel.Integration
	// Integration returns one with its token.
	Integration(account, id string) (channel.Integration, bool)
	// App returns an app by its id.
	App(id string) (channel.App, bool)
}

// Config is what a Watch needs.
type Config struct {
	// Directory knows the integrations.
	Directory Directory
	// Keepers ask the providers, by channel. An integration of another channel is
	// not watched.
	Keepers map[string]channel.Keeper
	// Publisher takes what is found to the router.
	Publisher channel.Publisher
	// Instance names this process at the router.
	Instance string
	// Logger gets what was done; slog.Default if nil.
	Logger *slog.Logger
}

// Watch watches all integrations.
type Watch struct {
	config Config

	mu sync.Mutex
	by map[place]*patient
}

// place names an integration.
type place struct{ account, id string }

// patient is what is known of one integration.
type patient struct {
	// told says that the router knows whether it works; healthy is what it knows.
	told, healthy bool
	why           *eventv1.SendError
	// probe and subscribe are when each is due.
	probe, subscribe time.Time
	// every is the time between probes while it does not work, better when it was
	// last said to work after that.
	every  time.Duration
	better time.Time
	// deaf is why the subscription could not be seen to; empty where it could.
	deaf string
	// app is the provider's app whose subscription is seen to, and renewals how many
	// checks in a row found it lacking and had a renewal accepted.
	app      string
	renewals int
}

// vain says that a renewal was accepted and changed nothing.
func (p *patient) vain() bool { return p.renewals > 1 }

// New returns a Watch. The error is ErrConfig.
func New(config Config) (*Watch, error) {
	if config.Directory == nil || config.Publisher == nil || config.Instance == "" || len(config.Keepers) == 0 {
		return nil, ErrConfig
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	return &Watch{config: config, by: map[place]*patient{}}, nil
}

// Run watches until ctx ends, and returns nil then.
func (w *Watch) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		w.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Suspect says that a send found an integration at fault, and that the router was
// told so. It is probed until it works again.
func (w *Watch) Suspect(_, account, integration, reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.of(place{account, integration})
	if p.told && !p.healthy {
		return
	}
	p.fell(&eventv1.SendError{Reason: reason})
}

// Hurry has an integration probed at the next look.
func (w *Watch) Hurry(account, integration string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.by[place{account, integration}]; p != nil {
		p.probe = time.Time{}
	}
}

// fell notes that the router was told that it does not work.
func (p *patient) fell(why *eventv1.SendError) {
	now := time.Now()
	switch {
	case p.every == 0 || now.Sub(p.better) > healthyEvery:
		p.every = illEvery
	default:
		p.every = min(2*p.every, healthyEvery)
	}
	p.told, p.healthy, p.why = true, false, why
	p.probe = now.Add(p.every)
}

// of returns what is known of an integration, with mu held.
func (w *Watch) of(at place) *patient {
	p := w.by[at]
	if p == nil {
		p = &patient{}
		w.by[at] = p
	}
	return p
}

// look does what is due.
func (w *Watch) look(ctx context.Context) {
	all := w.config.Directory.List()
	w.forget(all)
	var group errgroup.Group
	group.SetLimit(parallel)
	for _, i := range all {
		keeper := w.config.Keepers[i.Channel]
		if keeper == nil || ctx.Err() != nil {
			continue
		}
		at, now := place{i.Account, i.ID}, time.Now()
		app, _ := w.config.Directory.App(i.App)
		w.mu.Lock()
		p := w.of(at)
		// An app id that was corrected is not left waiting.
		probe, subscribe := !now.Before(p.probe), !now.Before(p.subscribe) || p.app != app.ProviderApp
		w.mu.Unlock()
		if !probe && !subscribe {
			continue
		}
		group.Go(func() error {
			// The token is read when it is needed.
			i, ok := w.config.Directory.Integration(i.Account, i.ID)
			if !ok {
				return nil
			}
			asking, cancel := context.WithTimeout(ctx, askFor)
			defer cancel()
			if probe {
				w.probe(asking, at, i, keeper)
			}
			if subscribe {
				w.subscribe(asking, at, i, keeper)
			}
			return nil
		})
	}
	_ = group.Wait() // none returns an error
}

// forget forgets integrations that are not there any more.
func (w *Watch) forget(all []channel.Integration) {
	there := map[place]bool{}
	for _, i := range all {
		there[place{i.Account, i.ID}] = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for at := range w.by {
		if !there[at] {
			delete(w.by, at)
		}
	}
}

// probe asks whether an integration is served, and tells the router where that is
// news.
func (w *Watch) probe(ctx context.Context, at place, i channel.Integration, keeper channel.Keeper) {
	err := keeper.Probe(ctx, i)
	var failed *channel.SendError
	ill := errors.As(err, &failed) && failed.Outcome == channel.Unhealthy
	w.mu.Lock()
	p := w.of(at)
	if err != nil && !ill {
		p.probe = time.Now().Add(illEvery)
		w.mu.Unlock()
		return
	}
	news := !p.told || p.healthy == ill
	if !news {
		p.probe = time.Now().Add(healthyEvery)
		if ill {
			p.probe = time.Now().Add(p.every)
		}
	}
	w.mu.Unlock()
	if !news {
		return
	}
	report := &ingressv1.ReportHealth{IntegrationId: i.ID, Healthy: !ill}
	if ill {
		report.Error = failed.Detail
	}
	if err := w.report(ctx, i.Account, report); err != nil {
		// It is due still, and told at the next look.
		w.config.Logger.Warn("watch: the health of an integration was not recorded", "account", i.Account, "integration", i.ID, "error", err)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if ill {
		p.fell(failed.Detail)
		w.config.Logger.Error("an integration is not served by its provider",
			"account", i.Account, "integration", i.ID, "reason", failed.Detail.GetReason(), "code", failed.Detail.GetCode(), "what_to_do", advice(failed.Detail.GetReason()))
		return
	}
	if p.told {
		p.better = time.Now()
		w.config.Logger.Warn("an integration is served again", "account", i.Account, "integration", i.ID)
	}
	p.told, p.healthy, p.why = true, true, nil
	p.probe = time.Now().Add(healthyEvery)
}

// report tells the router.
func (w *Watch) report(ctx context.Context, account string, report *ingressv1.ReportHealth) error {
	from := channel.Source{Kind: channel.KindEgress, Account: account, ID: w.config.Instance}
	answer, err := w.config.Publisher.Publish(ctx, from, &ingressv1.Batch{
		ReceivedAt: timestamppb.Now(),
		Items: []*ingressv1.Item{{Kind: &ingressv1.Item_Sender{Sender: &ingressv1.SenderCommand{
			Command: &ingressv1.SenderCommand_Health{Health: report},
		}}}},
	})
	switch {
	case err != nil:
		return err
	case len(answer.GetItems()) != 1:
		return fmt.Errorf("watch: not an answer: %s", answer.GetError())
	case answer.GetItems()[0].GetStatus() == ingressv1.ItemStatus_ITEM_STATUS_REFUSED:
		return fmt.Errorf("watch: refused: %s", answer.GetItems()[0].GetDetail())
	}
	return nil
}

// subscribe sees to it that the app gets what happens at an integration.
func (w *Watch) subscribe(ctx context.Context, at place, i channel.Integration, keeper channel.Keeper) {
	app, ok := w.config.Directory.App(i.App)
	w.mu.Lock()
	if p := w.of(at); p.app != app.ProviderApp {
		p.app, p.renewals = app.ProviderApp, 0
	}
	w.mu.Unlock()
	if !ok || app.ProviderApp == "" {
		return
	}
	log := w.config.Logger.With("account", i.Account, "integration", i.ID, "app", app.ID)
	renewed, err := keeper.Subscribe(ctx, i, app.ProviderApp)
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.of(at)
	if err != nil {
		reason := "error"
		if failed := (*channel.SendError)(nil); errors.As(err, &failed) {
			reason = failed.Detail.GetReason()
		}
		if p.deaf != reason {
			log.Warn("the subscription of an app to an integration could not be checked", "reason", reason, "error", err)
			p.deaf = reason
		}
		p.subscribe = time.Now().Add(againAfter)
		return
	}
	p.deaf, p.subscribe = "", time.Now().Add(healthyEvery)
	if !renewed {
		if p.vain() {
			log.Warn("an app is subscribed to an integration again")
		}
		p.renewals = 0
		return
	}
	p.renewals++
	switch p.renewals {
	case 1:
		log.Warn("an app was not subscribed to an integration, or not to all that it needs; its subscription was renewed")
		p.subscribe = time.Now().Add(againAfter)
	case 2:
		// A provider subscribes the app of the token, whatever app is looked for.
		log.Warn("an app is not subscribed to an integration, or not to all that it needs, and a renewal changed nothing",
			"provider_app_id", app.ProviderApp, "what_to_do", vainAdvice)
	}
}

// vainAdvice is what to do where a renewal is accepted and changes nothing.
const vainAdvice = "check provider_app_id in the set-up, which has to be the app of the integration's token, and that app's webhook fields at the provider"

// advice is what to do about a reason.
func advice(reason string) string {
	switch reason {
	case "token_refused", "no_token", "no_permission":
		return "set a new access token by weiche setup"
	case "no_such_account", "no_account", "not_registered":
		return "check the account's id and its registration at the provider"
	}
	return "look at the provider's dashboard"
}

// Troubles says what is wrong with integrations, for an operator, in their order.
func (w *Watch) Troubles() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var troubles []string
	for at, p := range w.by {
		if p.told && !p.healthy {
			troubles = append(troubles, fmt.Sprintf("integration %s of %s: not served by its provider (%s): %s", at.id, at.account, p.why.GetReason(), advice(p.why.GetReason())))
		}
		if p.deaf != "" {
			troubles = append(troubles, fmt.Sprintf("integration %s of %s: its subscription could not be checked (%s)", at.id, at.account, p.deaf))
		}
		if p.vain() {
			troubles = append(troubles, fmt.Sprintf("integration %s of %s: app %s is not subscribed to it, or not to all that it needs, and a renewal changed nothing: %s", at.id, at.account, p.app, vainAdvice))
		}
	}
	slices.SortFunc(troubles, strings.Compare)
	return troubles
}
