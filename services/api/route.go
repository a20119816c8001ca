package api

import (
	"net/http"
	"strings"
)

// routes is everything that is served beside calls: each pattern passes authorize
// under its own name.
type routes struct {
	server *server
	mux    *http.ServeMux
}

// handle serves a pattern to who may have it; around finds out who that is.
func (r routes) handle(pattern string, around func(http.Handler) http.Handler, serve http.Handler) {
	if _, ok := ruleOf(pattern); !ok {
		panic("api: nobody says who may have " + pattern)
	}
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if err := authorize(callingAgent(q.Context()), pattern); err != nil {
			writeFailure(w, err)
			return
		}
		serve.ServeHTTP(w, q)
	})
	if around != nil {
		handler = around(handler)
	}
	r.mux.Handle(pattern, handler)
}

// Handle serves a pattern to everybody who may have it without saying who they are.
func (r routes) Handle(pattern string, serve http.Handler) { r.handle(pattern, nil, serve) }

// ofOurOrigin serves programs and our own pages. What reads cookies takes nothing from
// the pages of others.
func (s *server) ofOurOrigin(next http.Handler) http.Handler {
	ours := http.NewCrossOriginProtection()
	ours.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.refuseRequest(w, r, errOtherSite) }))
	return ours.Handler(s.comesIn(s.authenticated(next)))
}

// ofEitherOrigin serves visitors as acrossOrigins does, and everybody else as
// ofOurOrigin.
func (s *server) ofEitherOrigin(next http.Handler) http.Handler {
	visitors, others := s.acrossOrigins(next), s.ofOurOrigin(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions || strings.HasPrefix(bearer(r.Header.Get("Authorization")), visitorPrefix) {
			visitors.ServeHTTP(w, r)
			return
		}
		others.ServeHTTP(w, r)
	})
}

// operated finds out whether an operator calls, and lets in nobody else.
func (s *server) operated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token := s.bearerOf(r); token != "" && equal(token, AdminToken(s.Keys).Reveal()) {
			r = r.WithContext(as(r.Context(), actor{kind: anOperator}))
		}
		next.ServeHTTP(w, r)
	})
}
