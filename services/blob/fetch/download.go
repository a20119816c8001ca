package fetch

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/blob"
	"weiche/services/channel"
)

// stall is how long a server may say nothing in the middle of a file.
const stall = 30 * time.Second

// failure is why a file was not fetched.
type failure struct {
	// reason is one word for agents.
	reason string
	// final says that trying again is of no use.
	final bool
	cause error
}

func (f *failure) Error() string {
	if f.cause != nil {
		return f.reason + ": " + f.cause.Error()
	}
	return f.reason
}

func (f *failure) Unwrap() error { return f.cause }

// The reasons that agents see.
const (
	reasonExpired    = "expired"
	reasonNotAllowed = "not_allowed"
	reasonTooLarge   = "too_large"
	reasonDigest     = "digest_mismatch"
	reasonEmpty      = "empty"
	reasonRefused    = "refused"
	reasonErased     = "erased"
	reasonNoChannel  = "no_such_channel"
	reasonLater      = "unreachable"
)

// doubts is how often a file that came other than it should is fetched again: it
// may have been cut off on the way.
const doubts = 3

// file fetches one file into the store.
func (f *Fetcher) file(ctx context.Context, what *ingressv1.FetchMedia) (*eventv1.StoredMedia, error) {
	if what.GetErased() {
		return nil, &failure{reason: reasonErased, final: true}
	}
	if what.GetMedia().GetBlobId() != "" {
		return f.uploaded(ctx, what)
	}
	from, ok := providers[what.GetChannel()]
	integration, known := f.config.Directory.Integration(what.GetAccountId(), what.GetIntegrationId())
	if !ok || !known {
		return nil, &failure{reason: reasonNoChannel, final: true}
	}
	if address := what.GetMedia().GetProviderUrl(); address != "" {
		stored, err := f.download(ctx, what, from, address, integration.Token, nil)
		var failed *failure
		if !from.lookup || what.GetMedia().GetProviderMediaId() == "" || !errors.As(err, &failed) || failed.reason != reasonExpired {
			return stored, err
		}
	}
	if !from.lookup || what.GetMedia().GetProviderMediaId() == "" {
		return nil, &failure{reason: reasonRefused, final: true}
	}
	// An address is good for minutes; one that has ended is asked for anew.
	for range 2 {
		address, digest, err := f.address(ctx, what, integration.Token)
		if err != nil {
			return nil, err
		}
		stored, err := f.download(ctx, what, from, address, integration.Token, digest)
		var failed *failure
		if !errors.As(err, &failed) || failed.reason != reasonExpired {
			return stored, err
		}
	}
	return nil, &failure{reason: reasonLater}
}

// uploaded copies what a visitor has uploaded, to be sealed with the customer's key.
func (f *Fetcher) uploaded(ctx context.Context, what *ingressv1.FetchMedia) (*eventv1.StoredMedia, error) {
	r, err := f.config.Store.Read(ctx, what.GetAccountId(), what.GetMedia().GetBlobId())
	if err != nil {
		return nil, kept(err, what)
	}
	defer r.Close()
	stored, err := f.put(ctx, what, r.Name, r, nil)
	return stored, kept(err, what)
}

func (f *Fetcher) put(ctx context.Context, what *ingressv1.FetchMedia, name string, from io.Reader, digest []byte) (*eventv1.StoredMedia, error) {
	return f.config.Store.Put(ctx, what.GetAccountId(), blob.ID(what.GetCustomerId(), what.GetMediaId()), name, from,
		blob.Limits{Bytes: f.config.MaxBytes, SHA256: digest})
}

// kept makes a failure of what the store says.
func kept(err error, what *ingressv1.FetchMedia) error {
	var failed *failure
	switch {
	case err == nil, errors.As(err, &failed):
		return err
	case errors.Is(err, blob.ErrGone):
		return &failure{reason: reasonErased, final: true, cause: err}
	case errors.Is(err, blob.ErrNotFound):
		return &failure{reason: reasonExpired, final: true, cause: err}
	case errors.Is(err, blob.ErrTooLarge):
		return &failure{reason: reasonTooLarge, final: true, cause: err}
	case errors.Is(err, blob.ErrDigest):
		return &failure{reason: reasonDigest, final: what.GetAttempt() >= doubts, cause: err}
	case errors.Is(err, blob.ErrEmpty):
		return &failure{reason: reasonEmpty, final: what.GetAttempt() >= doubts, cause: err}
	}
	return &failure{reason: reasonLater, cause: err}
}

