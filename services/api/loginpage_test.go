package api_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"weiche/services/api"
)

// The page of a login link tells nothing and uses nothing up until its button is pressed.
func TestLoginPage(t *testing.T) {
	s := team(t)
	made := s.must(t, adminService+"MakeLoginLink", s.admin(), `{"accountId":"acme","agentId":"eva","clientToken":"1"}`)
	again := s.must(t, adminService+"MakeLoginLink", s.admin(), `{"accountId":"acme","agentId":"eva","clientToken":"1"}`)
	if made.text("path") == "" || made.text("path") != again.text("path") || made.text("expiresAt") == "" {
		t.Fatalf("%v and %v", made.values, again.values)
	}
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar}
	do := func(method, path, language, site string) (int, string, http.Header) {
		req, err := http.NewRequestWithContext(t.Context(), method, s.server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Language", language)
		req.Header.Set("Sec-Fetch-Site", site)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body), resp.Header
	}
	for range 2 {
		status, body, header := do(http.MethodGet, made.text("path"), "de-AT,de;q=0.9,en;q=0.8", "none")
		if status != http.StatusOK || !strings.Contains(body, "Anmelden") || strings.Contains(body, "script") ||
			!strings.HasPrefix(header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-") || header.Get("Referrer-Policy") != "no-referrer" {
			t.Fatalf("%d %s %v", status, body, header)
		}
	}
	if status, _, _ := do(http.MethodPost, made.text("path"), "", "cross-site"); status != http.StatusForbidden {
		t.Errorf("another site's page is answered %d", status)
	}
	if status, body, _ := do(http.MethodPost, made.text("path"), "", "same-origin"); status != http.StatusOK || !strings.Contains(body, "You are logged in.") {
		t.Errorf("%d %s", status, body)
	}
	at, _ := url.Parse(s.server.URL)
	if len(jar.Cookies(at)) != 1 {
		t.Fatalf("%v", jar.Cookies(at))
	}
	s.must(t, accessService+"ListSessions", "", `{}`, "Cookie", jar.Cookies(at)[0].String())
	// Who came by a link chooses a password without the old one.
	s.must(t, accessService+"ChangePassword", "", `{"newPassword":"another good password"}`, "Cookie", jar.Cookies(at)[0].String())
	for _, path := range []string{made.text("path"), "/login/x", "/login/wl_acme." + strings.Repeat("A", 43), "/login/wl_nowhere." + strings.Repeat("A", 43)} {
		if status, body, _ := do(http.MethodPost, path, "", "same-origin"); status != http.StatusUnauthorized || !strings.Contains(body, "does not count") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	s.want(t, "unauthenticated", "WRONG_LOGIN", accessService+"LogInByLink", "", fmt.Sprintf(`{"linkToken":%q}`, made.text("linkToken")))
}

// A login link leads to the workspace, or to the page of this server that it names, and
// nowhere else.
func TestALoginLinkLeadsToPagesOfThisServer(t *testing.T) {
	s := newStage(t, func(c *api.Config) { c.Workspace = true })
	for n, row := range []struct{ to, want string }{
		{"", "/workspace/"},
		{"/demo", "/demo"},
		{"/workspace/c/01J?view=mine#last", "/workspace/c/01J?view=mine#last"},
		{"//evil.example", "/workspace/"},
		{"/\\evil.example", "/workspace/"},
		{"/\t/evil.example", "/workspace/"},
		{"https://evil.example", "/workspace/"},
		{"demo", "/workspace/"},
	} {
		made := s.must(t, adminService+"MakeLoginLink", s.admin(), fmt.Sprintf(`{"accountId":"acme","agentId":"eva","clientToken":"to-%d"}`, n))
		address := s.server.URL + made.text("path")
		if row.to != "" {
			address += "?to=" + url.QueryEscape(row.to)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || got != row.want {
			t.Errorf("to %q it goes on with %d to %q, not to %q", row.to, resp.StatusCode, got, row.want)
		}
	}
}

func FuzzOwnPath(f *testing.F) {
	for _, to := range []string{"/demo", "//evil.example", "/\\evil.example", "/\t/evil.example", "https://evil.example", "/a?to=//evil.example"} {
		f.Add(to)
	}
	f.Fuzz(func(t *testing.T, to string) {
		// What a browser makes of it: see how the standard for addresses reads one.
		read := strings.NewReplacer("\t", "", "\n", "", "\r", "", "\\", "/").Replace(strings.TrimFunc(to, func(r rune) bool { return r <= ' ' }))
		if api.IsOwnPath(to) && (!strings.HasPrefix(read, "/") || strings.HasPrefix(read, "//")) {
			t.Fatalf("%q is taken for a page of this server", to)
		}
	})
}
