package api

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	errorv1 "weiche/proto/gen/weiche/error/v1"
)

// Sockets are served here.
const socketPath = "/v1/stream"

// The subprotocols: how frames are written.
const (
	protocolJSON  = "weiche.v1.json"
	protocolProto = "weiche.v1.proto"
)

const (
	// socketBuffer is the size of the buffer of a socket, which most of the time
	// waits, and controlBuffer holds the longest of the frames that the library
	// writes: a close with its reason.
	socketBuffer  = 256
	controlBuffer = 128
)

// serveSocket serves a WebSocket.
func (s *server) serveSocket(w http.ResponseWriter, r *http.Request) {
	if s.Stream == nil {
		http.NotFound(w, r)
		return
	}
	if !s.addresses.allow(s.caller(r)) {
		writeFailure(w, errRateLimited)
		return
	}
	if origin := r.Header.Get("Origin"); origin != "" && !ownPage(r, origin) && !s.Queries.ListsOrigin(origin) {
		writeFailure(w, errOrigin)
		return
	}
	if !speaks(r) {
		writeFailure(w, invalid("the subprotocol is "+protocolJSON+" or "+protocolProto))
		return
	}
	address := share{"address " + s.caller(r), s.Limits.AddressStreams}
	if !s.tally.take(address) {
		writeFailure(w, fail(errorv1.Reason_REASON_TOO_MANY_STREAMS, "there are too many streams of this address"))
		return
	}
	hijacked := &hijacker{ResponseWriter: w}
	conn, err := websocket.Accept(hijacked, r, &websocket.AcceptOptions{
		Subprotocols: []string{protocolJSON, protocolProto}, CompressionMode: websocket.CompressionDisabled,
		InsecureSkipVerify: true, // the origin was looked at above
	})
	if err != nil {
		s.tally.give(address)
		return // it has answered
	}
	conn.SetReadLimit(maxClientFrame)
	c := &socket{
		server: s, conn: conn, under: hijacked.conn, json: strings.EqualFold(conn.Subprotocol(), protocolJSON),
		rate: rate.NewLimiter(framesPerSecond, framesBurst),
	}
	// The goroutine and the buffers of the request are let go.
	r = r.WithContext(context.WithoutCancel(r.Context()))
	if !s.Stream.Start(func(ctx context.Context) {
		defer s.tally.give(address)
		defer c.end()
		defer context.AfterFunc(ctx, c.leave)()
		s.Events.StreamOpened(overWebSocket)
		code, reason := c.serve(r)
		s.Events.StreamClosed(overWebSocket, c.why(code, reason))
		_ = conn.Close(code, reason)
	}) {
		s.tally.give(address)
		_ = conn.Close(websocket.StatusServiceRestart, "")
	}
}

// speaks says whether a client offers a subprotocol of ours.
func speaks(r *http.Request) bool {
	for _, offered := range r.Header.Values("Sec-WebSocket-Protocol") {
		for protocol := range strings.SplitSeq(offered, ",") {
			if slices.Contains([]string{protocolJSON, protocolProto}, strings.TrimSpace(protocol)) {
				return true
			}
		}
	}
	return false
}

// hijacker gives a WebSocket its connection, with small buffers.
type hijacker struct {
	http.ResponseWriter
	conn *wire
}

// Hijack is part of http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, both, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn = &wire{Conn: conn}
	writer := bufio.NewWriterSize(h.conn, controlBuffer)
	if both.Reader.Buffered() > 0 { // the client was quick
		return h.conn, bufio.NewReadWriter(both.Reader, writer), nil
	}
	return h.conn, bufio.NewReadWriter(bufio.NewReaderSize(h.conn, socketBuffer), writer), nil
}

// enter makes the socket one of somebody's, and no longer of who had it. It is false
// where they have too many.
func (c *socket) enter(who *follower) bool {
	of := share{who.name, c.Limits.Streams}
	if !c.tally.take(of) {
		return false
	}
	if c.of.who != "" {
		c.tally.give(c.of)
	}
	c.of = of
	c.mu.Lock()
	c.who = who
	c.mu.Unlock()
	return true
}

// authenticates waits for the client to say who it is, unless the page's own cookie
// came with the request and says it.
func (c *socket) authenticates(r *http.Request) (who *follower, byCookie bool, code websocket.StatusCode) {
	if who, err := c.followerOf(r, ""); err == nil {
		return who, true, 0
	}
	first, code := c.first()
	if code == websocket.StatusPolicyViolation {
		return nil, false, closeRevoked
	}
	if code != 0 {
		return nil, false, code
	}
	who, err := c.followerOf(r, first.GetAuthenticate().GetAuthorization())
	if err != nil || first.GetAuthenticate() == nil {
		return nil, false, closeRevoked
	}
	return who, false, 0
}
