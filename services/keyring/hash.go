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

// Hash returns 32 bytes that only this keyring can compute: the HMAC of the
// parts and their lengths, under a key that is derived from the pepper for the
// domain. A domain is a constant of the caller.
func (k *Keyring) Hash(domain string, parts ...string) []byte {
	mac := hmac.New(sha256.New, k.hashKey(domain))
	mac.Write(appendParts(nil, parts...))
	return mac.Sum(nil)
}

func (k *Keyring) hashKey(domain string) []byte {
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
func (k *Keyring) Code(account, linkID string) string {
	letters := base32.StdEncoding.EncodeToString(k.Hash(domainCode, account, linkID))
	return "w1" + strings.ToLower(letters[:codeLetters])
}

// CodeHash is what a code is called in the log.
func (k *Keyring) CodeHash(account, code string) []byte {
	return k.Hash(domainCodeHash, account, code)
}
