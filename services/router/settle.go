package router

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// Who gives the router its own commands.
const (
	sourceRestore = "restore"
	sourceErasure = "erasure"
)

// Settle ends what was under way in a log that was restored from a backup: a send
// that had not ended becomes unknown, since it may have been sent after the backup
// was made, and timers that ran out meanwhile fire, when nothing is left that they
// could send. Agents have to log in again, and login links are made anew. It is called before anything else is decided and relayed. A log that
// is no restore, or is settled, costs one lookup; after a crash it is called again
// and goes on. The error is the store's.
func (e *Engine) Settle(ctx context.Context) error {
	origins := e.store.Origins()
	if len(origins) == 0 {
		return nil
	}
	origin := origins[len(origins)-1]
	dedup := "restored " + e.store.Incarnation()
	if _, done, err := e.store.Lookup(ctx, installation, dedup); done || err != nil {
		return err
	}
	sends, unknown, err := e.openSends(ctx, origin.Position)
	if err != nil {
		return err
	}
	e.logger.Warn("the log was restored from a backup",
		"from", origin.Incarnation, "position", origin.Position, "lost", origin.Head-origin.Position, "unknown_sends", unknown)
	for _, of := range sends {
		if err := e.carryOut(ctx, sourceRestore, &conversation.AbandonSends{Header: e.header(of.account), IdentityID: of.identity}); err != nil {
			return fmt.Errorf("router: sends of a restored log: %w", err)
		}
	}
	if err := e.abandonSessions(ctx); err != nil {
		return fmt.Errorf("router: sessions of a restored log: %w", err)
	}
	if err := e.fireOverdue(ctx); err != nil {
		return fmt.Errorf("router: timers of a restored log: %w", err)
	}
	record := &conversation.RecordRestore{
		Header: e.header(installation), FromIncarnation: origin.Incarnation, LastPosition: origin.Position,
		Head: origin.Head, RestoredAt: origin.Restored, UnknownSends: unknown,
	}
	record.Dedup.Key = dedup
	return e.carryOut(ctx, sourceRestore, record)
}

// abandonSessions ends the sessions and the login links of all agents: whoever was shut
// out after the backup was made would be let in again by theirs, and a link that was
// used would be good once more.
func (e *Engine) abandonSessions(ctx context.Context) error {
	accounts, err := Accounts(ctx, e.store)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		if err := e.carryOut(ctx, sourceRestore, &conversation.AbandonSessions{Header: e.header(account)}); err != nil {
			return err
		}
	}
	return nil
}

// lane is the identity that sends go to.
type lane struct{ account, identity string }

// openSends reads the log up to a position, and returns who had sends that have not
// ended there, and how many.
func (e *Engine) openSends(ctx context.Context, last uint64) (lanes []lane, sends uint32, err error) {
	type send struct{ account, id string }
	open := map[send]string{}
	for rec, err := range e.store.ReadAll(ctx, 1) {
		if err != nil {
			return nil, 0, err
		}
		if rec.Position > last {
			break
		}
		if rec.Stream.Category != conversation.CategoryIdentity {
			continue
		}
		body, err := decodeFacts(rec)
		if err != nil {
			return nil, 0, err
		}
		id, ended := endOf(body)
		switch {
		case id == "":
		case ended:
			delete(open, send{rec.Stream.Account, id})
		default:
			open[send{rec.Stream.Account, id}] = rec.Stream.ID
		}
	}
	seen := map[lane]bool{}
	for s, identity := range open {
		seen[lane{s.account, identity}] = true
	}
	for of := range seen {
		lanes = append(lanes, of)
	}
	slices.SortFunc(lanes, func(a, b lane) int {
		return slices.Compare([]string{a.account, a.identity}, []string{b.account, b.identity})
	})
	return lanes, uint32(len(open)), nil
}

// endOf returns the send that an event begins or ends.
func endOf(body proto.Message) (sendID string, ended bool) {
	switch e := body.(type) {
	case *eventv1.SendQueued:
		return e.GetSendId(), false
	case *eventv1.SendSucceeded:
		return e.GetSendId(), true
	case *eventv1.SendFailed:
		return e.GetSendId(), true
	case *eventv1.SendOutcomeUnknown:
		return e.GetSendId(), true
	case *eventv1.SendWithdrawn:
		return e.GetSendId(), true
	}
	return "", false
}

// fireOverdue fires every timer that is due.
func (e *Engine) fireOverdue(ctx context.Context) error {
	without := map[conversation.Timer]bool{}
	for {
		account, timer, ok, err := e.nextTimer(ctx, func(t conversation.Timer) bool { return without[t] })
		if err != nil || !ok || timer.Due.After(e.now()) {
			return err
		}
		without[timer] = true
		if err := e.Fire(ctx, account, timer); err != nil {
			return err
		}
	}
}
