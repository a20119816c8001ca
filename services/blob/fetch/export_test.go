package fetch

import (
	"context"
	"errors"
	"net/http"
	"time"

	"code.dny.dev/ssrf"
)

// Hosts lets a test stand in for the network of the providers: what would go to
// public addresses goes through it.
func (f *Fetcher) Hosts(network http.RoundTripper) { f.policy.public = network }

// Dials dials as the fetcher does for a provider.
func Dials(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := newPolicy(nil).public.(*http.Transport).DialContext(ctx, "tcp", address)
	if err == nil {
		conn.Close()
	}
	return err
}

// IsProhibited says whether a dial was refused before it began.
func IsProhibited(err error) bool {
	return errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedPort)
}
