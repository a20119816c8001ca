package eventstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// A redaction goes through two states, kept under the position of the event
// from the batch that declares it until [Store.Purge] is done with it. So a
// crash in between forgets nothing: the next Purge goes on.
const (
	pendingDeclared  = "declared"  // the sealed part is still in the record
	pendingRewritten = "rewritten" // it is out of the record, and may be in files
)

// Redact removes the sealed parts of events: it writes their records again
// without them, in one batch with one sync. The hashes stay, so the chain stays
// whole, and readers get records with Sealed nil and [Record.Redacted] true. An
// event that has no sealed part, or lost it before, is left as it is.
//
// Each event must have been declared redacted by a later record, see
// [Options.Redacts], whose Append has returned; otherwise nothing is changed and
// the error is [ErrNotDeclared], or [ErrNotFound] for an id that the account
// does not have. Redact may be called again after any error. A reader that began
// before may still be given the sealed part until it is done.
//
// The bytes are still in Pebble's files when Redact returns. [Store.Purge]
// removes them from there, and redacts by itself what is declared and was not
// redacted.
func (s *Store) Redact(ctx context.Context, account string, eventIDs ...string) error {
	err := s.write(ctx, func(s *Store, t *tail, result *Result) error {
		positions := make([]uint64, 0, len(eventIDs))
		for _, id := range eventIDs {
			position, refusal, err := t.declared(s, account, id)
			if err != nil {
				return err
			}
			if refusal != nil {
				result.Err = refusal
				return nil
			}
			positions = append(positions, position)
		}
		return t.redact(s, positions)
	})
	if errors.Is(err, ErrNotDeclared) || errors.Is(err, ErrNotFound) {
		return fmt.Errorf("eventstore: redact in account %q: %w", account, err)
	}
	return err
}

// declared returns the position of an event, or why it may not be redacted.
func (t *tail) declared(s *Store, account, id string) (position uint64, refusal, err error) {
	key := appendEventKey(nil, account, id)
	position, _, ok, err := getPlaced(s.db, key)
	if err != nil {
		return 0, nil, err
	}
	if !ok {
		return 0, fmt.Errorf("event %q: %w", id, ErrNotFound), nil
	}
	by, _, ok, err := getPlaced(s.db, appendRedactionKey(nil, account, id))
	if err != nil {
		return 0, nil, err
	}
	// 0 is what a restore leaves of a record behind its end.
	if !ok || by != 0 && by <= position {
		return 0, fmt.Errorf("event %q at position %d: %w", id, position, ErrNotDeclared), nil
	}
	return position, nil, nil
}

// redact writes records without their sealed parts.
func (t *tail) redact(s *Store, positions []uint64) error {
	for _, position := range positions {
		r, err := readRecord(s.db, position)
		if err != nil {
			return err
		}
		if len(r.Sealed) == 0 {
			continue
		}
		r.Sealed = nil
		t.newBatch(s)
		if err := t.rewrite(r); err != nil {
			return err
		}
	}
	return nil
}

// rewrite sets a record that has no sealed part any more.
func (t *tail) rewrite(r *Record) error {
	key := appendLogKey(nil, r.Position)
	if err := t.batch.Set(key, appendChecksum(appendRecord(nil, r), 0, key), nil); err != nil {
		return err
	}
	return setPending(t.batch, r.Position, pendingRewritten)
}

func setPending(b *pebble.Batch, position uint64, state string) error {
	key := appendPendingKey(nil, position)
	return b.Set(key, appendChecksum([]byte(state), 0, key), nil)
}

// declare writes what an accepted record declares redacted. An event that the
// account does not have, or not yet, is none of its business.
func (t *tail) declare(s *Store, st *staged) error {
	r := &st.record
	for _, id := range st.redacts {
		t.key = appendRedactionKey(t.key[:0], r.Stream.Account, id)
		if err := t.setPlaced(r.Position, nil); err != nil {
			return err
		}
		position, ok := t.ids[nameIn{r.Stream.Account, id}]
		if !ok {
			var err error
			if position, _, ok, err = getPlaced(s.db, appendEventKey(nil, r.Stream.Account, id)); err != nil {
				return err
			}
		}
		if !ok || position >= r.Position {
			continue
		}
		if err := setPending(t.batch, position, pendingDeclared); err != nil {
			return err
		}
	}
	return nil
}

// pendingPage is how many redactions Purge looks at at once.
const pendingPage = 1024

// pendings returns the redactions that are not done from a position on, in order of
// positions.
func pendings(r pebble.Reader, from uint64) (positions []uint64, states []string, err error) {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: appendPendingKey(nil, from), UpperBound: []byte{tablePending + 1}})
	if err != nil {
		return nil, nil, err
	}
	for ok := it.First(); ok && len(positions) < pendingPage; ok = it.Next() {
		var value []byte
		if value, err = it.ValueAndErr(); err == nil {
			value, err = openValue(it.Key(), value)
		}
		if err != nil {
			break
		}
		positions = append(positions, binary.BigEndian.Uint64(it.Key()[1:]))
		states = append(states, string(value))
	}
	return positions, states, errors.Join(err, it.Close())
}

// redacted checks that a later record declares the loss of r's sealed part.
func (c *verifier) redacted(r *Record) error {
	key := appendRedactionKey(nil, r.Stream.Account, r.ID)
	by, _, ok, err := getPlaced(c.db, key)
	switch {
	case err != nil:
		return c.found(err)
	case ok && by > r.Position, ok && by == 0 && r.Position <= c.restored:
		return nil // that the record at by declares it, allKeys checks
	}
	return c.damage(&CorruptError{kind: DamageSealed, What: "the sealed part is missing and no later record declares that", Position: r.Position, Stream: r.Stream})
}

// declares checks the keys of what r declares redacted.
func (c *verifier) declares(r *Record) error {
	seen := make(map[string]bool)
	for _, id := range c.redacts(r) {
		if seen[id] {
			continue
		}
		seen[id] = true
		key := appendRedactionKey(nil, r.Stream.Account, id)
		by, _, ok, err := getPlaced(c.db, key)
		switch {
		case err != nil:
			err = c.found(err)
		case !ok || by < r.Position:
			err = c.damage(&CorruptError{What: "a record's redaction is missing", Position: r.Position, Stream: r.Stream, Key: key})
		case by == r.Position:
			c.keys++
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pending checks that what is kept about a redaction under way is so.
func (c *verifier) pending(key []byte, position uint64, value []byte) error {
	state, err := openValue(key, value)
	if err != nil {
		return err
	}
	no := func(what string) error {
		return &CorruptError{What: what, Position: position, Key: append([]byte(nil), key...)}
	}
	if position == 0 || position > c.view.position {
		return no("a redaction is to be done at no position of the log")
	}
	r, err := c.cached(position)
	switch {
	case err != nil:
		return err
	case string(state) == pendingDeclared:
		by, _, ok, err := getPlaced(c.db, appendRedactionKey(nil, r.Stream.Account, r.ID))
		if err == nil && (!ok || by != 0 && by <= position) {
			err = no("a redaction is to be done that no record declares")
		}
		return err
	case string(state) == pendingRewritten && r.Redacted():
		return nil
	}
	return no("a redaction is in no known state")
}
