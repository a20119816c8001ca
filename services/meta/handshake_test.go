package meta

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// FuzzHandshake shows that nobody learns anything who does not know the token, and
// that whoever does gets back what they said, as plain text.
func FuzzHandshake(f *testing.F) {
	for _, query := range []string{
		"hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verify",
		"hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=verify",
		"hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
		"hub.mode=subscribe&hub.challenge=1&hub.verify_token=verify&hub.verify_token=x",
		"hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=verify", "", "%zz", "hub.mode=subscribe;hub.challenge=1",
	} {
		for _, app := range []string{"app-1", "app-2", "none"} {
			f.Add(app, query)
		}
	}
	handler := newWebhook(&publisher{}, WebhookEvents{})
	f.Fuzz(func(t *testing.T, app, query string) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/webhooks/messenger/"+url.PathEscape(app), nil)
		r.URL.RawQuery = query
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			if w.Code < 300 || w.Body.Len() > 0 && w.Code == http.StatusForbidden {
				t.Errorf("%d %q", w.Code, w.Body)
			}
			return
		}
		values, err := url.ParseQuery(query)
		if err != nil || app != "app-1" || values.Get("hub.verify_token") != "verify" || w.Body.String() != values.Get("hub.challenge") {
			t.Errorf("app %q, query %q is answered %q", app, query, w.Body)
		}
		if kind := w.Header().Get("Content-Type"); kind != "text/plain; charset=utf-8" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("the challenge is served as %q", kind)
		}
	})
}
