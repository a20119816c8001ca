package router

import (
	"context"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
	"weiche/services/keyring"
)

// enterErasure enters into the ledger whom a decision erases. That is durable
// before the decision is, so whatever happens in between, the ledger knows what
// is left to do.
func (e *Engine) enterErasure(c *conversation.EraseCustomer, decision conversation.Decision) error {
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
	now := e.now()
	defer e.trim()
	return e.decided(ctx, &conversation.EraseCustomer{
		Header:     conversation.Header{ID: e.newID(now), Account: account, Now: now, Received: now},
		CustomerID: customer,
	})
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
