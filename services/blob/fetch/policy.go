package fetch

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"code.dny.dev/ssrf"
)

// provider says where the files of a channel are.
type provider struct {
	// hosts may be asked for files: a name, or *. and a name for all below it.
	hosts []string
	// bearer are those of them, by their exact names, that get the token.
	bearer []string
	// lookup says that files have ids, and their addresses are asked for.
	lookup bool
}

// providers are the channels whose files are fetched.
var providers = map[string]provider{
	"whatsapp":  {hosts: []string{"lookaside.fbsbx.com", "*.fbcdn.net"}, bearer: []string{"lookaside.fbsbx.com"}, lookup: true},
	"messenger": {hosts: []string{"*.fbcdn.net", "*.fbsbx.com"}},
	"instagram": {hosts: []string{"*.fbcdn.net", "*.fbsbx.com", "*.cdninstagram.com"}},
}

// errPolicy is returned for an address that is not fetched from.
var errPolicy = errors.New("fetch: the address is not allowed")

// policy says what may be fetched: https on port 443 of the hosts of a provider, at
// public addresses. The one exception is the server that the operator has put in
// the provider's place, by its exact scheme, host and port.
type policy struct {
	instead *url.URL
	// public and direct fetch from a provider and from that server.
	public, direct http.RoundTripper
}

// maxHops is how often a provider may send on to another address.
const maxHops = 3

func newPolicy(instead *url.URL) *policy {
	p := &policy{instead: instead}
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	p.direct = transport(dialer)
	dialer = &net.Dialer{Timeout: 10 * time.Second}
	// The address is checked when it is dialled, whatever its name meant before.
	dialer.Control = ssrf.New(ssrf.WithPorts(443)).Safe
	p.public = transport(dialer)
	return p
}

func transport(dialer *net.Dialer) *http.Transport {
	return &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 4, MaxResponseHeaderBytes: 64 << 10,
		// What is counted and hashed are the bytes of the file.
		DisableCompression: true, ForceAttemptHTTP2: true,
	}
}

// isInstead says whether an address is on the server in the provider's place.
func (p *policy) isInstead(u *url.URL) bool {
	return p.instead != nil && u.Scheme == p.instead.Scheme && u.Host == p.instead.Host
}

// check returns errPolicy for an address that no file of a provider has.
func (p *policy) check(from provider, u *url.URL) error {
	switch {
	case u.User != nil:
		return fmt.Errorf("%w: it names a user", errPolicy)
	case p.isInstead(u):
		return nil
	case u.Scheme != "https":
		return fmt.Errorf("%w: it is not https", errPolicy)
	case u.Port() != "" && u.Port() != "443":
		return fmt.Errorf("%w: port %s", errPolicy, u.Port())
	case !matches(from.hosts, u.Hostname()):
		return fmt.Errorf("%w: host %.100q", errPolicy, u.Hostname())
	}
	return nil
}

// matches says whether a host is one of the patterns'.
func matches(patterns []string, host string) bool {
	host = strings.ToLower(host)
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if below, ok := strings.CutPrefix(pattern, "*"); ok {
			return strings.HasSuffix(host, below) && len(host) > len(below)
		}
		return host == pattern
	})
}

// getsToken says whether the token may go to an address, which was checked.
func (p *policy) getsToken(from provider, u *url.URL) bool {
	return len(from.bearer) > 0 && p.isInstead(u) ||
		slices.Contains(from.bearer, strings.ToLower(u.Hostname())) && u.Scheme == "https"
}

// RoundTrip sends a request to where it may go.
func (p *policy) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.isInstead(r.URL) {
		return p.direct.RoundTrip(r)
	}
	return p.public.RoundTrip(r)
}

// client follows a provider to other addresses of its own, without the token.
func (p *policy) client(from provider) *http.Client {
	return &http.Client{Transport: p, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > maxHops {
			return fmt.Errorf("%w: it leads on and on", errPolicy)
		}
		r.Header.Del("Authorization")
		r.Header.Del("Referer")
		return p.check(from, r.URL)
	}}
}
