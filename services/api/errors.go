package api

import (
	"context"
	"errors"

	"connectrpc.com/connect/v2"

	"weiche/projections"
	errorv1 "weiche/proto/gen/weiche/error/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
)

// failure is why a call is not carried out, as the caller is told.
type failure struct {
	reason   errorv1.Reason
	message  string
	metadata map[string]string
}

func (f *failure) Error() string { return f.message }

// fail makes an error that the caller is told.
func fail(reason errorv1.Reason, message string) error {
	return &failure{reason: reason, message: message}
}

// What is always said in the same words, so that a caller learns no more.
var (
	errUnauthenticated = fail(errorv1.Reason_REASON_UNAUTHENTICATED, "a valid token is needed")
	errNotFound        = fail(errorv1.Reason_REASON_NOT_FOUND, "what is named is not there, or another's")
	errBehind          = fail(errorv1.Reason_REASON_BEHIND, "what was written cannot be read yet")
	errForbidden       = fail(errorv1.Reason_REASON_FORBIDDEN, "you may not do this")
	errWrongLogin      = fail(errorv1.Reason_REASON_WRONG_LOGIN, "the name or the password is wrong")
	errRateLimited     = fail(errorv1.Reason_REASON_RATE_LIMITED, "too many calls")
	errOtherSite       = fail(errorv1.Reason_REASON_FORBIDDEN, "pages of other sites may not call this")
	errOrigin          = fail(errorv1.Reason_REASON_ORIGIN_NOT_ALLOWED, "this page may not embed the widget")
	errNoSuchMethod    = fail(errorv1.Reason_REASON_NO_SUCH_METHOD, "the service has no such method")
	errInternal        = fail(errorv1.Reason_REASON_INTERNAL, "internal error")
)

// failureOf returns what the caller is told of an error, and whether somebody
// else should hear of it.
func failureOf(err error) (f *failure, ours bool) {
	var told *failure
	var reasoned interface {
		error
		Reason() errorv1.Reason
	}
	var wire *connect.Error
	switch {
	case errors.As(err, &told):
		return told, told.reason == errorv1.Reason_REASON_INTERNAL
	case errors.As(err, &reasoned):
		return &failure{reason: reasoned.Reason(), message: reasoned.Error()}, false
	case errors.As(err, &wire):
		// The body was not read to its end, or could not be.
		switch wire.Code() {
		case connect.CodeInvalidArgument:
			return &failure{reason: errorv1.Reason_REASON_INVALID, message: wire.Message()}, false
		case connect.CodeResourceExhausted:
			return &failure{
				reason:  errorv1.Reason_REASON_TOO_LARGE,
				message: "a request has at most 64 KiB, of AdminService and OperationsService 1 MiB",
			}, false
		case connect.CodeCanceled, connect.CodeDeadlineExceeded:
			return &failure{reason: errorv1.Reason_REASON_UNAVAILABLE, message: "the request did not come in time"}, false
		}
	case errors.Is(err, broker.ErrOverloaded):
		return &failure{reason: errorv1.Reason_REASON_OVERLOADED, message: "too much is waiting"}, false
	case errors.Is(err, broker.ErrNoAnswer), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &failure{reason: errorv1.Reason_REASON_NO_ANSWER, message: "no answer came in time"}, false
	case errors.Is(err, broker.ErrUnavailable), errors.Is(err, broker.ErrClosed),
		errors.Is(err, projections.ErrNotReady), errors.Is(err, projections.ErrClosed):
		return &failure{reason: errorv1.Reason_REASON_UNAVAILABLE, message: "not available now"}, true
	case errors.Is(err, broker.ErrTooLarge):
		return &failure{reason: errorv1.Reason_REASON_TOO_LARGE, message: "too large"}, false
	case errors.Is(err, projections.ErrNotFound), errors.Is(err, broker.ErrName):
		return &failure{reason: errorv1.Reason_REASON_NOT_FOUND, message: errNotFound.Error()}, false
	}
	return &failure{reason: errorv1.Reason_REASON_INTERNAL, message: errInternal.Error()}, true
}

