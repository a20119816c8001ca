package meta

import (
	"crypto/subtle"
	"io"
	"net/http"
	"net/url"
)

// handshake answers the provider's question whether this address is ours: the
// challenge for whoever knows the app's verify token, 403 for everybody else.
func (h *Webhook) handshake(w http.ResponseWriter, r *http.Request) {
	app, _ := h.app(r)
	// A parameter that is there twice is nobody's.
	query, err := url.ParseQuery(r.URL.RawQuery)
	get := func(name string) string {
		if values := query[name]; len(values) == 1 {
			return values[0]
		}
		return ""
	}
	want, got := app.VerifyToken.Reveal(), get("hub.verify_token")
	same := subtle.ConstantTimeCompare([]byte(want), []byte(got)) == 1
	challenge := get("hub.challenge")
	if err != nil || want == "" || !same || get("hub.mode") != "subscribe" || challenge == "" {
		h.config.Events.Refused(r.PathValue("channel"), "handshake")
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	// The provider's own challenge, as text that no browser will run.
	_, _ = io.WriteString(w, challenge)
}
