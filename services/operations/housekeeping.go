package operations

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"weiche/eventstore"
	"weiche/projections"
	"weiche/services/keyring"
	"weiche/services/router"
)

// The times of the housekeeping.
const (
	// purgeWithin is how long what was redacted stays in files at most while
	// nothing fails.
	purgeWithin = time.Minute
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
	soon, daily := time.NewTicker(purgeWithin), time.NewTicker(dailyEvery)
	defer soon.Stop()
	defer daily.Stop()
	h.purge(ctx)
	h.daily(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-soon.C:
			h.purge(ctx)
		case <-daily.C:
			h.daily(ctx)
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
	if err := h.Views.WaitFor(ctx, h.Store.Durable()); err != nil {
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