// download fetches a file from its address.
func (f *Fetcher) download(ctx context.Context, what *ingressv1.FetchMedia, from provider, address string, token channel.Secret, digest []byte) (*eventv1.StoredMedia, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	response, err := f.get(ctx, from, address, token)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.ContentLength > f.config.MaxBytes {
		return nil, &failure{reason: reasonTooLarge, final: true}
	}
	if sent := what.GetMedia().GetSha256(); len(sent) > 0 {
		digest = sent
	}
	stored, err := f.put(ctx, what, what.GetMedia().GetFileName(), watched(response.Body, cancel), digest)
	if err == nil && what.GetMedia().GetMimeType() != "" && !strings.HasPrefix(what.GetMedia().GetMimeType(), stored.GetMimeType()) {
		f.config.Logger.Debug("a file is not of the type that was stated",
			"media", what.GetMediaId(), "stated", what.GetMedia().GetMimeType(), "type", stored.GetMimeType())
	}
	return stored, kept(err, what)
}

// get asks for an address, with the token where it is the provider's to have.
func (f *Fetcher) get(ctx context.Context, from provider, address string, token channel.Secret) (*http.Response, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, &failure{reason: reasonNotAllowed, final: true} // without the error, which has the address
	}
	if err := f.policy.check(from, u); err != nil {
		return nil, &failure{reason: reasonNotAllowed, final: true, cause: err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, &failure{reason: reasonNotAllowed, final: true}
	}
	if f.policy.getsToken(from, u) {
		request.Header.Set("Authorization", "Bearer "+token.Reveal())
	}
	request.Header.Set("User-Agent", "weiche")
	response, err := f.policy.client(from).Do(request)
	if errors.Is(err, errPolicy) {
		return nil, &failure{reason: reasonNotAllowed, final: true, cause: errPolicy}
	}
	var wrong *url.Error
	if errors.As(err, &wrong) {
		err = wrong.Err // without the address
	}
	if err != nil {
		return nil, &failure{reason: reasonLater, cause: err}
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer response.Body.Close()
	switch code := response.StatusCode; {
	case code == http.StatusNotFound, code == http.StatusGone, code == http.StatusForbidden:
		return nil, &failure{reason: reasonExpired, final: true}
	case code == http.StatusUnauthorized, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code >= 500:
		return nil, &failure{reason: reasonLater, cause: fmt.Errorf("status %d", code)}
	default:
		return nil, &failure{reason: reasonRefused, final: true, cause: fmt.Errorf("status %d", code)}
	}
}

// address asks where a file with an id is, and which digest it has.
func (f *Fetcher) address(ctx context.Context, what *ingressv1.FetchMedia, token channel.Secret) (address string, digest []byte, err error) {
	asked := f.graph.JoinPath(f.config.GraphVersion, what.GetMedia().GetProviderMediaId())
	asked.RawQuery = url.Values{"phone_number_id": {what.GetProviderAccountId()}}.Encode()
	graph := provider{hosts: []string{f.graph.Hostname()}, bearer: []string{f.graph.Hostname()}}
	ctx, cancel := context.WithTimeout(ctx, stall)
	defer cancel()
	if strings.Contains(what.GetMedia().GetProviderMediaId(), "/") {
		return "", nil, &failure{reason: reasonNotAllowed, final: true}
	}
	response, err := f.get(ctx, graph, asked.String(), token)
	if err != nil {
		return "", nil, err
	}
	defer response.Body.Close()
	var said struct {
		URL    string `json:"url"`
		SHA256 string `json:"sha256"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&said); err != nil || said.URL == "" {
		return "", nil, &failure{reason: reasonLater, cause: errors.New("the answer names no address")}
	}
	return said.URL, digestOf(said.SHA256), nil
}

// digestOf reads a SHA-256 in either of the forms that providers write; nil for
// anything else.
func digestOf(text string) []byte {
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString} {
		if digest, err := decode(text); err == nil && len(digest) == 32 {
			return digest
		}
	}
	return nil
}

// watched calls cancel when a reader gives nothing for a while.
func watched(r io.Reader, cancel func()) io.Reader {
	return &watch{from: r, timer: time.AfterFunc(stall, cancel)}
}

type watch struct {
	from  io.Reader
	timer *time.Timer
}

func (w *watch) Read(p []byte) (int, error) {
	n, err := w.from.Read(p)
	if err != nil {
		w.timer.Stop()
		return n, err
	}
	w.timer.Reset(stall)
	return n, nil
}
