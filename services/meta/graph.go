package meta

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strings"
	"time"

	"weiche/services/channel"
)

// The Graph API as it is reached by default.
const (
	DefaultGraphURL     = "https://graph.facebook.com"
	DefaultGraphVersion = "v26.0"
)

// maxAnswer is how much of an answer is read.
const maxAnswer = 1 << 20

// ErrGraphConfig is returned for a base address or version that is none.
var ErrGraphConfig = errors.New("meta: bad configuration of the Graph API")

// GraphConfig is where and how the Graph API is reached.
type GraphConfig struct {
	// URL is the scheme and host; DefaultGraphURL.
	URL string
	// Version is the first element of the path; DefaultGraphVersion.
	Version string
	// Timeout is how long one attempt may take; 20 s.
	Timeout time.Duration
	// TLS is used for https; nil means Go's defaults.
	TLS *tls.Config
}

// EnsureDefaults sets what is not set and returns the config.
func (c GraphConfig) EnsureDefaults() GraphConfig {
	c.URL = or(strings.TrimRight(c.URL, "/"), DefaultGraphURL)
	c.Version = or(c.Version, DefaultGraphVersion)
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second
	}
	return c
}

// Graph is a client of the Graph API that makes each attempt once. It knows
// whether a byte of a request has left, follows no redirect, and sets no header
// that would make Go's transport repeat a POST. It is safe for concurrent use.
type Graph struct {
	config GraphConfig
	client *http.Client
}

// NewGraph returns a client. The error is ErrGraphConfig.
func NewGraph(config GraphConfig) (*Graph, error) {
	config = config.EnsureDefaults()
	u, err := url.Parse(config.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%w: url", ErrGraphConfig)
	}
	if !regexp.MustCompile(`^v\d+\.\d+$`).MatchString(config.Version) {
		return nil, fmt.Errorf("%w: version", ErrGraphConfig)
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	secure := &tls.Config{}
	if config.TLS != nil {
		secure = config.TLS.Clone()
	}
	// HTTP/2 would put many requests on one connection and make it impossible
	// to say whose bytes have left.
	secure.NextProtos = []string{"http/1.1"}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			return counted(conn, err)
		},
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&tls.Dialer{NetDialer: dialer, Config: secure}).DialContext(ctx, network, address)
			return counted(conn, err)
		},
		TLSClientConfig:        secure,
		TLSHandshakeTimeout:    5 * time.Second,
		MaxIdleConnsPerHost:    64,
		MaxResponseHeaderBytes: 64 << 10,
		// Shorter than the provider's, so that it is seldom they who hang up.
		IdleConnTimeout: 30 * time.Second,
	}
	return &Graph{config: config, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close closes the connections that are idle.
func (g *Graph) Close() { g.client.CloseIdleConnections() }

// question is one HTTP request.
type question struct {
	method string
	// path are the elements of the path after the version.
	path  []string
	query url.Values
	token channel.Secret
	// kind is the MIME type of the body, and length how long it is.
	kind   string
	body   io.Reader
	length int64
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// put makes one attempt. Where no answer came whole the error is a
// [*channel.SendError]: NotSent where no byte of the request has left, Unknown
// for everything else.
func (g *Graph) put(ctx context.Context, q question) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, g.config.Timeout)
	defer cancel()
	var left departure
	ctx = httptrace.WithClientTrace(ctx, left.trace())
	address := g.config.URL + "/" + g.config.Version
	for _, element := range q.path {
		address += "/" + url.PathEscape(element)
	}
	if len(q.query) > 0 {
		address += "?" + q.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, q.method, address, q.body)
	if err != nil {
		return answer{}, failed(channel.Refused, "invalid", bare(err))
	}
	if q.body != nil {
		request.ContentLength = q.length
		request.Header.Set("Content-Type", q.kind)
	}
	request.Header.Set("Authorization", "Bearer "+q.token.Reveal())
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "weiche")
	response, err := g.client.Do(request)
	if err != nil {
		if !left.happened() {
			return answer{}, failed(channel.NotSent, "network", bare(err))
		}
		return answer{}, failed(channel.Unknown, lost(err), bare(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer{}, failed(channel.Unknown, lost(err), bare(err))
	}
	return answer{status: response.StatusCode, header: response.Header, body: body}, nil
}

// lost returns our word for an answer that did not come.
func lost(err error) string {
	var timeout interface{ Timeout() bool }
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return "timeout"
	}
	return "connection_lost"
}

// bare returns an error without the address that was called.
func bare(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
