package operations

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"weiche/eventstore"
	"weiche/projections"
	"weiche/services/keyring"
	"weiche/services/router"
)

// The times of the housekeeping.
const (
	// purgeEvery is how long it rests after files were purged: each purge
	// writes whole tables anew.
	purgeEvery = time.Minute
	// keepDays is how long content that belongs to nobody can be read, and how
	// long the addresses of somebody erased are known, so that what they wrote
	// before is not taken for somebody new.
	keepDays = 30
	// dailyEvery is how often it is looked for what is too old.
	dailyEvery = time.Hour
)

// Housekeeping removes what has to go with time: redacted bytes from the files of
// log and views, keys of days that are past, addresses in the erasure ledger. An
// error is logged and tried again; none of it is fatal.
type Housekeeping struct {
	Store *eventstore.Store
	Keys  *keyring.Keyring
	Views *projections.Views
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Logger gets what fails; slog.Default if nil.
	Logger *slog.Logger
}

// Run keeps house until the context ends, and returns nil then: at once, and again
// and again.
func (h Housekeeping) Run(ctx context.Context) error {
	if h.Now == nil {
		h.Now = time.Now
	}
	if h.Logger == nil {
		h.Logger = slog.Default()
	}
	redacted := make(chan struct{}, 1)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { h.follow(ctx, redacted); return nil })
	group.Go(func() error { h.keep(ctx, redacted); return nil })
	return group.Wait()
}

// keep does what there is to do, each in its time.
func (h Housekeeping) keep(ctx context.Context, redacted <-chan struct{}) {
	daily, again := time.NewTicker(dailyEvery), time.NewTicker(purgeEvery)
	defer daily.Stop()
	defer again.Stop()
	h.purge(ctx)
	h.daily(ctx)
	for rested := true; ; {
		soon := redacted
		if !rested {
			soon = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-soon:
			h.purge(ctx)
			rested = false
			again.Reset(purgeEvery)
		case <-again.C:
			// Whatever failed the last time is tried again.
			h.purge(ctx)
			rested = true
		case <-daily.C:
			h.daily(ctx)
		}
	}
}

// follow says when the log has redacted something.
func (h Housekeeping) follow(ctx context.Context, redacted chan<- struct{}) {
	for rec, err := range h.Store.Subscribe(ctx, h.Store.Durable()+1) {
		if err != nil {
			h.tried(ctx, "follow the log", err)
			return
		}
		if len(router.Redacts(rec)) == 0 {
			continue
		}
		select {
		case redacted <- struct{}{}:
		default:
		}
	}
}

// purge removes what was redacted since the last time. It costs a look where
// there is nothing.
func (h Housekeeping) purge(ctx context.Context) {
	h.tried(ctx, "destroy the keys of erased customers", router.DestroyErased(ctx, h.Store, h.Keys))
	h.tried(ctx, "purge the log", h.Store.Purge(ctx))
	h.tried(ctx, "purge the views", h.purgeViews(ctx))
}

// purgeViews removes what the views no longer show, once they have seen all that
// the log had.
func (h Housekeeping) purgeViews(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, purgeEvery)
	defer cancel()
	if err := h.Views.WaitFor(waiting, h.Store.Durable()); err != nil {
		return err
	}
	err := h.Views.Purge(ctx)
	if errors.Is(err, projections.ErrRebuilding) {
		return nil // which leaves nothing of the rows that it replaces
	}
	return err
}

// daily destroys what is older than keepDays.
func (h Housekeeping) daily(ctx context.Context) {
	until := h.Now().AddDate(0, 0, -keepDays)
	days, err := h.Keys.DestroyDays(until)
	h.tried(ctx, "destroy the keys of past days", err)
	entries, err := h.Keys.ForgetErasedAliases(until)
	h.tried(ctx, "forget addresses in the erasure ledger", err)
	if days > 0 || entries > 0 {
		h.Logger.Info("content of nobody was destroyed, since it is too old", "days", days, "erasures", entries)
	}
}

func (h Housekeeping) tried(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil && !errors.Is(err, eventstore.ErrClosed) && !errors.Is(err, keyring.ErrClosed) {
		h.Logger.Error("housekeeping failed and is tried again", "what", what, "error", err)
	}
}
