package router

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"weiche/eventstore"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
)

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
	// unstorable says that the store cannot hold what followed from it.
	unstorable bool
	// panics is how often its decision panicked, and alone says that it is to be
	// tried by itself for that.
	panics int
	alone  bool
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

// tries is how often a decision may panic before it is given up.
const tries = 3

// run settles all entries. One whose decision panicked is tried again by itself,
// behind the others and with nothing in memory: what is wrong may lie in what was
// held there, or in the company.
func (r *round) run(ctx context.Context) error {
	if err := r.pass(ctx, r.entries); err != nil {
		return err
	}
	for at, suspect := range r.entries {
		for suspect.alone {
			suspect.alone = false
			r.engine.reset()
			if err := r.pass(ctx, r.entries[at:at+1:at+1]); err != nil {
				return err
			}
		}
	}
	return nil
}

// pass decides entries in their order and appends what follows.
func (r *round) pass(ctx context.Context, todo []*entry) error {
	for range attempts {
		r.commits = r.commits[:0]
		for at := 0; at < len(todo); at++ {
			if todo[at].alone {
				continue
			}
			err := r.decide(ctx, todo[at])
			if errors.Is(err, errSpoilt) {
				// The state is half folded, and what was decided in it is not
				// to be trusted: all but this one are decided anew.
				r.engine.reset()
				r.commits = r.commits[:0]
				todo, at = slices.Concat(todo[:at], todo[at+1:]), -1
				continue
			}
			if err != nil {
				return err
			}
		}
		began := time.Now()
		results, err := r.engine.store.Append(ctx, r.commits)
		if len(r.commits) > 0 {
			r.engine.events.Committed(len(r.commits), time.Since(began))
		}
		if err != nil {
			return err
		}
		if todo = r.unsettled(todo, results); len(todo) == 0 {
			return nil
		}
		// What was decided after a refused commit saw events that do not exist:
		// it is decided anew.
		r.engine.reset()
	}
	return fmt.Errorf("router: the log moved under %d attempts", attempts)
}

// unsettled notes where the accepted commits are, and returns the entries whose
// commit was not accepted.
func (r *round) unsettled(entries []*entry, results []eventstore.Result) []*entry {
	var again []*entry
	for _, entry := range entries {
		if entry.commit < 0 {
			continue
		}
		result := results[entry.commit]
		entry.commit = -1
		if result.Err == nil {
			entry.answer.Position = result.Last
			continue
		}
		r.engine.logger.Warn("commit refused, deciding again", "error", result.Err)
		entry.unstorable = errors.Is(result.Err, eventstore.ErrInvalidEvent)
		again = append(again, entry)
	}
	return again
}

// decide decides one entry and adds its commit to the round.
func (r *round) decide(ctx context.Context, entry *entry) error {
	e := r.engine
	entry.commit = -1
	entry.answer.Reset()
	if entry.unstorable {
		return r.reject(ctx, entry, ingressv1.Refusal_REFUSAL_INVALID, "the log cannot hold what follows from it")
	}
	if entry.panics >= tries {
		return r.reject(ctx, entry, ingressv1.Refusal_REFUSAL_UNSPECIFIED, "internal error")
	}
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
		entry.answer.RouteVersion, entry.answer.ReplyRoute = refusal.RouteVersion, refusal.Route
		entry.answer.PassedOver = refusal.PassedOver
		if refusal.IntegrationID != "" {
			entry.answer.Settings = settingsVersion(refusal.IntegrationID, refusal.Settings)
		}
		return r.reject(ctx, entry, refusal.Reason, refusal.Detail)
	case errors.As(err, &panicked):
		r.panicked(entry, panicked)
		return nil
	case err != nil:
		return err
	}
	entry.answer.ConversationId, entry.answer.MessageId = decision.ConversationID, decision.MessageID
	entry.answer.LinkId, entry.answer.RouteVersion = decision.LinkID, decision.RouteVersion
	if decision.Duplicate {
		entry.answer.Status = ingressv1.ItemStatus_ITEM_STATUS_DUPLICATE
		return r.recall(ctx, h, entry)
	}
	if len(decision.Events) == 0 {
		entry.answer.Status = ingressv1.ItemStatus_ITEM_STATUS_NOTHING
		return nil
	}
	if refusal, err := r.taken(ctx, h.Account, decision.Events); err != nil || refusal != nil {
		if refusal != nil {
			err = r.reject(ctx, entry, refusal.Reason, refusal.Detail)
		}
		return err
	}
	describeReply(decision.Events, &entry.answer)
	if decision.Refused != nil {
		entry.answer.Status = ingressv1.ItemStatus_ITEM_STATUS_REFUSED
		entry.answer.Refusal, entry.answer.Detail = decision.Refused.Reason, decision.Refused.Detail
	}
	if entry.answer.Status == ingressv1.ItemStatus_ITEM_STATUS_UNSPECIFIED {
		entry.answer.Status = ingressv1.ItemStatus_ITEM_STATUS_COMMITTED
	}
	if entry.prepare != nil {
		if err := entry.prepare(); err != nil {
			return err
		}
	}
	if erase, ok := command.(*conversation.EraseCustomer); ok {
		if err := e.EnterErasure(erase, decision); err != nil {
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
		set, _ := conversation.Timers(event.Body)
		e.due.set(set)
	}
	if panicked := tryEvolve(state, decision.Events); panicked != nil {
		r.panicked(entry, panicked)
		return errSpoilt
	}
	entry.commit = len(r.commits)
	r.commits = append(r.commits, commit)
	return nil
}

// errSpoilt says that events which were decided could not be folded.
var errSpoilt = errors.New("router: the state is spoilt")

// panicked notes that the decision of an entry panicked: it is to be tried alone,
// or given up.
func (r *round) panicked(entry *entry, panicked *panicError) {
	entry.panics++
	entry.alone = true
	if kept, ok := entry.command.(*conversation.KeepItem); ok {
		// What is wrong may lie in the conversation: it is kept without that.
		kept.Sender = nil
	}
	r.engine.logger.Error("a decision panicked",
		"panic", panicked.value, "time", entry.panics, "stack", string(panicked.stack))
}

// actor says who caused an event.
func actor(source channel.Source) string {
	if source.Kind == "" {
		return source.ID
	}
	return string(source.Kind) + "/" + source.ID
}

// reject ends an entry that is not carried out: an item of a channel is kept in
// quarantine, in the place of what it would have become; who asked for something is
// told.
func (r *round) reject(ctx context.Context, entry *entry, reason ingressv1.Refusal, detail string) error {
	kept := r.engine.kept(entry, detail)
	entry.answer.Status = ingressv1.ItemStatus_ITEM_STATUS_REFUSED
	entry.answer.Refusal, entry.answer.Detail = reason, detail
	if kept == nil {
		return nil
	}
	entry.answer.Status = ingressv1.ItemStatus_ITEM_STATUS_QUARANTINED
	entry.item, entry.command, entry.unstorable, entry.panics = nil, kept, false, 0
	return r.settle(ctx, entry, kept)
}
