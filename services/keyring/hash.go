package keyring

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// The domains of the hashes that have a function of their own. They are in the
// log's index: a change of one orphans what is there.
const (
	domainAlias       = "alias"
	domainMessage     = "message"
	domainCode        = "code"
	domainCodeHash    = "code-hash"
	domainDedup       = "dedup"
	domainFingerprint = "fingerprint"
)

// codeLetters is the length of a code after its "w1": 130 bits.
const codeLetters = 26

// Hasher computes hashes that only this installation can compute: the keyring, or
// what another process was given of it.
type Hasher interface {
	// Hash returns 32 bytes: the HMAC of the parts and their lengths, under a key of
	// the domain.
	Hash(domain string, parts ...string) []byte
	// Code returns the code of a link.
	Code(account, linkID string) string
}

// Hash returns 32 bytes that only this keyring can compute: the HMAC of the
// parts and their lengths, under a key that is derived from the pepper for the
// domain. A domain is a constant of the caller.
func (k *Keyring) Hash(domain string, parts ...string) []byte {
	return macOf(k.HashKey(domain), parts)
}

func macOf(key []byte, parts []string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(appendParts(nil, parts...))
	return mac.Sum(nil)
}

// HashKey returns the key of a domain's hashes, for a process that computes some of
// them without the keyring. It tells nothing of the pepper or of another domain.
func (k *Keyring) HashKey(domain string) []byte {
	if key, ok := k.hashKeys.Load(domain); ok {
		return key.([]byte)
	}
	key, err := hkdf.Key(sha256.New, k.pepper, nil, "weiche keyring hash "+domain, keySize)
	if err != nil {
		panic(err) // the sizes are constants that HKDF allows
	}
	k.hashKeys.Store(domain, key)
	return key
}

// Hashes computes the hashes of the domains whose keys it was given.
type Hashes map[string][]byte

// Hash is what the keyring's Hash is. It panics for a domain whose key is missing:
// that is a list that lacks one, and no condition.
func (h Hashes) Hash(domain string, parts ...string) []byte {
	key, ok := h[domain]
	if !ok {
		panic("keyring: no key was given out for the domain " + domain)
	}
	return macOf(key, parts)
}

// Code is what the keyring's Code is, where the key of CodeDomain is there.
func (h Hashes) Code(account, linkID string) string { return code(h, account, linkID) }

// CodeDomain is the domain of the hashes that Code is made of.
func CodeDomain() string { return domainCode }

// AliasHash is what an address of a customer is called in the log.
func (k *Keyring) AliasHash(account, integration, kind, value string) []byte {
	return k.Hash(domainAlias, account, integration, kind, value)
}

// MessageHash is what a provider's id of a message is called in the log. More
// parts tell apart what shares an id, as an edit and its number.
func (k *Keyring) MessageHash(account, integration, kind, providerID string, more ...string) []byte {
	return k.Hash(domainMessage, append([]string{account, integration, kind, providerID}, more...)...)
}

// DedupHash is the hash of what came with a dedup key, by which the same key
// with another content is found out.
func (k *Keyring) DedupHash(account string, parts ...string) []byte {
	return k.Hash(domainDedup, append([]string{account}, parts...)...)
}

// Code returns the code of a link: "w1" and 26 characters of a-z2-7 that nobody
// can guess. The same link always has the same code, so it is stored nowhere.
func (k *Keyring) Code(account, linkID string) string { return code(k, account, linkID) }

func code(by Hasher, account, linkID string) string {
	letters := base32.StdEncoding.EncodeToString(by.Hash(domainCode, account, linkID))
	return "w1" + strings.ToLower(letters[:codeLetters])
}

// CodeHash is what a code is called in the log.
func (k *Keyring) CodeHash(account, code string) []byte {
	return k.Hash(domainCodeHash, account, code)
}
