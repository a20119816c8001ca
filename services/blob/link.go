package blob

import (
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Path is where links lead, with the token behind it.
const Path = "/media/"

// LinkFor is how long a link to a file is good for in a page.
const LinkFor = 10 * time.Minute

// Audience is for whom a link was made.
type Audience string

// The audiences.
const (
	ForVisitor  Audience = "v"
	ForAgent    Audience = "a"
	ForProvider Audience = "p"
)

// Link is the right to read one file for a time.
type Link struct {
	Account, ID string
	// Conversation is the one whose message shows it; empty in those for providers.
	Conversation string
	Audience     Audience
	// Inline lets a browser show it rather than save it.
	Inline  bool
	Expires time.Time
}

// domainLink is the domain of the hashes that sign links.
const domainLink = "media-link"

var tokenEncoding = base64.RawURLEncoding.Strict()

// Token returns what a link is in an address: nobody can make one that was not made
// here, or change one.
func (s *Store) Token(l Link) string {
	show := "-"
	if l.Inline {
		show = "i"
	}
	said := strings.Join([]string{
		l.Account, l.ID, l.Conversation, string(l.Audience), show, strconv.FormatInt(l.Expires.Unix(), 36),
	}, "|")
	return tokenEncoding.EncodeToString([]byte(said)) + "." + tokenEncoding.EncodeToString(s.Keys.Hash(domainLink, said))
}

// ParseToken returns the link of a token that was made here and has not expired.
func (s *Store) ParseToken(token string) (Link, bool) {
	said, mac, _ := strings.Cut(token, ".")
	plain, err := tokenEncoding.DecodeString(said)
	given, wrong := tokenEncoding.DecodeString(mac)
	if err != nil || wrong != nil || subtle.ConstantTimeCompare(given, s.Keys.Hash(domainLink, string(plain))) != 1 {
		return Link{}, false
	}
	parts := strings.Split(string(plain), "|")
	if len(parts) != 6 {
		return Link{}, false
	}
	expires, err := strconv.ParseInt(parts[5], 36, 64)
	if err != nil || s.Now().Unix() >= expires {
		return Link{}, false
	}
	return Link{
		Account: parts[0], ID: parts[1], Conversation: parts[2], Audience: Audience(parts[3]),
		Inline: parts[4] == "i", Expires: time.Unix(expires, 0),
	}, true
}

// IsPublicURL says whether providers can be given links below an address.
func IsPublicURL(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && u.Fragment == ""
}
