package meta

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
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

// Call is one message to be handed to the provider.
type Call struct {
	// Channel decides which rows of the table of errors are read.
	Channel string
	// Sender is the element of the path before /messages.
	Sender string
	// Token authorises it.
	Token channel.Secret
	// Body is sent as JSON.
	Body any
	// Attempt is the number of the attempt, from 1.
	Attempt uint32
	// ID returns the provider's id of the message from an answer, or nothing.
	ID func(Object) string
}

// Send makes one attempt at a POST to /{version}/{sender}/messages and returns
// the provider's id of the message. Any other outcome is a
// [*channel.SendError]: NotSent where no byte of the request has left, what the
// table says where the answer is an error, Unknown for everything else.
func (g *Graph) Send(ctx context.Context, call Call) (string, error) {
	if call.Sender == "" {
		return "", failed(channel.Unhealthy, "no_account", nil)
	}
	if call.Token == "" {
		return "", failed(channel.Unhealthy, "no_token", nil)
	}
	payload, err := json.Marshal(call.Body)
	if err != nil {
		return "", failed(channel.Refused, "invalid", err)
	}
	ctx, cancel := context.WithTimeout(ctx, g.config.Timeout)
	defer cancel()
	var left departure
	ctx = httptrace.WithClientTrace(ctx, left.trace())
	address := fmt.Sprintf("%s/%s/%s/messages", g.config.URL, g.config.Version, url.PathEscape(call.Sender))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(payload))
	if err != nil {
		return "", failed(channel.Refused, "invalid", bare(err))
	}
	request.Header.Set("Authorization", "Bearer "+call.Token.Reveal())
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "weiche")
	response, err := g.client.Do(request)
	if err != nil {
		if !left.happened() {
			return "", failed(channel.NotSent, "network", bare(err))
		}
		return "", failed(channel.Unknown, lost(err), bare(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return "", failed(channel.Unknown, lost(err), bare(err))
	}
	return call.read(response, body)
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

func failed(outcome channel.Outcome, reason string, cause error) error {
	return &channel.SendError{Outcome: outcome, Detail: &eventv1.SendError{Reason: reason}, Cause: cause}
}

// Refuse returns the error for a message that is not handed to the provider.
func Refuse(reason string) error { return failed(channel.Refused, reason, nil) }

// departure watches whether a byte of a request has left. The transport may
// take a second connection where nothing was written to the first; the last one
// counts.
type departure struct {
	conn  atomic.Pointer[countedConn]
	start atomic.Int64
	blind atomic.Bool
}

func (d *departure) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) {
			d.conn.Store(nil)
			d.blind.Store(false)
		},
		GotConn: func(info httptrace.GotConnInfo) {
			conn := info.Conn
			if secure, ok := conn.(*tls.Conn); ok {
				conn = secure.NetConn()
			}
			c, ok := conn.(*countedConn)
			if !ok {
				d.blind.Store(true)
				return
			}
			d.start.Store(c.written.Load())
			d.conn.Store(c)
		},
	}
}

func (d *departure) happened() bool {
	c := d.conn.Load()
	return d.blind.Load() || c != nil && c.written.Load() != d.start.Load()
}

// countedConn counts the bytes that have left, or may have while they are being
// written.
type countedConn struct {
	net.Conn
	written atomic.Int64
}

func counted(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	return &countedConn{Conn: conn}, nil
}

// Write counts all bytes while it writes, and those that it wrote afterwards.
func (c *countedConn) Write(b []byte) (int, error) {
	c.written.Add(int64(len(b)))
	n, err := c.Conn.Write(b)
	c.written.Add(int64(n - len(b)))
	return n, err
}
