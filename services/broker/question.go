package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

// askFor is how long a question waits for its answer at most.
const askFor = 5 * time.Second

// Question is what one role asks of another.
type Question struct {
	// Role asks; the server's permissions let nobody else say so.
	Role Role
	// Account is whom it is about, "-" for the whole installation.
	Account string
	// Method is what is asked.
	Method string
	// Data is the request.
	Data []byte
	// Within is how long the answer may take; 5 s if 0.
	Within time.Duration
	// NotBefore is the place that the answer has to show at least, where it is of
	// the same incarnation.
	NotBefore Place
}

// QuestionError is an answer that says why there is none.
type QuestionError struct {
	// Code says which error it is; what the codes are is agreed between those who
	// ask and answer.
	Code string
	// Description is for people.
	Description string
}

// Error says code and description.
func (e *QuestionError) Error() string { return fmt.Sprintf("broker: %s: %s", e.Code, e.Description) }

// codeBusy is the code where as much is asked as can be answered at a time.
const codeBusy = "BUSY"

// questionSubject is where a question is asked.
func questionSubject(role Role, account, method string) (string, error) {
	if err := checkNames(string(role), account, method); err != nil {
		return "", err
	}
	return strings.Join([]string{subjectQueries, string(role), account, method}, "."), nil
}

// questionOf is what is asked on a subject.
func questionOf(subject string) (Question, error) {
	part := strings.Split(subject, ".")
	if len(part) != 4 || part[0] != subjectQueries || checkNames(part...) != nil {
		return Question{}, fmt.Errorf("%w: subject %.*q", ErrName, 4*maxName, subject)
	}
	return Question{Role: Role(part[1]), Account: part[2], Method: part[3]}, nil
}

// Ask asks a question and returns the answer with the place that it shows. The error
// is a *QuestionError where that is the answer; ErrUnavailable where nobody is there
// who answers, ErrNoAnswer where none came in time, ErrOverloaded where too much is
// asked, ErrTooLarge and ErrClosed.
func (b *Broker) Ask(ctx context.Context, q Question) ([]byte, Place, error) {
	subject, err := questionSubject(q.Role, q.Account, q.Method)
	if err != nil {
		return nil, Place{}, err
	}
	if b.closing.Err() != nil {
		return nil, Place{}, ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(q.Within, askFor))
	defer cancel()
	msg, err := b.publishing.RequestMsgWithContext(ctx, &nats.Msg{Subject: subject, Header: placed(q.NotBefore), Data: q.Data})
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, Place{}, fmt.Errorf("%w: nobody answers %s", ErrUnavailable, q.Method)
	case err != nil && ctx.Err() != nil:
		return nil, Place{}, fmt.Errorf("%w: %w", ErrNoAnswer, ctx.Err())
	case err != nil:
		return nil, Place{}, unreachable(err)
	}
	switch code := msg.Header.Get(micro.ErrorCodeHeader); code {
	case "":
	case codeBusy:
		return nil, Place{}, fmt.Errorf("%w: too much is asked", ErrOverloaded)
	default:
		return nil, placeOf(msg.Header), &QuestionError{Code: code, Description: msg.Header.Get(micro.ErrorHeader)}
	}
	return msg.Data, placeOf(msg.Header), nil
}

// placed is a header with a place.
func placed(at Place) nats.Header {
	return nats.Header{headerIncarnation: {at.Incarnation}, headerPosition: {strconv.FormatUint(at.Position, 10)}}
}

// placeOf is the place in a header; the zero one where there is none.
func placeOf(header nats.Header) Place {
	position, err := strconv.ParseUint(header.Get(headerPosition), 10, 64)
	if err != nil {
		return Place{}
	}
	return Place{Incarnation: header.Get(headerIncarnation), Position: position}
}
