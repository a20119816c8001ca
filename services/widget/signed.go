package widget

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"strings"
	"time"
)

// A signed-in visitor's token is wv_<widget>.<sealed>: what it says is encrypted, so
// that the site's own id of a person can be read from no token.
const (
	// domainSigned is the domain of the hash that is the key of these tokens. A
	// change of it ends all of them.
	domainSigned = "visitor-signed"
	signedForm   = 1
	keyMarkSize  = 8
	maxSealed    = 2048
)

// SignIn is what a session of a signed-in visitor stands on.
type SignIn struct {
	// ExternalID is the site's own id of the person.
	ExternalID string
	// KeyID names the key that the site has signed with, and KeyMark is the
	// beginning of its fingerprint: another secret under the same id is another key.
	KeyID   string
	KeyMark [keyMarkSize]byte
	// ExpiresAt is when it ends, to the second.
	ExpiresAt time.Time
}

// MarkOf returns the mark of a key by its fingerprint.
func MarkOf(fingerprint []byte) (mark [keyMarkSize]byte) {
	copy(mark[:], fingerprint)
	return mark
}

// NewSignedSession makes a session for whom the site has signed in.
func NewSignedSession(hasher Hasher, account, widgetID string, in SignIn) Session {
	s := Session{WidgetID: widgetID, SignIn: in}
	_, _ = rand.Read(s.secret[:]) // it never fails, it ends the process
	aead := signedAEAD(hasher, account)
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce)
	plain := append([]byte{signedForm}, s.secret[:]...)
	plain = append(plain, in.KeyMark[:]...)
	plain = binary.BigEndian.AppendUint64(plain, uint64(in.ExpiresAt.Unix()))
	plain = append(plain, byte(len(in.KeyID)))
	plain = append(plain, in.KeyID...)
	plain = append(plain, in.ExternalID...)
	s.sealed = string(aead.Seal(nonce, nonce, plain, []byte(widgetID)))
	return s
}

// Signed says whether the session is one of a signed-in visitor. What it stands on is
// known once Made has said that it counts.
func (s Session) Signed() bool { return s.sealed != "" }

// open reads what the token of a signed-in visitor says, if it was made here.
func (s *Session) open(hasher Hasher, account string) bool {
	aead := signedAEAD(hasher, account)
	if len(s.sealed) < aead.NonceSize() {
		return false
	}
	nonce, sealed := []byte(s.sealed[:aead.NonceSize()]), []byte(s.sealed[aead.NonceSize():])
	plain, err := aead.Open(nil, nonce, sealed, []byte(s.WidgetID))
	const fixed = 1 + secretSize + keyMarkSize + 8 + 1
	if err != nil || len(plain) < fixed || plain[0] != signedForm || len(plain) < fixed+int(plain[fixed-1]) {
		return false
	}
	plain = plain[1:]
	copy(s.secret[:], plain)
	plain = plain[secretSize:]
	copy(s.SignIn.KeyMark[:], plain)
	plain = plain[keyMarkSize:]
	s.SignIn.ExpiresAt = time.Unix(int64(binary.BigEndian.Uint64(plain)), 0).UTC()
	plain = plain[8:]
	size := int(plain[0])
	s.SignIn.KeyID, s.SignIn.ExternalID = string(plain[1:1+size]), string(plain[1+size:])
	return true
}

func signedAEAD(hasher Hasher, account string) cipher.AEAD {
	block, err := aes.NewCipher(hasher.Hash(domainSigned, account)[:32])
	if err != nil {
		panic(err) // a hash has the size of a key
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the size of block that it needs
	}
	return aead
}

// parseSealed reads the form of a signed-in visitor's token behind the widget.
func parseSealed(widgetID, text string) (Session, error) {
	if len(text) > encoding.EncodedLen(maxSealed) || text == "" || strings.ContainsAny(text, "\r\n") {
		return Session{}, ErrToken
	}
	sealed, err := encoding.DecodeString(text)
	if err != nil {
		return Session{}, ErrToken
	}
	return Session{WidgetID: widgetID, sealed: string(sealed)}, nil
}