// reasonOf says why a command was refused.
func reasonOf(refusal ingressv1.Refusal) errorv1.Reason {
	switch refusal {
	case ingressv1.Refusal_REFUSAL_NOT_FOUND:
		return errorv1.Reason_REASON_NOT_FOUND
	case ingressv1.Refusal_REFUSAL_INVALID:
		return errorv1.Reason_REASON_INVALID
	case ingressv1.Refusal_REFUSAL_TOKEN_REUSED:
		return errorv1.Reason_REASON_TOKEN_REUSED
	case ingressv1.Refusal_REFUSAL_TOO_LATE:
		return errorv1.Reason_REASON_TOO_LATE
	case ingressv1.Refusal_REFUSAL_CHANNEL_NOT_OFFERED:
		return errorv1.Reason_REASON_CHANNEL_NOT_OFFERED
	case ingressv1.Refusal_REFUSAL_ALREADY_LINKED:
		return errorv1.Reason_REASON_ALREADY_LINKED
	case ingressv1.Refusal_REFUSAL_LINK_ENDED:
		return errorv1.Reason_REASON_LINK_ENDED
	case ingressv1.Refusal_REFUSAL_NO_SUCH_DESTINATION:
		return errorv1.Reason_REASON_NO_SUCH_DESTINATION
	case ingressv1.Refusal_REFUSAL_EMPTY_ROUTE:
		return errorv1.Reason_REASON_EMPTY_ROUTE
	case ingressv1.Refusal_REFUSAL_ROUTE_CHANGED:
		return errorv1.Reason_REASON_ROUTE_CHANGED
	case ingressv1.Refusal_REFUSAL_CLAIM_LOST:
		return errorv1.Reason_REASON_CLAIM_LOST
	case ingressv1.Refusal_REFUSAL_WIDGET_BINDING:
		return errorv1.Reason_REASON_WIDGET_BINDING
	case ingressv1.Refusal_REFUSAL_WINDOW_CLOSED:
		return errorv1.Reason_REASON_WINDOW_CLOSED
	case ingressv1.Refusal_REFUSAL_CHANNEL_UNHEALTHY:
		return errorv1.Reason_REASON_CHANNEL_UNHEALTHY
	case ingressv1.Refusal_REFUSAL_UNCONFIRMED:
		return errorv1.Reason_REASON_UNCONFIRMED
	case ingressv1.Refusal_REFUSAL_UNSUPPORTED_CONTENT:
		return errorv1.Reason_REASON_UNSUPPORTED_CONTENT
	case ingressv1.Refusal_REFUSAL_TAKEN:
		return errorv1.Reason_REASON_TAKEN
	case ingressv1.Refusal_REFUSAL_SETTINGS_CHANGED:
		return errorv1.Reason_REASON_SETTINGS_CHANGED
	case ingressv1.Refusal_REFUSAL_WRONG_LOGIN:
		return errorv1.Reason_REASON_WRONG_LOGIN
	case ingressv1.Refusal_REFUSAL_SIGN_IN_REQUIRED:
		return errorv1.Reason_REASON_UNAUTHENTICATED
	}
	return errorv1.Reason_REASON_INTERNAL
}

// codeOf is the one place where a Connect code is chosen.
func codeOf(reason errorv1.Reason) connect.Code {
	switch reason {
	case errorv1.Reason_REASON_UNAUTHENTICATED, errorv1.Reason_REASON_WRONG_LOGIN:
		return connect.CodeUnauthenticated
	case errorv1.Reason_REASON_ORIGIN_NOT_ALLOWED, errorv1.Reason_REASON_FORBIDDEN:
		return connect.CodePermissionDenied
	case errorv1.Reason_REASON_NOT_FOUND:
		return connect.CodeNotFound
	case errorv1.Reason_REASON_INVALID:
		return connect.CodeInvalidArgument
	case errorv1.Reason_REASON_TOO_LARGE, errorv1.Reason_REASON_RATE_LIMITED, errorv1.Reason_REASON_TOO_MANY_STREAMS:
		return connect.CodeResourceExhausted
	case errorv1.Reason_REASON_TOKEN_REUSED, errorv1.Reason_REASON_ALREADY_LINKED, errorv1.Reason_REASON_TAKEN:
		return connect.CodeAlreadyExists
	case errorv1.Reason_REASON_TOO_LATE:
		return connect.CodeDeadlineExceeded
	case errorv1.Reason_REASON_CHANNEL_NOT_OFFERED, errorv1.Reason_REASON_LINK_ENDED,
		errorv1.Reason_REASON_NO_SUCH_DESTINATION, errorv1.Reason_REASON_EMPTY_ROUTE,
		errorv1.Reason_REASON_WIDGET_BINDING, errorv1.Reason_REASON_WINDOW_CLOSED,
		errorv1.Reason_REASON_OTHER_INCARNATION, errorv1.Reason_REASON_ENDED,
		errorv1.Reason_REASON_CHANNEL_UNHEALTHY, errorv1.Reason_REASON_UNCONFIRMED,
		errorv1.Reason_REASON_UNSUPPORTED_CONTENT, errorv1.Reason_REASON_CURSOR_EXPIRED:
		return connect.CodeFailedPrecondition
	case errorv1.Reason_REASON_ROUTE_CHANGED, errorv1.Reason_REASON_CLAIM_LOST, errorv1.Reason_REASON_SETTINGS_CHANGED:
		return connect.CodeAborted
	case errorv1.Reason_REASON_OVERLOADED, errorv1.Reason_REASON_UNAVAILABLE,
		errorv1.Reason_REASON_NO_ANSWER, errorv1.Reason_REASON_BEHIND:
		return connect.CodeUnavailable
	case errorv1.Reason_REASON_NO_SUCH_METHOD:
		return connect.CodeUnimplemented
	}
	return connect.CodeInternal
}

// triesAgain says whether the same call may succeed a little later.
func triesAgain(reason errorv1.Reason) bool {
	return reason == errorv1.Reason_REASON_RATE_LIMITED || codeOf(reason) == connect.CodeUnavailable
}
