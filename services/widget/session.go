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

// The kinds of the aliases by which a visitor is known: the device, and the site's own
// id of the person.
const (
	AliasVisitor  = "visitor"
	AliasExternal = "external_id"
)

// The form of a token of whom only the device is known: wv_<widget>.<secret>.<mac>.
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
// alone. What is written down is a hash of it. That of a signed-in visitor carries who
// the site says that they are.
type Session struct {
	// WidgetID is the widget that the session is for.
	WidgetID string
	// SignIn is what the session of a signed-in visitor stands on.
	SignIn SignIn

	sealed string // what the token of a signed-in visitor carries
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
	if ok && len(parts) == 2 && parts[0] != "" {
		return parseSealed(parts[0], parts[1])
	}
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
// its widget in this account. Whether a sign-in still counts is for the caller to say.
func (s *Session) Made(hasher Hasher, account string) bool {
	if s.Signed() {
		return s.open(hasher, account)
	}
	return subtle.ConstantTimeCompare(s.mac[:], s.bind(hasher, account)) == 1
}

func (s Session) bind(hasher Hasher, account string) []byte {
	return hasher.Hash(domainSession, account, s.WidgetID, string(s.secret[:]))[:macSize]
}

// Token returns what the visitor's device keeps.
func (s Session) Token() channel.Secret {
	if s.Signed() {
		return channel.Secret(tokenPrefix + s.WidgetID + tokenParts + encoding.EncodeToString([]byte(s.sealed)))
	}
	return channel.Secret(tokenPrefix + s.WidgetID + tokenParts +
		encoding.EncodeToString(s.secret[:]) + tokenParts + encoding.EncodeToString(s.mac[:]))
}

// Visitor returns the address of the visitor: the site's id of a signed-in one, and
// otherwise the hash of the session in hex.
func (s Session) Visitor() *eventv1.Alias {
	if s.Signed() {
		return &eventv1.Alias{Kind: AliasExternal, Value: s.SignIn.ExternalID}
	}
	return &eventv1.Alias{Kind: AliasVisitor, Value: hex.EncodeToString(s.Hash())}
}

// Hash names the session: the SHA-256 of the secret, from which it cannot be found.
func (s Session) Hash() []byte {
	sum := sha256.Sum256(s.secret[:])
	return sum[:]
}

// String names the widget and nothing of the secret.
func (s Session) String() string { return "session of " + s.WidgetID }

// GoString is String.
func (s Session) GoString() string { return s.String() }

// Domains are those whose hashes sessions ask for.
func Domains() []string { return []string{domainSession, domainSigned} }
