// Package router is the shell around the decisions: it takes what came in, loads
// what a decision needs, decides, appends, answers, and follows the log for those
// who want to know.
package router

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"weiche/eventstore"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/keyring"
)

// Engine decides rounds of requests against one log. One goroutine at a time
// gives it rounds; it is the only writer of its log.
type Engine struct {
	store  *eventstore.Store
	keys   *keyring.Keyring
	now    func() time.Time
	logger *slog.Logger

	states map[string]*conversation.State
	// customerKeys holds the keys of customers, this round's among them.
	customerKeys map[string]string
	connections  connections
	addressed    *addressed

	due due

	events Events

	// decide is conversation.Decide, but for tests.
	decide decideFunc

	// mu orders rounds that come from the inbox and from timers; began is when
	// the one under way began.
	mu    sync.Mutex
	began atomic.Pointer[time.Time]
}

type decideFunc = func(*conversation.State, conversation.Command) (conversation.Decision, error)

// EngineConfig is what an Engine needs.
type EngineConfig struct {
	// Store is the log, opened with Index.
	Store *eventstore.Store
	// Keys seals what is private.
	Keys *keyring.Keyring
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Logger gets what nobody else is told; slog.Default if nil.
	Logger *slog.Logger
	// Events is told what happens.
	Events Events
}

// NewEngine returns an engine with nothing in memory.
func NewEngine(config EngineConfig) *Engine {
	e := &Engine{
		store: config.Store, keys: config.Keys, now: config.Now, logger: config.Logger, decide: conversation.Decide,
		events: config.Events.ensureDefaults(), addressed: newAddressed(config.Store),
		due: due{from: time.UnixMicro(0), next: never, sooner: make(chan struct{}, 1)},
	}
	if e.now == nil {
		e.now = time.Now
	}
	if e.logger == nil {
		e.logger = slog.Default()
	}
	e.reset()
	return e
}

// Request is a batch and who sent it.
type Request struct {
	Source channel.Source
	Batch  *ingressv1.Batch
}

// What the state holds between rounds, at most.
const (
	keepStreams  = 20_000
	keepAccounts = 1_000
	keepKeys     = 100_000
)

// Round decides requests in their order, appends what follows as one write, and
// returns an answer for each when all of it is durable. Where the disk is full
// nothing happens, and the answers say overloaded. An error means that the log
// is broken and the process should end; nobody was answered then.
func (e *Engine) Round(ctx context.Context, requests []Request) ([]*ingressv1.Answer, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer e.busy()()
	began := time.Now()
	r := &round{engine: e}
	for _, request := range requests {
		answer := &ingressv1.Answer{}
		r.answers = append(r.answers, answer)
		for _, item := range request.Batch.GetItems() {
			entry := &entry{source: request.Source, item: item, received: e.received(request.Batch)}
			answer.Items = append(answer.Items, &entry.answer)
			r.entries = append(r.entries, entry)
		}
	}
	err := r.run(ctx)
	e.trim()
	if err != nil {
		e.reset()
	}
	if errors.Is(err, eventstore.ErrDiskFull) {
		e.logger.Error("nothing can be written", "error", err)
		for at := range r.answers {
			r.answers[at] = &ingressv1.Answer{Overloaded: true}
		}
		return r.answers, nil
	}
	if err != nil {
		return nil, err
	}
	e.events.Round(len(r.entries), time.Since(began))
	for _, entry := range r.entries {
		e.events.Decided(entry.source.Kind, entry.answer.GetStatus(), entry.answer.GetRefusal())
	}
	return r.answers, nil
}

// busy notes that a decision is under way, until the func that it returns is
// called.
func (e *Engine) busy() func() {
	began := time.Now()
	e.began.Store(&began)
	return func() { e.began.Store(nil) }
}

// BusySince returns since when the decision that is under way is, zero if there
// is none. It returns at once.
func (e *Engine) BusySince() time.Time {
	if began := e.began.Load(); began != nil {
		return *began
	}
	return time.Time{}
}

// sourceTimer is who speaks for a timer.
const sourceTimer = "timer"

// Fire decides what a timer brings. Where the disk is full nothing happens, and
// the error is eventstore.ErrDiskFull; after any other the process should end.
func (e *Engine) Fire(ctx context.Context, account string, timer conversation.Timer) error {
	return e.carryOut(ctx, sourceTimer, &conversation.FireTimer{Header: e.header(account), Timer: timer})
}

