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

	// mu orders rounds that come from the inbox and from timers.
	mu sync.Mutex
}

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
}

// NewEngine returns an engine with nothing in memory.
func NewEngine(config EngineConfig) *Engine {
	e := &Engine{
		store: config.Store, keys: config.Keys, now: config.Now, logger: config.Logger,
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
// returns an answer for each when all of it is durable. An error means that the
// log is broken and the process should end; nobody was answered then.
func (e *Engine) Round(ctx context.Context, requests []Request) ([]*ingressv1.Answer, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
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
		return nil, err
	}
	return r.answers, nil
}

// Fire decides what a timer brings.
func (e *Engine) Fire(ctx context.Context, account string, timer conversation.Timer) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now()
	command := &conversation.FireTimer{Header: conversation.Header{
		ID: e.newID(now), Account: account, Now: now, Received: now,
	}, Timer: timer}
	r := &round{engine: e, entries: []*entry{{
		source: channel.Source{Account: account, ID: "timer"}, command: command,
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
	if at := batch.GetReceivedAt(); at != nil && at.AsTime().Before(now) {
		return at.AsTime()
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

// NextTimer returns the timer that is due first, and whether there is one.
func (e *Engine) NextTimer(ctx context.Context) (account string, timer conversation.Timer, ok bool, err error) {
	for hit, err := range e.store.IndexScan(ctx, installation, indexTimer, nil, nil) {
		if err != nil {
			return "", timer, false, err
		}
		if account, timer, ok = timerIn(hit.Key); ok {
			return account, timer, true, nil
		}
	}
	return "", timer, false, nil
}

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
	cached := h.Account + "\x00" + customer
	if id := e.customerKeys[cached]; id != "" {
		return id, nil
	}
	value, ok, err := e.index(context.Background(), h.Account, indexKey, customer)
	if err != nil {
		return "", err
	}
	id := string(value)
	if !ok {
		if id, err = e.keys.NewKey(); err != nil {
			return "", err
		}
	}
	e.customerKeys[cached] = id
	return id, nil
}

// entry is one item in the course of a round.
type entry struct {
	source   channel.Source
	item     *ingressv1.Item
	received time.Time
	// command is what the item asks for, made from it at first; prepare has to
	// be done before what follows from it is appended.
	command conversation.Command
	prepare func() error
	answer  ingressv1.ItemAnswer
	// commit is the place of its commit in the round, or -1.
	commit int
}

// round is one call of Append in the making.
type round struct {
	engine  *Engine
	answers []*ingressv1.Answer
	entries []*entry
	commits []eventstore.Commit
}

// attempts is how often a round is decided again when the log has moved under it.
const attempts = 3

func (r *round) run(ctx context.Context) error {
	todo := r.entries
	for range attempts {
		r.commits = r.commits[:0]
		for _, entry := range todo {
			if err := r.decide(ctx, entry); err != nil {
				return err
			}
		}
		results, err := r.engine.store.Append(ctx, r.commits)
		if err != nil {
			return err
		}
		refused := -1
		for at, entry := range todo {
			if entry.commit < 0 {
				continue
			}
			if err := results[entry.commit].Err; err != nil {
				// What was decided after a refused commit saw events that do
				// not exist: it is decided anew.
				r.engine.logger.Warn("commit refused, deciding again", "error", err)
				refused = at
				break
			}
			entry.answer.Position = results[entry.commit].Last
		}
		if refused < 0 {
			return nil
		}
		r.engine.reset()
		todo = unsettled(todo[refused:], results)
	}
	return fmt.Errorf("router: the log moved under %d attempts", attempts)
}

// unsettled returns the entries whose commit was not accepted.
func unsettled(entries []*entry, results []eventstore.Result) []*entry {
	var again []*entry
	for _, entry := range entries {
		if entry.commit < 0 || results[entry.commit].Err != nil {
			again = append(again, entry)
			continue
		}
		entry.answer.Position = results[entry.commit].Last
	}
	return again
}

// decide decides one entry and adds its commit to the round.
func (r *round) decide(ctx context.Context, entry *entry) error {
	e := r.engine
	entry.commit = -1
	entry.answer.Reset()
	if entry.command == nil {
		command, err := e.translate(entry)
		if err != nil {
			entry.answer.Status = ingressv1.ItemStatus_ITEM_STATUS_REFUSED
			entry.answer.Refusal = ingressv1.Refusal_REFUSAL_INVALID
			entry.answer.Detail = err.Error()
			return nil
		}
		entry.command = command
	}
	return r.settle(ctx, entry, entry.command)
}

// settle decides a command and writes the answer of its entry.
func (r *round) settle(ctx context.Context, entry *entry, command conversation.Command) error {
	e := r.engine
	h := conversation.HeaderOf(command)
	decision, err := e.decided(ctx, command)
	var refusal *conversation.Refusal
	var panicked *panicError
	switch {
	case errors.As(err, &refusal):
		if kept := e.kept(entry, refusal.Detail); kept != nil {
			return r.quarantine(ctx, entry, kept, refusal.Reason)
		}
		entry.answer.Status = ingressv1.ItemStatus_ITEM_STATUS_REFUSED
		entry.answer.Refusal, entry.answer.Detail = refusal.Reason, refusal.Detail
		entry.answer.RouteVersion = refusal.RouteVersion
		return nil
	case errors.As(err, &panicked):
		e.logger.Error("a decision panicked", "panic", panicked.value, "stack", string(panicked.stack))
		if kept := e.kept(entry, "the decision panicked"); kept != nil {
			return r.quarantine(ctx, entry, kept, ingressv1.Refusal_REFUSAL_UNSPECIFIED)
		}
		entry.answer.Status = ingressv1.ItemStatus_ITEM_STATUS_REFUSED
		entry.answer.Detail = "internal error"
		return nil
	case err != nil:
		return err
	}
	entry.answer.ConversationId, entry.answer.MessageId = decision.ConversationID, decision.MessageID
	entry.answer.LinkId, entry.answer.RouteVersion = decision.LinkID, decision.RouteVersion
	if decision.Duplicate {
		entry.answer.Status = ingressv1.ItemStatus_ITEM_STATUS_DUPLICATE
		return e.recall(ctx, h, r, &entry.answer)
	}
	if len(decision.Events) == 0 {
		entry.answer.Status = ingressv1.ItemStatus_ITEM_STATUS_NOTHING
		return nil
	}
	if entry.answer.Status == ingressv1.ItemStatus_ITEM_STATUS_UNSPECIFIED {
		entry.answer.Status = ingressv1.ItemStatus_ITEM_STATUS_COMMITTED
	}
	if entry.prepare != nil {
		if err := entry.prepare(); err != nil {
			return err
		}
	}
	return r.commit(entry, h, decision)
}

// commit adds the events of a decision to the round and to the state.
func (r *round) commit(entry *entry, h *conversation.Header, decision conversation.Decision) error {
	e := r.engine
	commit := eventstore.Commit{Epoch: e.store.Epoch()}
	for stream, version := range decision.Expected {
		commit.Expected = append(commit.Expected, eventstore.Expectation{
			Stream:  eventstore.Stream{Account: h.Account, Category: stream.Category, ID: stream.ID},
			Version: version,
		})
	}
	state := e.state(h.Account)
	for _, event := range decision.Events {
		encoded, err := e.encode(h, actor(entry.source), event)
		if err != nil {
			return err
		}
		encoded.Correlation = decision.ConversationID
		commit.Events = append(commit.Events, encoded)
		conversation.Evolve(state, event)
	}
	entry.commit = len(r.commits)
	r.commits = append(r.commits, commit)
	return nil
}

// actor says who caused an event.
func actor(source channel.Source) string {
	if source.Kind == "" {
		return source.ID
	}
	return string(source.Kind) + "/" + source.ID
}

// quarantine keeps an item that could not be decided, in the place of what it
// would have become.
func (r *round) quarantine(ctx context.Context, entry *entry, kept *conversation.KeepItem, reason ingressv1.Refusal) error {
	entry.answer.Status = ingressv1.ItemStatus_ITEM_STATUS_QUARANTINED
	entry.answer.Refusal, entry.answer.Detail = reason, kept.Reason
	entry.item, entry.command = nil, kept
	return r.settle(ctx, entry, kept)
}

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
		decision, err := tryDecide(e.state(h.Account), command)
		var need *conversation.Need
		if !errors.As(err, &need) {
			return decision, err
		}
		if err := e.load(ctx, h.Account, need.Ref); err != nil {
			return decision, err
		}
	}
}

func tryDecide(s *conversation.State, command conversation.Command) (decision conversation.Decision, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicError{value: value, stack: debug.Stack()}
		}
	}()
	return conversation.Decide(s, command)
}

