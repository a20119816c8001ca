package keyring

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"weiche/services/channel"
)

// PutSecret stores the one secret of a field, in place of what was there. It
// returns once that is durable.
func (k *Keyring) PutSecret(account, owner, field, value string) error {
	return k.PutSecrets(account, owner, field, []string{value})
}

// PutSecrets stores all secrets of a field, in place of what was there; none at
// all removes the field. It returns once that is durable.
func (k *Keyring) PutSecrets(account, owner, field string, values []string) error {
	name := secretName(account, owner, field)
	if len(values) == 0 {
		return k.write(func(batch *pebble.Batch) error { return batch.Delete([]byte(name), nil) })
	}
	return k.put(name, appendParts(nil, values...))
}

// Secret returns the first secret of a field, and false where it has none.
func (k *Keyring) Secret(account, owner, field string) (channel.Secret, bool, error) {
	secrets, err := k.Secrets(account, owner, field)
	if err != nil || len(secrets) == 0 {
		return "", false, err
	}
	return secrets[0], true, nil
}

// Secrets returns all secrets of a field in the order in which they were put.
func (k *Keyring) Secrets(account, owner, field string) ([]channel.Secret, error) {
	stored, ok, err := k.get(secretName(account, owner, field))
	if err != nil || !ok {
		return nil, err
	}
	values, ok := splitParts(stored)
	if !ok {
		return nil, fmt.Errorf("%w: an entry below %q is not a list", ErrCorrupt, nameSecret)
	}
	secrets := make([]channel.Secret, len(values))
	for i, value := range values {
		secrets[i] = channel.Secret(value)
	}
	return secrets, nil
}

// Fingerprint tells two values of a field apart without telling either.
func (k *Keyring) Fingerprint(account, owner, field, value string) []byte {
	return Fingerprint(k, account, owner, field, value)
}

// Fingerprint is what the keyring's Fingerprint is, where the hasher has the key of
// FingerprintDomain.
func Fingerprint(h Hasher, account, owner, field, value string) []byte {
	return h.Hash(domainFingerprint, account, owner, field, value)
}

// FingerprintDomain is the domain of the hashes that are fingerprints.
func FingerprintDomain() string { return domainFingerprint }

func secretName(account, owner, field string) string {
	return string(appendParts([]byte(nameSecret), account, owner, field))
}
