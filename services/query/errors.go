package query

import (
	"context"
	"errors"

	"weiche/projections"
	"weiche/services/blob"
	"weiche/services/broker"
)

// errQuestion is what is said of a question that cannot be read.
var errQuestion = errors.New("query: the question cannot be read")

// codes are the errors that cross the broker, each by a word.
var codes = []struct {
	code string
	err  error
}{
	{"NOT_FOUND", projections.ErrNotFound},
	{"NOT_READY", projections.ErrNotReady},
	{"CLOSED", projections.ErrClosed},
	{"GONE", blob.ErrGone},
	{"BEHIND", context.DeadlineExceeded},
	{"CANCELLED", context.Canceled},
	{"INVALID", errQuestion},
	{broker.CodeTooLarge, broker.ErrTooLarge},
}

// coded makes of an error what is answered. One that has no word is nobody's
// business.
func coded(err error) error {
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return &broker.QuestionError{Code: c.code, Description: c.err.Error()}
		}
	}
	return err
}

// decoded makes of an answer the error that it was.
func decoded(err error) error {
	var said *broker.QuestionError
	if !errors.As(err, &said) {
		return err
	}
	for _, c := range codes {
		if c.code == said.Code {
			return c.err
		}
	}
	return err
}
