package keyring

import (
	"crypto/cipher"
	"fmt"
	"sync"
)

// AAD says where sealed bytes belong: they open nowhere else.
func AAD(account, category, id, eventID string) []byte {
	return appendParts(nil, account, category, id, eventID)
}

// Seal encrypts plaintext for the place that aad names. ErrKeyGone is returned
// for a key that is not there.
func (k *Keyring) Seal(keyID string, aad, plaintext []byte) ([]byte, error) {
	aead, err := k.aead(keyID)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, plaintext, aad), nil
}

// Unseal decrypts what Seal made. ErrKeyGone is returned for a key that is not
// there, ErrSealed for bytes that were changed or belong to another place.
func (k *Keyring) Unseal(keyID string, aad, ciphertext []byte) ([]byte, error) {
	aead, err := k.aead(keyID)
	if err != nil {
		return nil, err
	}
	plaintext, err := aead.Open(nil, nil, ciphertext, aad)
	if err != nil {
		return nil, ErrSealed
	}
	return plaintext, nil
}

// aead returns a content key, ready for use.
func (k *Keyring) aead(keyID string) (cipher.AEAD, error) {
	aead, seen := k.cache.get(keyID)
	if aead != nil {
		return aead, nil
	}
	key, ok, err := k.get(nameKey + keyID)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("%w: %.64q", ErrKeyGone, keyID)
	}
	if aead, err = newAEAD(key); err != nil {
		return nil, err
	}
	k.cache.putUnless(seen, keyID, aead)
	return aead, nil
}

// cache keeps the keys that were used last, between size and half of it, in two
// generations: when the young one is full it becomes the old one.
type cache struct {
	size int

	mu         sync.Mutex
	young, old map[string]cipher.AEAD
	drops      uint64
}

// get returns a key, or nil and what putUnless has to be told.
func (c *cache) get(id string) (_ cipher.AEAD, drops uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if aead := c.young[id]; aead != nil {
		return aead, 0
	}
	aead := c.old[id]
	if aead != nil {
		c.add(id, aead)
	}
	return aead, c.drops
}

func (c *cache) put(id string, aead cipher.AEAD) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(id, aead)
}

// putUnless leaves a key out that may have been destroyed since it was missed.
func (c *cache) putUnless(drops uint64, id string, aead cipher.AEAD) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drops == drops {
		c.add(id, aead)
	}
}

func (c *cache) add(id string, aead cipher.AEAD) {
	if c.young == nil || len(c.young) >= (c.size+1)/2 {
		c.young, c.old = map[string]cipher.AEAD{}, c.young
	}
	c.young[id] = aead
}

// drop forgets keys that are no longer in the store.
func (c *cache) drop(ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	for _, id := range ids {
		delete(c.young, id)
		delete(c.old, id)
	}
}
