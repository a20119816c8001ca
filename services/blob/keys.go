package blob

import (
	"context"
	"fmt"
	"time"

	"weiche/services/keyring"
)

// Keys seal files. Each file has a key of its own, which is made of its customer's:
// who has it opens that file and nothing else.
type Keys interface {
	// NewFile returns the key of a file that is to be written, and the id of the
	// customer's key that it is made of. The error is ErrGone where there is no such
	// customer, or no longer.
	NewFile(ctx context.Context, account, id string) (keyID string, key []byte, err error)
	// File returns the key of a file that was written. The error is ErrGone where the
	// customer's key was destroyed.
	File(ctx context.Context, account, id, keyID string) (key []byte, err error)
	// Stands reports whether a customer's key is there.
	Stands(ctx context.Context, keyID string) (bool, error)
	// Hash computes a hash that only this installation can compute.
	Hash(domain string, parts ...string) []byte
}

// Domains are those whose hashes a store asks for.
func Domains() []string { return []string{domainLink} }

// FromKeyring are the keys of files where the keyring is at hand.
type FromKeyring struct {
	*keyring.Keyring
	// KeyOf returns the key of a customer of an account; empty where there is no such
	// customer.
	KeyOf func(ctx context.Context, account, customer string) (keyID string, err error)
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// NewFile implements Keys.
func (f FromKeyring) NewFile(ctx context.Context, account, id string) (string, []byte, error) {
	keyID, err := f.keyOf(ctx, account, CustomerOf(id))
	if err != nil {
		return "", nil, fmt.Errorf("blob: %w", err)
	}
	if keyID == "" {
		return "", nil, ErrGone
	}
	key, err := f.File(ctx, account, id, keyID)
	return keyID, key, err
}

func (f FromKeyring) keyOf(ctx context.Context, account, customer string) (string, error) {
	if customer != Uploads {
		return f.KeyOf(ctx, account, customer)
	}
	now := time.Now
	if f.Now != nil {
		now = f.Now
	}
	return f.DayKey(now())
}

// File implements Keys.
func (f FromKeyring) File(_ context.Context, account, id, keyID string) ([]byte, error) {
	key, err := f.Derive(keyID, "file", account, id)
	if err != nil {
		return nil, lost(err)
	}
	return key, nil
}

// Stands implements Keys.
func (f FromKeyring) Stands(_ context.Context, keyID string) (bool, error) { return f.Has(keyID) }
