package pages_test

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"weiche/services/pages"
	"weiche/web"
)

func serve(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	pages.Register(mux, pages.Config{Origins: func(widget string) ([]string, bool) {
		return []string{"https://blue-shop.example"}, widget == "shop"
	}})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// get asks without following redirects and without unpacking anything.
func get(t *testing.T, url string, header ...string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "identity")
	for at := 0; at < len(header); at += 2 {
		request.Header.Set(header[at], header[at+1])
	}
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

func text(t *testing.T, from io.Reader) string {
	t.Helper()
	content, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestPages finds each page at every address below it, with what it loads.
func TestPages(t *testing.T) {
	server := serve(t)
	for path, want := range map[string]string{
		"/workspace/":            `src="/workspace.js"`,
		"/workspace/all/01ABC":   `src="/workspace.js"`,
		"/admin/":                `src="/admin.js"`,
		"/admin/widgets/a-shop":  `href="/admin.css"`,
		"/w/shop":                `<weiche-chat widget="shop" layout="page">`,
		"/workspace/?label=a%26": `href="/workspace.css"`,
	} {
		answer := get(t, server.URL+path)
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, answer.Status)
		}
		if says := text(t, answer.Body); !strings.Contains(says, want) {
			t.Errorf("%s has no %s:\n%s", path, want, says)
		}
	}
	for path, want := range map[string]string{"/": "/workspace/", "/workspace": "/workspace/", "/admin": "/admin/"} {
		if answer := get(t, server.URL+path); answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != want {
			t.Errorf("%s: %s to %q, want %q", path, answer.Status, answer.Header.Get("Location"), want)
		}
	}
	for _, path := range []string{"/w/none", "/w/", "/none.js", "/dist/loader.js"} {
		if answer := get(t, server.URL+path); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
}

// TestPolicy says what pages may load, and who may frame them.
func TestPolicy(t *testing.T) {
	server := serve(t)
	for path, ancestors := range map[string]string{
		"/workspace/": "frame-ancestors 'self'",
		"/admin/":     "frame-ancestors 'self'",
		"/w/shop":     "frame-ancestors 'self' https://blue-shop.example",
	} {
		header := get(t, server.URL+path).Header
		policy := header.Get("Content-Security-Policy")
		if !strings.HasSuffix(policy, ancestors) {
			t.Errorf("%s: %s", path, policy)
		}
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'", "trusted-types 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, want+";") {
				t.Errorf("%s lacks %s: %s", path, want, policy)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s allows what is unsafe: %s", path, policy)
		}
		if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", path, header)
		}
	}
}

// TestLanguage begins a page in the reader's language.
func TestLanguage(t *testing.T) {
	server := serve(t)
	for accept, want := range map[string]string{"": "en", "de-AT,en;q=0.5": "de", "fr": "en", "fr, de;q=0.1": "de"} {
		answer := get(t, server.URL+"/workspace/", "Accept-Language", accept)
		if got := answer.Header.Get("Content-Language"); got != want {
			t.Errorf("%q: %s, want %s", accept, got, want)
		}
		if says := text(t, answer.Body); !strings.Contains(says, `<html lang="`+want+`">`) {
			t.Errorf("%q: %s", accept, says)
		}
	}
}

// TestBundles are served to any site, packed for those who can read that, and not again
// to who has them.
func TestBundles(t *testing.T) {
	server := serve(t)
	entries, err := fs.ReadDir(web.Files(), ".")
	if err != nil || len(entries) == 0 {
		t.Fatalf("no bundles: %v", err)
	}
	for _, entry := range entries {
		url := server.URL + "/" + entry.Name()
		want, err := fs.ReadFile(web.Files(), entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		plain := get(t, url)
		if got := text(t, plain.Body); got != string(want) {
			t.Errorf("%s is served as something else", entry.Name())
		}
		if plain.Header.Get("Access-Control-Allow-Origin") != "*" || plain.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %v", entry.Name(), plain.Header)
		}
		packed := get(t, url, "Accept-Encoding", "br, gzip;q=0.8")
		if packed.Header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("%s is not packed: %v", entry.Name(), packed.Header)
		}
		unpacked, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got := text(t, unpacked); got != string(want) {
			t.Errorf("%s is packed as something else", entry.Name())
		}
		if plain.Header.Get("ETag") == packed.Header.Get("ETag") {
			t.Errorf("%s: plain and packed have one tag", entry.Name())
		}
		if refused := get(t, url, "Accept-Encoding", "gzip; q=0"); refused.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s is packed for who cannot read that", entry.Name())
		}
		again := get(t, url, "If-None-Match", plain.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: %s", entry.Name(), again.Status)
		}
	}
	for name, want := range map[string]string{"loader.js": "text/javascript; charset=utf-8", "workspace.css": "text/css; charset=utf-8"} {
		if got := get(t, server.URL+"/"+name).Header.Get("Content-Type"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
