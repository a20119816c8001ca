package router

import (
	"context"
	"errors"
	"fmt"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/keyring"
)

// EnterErasure enters into the ledger whom a decision erases. That is durable
// before the decision is, so whatever happens in between, the ledger knows what
// is left to do.
func (e *Engine) EnterErasure(c *conversation.EraseCustomer, decision conversation.Decision) error {
	var entries []keyring.Erasure
	of := map[string]int{}
	entry := func(customer string) *keyring.Erasure {
		at, ok := of[customer]
		if !ok {
			at = len(entries)
			of[customer] = at
			entries = append(entries, keyring.Erasure{Account: c.Account, Customer: customer, At: c.Now})
		}
		return &entries[at]
	}
	for _, event := range decision.Events {
		switch body := event.Body.(type) {
		case *eventv1.IdentityErased:
			gone := entry(body.GetCustomerId())
			for _, alias := range body.GetAliases() {
				gone.Aliases = append(gone.Aliases, keyring.ErasedAlias{
					Integration: body.GetIntegrationId(), Hash: alias.GetHash(),
				})
			}
		case *eventv1.CustomerErased:
			key, err := e.knownKey(context.Background(), c.Account, body.GetCustomerId())
			if err != nil {
				return err
			}
			if key != "" {
				gone := entry(body.GetCustomerId())
				gone.Keys = append(gone.Keys, key)
			}
		}
	}
	return e.keys.PutErasures(entries...)
}

// Erasure decides what the erasure of a customer would do, and does nothing of
// it. The error is a *conversation.Refusal where there is no such customer.
func (e *Engine) Erasure(ctx context.Context, account, customer string) (conversation.Decision, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer e.trim()
	return e.decided(ctx, &conversation.EraseCustomer{
		Header: e.header(account), CustomerID: customer,
	})
}

// ErrNotAsked is returned by Foresee for an item that asks for nothing that is known.
var ErrNotAsked = errors.New("router: the item asks for nothing")

// Foresee decides what an item would do, and does nothing of it. The error is a
// *conversation.Refusal where that is refused, and ErrNotAsked where there is
// nothing to decide.
func (e *Engine) Foresee(ctx context.Context, source channel.Source, item *ingressv1.Item) (conversation.Decision, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer e.trim()
	command, err := e.translate(&entry{source: source, item: item, received: e.now()})
	if err != nil {
		return conversation.Decision{}, fmt.Errorf("%w: %w", ErrNotAsked, err)
	}
	return e.decided(ctx, command)
}

// FinishErasures carries out what the ledger says and the log does not: erasures
// that a crash has interrupted, and those that a restore has undone. Then the
// keys are gone too. It is called before anything is served or relayed, and costs
// two lookups for each entry of the ledger where nothing is left to do.
func (e *Engine) FinishErasures(ctx context.Context) error {
	entries, err := e.keys.Erasures()
	if err != nil {
		return fmt.Errorf("router: the erasure ledger: %w", err)
	}
	for _, entry := range entries {
		known, erased, err := Erased(ctx, e.store, entry.Account, entry.Customer)
		if err != nil {
			return err
		}
		if !known || erased {
			continue
		}
		e.logger.Warn("an erasure is carried out that the log does not have", "account", entry.Account, "customer", entry.Customer)
		erase := &conversation.EraseCustomer{Header: e.header(entry.Account), CustomerID: entry.Customer}
		if err := e.carryOut(ctx, sourceErasure, erase); err != nil {
			return fmt.Errorf("router: erase again: %w", err)
		}
	}
	return DestroyErased(ctx, e.store, e.keys)
}

// DestroyErased destroys the keys of everybody in the ledger whose erasure is in
// the log and not done. It may be called at any time, and again after an error.
func DestroyErased(ctx context.Context, store *eventstore.Store, keys *keyring.Keyring) error {
	if !keys.ErasuresPending() {
		return nil
	}
	entries, err := keys.Erasures()
	if err != nil {
		return fmt.Errorf("router: the erasure ledger: %w", err)
	}
	var ready []keyring.Erasure
	var gone []string
	for _, entry := range entries {
		if entry.Done {
			continue
		}
		known, erased, err := Erased(ctx, store, entry.Account, entry.Customer)
		if err != nil {
			return err
		}
		if known && !erased {
			// Its events are on their way, or it waits for FinishErasures.
			continue
		}
		ready, gone = append(ready, entry), append(gone, entry.Keys...)
	}
	if err := keys.Destroy(gone...); err != nil {
		return fmt.Errorf("router: destroy keys: %w", err)
	}
	for _, entry := range ready {
		if err := keys.FinishErasure(entry.Account, entry.Customer); err != nil {
			return fmt.Errorf("router: the erasure ledger: %w", err)
		}
	}
	return nil
}

// Erased reports whether a log has a customer, and whether they were erased.
func Erased(ctx context.Context, store *eventstore.Store, account, customer string) (known, erased bool, err error) {
	for index, found := range map[string]*bool{indexKey: &known, indexErased: &erased} {
		if _, _, *found, err = store.IndexGet(ctx, eventstore.IndexKey{Account: account, Index: index, Key: []byte(customer)}); err != nil {
			return false, false, err
		}
	}
	return known, erased, nil
}
