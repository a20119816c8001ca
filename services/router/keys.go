package router

import (
	"context"
	"fmt"

	"weiche/eventstore"
	"weiche/services/keyring"
)

// CheckKeys looks for the key of every customer of a log who was not erased. The
// error is keyring.ErrCorrupt where one is missing: what it sealed would look as if
// it had been erased.
func CheckKeys(ctx context.Context, store *eventstore.Store, keys *keyring.Keyring) error {
	accounts, err := Accounts(ctx, store)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		for hit, err := range store.IndexScan(ctx, account, indexKey, nil, nil) {
			if err != nil {
				return err
			}
			if there, err := keys.Has(string(hit.Value)); there || err != nil {
				if err != nil {
					return err
				}
				continue
			}
			if _, erased, err := Erased(ctx, store, account, string(hit.Key)); err != nil {
				return err
			} else if !erased {
				return fmt.Errorf("%w: the key of customer %s of account %s is missing, and nobody erased them", keyring.ErrCorrupt, hit.Key, account)
			}
		}
	}
	return nil
}
