// Package password hashes the passwords of agents by argon2id and checks them. A hash
// is a text in the form of PHC, which names its own cost, so that the cost can grow.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// The cost of a hash that is made now: the least that OWASP recommends.
const (
	memory  = 19 << 10 // KiB
	passes  = 2
	threads = 1

	// SaltSize is the size of a salt and hashSize that of a hash, in bytes.
	SaltSize = 16
	hashSize = 32
)

// The bounds of the cost of a hash that is checked: what is past them was not made
// here.
const (
	maxMemory  = 256 << 10
	maxPasses  = 16
	maxThreads = 4
)

// The length of a password, in characters.
const (
	Least = 12
	Most  = 128
)

var (
	// ErrForm is returned for a password that is too short or too long, or no text.
	ErrForm = errors.New("password: a password has 12 to 128 characters")
	// ErrHash is returned for a text that is no hash of a password.
	ErrHash = errors.New("password: not a hash of a password")
)

var encoding = base64.RawStdEncoding.Strict()

// Check returns ErrForm for a text that no password may be.
func Check(password string) error {
	n := utf8.RuneCountInString(password)
	if n < Least || n > Most || !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl) {
		return ErrForm
	}
	return nil
}

// Hasher hashes and checks passwords, a few at a time: each takes 19 MiB.
type Hasher struct {
	turns chan struct{}
	// unknown is the hash of no password, which the time of a check is spent on
	// where there is nobody.
	unknown string
}

// NewHasher returns a hasher that does so many at a time.
func NewHasher(atOnce int) *Hasher {
	return &Hasher{
		turns:   make(chan struct{}, atOnce),
		unknown: phc(make([]byte, SaltSize), []byte(rand.Text() + rand.Text())[:hashSize]),
	}
}

// Hash returns the hash of a password under a salt of SaltSize bytes, at the cost of
// now. It waits for its turn until ctx ends.
func (h *Hasher) Hash(ctx context.Context, password string, salt []byte) (string, error) {
	if err := Check(password); err != nil {
		return "", err
	}
	if len(salt) != SaltSize {
		return "", fmt.Errorf("password: a salt of %d bytes", len(salt))
	}
	done, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return phc(salt, argon2.IDKey([]byte(password), salt, passes, memory, threads, hashSize)), nil
}

// Matches says whether a password has a hash. An empty hash matches nothing, and takes
// as long. Old says that the hash was made at another cost than a new one would be. It
// waits for its turn until ctx ends.
func (h *Hasher) Matches(ctx context.Context, password, hash string) (ok, old bool, err error) {
	nobody := hash == ""
	if nobody {
		hash = h.unknown
	}
	made, err := parse(hash)
	if err != nil {
		return false, false, err
	}
	if Check(password) != nil {
		password = "" // what cannot be one is not worth its length
	}
	done, err := h.turn(ctx)
	if err != nil {
		return false, false, err
	}
	defer done()
	again := argon2.IDKey([]byte(password), made.salt, made.passes, made.memory, made.threads, uint32(len(made.hash)))
	same := subtle.ConstantTimeCompare(again, made.hash) == 1
	return same && !nobody && password != "", made.old(), nil
}

func (h *Hasher) turn(ctx context.Context) (func(), error) {
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("password: %w", ctx.Err())
	}
}

func phc(salt, hash []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, memory, passes, threads, encoding.EncodeToString(salt), encoding.EncodeToString(hash))
}

// hashed is a hash taken apart.
type hashed struct {
	memory, passes uint32
	threads        uint8
	salt, hash     []byte
}

// old says whether it would be made otherwise now.
func (h hashed) old() bool {
	return h.memory != memory || h.passes != passes || h.threads != threads || len(h.salt) != SaltSize || len(h.hash) != hashSize
}

// parse takes a hash apart.
func parse(text string) (hashed, error) {
	var h hashed
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, ErrHash
	}
	n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.threads)
	if err != nil || n != 3 || parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", h.memory, h.passes, h.threads) {
		return h, ErrHash
	}
	var saltErr, hashErr error
	h.salt, saltErr = encoding.DecodeString(parts[4])
	h.hash, hashErr = encoding.DecodeString(parts[5])
	if saltErr != nil || hashErr != nil || len(h.salt) < 8 || len(h.salt) > 64 || len(h.hash) < 16 || len(h.hash) > 64 ||
		h.memory < 8 || h.memory > maxMemory || h.passes < 1 || h.passes > maxPasses || h.threads < 1 || h.threads > maxThreads {
		return h, ErrHash
	}
	return h, nil
}
