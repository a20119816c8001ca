package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"connectrpc.com/connect/v2"

	"weiche/proto/gen/weiche/widget/v1/widgetv1connect"
	"weiche/services/widget"
)

// visit is one request of a page to the widget's service.
type visit struct {
	// origin is the page that calls; empty where that is not told, or where it
	// is one of ours.
	origin string
	// widget and session are those of the token; known says that it counts.
	widget  Widget
	session widget.Session
	known   bool
	// header is the answer's.
	header http.Header
}

type visitKey struct{}

// visitOf returns the visit that a call belongs to.
func visitOf(ctx context.Context) *visit { return ctx.Value(visitKey{}).(*visit) }

// requireVisitor lets calls pass that have a session's token, and OpenSession.
func (s *server) requireVisitor(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		if !visitOf(ctx).known && spec.Procedure != widgetv1connect.WidgetServiceOpenSessionProcedure {
			return errUnauthenticated
		}
		return next(ctx, spec, stream)
	}
}

// acrossOrigins serves pages of other origins: each widget's service answers the
// origins that the widget lists, and programs that are no browsers. No cookie is
// ever read.
func (s *server) acrossOrigins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := s.visit(w, r)
		w.Header().Add("Vary", "Origin")
		if r.Method == http.MethodOptions {
			s.preflight(w, v)
			return
		}
		if !s.admit(v) {
			s.refuseRequest(w, r, errOrigin)
			return
		}
		if !s.addresses.allow(s.caller(r)) || v.known && !s.visitors.allow(v.session.Visitor().GetValue()) {
			s.refuseRequest(w, r, errRateLimited)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitKey{}, v)))
	})
}

// visit finds out who calls.
func (s *server) visit(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{header: w.Header()}
	if origin := r.Header.Get("Origin"); origin != "" && !ownPage(r, origin) {
		v.origin = origin
	}
	session, err := widget.ParseSession(bearer(r.Header.Get("Authorization")))
	if err != nil {
		return v
	}
	if found, ok := s.Queries.Widget(session.WidgetID); ok && session.Made(s.Keys, found.Account) {
		v.widget, v.session, v.known = found, session, true
	}
	return v
}

// ownPage says whether a page of this very server calls.
func ownPage(r *http.Request, origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && u.Host == r.Host
}

// admit lets the page read the answer if the widget lists its origin, and if some
// widget does while it is not known which one is meant: OpenSession asks again.
func (s *server) admit(v *visit) bool {
	if v.origin == "" {
		return true
	}
	listed := false
	if v.known {
		listed = slices.Contains(v.widget.Origins, v.origin)
	} else {
		listed = s.Queries.ListsOrigin(v.origin)
	}
	if listed {
		v.header.Set("Access-Control-Allow-Origin", v.origin)
		v.header.Set("Access-Control-Expose-Headers", "Retry-After")
	}
	return listed
}

// preflight tells a browser what a page may ask. It carries no token, so it is
// answered for the origins of all widgets.
func (s *server) preflight(w http.ResponseWriter, v *visit) {
	if v.origin == "" || !s.Queries.ListsOrigin(v.origin) {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", v.origin)
	header.Set("Access-Control-Allow-Methods", "GET, POST")
	header.Set("Access-Control-Allow-Headers",
		"Content-Type, Authorization, Connect-Protocol-Version, Connect-Timeout-Ms, Idempotency-Key")
	header.Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusNoContent)
}

// enter checks the page against the widget that it opens a session in.
func (v *visit) enter(in *Widget) error {
	if v.origin == "" || slices.Contains(in.Origins, v.origin) {
		return nil
	}
	v.header.Del("Access-Control-Allow-Origin")
	v.header.Del("Access-Control-Expose-Headers")
	return errOrigin
}
