package broker

import (
	"cmp"
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

// answersAtATime bounds how many questions are answered at a time, and
// questionsWaiting how many wait beyond.
const (
	answersAtATime   = 64
	questionsWaiting = 1024
)

// Answers says how questions are answered.
type Answers struct {
	// Name is what the service is called by those who look for services.
	Name string
	// Methods are what each role may ask.
	Methods map[Role][]string
	// Within is how long an answer may take; 5 s if 0.
	Within time.Duration
	// Answer answers one question, with the place that the answer shows. An error
	// that is no *QuestionError is logged, and the asker learns nothing of it. It is
	// called concurrently.
	Answer func(ctx context.Context, q Question) ([]byte, Place, error)
}

// Answer answers questions until ctx ends, and returns nil then, after those under
// way are answered. Several who answer share the questions among them.
func (b *Broker) Answer(ctx context.Context, answers Answers) error {
	a := &answering{Answers: answers, ctx: ctx, conn: b.consuming, logger: b.config.Logger, free: make(chan struct{}, answersAtATime)}
	service, err := micro.AddService(b.consuming, micro.Config{Name: answers.Name, Version: "1.0.0"})
	if err != nil {
		return unreachable(err)
	}
	for role, methods := range answers.Methods {
		for _, method := range methods {
			err := service.AddEndpoint(string(role)+"-"+method, micro.HandlerFunc(a.take),
				micro.WithEndpointSubject(subjectQueries+"."+string(role)+".*."+method),
				micro.WithEndpointPendingLimits(questionsWaiting, 4*maxPayload))
			if err != nil {
				return errors.Join(unreachable(err), service.Stop())
			}
		}
	}
	return stopAfter(ctx, service, &a.underWay)
}

// stopAfter stops a service when ctx ends, and returns once what it has under way is
// answered.
func stopAfter(ctx context.Context, service micro.Service, underWay *sync.WaitGroup) error {
	<-ctx.Done()
	err := service.Stop()
	underWay.Wait()
	if errors.Is(err, nats.ErrConnectionClosed) {
		return nil
	}
	return err
}

// answering is one call of Answer.
type answering struct {
	Answers
	ctx      context.Context
	conn     *nats.Conn
	logger   *slog.Logger
	free     chan struct{}
	underWay sync.WaitGroup
}

// take begins to answer a question, or says that too much is asked.
func (a *answering) take(request micro.Request) {
	select {
	case a.free <- struct{}{}:
	default:
		a.reply(request.Reply(), nil, Place{}, &QuestionError{Code: codeBusy, Description: "too much is asked"})
		return
	}
	a.underWay.Go(func() {
		defer func() { <-a.free }()
		q, err := questionOf(request.Subject())
		if err != nil {
			return
		}
		q.Data, q.NotBefore = request.Data(), placeOf(nats.Header(request.Headers()))
		// What was taken is answered, whatever becomes of the context.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(a.ctx), cmp.Or(a.Within, askFor))
		defer cancel()
		data, at, err := a.Answer(ctx, q)
		if failed := (*QuestionError)(nil); err != nil && !errors.As(err, &failed) {
			a.logger.Error("a question was not answered", "method", q.Method, "role", string(q.Role), "error", err)
			err = &QuestionError{Code: "INTERNAL", Description: "internal error"}
		}
		a.reply(request.Reply(), data, at, err)
	})
}

// reply answers. Whoever asked is told that it did not fit rather than nothing.
// Answers go to inboxes alone: who asks may not have this process speak elsewhere.
func (a *answering) reply(to string, data []byte, at Place, err error) {
	if rest, ok := strings.CutPrefix(to, inboxPrefix); !ok || checkNames(strings.Split(rest, ".")...) != nil {
		return
	}
	if len(data) > maxAnswer {
		data, err = nil, &QuestionError{Code: CodeTooLarge, Description: fmt.Sprintf("the answer has %d bytes", len(data))}
	}
	msg := &nats.Msg{Subject: to, Header: placed(at), Data: data}
	if failed := (*QuestionError)(nil); errors.As(err, &failed) {
		msg.Header.Set(micro.ErrorCodeHeader, failed.Code)
		msg.Header.Set(micro.ErrorHeader, failed.Description)
	}
	if err := a.conn.PublishMsg(msg); err != nil {
		a.logger.Warn("answer not sent", "error", err)
	}
}

// CodeTooLarge is the code where an answer is larger than a message may be.
const CodeTooLarge = "TOO_LARGE"

// maxAnswer leaves room for headers.
const maxAnswer = maxPayload - 4<<10
