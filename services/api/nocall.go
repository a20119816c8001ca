package api

import (
	"net/http"

	"connectrpc.com/connect/v2"
)

// methodsOf lets calls of the methods that a service has through to next, and refuses
// others as every call is refused, with a reason. No interceptor sees those: metrics have a
// label with the method's name, and callers could make up as many as they like.
func (s *server) methodsOf(service *connect.Server, next http.Handler) http.Handler {
	known := map[string]bool{}
	for spec := range service.Specs() {
		known[spec.Procedure] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !known[r.URL.Path] {
			s.refuseRequest(w, r, errNoSuchMethod)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// saysWhy lets requests that are no call at all be answered in words. The library
// answers them by a status alone, so that whoever forgets the header Content-Type, as
// curl does by itself, would see nothing.
func (s *server) saysWhy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&callWriter{ResponseWriter: w, request: r, errors: s.errors.Write}, r)
	})
}

// noCall is what a status of the library means. No call is answered by one of them.
var noCall = map[int]string{
	http.StatusUnsupportedMediaType: "Content-Type has to be application/json, or another of those in Accept-Post; a stream has application/connect+json",
	http.StatusMethodNotAllowed:     "a call is a POST; one that changes nothing may be a GET",
}

// callWriter is the writer of the answer to a request that may be no call.
type callWriter struct {
	http.ResponseWriter

	request *http.Request
	errors  func(http.ResponseWriter, *http.Request, error) error
}

// WriteHeader is part of http.ResponseWriter.
func (w *callWriter) WriteHeader(status int) {
	words, ok := noCall[status]
	if !ok {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	f, _ := failureOf(invalid(words))
	// Who has gone does not have to be told.
	_ = w.errors(&fixedStatus{ResponseWriter: w.ResponseWriter, status: status}, w.request, f.wire())
}

// Flush is part of http.Flusher, which streams need.
func (w *callWriter) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap lets http.ResponseController reach the connection.
func (w *callWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// fixedStatus writes one status, whatever it is told.
type fixedStatus struct {
	http.ResponseWriter

	status int
}

// WriteHeader is part of http.ResponseWriter.
func (w *fixedStatus) WriteHeader(int) { w.ResponseWriter.WriteHeader(w.status) }
