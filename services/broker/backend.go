package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

// What back ends may ask for at a time: all of them together, and each.
const (
	callsAtATime    = 64
	callsOfABackend = 16
	// callFor is how long a call may take.
	callFor = 10 * time.Second
	// MaxCall is the largest call, in bytes.
	MaxCall = 64 << 10
)

// BackendCall is what a back end of an account asks for.
type BackendCall struct {
	// Account and Backend are who asks; the server's permissions let nobody else say so.
	Account, Backend string
	// Service and Method are what is asked for: workspace, SendReply.
	Service, Method string
	// ContentType says how Data is written; empty is JSON.
	ContentType string
	// IdempotencyKey is the client's id of the call, where it is no part of Data.
	IdempotencyKey string
	// Data is the request.
	Data []byte
}

// BackendReply is the answer to a call.
type BackendReply struct {
	// Code says what went wrong, as Connect calls it: not_found; empty where nothing
	// did. Description is for people.
	Code, Description string
	// RetryAfter is in how many seconds the same call may succeed; empty where it is not
	// known.
	RetryAfter string
	// ContentType says how Data is written.
	ContentType string
	// Data is the answer, or more about what went wrong.
	Data []byte
}

// The codes of replies that are given here.
const (
	codeExhausted = "resource_exhausted"
	retryAtOnce   = "1"
)

// ServeBackends answers what back ends ask for until ctx ends, and returns nil then,
// after the calls under way are answered. Several who serve share the calls among them.
// The answer function is called concurrently; its context ends after 10 seconds.
func (b *Broker) ServeBackends(ctx context.Context, answer func(context.Context, BackendCall) BackendReply) error {
	s := &serving{
		answer: answer, ctx: ctx, conn: b.consuming, logger: b.config.Logger,
		free: make(chan struct{}, callsAtATime), busy: map[string]int{},
	}
	service, err := micro.AddService(b.consuming, micro.Config{
		Name: "weiche-api", Version: "1.0.0", Description: "what back ends of accounts may ask for",
	})
	if err != nil {
		return unreachable(err)
	}
	err = service.AddEndpoint("calls", micro.HandlerFunc(s.take), micro.WithEndpointSubject(subjectAPI+".*.*.*.*"),
		micro.WithEndpointPendingLimits(questionsWaiting, 4*maxPayload))
	if err != nil {
		return errors.Join(unreachable(err), service.Stop())
	}
	return stopAfter(ctx, service, &s.underWay)
}

// serving is one call of ServeBackends.
type serving struct {
	answer   func(context.Context, BackendCall) BackendReply
	ctx      context.Context
	conn     *nats.Conn
	logger   *slog.Logger
	free     chan struct{}
	underWay sync.WaitGroup

	mu   sync.Mutex
	busy map[string]int // by account and back end
}

// take begins to answer a call, or says that too much is asked for. What has nowhere to
// be answered is not done: nobody would know.
func (s *serving) take(request micro.Request) {
	call, err := backendCallOf(request.Subject())
	if err != nil || !answersTo(call, request.Reply()) {
		return
	}
	if len(request.Data()) > MaxCall {
		s.reply(request.Reply(), BackendReply{Code: codeExhausted, Description: fmt.Sprintf("a call has at most %d bytes", MaxCall)})
		return
	}
	who := call.Account + "." + call.Backend
	if !s.begin(who) {
		s.reply(request.Reply(), BackendReply{Code: "unavailable", Description: "too much is asked for at a time", RetryAfter: retryAtOnce})
		return
	}
	header := nats.Header(request.Headers())
	call.ContentType, call.IdempotencyKey = header.Get(headerContentType), header.Get(headerIdempotency)
	call.Data = request.Data()
	s.underWay.Go(func() {
		defer s.end(who)
		// What was taken is answered, whatever becomes of the context.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), callFor)
		defer cancel()
		s.reply(request.Reply(), s.answer(ctx, call))
	})
}

func (s *serving) begin(who string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[who] >= callsOfABackend {
		return false
	}
	select {
	case s.free <- struct{}{}:
		s.busy[who]++
		return true
	default:
		return false
	}
}

func (s *serving) end(who string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	<-s.free
	if s.busy[who]--; s.busy[who] == 0 {
		delete(s.busy, who)
	}
}

// reply answers. Whoever asked is told that it did not fit rather than nothing.
func (s *serving) reply(to string, reply BackendReply) {
	if len(reply.Data) > maxAnswer {
		reply = BackendReply{Code: codeExhausted, Description: "the answer is too large; ask for less"}
	}
	msg := &nats.Msg{Subject: to, Header: nats.Header{}, Data: reply.Data}
	for name, value := range map[string]string{
		headerContentType: reply.ContentType, micro.ErrorCodeHeader: reply.Code, micro.ErrorHeader: reply.Description,
		headerRetryAfter: reply.RetryAfter,
	} {
		if value != "" {
			msg.Header.Set(name, strings.Map(printable, value))
		}
	}
	if err := s.conn.PublishMsg(msg); err != nil {
		s.logger.Warn("answer to a back end not sent", "error", err)
	}
}

// printable keeps a value on the one line that a header has.
func printable(r rune) rune {
	if r < ' ' {
		return ' '
	}
	return r
}

// backendCallOf is who asks for what on a subject.
func backendCallOf(subject string) (BackendCall, error) {
	part := strings.Split(subject, ".")
	if len(part) != 5 || part[0] != subjectAPI || checkNames(part...) != nil {
		return BackendCall{}, fmt.Errorf("%w: subject %.*q", ErrName, 4*maxName, subject)
	}
	return BackendCall{Account: part[1], Backend: part[2], Service: part[3], Method: part[4]}, nil
}

// answersTo says whether a call may be answered there: where nobody else listens. Who
// asks may not have this process speak elsewhere.
func answersTo(call BackendCall, reply string) bool {
	rest, ok := strings.CutPrefix(reply, inboxPrefix+integratorName(call.Account, call.Backend)+".")
	return ok && checkNames(strings.Split(rest, ".")...) == nil
}
