package widget

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"weiche/services/channel"
)

// The bounds of a site's word for who a visitor is.
const (
	maxSignInToken = 4 << 10
	maxExternalID  = 128 // characters
	maxVisitorName = 128 // characters
	// signInFor is how far ahead a token may end, and clocks may differ by drift.
	signInFor = time.Hour
	drift     = time.Minute
	// minKey is the shortest secret that a site may sign with, in bytes.
	minKey = 32
	// scopeUser is the only scope that lets somebody in here.
	scopeUser = "user"
)

// SignedIn is what a site says of a visitor whom it has signed in.
type SignedIn struct {
	// ExternalID is its own id of the person, and Name what the person is called;
	// may be empty.
	ExternalID, Name string
	// KeyID is the key that it has signed with.
	KeyID string
	// ExpiresAt is when its word ends.
	ExpiresAt time.Time
}

// signInClaims are the claims of such a token.
type signInClaims struct {
	jwt.Claims
	Scope      string `json:"scope"`
	ExternalID string `json:"external_id"`
	Name       string `json:"name"`
}

// ReadSignIn reads a site's word for who a visitor is: a JWT that is signed by HS256,
// and nothing else, with the key of the widget that its header names; key returns that
// key's secret. It returns ErrToken for one that does not count at that time, with
// what is wrong in words that are for the site's people and name nobody.
func ReadSignIn(token, widgetID string, key func(keyID string) (channel.Secret, bool), now time.Time) (SignedIn, error) {
	if len(token) > maxSignInToken {
		return SignedIn{}, fmt.Errorf("%w: it is too long", ErrToken)
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil || len(parsed.Headers) != 1 || parsed.Headers[0].KeyID == "" {
		return SignedIn{}, fmt.Errorf("%w: it is no JWT signed by HS256 with a kid in its header", ErrToken)
	}
	keyID := parsed.Headers[0].KeyID
	secret, ok := key(keyID)
	if !ok || len(secret.Reveal()) < minKey {
		return SignedIn{}, fmt.Errorf("%w: the widget has no key of its kid", ErrToken)
	}
	claims := signInClaims{}
	if err := parsed.Claims([]byte(secret.Reveal()), &claims); err != nil {
		return SignedIn{}, fmt.Errorf("%w: the signature, or a claim's type, is wrong", ErrToken)
	}
	if wrong := claims.wrong(widgetID, now); wrong != "" {
		return SignedIn{}, fmt.Errorf("%w: %s", ErrToken, wrong)
	}
	if !isText(claims.Name, 1, maxVisitorName) {
		claims.Name = "" // who they are is worth more than what they are called
	}
	return SignedIn{
		ExternalID: claims.ExternalID, Name: claims.Name, KeyID: keyID, ExpiresAt: claims.Expiry.Time(),
	}, nil
}

// wrong says why what was signed lets nobody into a widget at a time; empty where it
// does.
func (c *signInClaims) wrong(widgetID string, now time.Time) string {
	switch {
	case c.Expiry == nil:
		return "exp is missing"
	case !now.Before(c.Expiry.Time()):
		return "exp has passed"
	case c.Expiry.Time().After(now.Add(signInFor + drift)):
		return "exp is more than an hour ahead"
	case c.NotBefore != nil && c.NotBefore.Time().After(now.Add(drift)):
		return "nbf is ahead"
	case c.IssuedAt != nil && c.IssuedAt.Time().After(now.Add(drift)):
		return "iat is ahead"
	case c.Scope != scopeUser:
		return "scope is not user"
	case !c.Audience.Contains(widgetID):
		return "aud is not the widget's id"
	case !isText(c.ExternalID, 1, maxExternalID):
		return "external_id is missing or no text of 1 to 128 characters"
	}
	return ""
}

// isText says whether a text has its bounds, no control character, and no blank at
// either end.
func isText(text string, least, most int) bool {
	n := utf8.RuneCountInString(text)
	return n >= least && n <= most && utf8.ValidString(text) && strings.TrimSpace(text) == text &&
		!strings.ContainsFunc(text, unicode.IsControl)
}
