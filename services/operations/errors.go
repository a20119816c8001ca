package operations

import (
	"fmt"

	errorv1 "weiche/proto/gen/weiche/error/v1"
)

// Error is why an operation is not carried out, as the operator is told.
type Error struct {
	reason errorv1.Reason
	text   string
	cause  error
}

// fail makes an Error; a %w in the format is its cause.
func fail(reason errorv1.Reason, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	cause, _ := err.(interface{ Unwrap() error })
	e := &Error{reason: reason, text: err.Error()}
	if cause != nil {
		e.cause = cause.Unwrap()
	}
	return e
}

// Error says what is wrong.
func (e *Error) Error() string { return e.text }

// Reason is the word for it that programs read.
func (e *Error) Reason() errorv1.Reason { return e.reason }

// Unwrap returns the error below it, or nil.
func (e *Error) Unwrap() error { return e.cause }