// header is that of a command which the router gives itself.
func (e *Engine) header(account string) conversation.Header {
	now := e.now()
	return conversation.Header{ID: e.newID(now), Account: account, Now: now, Received: now}
}

// carryOut decides a command of the router's own, on behalf of a source. Its errors
// are those of Fire.
func (e *Engine) carryOut(ctx context.Context, source string, command conversation.Command) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer e.busy()()
	began := time.Now()
	defer func() { e.events.Fired(time.Since(began)) }()
	h := conversation.HeaderOf(command)
	h.Now = e.now() // a round may have gone before
	h.Received = h.Now
	r := &round{engine: e, entries: []*entry{{
		source: channel.Source{Account: h.Account, ID: source}, command: command,
	}}}
	err := r.run(ctx)
	e.trim()
	if err != nil {
		e.reset()
	}
	return err
}

// received returns when a batch was received: not later than now.
func (e *Engine) received(batch *ingressv1.Batch) time.Time {
	now := e.now()
	if at := timeOf(batch.GetReceivedAt()); !at.IsZero() && at.Before(now) {
		return at
	}
	return now
}

// newID returns a fresh ULID.
func (e *Engine) newID(now time.Time) string {
	// Fresh randomness each time, never the last one plus a little: the ids of
	// a decision are those after its command's.
	return ulid.MustNew(ulid.Timestamp(now), rand.Reader).String()
}

// NewID returns a fresh ULID of the engine's time.
func (e *Engine) NewID() string { return e.newID(e.now()) }

// state returns what is held of an account.
func (e *Engine) state(account string) *conversation.State {
	s := e.states[account]
	if s == nil {
		s = conversation.NewPartialState()
		e.states[account] = s
	}
	return s
}

// reset forgets everything; it is read from the log again.
func (e *Engine) reset() {
	e.states = map[string]*conversation.State{}
	e.customerKeys = map[string]string{}
}

// trim keeps the memory bounded.
func (e *Engine) trim() {
	if len(e.states) > keepAccounts || len(e.customerKeys) > keepKeys {
		e.reset()
		return
	}
	for _, s := range e.states {
		s.Forget(keepStreams / max(1, len(e.states)))
	}
}

// keyOf returns the key that seals what belongs to a customer; a daily one where
// it belongs to nobody.
func (e *Engine) keyOf(h *conversation.Header, customer string) (string, error) {
	if customer == "" {
		return e.keys.DayKey(h.Now)
	}
	id, err := e.knownKey(context.Background(), h.Account, customer)
	if err != nil || id != "" {
		return id, err
	}
	if id, err = e.keys.NewKey(); err == nil {
		e.customerKeys[customerIn(h.Account, customer)] = id
	}
	return id, err
}

// knownKey returns the key of a customer; empty where there is none yet.
func (e *Engine) knownKey(ctx context.Context, account, customer string) (string, error) {
	cached := customerIn(account, customer)
	if id := e.customerKeys[cached]; id != "" {
		return id, nil
	}
	value, ok, err := e.index(ctx, account, indexKey, customer)
	if err != nil || !ok {
		return "", err
	}
	e.customerKeys[cached] = string(value)
	return string(value), nil
}

func customerIn(account, customer string) string { return account + "\x00" + customer }

// panicError is a decision that panicked.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("decision panicked: %v", p.value) }

// decided decides a command, loading what it needs.
func (e *Engine) decided(ctx context.Context, command conversation.Command) (conversation.Decision, error) {
	h := conversation.HeaderOf(command)
	for {
		decision, err := tryDecide(e.decide, e.state(h.Account), command)
		var need *conversation.Need
		if !errors.As(err, &need) {
			return decision, err
		}
		if err := e.load(ctx, h.Account, need.Ref); err != nil {
			return decision, err
		}
	}
}

// tryEvolve folds what was decided, with its content: a later decision of the round
// may need that, and the log does not have it yet.
func tryEvolve(s *conversation.State, events []conversation.Event) (panicked *panicError) {
	defer func() {
		if value := recover(); value != nil {
			panicked = &panicError{value: value, stack: debug.Stack()}
		}
	}()
	for _, event := range events {
		conversation.Evolve(s, event)
		if content := HeldBy(event.Body); content != nil {
			s.SetContent(event.ID, content)
		}
	}
	return nil
}

func tryDecide(decide decideFunc, s *conversation.State, command conversation.Command) (decision conversation.Decision, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicError{value: value, stack: debug.Stack()}
		}
	}()
	return decide(s, command)
}
