package api

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"

	errorv1 "weiche/proto/gen/weiche/error/v1"
)

// domain says whose reasons an ErrorInfo has.
const domain = "weiche"

// retryAfter is when a caller may try again, in seconds.
const retryAfter = "1"

// wire returns the error of a failure as callers read it.
func (f *failure) wire() *connect.Error {
	detail, err := connectproto.NewErrorDetail(&errorv1.ErrorInfo{
		Reason: f.reason, Domain: domain, Metadata: f.metadata,
	})
	if err != nil {
		detail = nil // the caller still has code and message
	}
	return connect.NewError(codeOf(f.reason), f.message).WithDetail(detail)
}

// AnswerErrors turns every error of a service into what the caller is told, and
// logs what only we are. An error that has a method Reason() errorv1.Reason tells
// its text with that reason.
func AnswerErrors(logger *slog.Logger) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc { return answerErrors(logger, next) }
}

func answerErrors(logger *slog.Logger, next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		err := next(ctx, spec, stream)
		if err == nil {
			return nil
		}
		f, ours := failureOf(err)
		if ours {
			logger.Error("call failed", "procedure", spec.Procedure, "reason", f.reason.String(), "error", err)
		}
		if info, ok := connect.CallInfoForServerContext(ctx); ok {
			switch {
			case triesAgain(f.reason):
				info.ResponseHeader().Set("Retry-After", retryAfter)
			case f.reason == errorv1.Reason_REASON_UNAUTHENTICATED:
				info.ResponseHeader().Set("WWW-Authenticate", "Bearer")
			}
		}
		return f.wire()
	}
}

// recoverPanics lets a panic end one call and not the process.
func (s *server) recoverPanics(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) (err error) {
		defer func() {
			switch value := recover(); value {
			case nil:
			case http.ErrAbortHandler:
				panic(value)
			default:
				s.Logger.Error("call panicked", "procedure", spec.Procedure, "panic", value, "stack", string(debug.Stack()))
				err = errInternal
			}
		}()
		return next(ctx, spec, stream)
	}
}

// refuseRequest answers a request that no service sees.
func (s *server) refuseRequest(w http.ResponseWriter, r *http.Request, err error) {
	f, _ := failureOf(err)
	if triesAgain(f.reason) {
		w.Header().Set("Retry-After", retryAfter)
	}
	if writeErr := s.errors.Write(w, r, f.wire()); writeErr != nil {
		s.Logger.Debug("the caller has gone", "error", writeErr)
	}
}
