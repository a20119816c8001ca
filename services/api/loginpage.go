package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	tags "golang.org/x/text/language"
)

// loginPages is where a login link leads to.
const loginPages = "/login/"

// workspacePage is where somebody goes who has logged in, unless the link says
// otherwise.
const workspacePage = "/workspace/"

// maxLanding is how long the page may be that a link says.
const maxLanding = 2048

// loginWords are what the page says in a language.
type loginWords struct{ Language, Title, Lead, Button, Gone, In string }

var loginLanguages = tags.NewMatcher([]tags.Tag{tags.English, tags.German})

// loginTexts are in the order of loginLanguages.
var loginTexts = []loginWords{
	{
		"en", "Log in to Weiche", "This link logs you in once, on this device.", "Log in",
		"This link does not count any more. Ask for a new one.", "You are logged in.",
	},
	{
		"de", "Bei Weiche anmelden", "Dieser Link meldet Sie einmal an, auf diesem Gerät.", "Anmelden",
		"Dieser Link gilt nicht mehr. Bitten Sie um einen neuen.", "Sie sind angemeldet.",
	},
}

// loginStyle is how the page looks.
const loginStyle = `
:root { color-scheme: light dark; --ink: light-dark(#1b1f24, #e7e9ec); --paper: light-dark(#fff, #14171b);
  --line: light-dark(#d5dae0, #363d46); --accent: light-dark(#0b57d0, #8ab4f8); --on: light-dark(#fff, #14171b); }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
main { width: min(22rem, 100vw - 2rem); padding: 2rem; border: 1px solid var(--line); border-radius: .75rem; box-sizing: border-box; }
h1 { font-size: 1.25rem; margin: 0 0 .5rem; }
p { margin: 0; }
button { margin-top: 1.5rem; width: 100%; min-height: 2.75rem; border: 0; border-radius: .5rem; cursor: pointer;
  background: var(--accent); color: var(--on); font: inherit; font-weight: 600; }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
`

// loginPolicy lets the page have that style alone.
var loginPolicy = func() string {
	hash := sha256.Sum256([]byte(loginStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
		"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
}()

// loginPage is the whole page: it runs and loads nothing, and what logs in is the
// button, since programs that look at links follow them.
var loginPage = template.Must(template.New("login").Parse(`<!doctype html>
<html lang="{{.Language}}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>{{.Title}}</title>
<style>` + loginStyle + `</style>
<main>
<h1>{{.Title}}</h1>
{{if .Said}}<p role="status">{{.Said}}</p>{{else}}<p>{{.Lead}}</p>
<form method="post"><button>{{.Button}}</button></form>{{end}}
</main>
</html>
`))

// showLogin shows the page of a login link, whether the link counts or not.
func (s *server) showLogin(w http.ResponseWriter, r *http.Request) {
	s.writeLogin(w, r, http.StatusOK, func(loginWords) string { return "" })
}

// logInOnPage logs in by the link of the page, and goes on to the page of this server
// that the link names as to, or to the workspace.
func (s *server) logInOnPage(w http.ResponseWriter, r *http.Request) {
	if !s.guesses.allow(s.caller(r)) {
		w.Header().Set("Retry-After", retryAfter)
		s.writeLogin(w, r, http.StatusTooManyRequests, func(t loginWords) string { return t.Gone })
		return
	}
	if _, err := s.openByLink(r.Context(), r.PathValue("token")); err != nil {
		f, ours := failureOf(err)
		if ours {
			s.Logger.Error("a login link could not be used", "error", err)
		}
		s.writeLogin(w, r, statusOf(f.reason), func(t loginWords) string { return t.Gone })
		return
	}
	to := r.URL.Query().Get("to")
	switch {
	case isOwnPath(to):
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	case s.Workspace:
		http.Redirect(w, r, workspacePage, http.StatusSeeOther)
		return
	}
	s.writeLogin(w, r, http.StatusOK, func(t loginWords) string { return t.In })
}

// isOwnPath says whether an address is a path on this very server, to whatever reads
// it: browsers take a backslash for a slash, and what begins with two of them for a
// host, and they leave out tabs and line breaks.
func isOwnPath(to string) bool {
	return strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && len(to) <= maxLanding &&
		!strings.ContainsFunc(to, func(r rune) bool { return r == '\\' || unicode.IsControl(r) || r == utf8.RuneError })
}

func (s *server) writeLogin(w http.ResponseWriter, r *http.Request, status int, said func(loginWords) string) {
	wanted, _, _ := tags.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	_, at, _ := loginLanguages.Match(wanted...)
	words := loginTexts[at]
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Language", words.Language)
	header.Set("Vary", "Accept-Language")
	header.Set("Content-Security-Policy", loginPolicy)
	header.Set("X-Robots-Tag", "noindex")
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	if err := loginPage.Execute(w, struct {
		loginWords
		Said string
	}{words, said(words)}); err != nil {
		s.Logger.Debug("the caller has gone", "error", err)
	}
}

// The form of a login link's secret: wl_<account>.<secret>.
const domainLoginLink = "login-link"

// loginLink makes the secret of a login link. It follows from the client token, so
// that the same call again tells the same link.
func (s *server) loginLink(account, by, agentID, clientToken string) (token string) {
	return linkPrefix + account + "." + tokenEncoding.EncodeToString(s.Keys.Hash(domainLoginLink, account, by, agentID, clientToken))
}

// parseLoginLink reads the secret of a login link: its account, and its SHA-256.
func (s *server) parseLoginLink(token string) (account string, hash []byte, ok bool) {
	account, hash, ok = parseLink(token)
	if !ok {
		return "", nil, false
	}
	_, ok = s.Queries.Account(account)
	return account, hash, ok
}

func parseLink(token string) (account string, hash []byte, ok bool) {
	text, ok := strings.CutPrefix(token, linkPrefix)
	account, _, dot := strings.Cut(text, ".")
	if !ok || !dot || !isSetupID(account) {
		return "", nil, false
	}
	hash, ok = parseSecret(linkPrefix+account+".", token)
	return account, hash, ok
}

// comesIn notes how a request came in, for calls that have to know.
func (s *server) comesIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		device := http.Cookie{Name: deviceCookie(r)}
		if sent, err := r.Cookie(device.Name); err == nil {
			device.Value = sent.Value
		}
		ctx := context.WithValue(r.Context(), wayKey{}, way{writer: w, caller: s.caller(r), cookie: sessionCookie(r), device: device})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
