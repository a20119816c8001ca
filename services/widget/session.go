package widget

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strings"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/channel"
)

// AliasVisitor is the kind of the alias by which a visitor is known.
const AliasVisitor = "visitor"

// The form of a token: wv_<widget>.<secret>.<mac>.
const (
	tokenPrefix = "wv_"
	tokenParts  = "."
	secretSize  = 32
	macSize     = 16
)

// domainSession is the domain of the hash that binds a token. A change of it
// ends all sessions.
const domainSession = "visitor"

// encoding is strict, so that a token has one form.
var encoding = base64.RawURLEncoding.Strict()

// Hasher computes hashes that only this installation can compute: the keyring.
type Hasher interface {
	Hash(domain string, parts ...string) []byte
}

// Session is a visitor's session in a widget: a secret that lies on their device
// alone. What is written down is a hash of it.
type Session struct {
	// WidgetID is the widget that the session is for.
	WidgetID string

	secret [secretSize]byte
	mac    [macSize]byte
}

// NewSession makes a session with 256 random bits for a widget of an account.
func NewSession(hasher Hasher, account, widgetID string) Session {
	s := Session{WidgetID: widgetID}
	_, _ = rand.Read(s.secret[:]) // it never fails, it ends the process
	copy(s.mac[:], s.bind(hasher, account))
	return s
}

// ParseSession reads a token's form and returns ErrToken for any other text. The
// session is not to be trusted before Made has said so.
func ParseSession(token string) (Session, error) {
	text, ok := strings.CutPrefix(token, tokenPrefix)
	parts := strings.Split(text, tokenParts)
	if !ok || len(parts) != 3 || parts[0] == "" {
		return Session{}, ErrToken
	}
	s := Session{WidgetID: parts[0]}
	if !decode(s.secret[:], parts[1]) || !decode(s.mac[:], parts[2]) {
		return Session{}, ErrToken
	}
	return s, nil
}

func decode(into []byte, text string) bool {
	if encoding.EncodedLen(len(into)) != len(text) || strings.ContainsAny(text, "\r\n") {
		return false
	}
	n, err := encoding.Decode(into, []byte(text))
	return err == nil && n == len(into)
}

// Made reports, in constant time, whether this installation made the session for
// its widget in this account.
func (s Session) Made(hasher Hasher, account string) bool {
	return subtle.ConstantTimeCompare(s.mac[:], s.bind(hasher, account)) == 1
}

func (s Session) bind(hasher Hasher, account string) []byte {
	return hasher.Hash(domainSession, account, s.WidgetID, string(s.secret[:]))[:macSize]
}

// Token returns what the visitor's device keeps.
func (s Session) Token() channel.Secret {
	return channel.Secret(tokenPrefix + s.WidgetID + tokenParts +
		encoding.EncodeToString(s.secret[:]) + tokenParts + encoding.EncodeToString(s.mac[:]))
}

// Visitor returns the address of the visitor: the SHA-256 of the secret, in hex,
// from which the session cannot be found.
func (s Session) Visitor() *eventv1.Alias {
	sum := sha256.Sum256(s.secret[:])
	return &eventv1.Alias{Kind: AliasVisitor, Value: hex.EncodeToString(sum[:])}
}

// String names the widget and nothing of the secret.
func (s Session) String() string { return "session of " + s.WidgetID }

// GoString is String.
func (s Session) GoString() string { return s.String() }