// recall fills the answer to a command that took effect before with what it made
// then: the records of one command lie side by side and name it as their cause.
func (e *Engine) recall(ctx context.Context, h *conversation.Header, r *round, answer *ingressv1.ItemAnswer) error {
	seen, ok, err := e.store.Lookup(ctx, h.Account, h.Dedup.Key)
	if err != nil {
		return err
	}
	if !ok {
		// It took effect earlier in this very round.
		r.recallFrom(h, answer)
		return nil
	}
	answer.Position = seen.Position
	cause := ""
	for rec, err := range e.store.ReadAll(ctx, seen.Position) {
		if err != nil {
			return err
		}
		if cause == "" {
			cause = rec.Causation
		}
		if rec.Causation != cause {
			return nil
		}
		event, err := Decode(rec)
		if err != nil {
			return err
		}
		answer.Position = rec.Position
		describe(event.Body, answer)
	}
	return nil
}

// recallFrom copies the answer of an earlier entry of the round with the same
// dedup key.
func (r *round) recallFrom(h *conversation.Header, answer *ingressv1.ItemAnswer) {
	for _, entry := range r.entries {
		if entry.command == nil || &entry.answer == answer {
			continue
		}
		if conversation.HeaderOf(entry.command).Dedup.Key != h.Dedup.Key {
			continue
		}
		first := &entry.answer
		answer.ConversationId, answer.MessageId = first.GetConversationId(), first.GetMessageId()
		answer.LinkId, answer.RouteVersion = first.GetLinkId(), first.GetRouteVersion()
		return
	}
}
