package keyring

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

// Derive returns a key that is made of a content key for what the parts name: 32
// bytes, always the same. It says nothing of the content key, and nothing else opens
// with it. ErrKeyGone is returned for a key that is not there.
func (k *Keyring) Derive(keyID string, parts ...string) ([]byte, error) {
	secret, ok, err := k.get(nameKey + keyID)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("%w: %.64q", ErrKeyGone, keyID)
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "weiche keyring derived "+string(appendParts(nil, parts...)), keySize)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return key, nil
}

// Sealer seals with one key that Derive has made, in this process or another.
type Sealer struct{ aead cipher.AEAD }

// NewSealer returns the sealer of a key of 32 bytes.
func NewSealer(key []byte) (Sealer, error) {
	if len(key) != keySize {
		return Sealer{}, fmt.Errorf("%w: a key has %d bytes", ErrSealed, keySize)
	}
	aead, err := newAEAD(key)
	return Sealer{aead}, err
}

// Seal encrypts plaintext for the place that aad names.
func (s Sealer) Seal(aad, plaintext []byte) []byte { return s.aead.Seal(nil, nil, plaintext, aad) }

// Unseal decrypts what Seal made. ErrSealed is returned for bytes that were changed,
// belong to another place or were sealed with another key.
func (s Sealer) Unseal(aad, ciphertext []byte) ([]byte, error) {
	plaintext, err := s.aead.Open(nil, nil, ciphertext, aad)
	if err != nil {
		return nil, ErrSealed
	}
	return plaintext, nil
}
