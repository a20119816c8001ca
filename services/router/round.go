package router

import (
	"context"
	"errors"
	"fmt"
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
		return r.recall(ctx, h, entry)
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
		if content := ContentOf(event.Body); content != nil {
			// A later decision of this round may need it, and the log does not
			// have it yet.
			state.SetContent(event.ID, content)
		}
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
