package api

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"time"

	"connectrpc.com/connect/v2"

	errorv1 "weiche/proto/gen/weiche/error/v1"
	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/proto/gen/weiche/stream/v1/streamv1connect"
)

// writeWithin is how long one frame may take on its way to a client.
const writeWithin = 10 * time.Second

// maxFollow bounds a request that begins a stream.
const maxFollow = 4 << 10

// streamService is the streams of programs, and of pages that cannot have sockets.
type streamService struct {
	streamv1connect.UnimplementedStreamServiceHandler
	*server
}

// streaming is the request that a stream belongs to.
type streaming struct {
	request *http.Request
	control *http.ResponseController
}

type streamingKey struct{}

// streams lets a call of the service live for as long as it wants: its request is
// read before, within the time that requests have.
func (s *server) streams(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFollow))
		if err != nil {
			s.refuseRequest(w, r, fail(errorv1.Reason_REASON_TOO_LARGE, "the request is too large, or did not come"))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Time{}) // HTTP/2 has one for each stream
		w.Header().Set("X-Accel-Buffering", "no")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), streamingKey{}, streaming{r, control})))
	})
}

// Subscribe tells what happens until the caller goes, or has to.
func (s *streamService) Subscribe(ctx context.Context, req *streamv1.SubscribeRequest, to streamv1connect.StreamServiceSubscribeServerStream) error {
	if s.Stream == nil {
		return connect.NewError(connect.CodeUnimplemented, "there are no streams")
	}
	at := ctx.Value(streamingKey{}).(streaming)
	who, err := s.followerAs(callingAgent(ctx))
	if err != nil {
		return err
	}
	of := s.countedBy(who, s.caller(at.request))
	if !s.tally.take(of...) {
		return fail(errorv1.Reason_REASON_TOO_MANY_STREAMS, "there are too many streams of this caller")
	}
	defer s.tally.give(of...)
	something := make(chan struct{}, 1)
	followed, err := s.follow(ctx, who, req, func() {
		select {
		case something <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return err
	}
	defer followed.Close()
	why := endedLeft
	s.Events.StreamOpened(overConnect)
	defer func() { s.Events.StreamClosed(overConnect, why) }()
	if err := to.SendHeaders(); err != nil {
		return err
	}
	check := time.NewTicker(s.CheckStreams)
	defer check.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-something:
		case <-check.C:
			if _, still := s.still(ctx, who); !still {
				followed.End()
			}
		}
		frames, ended := followed.Take()
		for _, frame := range frames {
			_ = at.control.SetWriteDeadline(time.Now().Add(writeWithin))
			if err := to.Send(frame.Response); err != nil {
				return err
			}
		}
		_ = at.control.SetWriteDeadline(time.Time{})
		if ended {
			if n := len(frames); n > 0 {
				why = cmp.Or(endings[frames[n-1].Response.GetGoAway().GetReason()], why)
			}
			return nil
		}
	}
}

// countedBy says by what the streams of a follower are counted.
func (s *server) countedBy(who *follower, address string) []share {
	return []share{{who.name, s.Limits.Streams}, {"address " + address, s.Limits.AddressStreams}}
}
