package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"

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

// remembered names the visitor where it is counted how often they call. A site chooses
// the ids of those whom it signs in, so another site may have the same.
func (v *visit) remembered() string {
	visitor := v.session.Visitor()
	return v.widget.Account + " " + v.widget.ID + " " + visitor.GetKind() + " " + visitor.GetValue()
}

type visitKey struct{}

// visitOf returns the visit that a call belongs to.
func visitOf(ctx context.Context) *visit { return ctx.Value(visitKey{}).(*visit) }

// acrossOrigins serves pages of other origins: each widget's service answers the
// origins that the widget lists, and programs that are no browsers. No cookie is
// ever read.
func (s *server) acrossOrigins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := s.visit(w, r)
		w.Header().Add("Vary", "Origin")
		if r.Method == http.MethodOptions {
			s.preflight(w, v)
			return
		}
		if err == nil && !s.admit(v) {
			err = errOrigin
		}
		if err != nil {
			s.refuseRequest(w, r, err)
			return
		}
		if !s.addresses.allow(s.caller(r)) || v.known && !s.visitors.allow(v.remembered()) {
			s.refuseRequest(w, r, errRateLimited)
			return
		}
		ctx := context.WithValue(r.Context(), visitKey{}, v)
		if v.known {
			ctx = as(ctx, actor{kind: aVisitor, account: v.widget.Account, visit: v, ends: v.session.SignIn.ExpiresAt})
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// visit finds out who calls.
func (s *server) visit(w http.ResponseWriter, r *http.Request) (*visit, error) {
	v := &visit{header: w.Header()}
	if origin := r.Header.Get("Origin"); origin != "" && !ownPage(r, origin) {
		v.origin = origin
	}
	err := s.recognise(r.Context(), v, bearer(r.Header.Get("Authorization")))
	return v, err
}

// recognise finds out whose token it is, for a visit from a page.
func (s *server) recognise(ctx context.Context, v *visit, token string) error {
	session, err := widget.ParseSession(token)
	if err != nil {
		return nil
	}
	found, ok := s.Queries.Widget(session.WidgetID)
	if !ok || !session.Made(s.Keys, found.Account) || !s.counts(&session, &found) {
		return nil
	}
	ended, err := s.Queries.VisitorEnded(ctx, found.Account, session.Hash())
	if err != nil {
		return err
	}
	if !ended {
		v.widget, v.session, v.known = found, session, true
	}
	return nil
}

// counts says whether a widget lets a session in that was made for it: one that the
// site has signed in by a key that it still has, and not past its time; others where
// the widget takes those.
func (s *server) counts(session *widget.Session, of *Widget) bool {
	if !session.Signed() {
		return !of.SignedOnly
	}
	in := session.SignIn
	return s.Now().Before(in.ExpiresAt) && slices.ContainsFunc(of.VisitorKeys, func(key VisitorKey) bool {
		return key.ID == in.KeyID && widget.MarkOf(key.Fingerprint) == in.KeyMark
	})
}

// admits says whether a visit still counts.
func (s *server) admits(ctx context.Context, v *visit) bool {
	now := &visit{header: http.Header{}, origin: v.origin}
	err := s.recognise(ctx, now, v.session.Token().Reveal())
	// What cannot be known now is asked again soon.
	return err != nil || now.known && s.admit(now)
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
