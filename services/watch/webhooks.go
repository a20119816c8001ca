package watch

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// alarmAfter is how long an app's webhooks may fail, all of them, until
	// somebody is told. Messenger and Instagram unsubscribe an app after an hour.
	alarmAfter = 15 * time.Minute
	// alarmPosts is how many have to have failed, and alarmEvery how often it is
	// told again.
	alarmPosts = 3
	alarmEvery = 15 * time.Minute
	// silence is when failures are forgotten where nothing comes any more: anybody
	// can post what is refused.
	silence = 24 * time.Hour
)

// Webhooks watches how the webhooks of each app are answered, and alarms where all
// have failed for 15 minutes. An app recovers by one that does not.
type Webhooks struct {
	logger *slog.Logger

	mu sync.Mutex
	by map[hook]*failing
	// taken is when a webhook of an app was last taken. Only those whose app is
	// known get here, so it is as large as the set-up ever was.
	taken map[hook]time.Time
}

// hook is a webhook address of an app.
type hook struct{ channel, app string }

// failing are the failures of an app since its last success.
type failing struct {
	since, last, told time.Time
	posts, status     int
}

// NewWebhooks returns a watch of webhooks. The logger is slog.Default if nil.
func NewWebhooks(logger *slog.Logger) *Webhooks {
	if logger == nil {
		logger = slog.Default()
	}
	return &Webhooks{logger: logger, by: map[hook]*failing{}, taken: map[hook]time.Time{}}
}

// Answered takes the status of one POST, as meta.WebhookEvents tells it. One
// without an app is nobody's.
func (w *Webhooks) Answered(channelName, app string, status int, _ time.Duration) {
	if app == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	at, now := hook{channelName, app}, time.Now()
	f := w.by[at]
	switch {
	case status >= 200 && status < 300:
		if f != nil && !f.told.IsZero() {
			w.logger.Warn("webhooks of an app are taken again", "channel", at.channel, "app", at.app, "failed_for", now.Sub(f.since).Round(time.Second))
		}
		delete(w.by, at)
		w.taken[at] = now
		return
	case f == nil:
		f = &failing{since: now}
		w.by[at] = f
	}
	f.posts++
	f.last, f.status = now, status
}

// Last returns when a webhook of an app was last taken by this process.
func (w *Webhooks) Last(channelName, app string) (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, ok := w.taken[hook{channelName, app}]
	return at, ok
}

// Run tells the log of what fails until ctx ends, and returns nil then.
func (w *Webhooks) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			w.tell(time.Now())
		}
	}
}

func (w *Webhooks) tell(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for at, f := range w.by {
		switch {
		case now.Sub(f.last) > silence:
			delete(w.by, at)
		case f.alarms(now) && now.Sub(f.told) >= alarmEvery:
			f.told = now
			w.logger.Error("the webhooks of an app fail", "channel", at.channel, "app", at.app, "for", now.Sub(f.since).Round(time.Second),
				"posts", f.posts, "last_status", f.status, "what_to_do", f.advice())
		}
	}
}

func (f *failing) alarms(now time.Time) bool {
	return f.posts >= alarmPosts && now.Sub(f.since) >= alarmAfter
}

func (f *failing) advice() string {
	if f.status == 401 {
		return "check the app secret: nothing that came was signed by it"
	}
	return "see what /readyz and this log say: nothing can be written down; the provider unsubscribes the app after an hour"
}

// Troubles says which apps' webhooks fail, for an operator.
func (w *Webhooks) Troubles() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	var troubles []string
	for at, f := range w.by {
		if f.alarms(now) {
			troubles = append(troubles, fmt.Sprintf("webhooks of app %s (%s): all of %d POSTs failed for %s, the last with %d: %s",
				at.app, at.channel, f.posts, now.Sub(f.since).Round(time.Minute), f.status, f.advice()))
		}
	}
	slices.SortFunc(troubles, strings.Compare)
	return troubles
}
