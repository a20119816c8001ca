package api

import (
	"context"
	"net/http"
	"time"

	"connectrpc.com/connect/v2"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
)

// Events is told what is asked, for counting. Each func may be nil, is called from any
// goroutine, must not block, and gets nothing personal.
type Events struct {
	// Called is called when a call of a service has ended, with the code that it was
	// answered, or ok.
	Called func(procedure, code string, streams bool, took time.Duration)
	// Requested is called when another request was answered, by its route.
	Requested func(route string, status int, took time.Duration)
	// StreamOpened is called when a stream begins, with its transport: websocket or
	// connect.
	StreamOpened func(transport string)
	// StreamClosed is called once when it has ended, with why: left, refused, shutdown,
	// slow_consumer, revoked, cursor_expired or unavailable.
	StreamClosed func(transport, reason string)
}

func (e *Events) ensureDefaults() {
	if e.Called == nil {
		e.Called = func(string, string, bool, time.Duration) {}
	}
	if e.Requested == nil {
		e.Requested = func(string, int, time.Duration) {}
	}
	if e.StreamOpened == nil {
		e.StreamOpened = func(string) {}
	}
	if e.StreamClosed == nil {
		e.StreamClosed = func(string, string) {}
	}
}

// The transports of streams.
const (
	overWebSocket = "websocket"
	overConnect   = "connect"
)

// Why streams end, beside what go_away says: the client is gone, or said what makes no
// sense.
const (
	endedLeft    = "left"
	endedRefused = "refused"
)

// endings are the words for why a stream ends after a go_away.
var endings = map[streamv1.GoAwayReason]string{
	streamv1.GoAwayReason_GO_AWAY_REASON_SHUTDOWN:       "shutdown",
	streamv1.GoAwayReason_GO_AWAY_REASON_SLOW:           "slow_consumer",
	streamv1.GoAwayReason_GO_AWAY_REASON_REVOKED:        "revoked",
	streamv1.GoAwayReason_GO_AWAY_REASON_CURSOR_EXPIRED: "cursor_expired",
	streamv1.GoAwayReason_GO_AWAY_REASON_UNAVAILABLE:    "unavailable",
}

// tellCalls tells of each call once it has ended, and logs it at level Debug. It is
// the outermost of the interceptors.
func (s *server) tellCalls(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		began := time.Now()
		err := next(ctx, spec, stream)
		code, took := "ok", time.Since(began)
		if err != nil {
			code = connect.CodeOf(err).String()
		}
		s.Events.Called(spec.Procedure, code, spec.StreamType != connect.StreamTypeUnary, took)
		s.Logger.Debug("call", "procedure", spec.Procedure, "code", code, "took", took)
		return err
	}
}

// told tells of each request of a route that is no call of a service.
func (s *server) told(route string, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, seen := time.Now(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next(seen, r)
		took := time.Since(began)
		s.Events.Requested(route, seen.status, took)
		s.Logger.Debug("request", "route", route, "status", seen.status, "took", took)
	})
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter

	status int
	wrote  bool
}

// WriteHeader is part of http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	// Of those below 200 only one ends the answer: a socket begins.
	if !w.wrote && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		w.status, w.wrote = status, true
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
