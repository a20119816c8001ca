package stream

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/services/broker"
	"weiche/services/public"
)

const (
	// beat is how often those are told that they live whom nothing was told.
	beat = 15 * time.Second
	// again is how long the hub waits before it tries again what failed.
	again = 200 * time.Millisecond
	// awayFor is within what time clients come back after the end of a server, each
	// at another moment.
	awayFor = 5 * time.Second
	// catchingUp is how many read the past at once.
	catchingUp = 32
)

// Config says what a hub is made of.
type Config struct {
	// Live tells what happens.
	Live Live
	// Log has what Live does not tell.
	Log Log
	// Signals tells of typing and presence; nobody does if nil.
	Signals Signals
	// Buffer is how many frames wait for one who follows; 256 if 0. Whoever has more
	// is told to come back.
	Buffer int
	// Logger gets what goes wrong; slog.Default if nil.
	Logger *slog.Logger
}

// Hub tells everybody in a process what happens.
type Hub struct {
	config Config
	pages  Pages
	past   chan struct{} // held by who reads the past

	mu       sync.Mutex
	running  context.Context // ends when Run does; nil before
	ended    bool
	tasks    sync.WaitGroup
	accounts map[string]*account
	subs     map[*Subscription]struct{}
	// place is that of the last event that the accounts were given.
	place broker.Place

	signs signs
}

// New returns a hub that tells nothing before Run.
func New(config Config) *Hub {
	if config.Buffer == 0 {
		config.Buffer = 256
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	return &Hub{
		config: config, past: make(chan struct{}, catchingUp),
		accounts: map[string]*account{}, subs: map[*Subscription]struct{}{},
		signs: signs{there: map[Topic]map[string]time.Time{}},
	}
}

// Show says who reads what pages show. It is called once, before anybody follows.
func (h *Hub) Show(pages Pages) { h.pages = pages }

// Run tells what happens until ctx ends, and returns nil then. Everybody who follows
// is told before it returns that they have to come back.
func (h *Hub) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	h.mu.Lock()
	h.running = ctx
	h.mu.Unlock()
	group.Go(func() error { h.follow(ctx); return nil })
	group.Go(func() error { h.beats(ctx); return nil })
	if h.config.Signals != nil {
		group.Go(func() error { h.hear(ctx); return nil })
	}
	err := group.Wait()
	h.mu.Lock()
	h.ended = true
	h.mu.Unlock()
	h.endAll(streamv1.GoAwayReason_GO_AWAY_REASON_SHUTDOWN, awayFor)
	h.tasks.Wait()
	return err
}

// Start runs something for a client until it ends by itself, which it has to do soon
// after ctx has: Run waits for it. It reports false where Run does not run.
func (h *Hub) Start(task func(ctx context.Context)) bool { return h.start(task) }

// start runs a task until it ends by itself, which it does soon after Run.
func (h *Hub) start(task func(ctx context.Context)) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running == nil || h.ended {
		return false
	}
	ctx := h.running
	h.tasks.Add(1)
	go func() {
		defer h.tasks.Done()
		task(ctx)
	}()
	return true
}

// Followers returns how many subscriptions there are.
func (h *Hub) Followers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs)
}

// Position returns the position up to which everything was told, or is about to be.
func (h *Hub) Position() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.place.Position
}

// follow reads what happens, from where it ended before.
func (h *Hub) follow(ctx context.Context) {
	for ctx.Err() == nil {
		h.mu.Lock()
		from := h.place
		h.mu.Unlock()
		err := h.config.Live.Follow(ctx, from, h.take)
		if ctx.Err() != nil {
			return
		}
		h.config.Logger.Warn("what happens is not heard of", "error", err)
		// What was missed while nobody listened is in the log.
		sleep(ctx, again)
		h.lookAll()
	}
}

// take gives an event to its account.
func (h *Hub) take(event broker.Event) {
	h.mu.Lock()
	before := h.place
	if before.Incarnation != "" && event.Incarnation != before.Incarnation {
		h.mu.Unlock()
		h.replaced(broker.Place{Incarnation: event.Incarnation, Position: event.Position})
		return
	}
	a := h.accounts[event.Account]
	missed := before.Position != 0 && event.Position > before.Position+1
	h.mu.Unlock()
	if missed {
		// Nobody knows whose events are missing.
		h.lookAll()
	}
	if a != nil {
		a.take(event)
	}
	h.mu.Lock()
	if h.place.Incarnation == "" || h.place.Incarnation == event.Incarnation {
		h.place.Incarnation = event.Incarnation
		h.place.Position = max(h.place.Position, event.Position)
	}
	h.mu.Unlock()
}

// replaced ends everything: the log is another one.
func (h *Hub) replaced(place broker.Place) {
	h.config.Logger.Warn("the log was replaced", "incarnation", place.Incarnation)
	h.mu.Lock()
	h.place = place
	h.mu.Unlock()
	h.endAll(streamv1.GoAwayReason_GO_AWAY_REASON_CURSOR_EXPIRED, time.Second)
}

// lookAll lets every account look into the log.
func (h *Hub) lookAll() {
	for _, a := range h.all() {
		a.look()
	}
}

func (h *Hub) all() []*account {
	h.mu.Lock()
	defer h.mu.Unlock()
	accounts := make([]*account, 0, len(h.accounts))
	for _, a := range h.accounts {
		accounts = append(accounts, a)
	}
	return accounts
}

func (h *Hub) followers() []*Subscription {
	h.mu.Lock()
	defer h.mu.Unlock()
	subs := make([]*Subscription, 0, len(h.subs))
	for s := range h.subs {
		subs = append(subs, s)
	}
	return subs
}

// endAll tells everybody to come back within some time.
func (h *Hub) endAll(reason streamv1.GoAwayReason, within time.Duration) {
	for _, s := range h.followers() {
		s.end(reason, uint32(rand.N(within).Milliseconds()))
	}
}

// beats tells those that they live whom nothing was told, and looks into the log
// where nothing happens: what is lost last is missed by nobody.
func (h *Hub) beats(ctx context.Context) {
	tick := time.NewTicker(beat / 3)
	defer tick.Stop()
	var seen uint64
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if n%3 == 0 {
			seen = h.lookBehind(ctx, seen)
		}
		h.signs.expire(time.Now(), h.tellPresence)
		told := map[uint64]*Frame{} // most are told the same
		for _, s := range h.followers() {
			s.beat(told)
		}
	}
}

// lookBehind looks whether the log is further than what was heard of, where nothing
// was heard since the last time.
func (h *Hub) lookBehind(ctx context.Context, seen uint64) uint64 {
	h.mu.Lock()
	place, idle := h.place, len(h.accounts) == 0
	h.mu.Unlock()
	if idle || place.Position != seen {
		return place.Position
	}
	head, err := h.config.Log.Head(ctx)
	switch {
	case err != nil:
		h.config.Logger.Warn("the log is not to be had", "error", err)
		return seen
	case place.Incarnation != "" && head.Incarnation != place.Incarnation:
		h.replaced(head)
		return head.Position
	case head.Position > place.Position:
		h.lookAll()
		h.mu.Lock()
		h.place = broker.Place{Incarnation: head.Incarnation, Position: max(h.place.Position, head.Position)}
		h.mu.Unlock()
	}
	return max(head.Position, place.Position)
}

// cursor makes a cursor of a position of this log.
func (h *Hub) cursor(position uint64) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return public.Position{Place: position, Incarnation: h.place.Incarnation}.String()
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, for_ time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(for_):
	}
}
