package fetch_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/blob"
	"weiche/services/blob/fetch"
)

// No address is asked that is not one of a provider's files, whatever comes in a
// webhook.
func TestI26OnlyAddressesOfProvidersAreAsked(t *testing.T) {
	d := newDesk(t, nil)
	d.hosts["scontent.fbcdn.net"] = gives([]byte("hi"))
	for _, address := range []string{
		"http://scontent.fbcdn.net/x", "https://scontent.fbcdn.net:8443/x", "https://user@scontent.fbcdn.net/x", "ftp://scontent.fbcdn.net/x",
		"file:///etc/passwd", "//scontent.fbcdn.net/x", "/x", "", "https://", "https://fbcdn.net/x", "https://evilfbcdn.net/x",
		"https://scontent.fbcdn.net.evil.example/x", "https://evil.example/scontent.fbcdn.net", "https://evil.example#scontent.fbcdn.net",
		"https://scontent.fbcdn.net./x", "https://graph.facebook.com/me", "https://127.0.0.1/x", "https://[::1]/x", "https://[::ffff:127.0.0.1]/x",
		"https://169.254.169.254/latest/meta-data", "https://2130706433/x", "https://0x7f.1/x", "https://localhost/x",
		"https://scontent.fbcdn.net\\@evil.example/x", "https://scontent.fbcdn.net%00.evil.example/x", "gopher://scontent.fbcdn.net:443/x",
		"https://scontent.cdninstagram.com/x",
	} {
		reports, _ := d.fetches(messenger(address))
		if len(reports) != 1 || reports[0].GetFailed() == nil || len(d.asked) != 0 {
			t.Errorf("%s: %v, asked %d times", address, reports, len(d.asked))
		}
	}
	// The control: what is allowed is fetched.
	if reports, _ := d.fetches(messenger("https://SCONTENT.fbcdn.net/x")); len(reports) != 1 || len(d.asked) == 0 {
		t.Errorf("what is allowed: %v", reports)
	}
}

// A name of a provider that leads to an address which is not public is not dialled,
// whatever it led to before.
func TestI26OnlyPublicAddressesAreDialled(t *testing.T) {
	reached := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer server.Close()
	for _, address := range []string{
		"127.0.0.1:443", "10.0.0.1:443", "172.16.0.1:443", "192.168.1.1:443", "100.64.0.1:443", "169.254.169.254:443", "0.0.0.0:443",
		"192.0.2.1:443", "198.18.0.1:443", "224.0.0.1:443", "255.255.255.255:443", "[::1]:443", "[::]:443", "[fe80::1]:443", "[fc00::1]:443",
		"[::ffff:127.0.0.1]:443", "[::ffff:10.0.0.1]:443", "[64:ff9b::7f00:1]:443", "[2001:db8::1]:443", "[ff02::1]:443",
		"localhost:443", "93.184.216.34:80", "93.184.216.34:8443", "93.184.216.34:22", strings.TrimPrefix(server.URL, "https://"),
	} {
		if err := fetch.Dials(t.Context(), address); !fetch.IsProhibited(err) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if reached {
		t.Error("a server on this machine was reached")
	}
}

// A provider may send on to another address of its own, and nowhere else.
func TestI26Redirects(t *testing.T) {
	to := func(where string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, where, http.StatusFound) }
	}
	d := newDesk(t, nil)
	d.hosts["scontent.fbcdn.net"] = gives([]byte("hi"))
	for where, good := range map[string]bool{
		"https://scontent.fbcdn.net/x": true, "http://scontent.fbcdn.net/x": false, "https://127.0.0.1/x": false,
		"https://evil.example/x": false, "https://scontent.fbcdn.net:1/x": false, "https://lookaside.fbsbx.com/x": false,
	} {
		d.asked = nil
		d.hosts["lookaside.fbsbx.com"] = to(where)
		reports, _ := d.fetches(messenger("https://lookaside.fbsbx.com/x"))
		if len(reports) != 1 || (reports[0].GetStored() != nil) != good {
			t.Errorf("to %s: %v", where, reports)
		}
		for _, r := range d.asked {
			if host := r.URL.Host; host != "lookaside.fbsbx.com" && host != "scontent.fbcdn.net" || r.URL.Scheme != "https" {
				t.Errorf("to %s: %s was asked", where, r.URL)
			}
		}
	}
}

// The token goes to the provider's graph, and with a file of WhatsApp to the one host
// that asks for it; to nobody else.
func TestI26TheTokenGoesToTheProviderAlone(t *testing.T) {
	d := newDesk(t, nil)
	if reports, _ := d.fetches(d.whatsApp(gives([]byte("hi")), "")); reports[0].GetStored() == nil {
		t.Fatal(reports)
	}
	if got := fmt.Sprint(d.tokens()); got != "[graph.facebook.com lookaside.fbsbx.com]" {
		t.Errorf("the token went to %s", got)
	}
	// Another host of the provider's that a graph or a webhook names, one that is
	// sent on to, and the hosts of other channels get none.
	d.asked = nil
	d.hosts["scontent.fbcdn.net"] = gives([]byte("hi"))
	what := d.whatsApp(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://scontent.fbcdn.net/x", http.StatusFound)
	}, "")
	if reports, _ := d.fetches(what); reports[0].GetStored() == nil {
		t.Fatal(reports)
	}
	what.Media = &eventv1.Media{ProviderUrl: "https://scontent.fbcdn.net/x"}
	d.fetches(what)
	for _, other := range []string{"messenger", "instagram"} {
		d.hosts["lookaside.fbsbx.com"] = gives([]byte("hi"))
		d.fetches(&ingressv1.FetchMedia{Channel: other, Media: &eventv1.Media{ProviderUrl: "https://lookaside.fbsbx.com/x"}})
	}
	if got := fmt.Sprint(d.tokens()); got != "[graph.facebook.com lookaside.fbsbx.com]" || len(d.asked) != 6 {
		t.Errorf("of %d requests the token went with those to %s", len(d.asked), got)
	}
	// The control: one that carries it on is caught.
	d.asked = nil
	careless := &http.Client{Transport: d}
	r, err := http.NewRequest(http.MethodGet, "https://scontent.fbcdn.net/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if response, err := careless.Do(r); err == nil {
		response.Body.Close()
	}
	if len(d.tokens()) != 1 {
		t.Error("a token that goes astray is not seen")
	}
}

// An address of WhatsApp's is good for minutes: after that there is another.
func TestAnAddressThatHasEndedIsAskedForAnew(t *testing.T) {
	d := newDesk(t, nil)
	times := 0
	what := d.whatsApp(func(w http.ResponseWriter, r *http.Request) {
		if times++; times < 3 {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, "hi")
	}, "")
	what.Media.ProviderUrl = "https://lookaside.fbsbx.com/old"
	if reports, _ := d.fetches(what); len(reports) != 1 || reports[0].GetStored() == nil || times != 3 {
		t.Errorf("asked %d times: %v", times, reports)
	}
}

// Each failure is final or is not, and nothing is left of a file that failed.
func TestFailures(t *testing.T) {
	picture := []byte("hello")
	digest := sha256.Sum256(picture)
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for name, try := range map[string]struct {
		file    http.HandlerFunc
		digest  string
		attempt uint32
		want    string // "stored", a reason, or empty for later
	}{
		"stored":               {gives(picture), hex.EncodeToString(digest[:]), 1, "stored"},
		"another file":         {gives([]byte("jello")), hex.EncodeToString(digest[:]), 1, ""},
		"another file, always": {gives([]byte("jello")), hex.EncodeToString(digest[:]), 3, "digest_mismatch"},
		"busy":                 {status(500), "", 1, ""},
		"too often":            {status(429), "", 1, ""},
		"token ended":          {status(401), "", 1, ""},
		"refused":              {status(400), "", 1, "refused"},
		"too large, as said": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99999999")
		}, "", 1, "too_large"},
		"too large, unsaid": {gives(make([]byte, 1<<20+1)), "", 1, "too_large"},
		"empty":             {gives(nil), "", 1, ""},
		"empty, always":     {gives(nil), "", 3, "empty"},
		"gone, always":      {status(404), "", 1, ""}, // the graph hands out addresses still
	} {
		d := newDesk(t, nil)
		what := d.whatsApp(try.file, try.digest)
		what.Attempt = try.attempt
		reports, handled := d.fetches(what)
		got := ""
		if len(reports) == 1 {
			if got = reports[0].GetFailed().GetReason(); reports[0].GetStored() != nil {
				got = "stored"
			}
		}
		if got != try.want || handled != "ack" {
			t.Errorf("%s: %q and %s, want %q", name, got, handled, try.want)
		}
		if _, err := d.store.Read(t.Context(), "shop", "ana.1"); (err == nil) != (try.want == "stored") {
			t.Errorf("%s: the file is there: %v", name, err)
		}
	}
	d := newDesk(t, nil)
	for name, what := range map[string]*ingressv1.FetchMedia{
		"expired":         messenger("https://x.fbcdn.net/x"),
		"erased":          {Channel: "messenger", Erased: true},
		"no_such_channel": {Channel: "telegram", Media: &eventv1.Media{ProviderUrl: "https://x.fbcdn.net/x"}},
		"refused":         {Channel: "messenger", Media: &eventv1.Media{}},
		"not_allowed":     {Channel: "whatsapp", Media: &eventv1.Media{ProviderMediaId: "../me"}},
	} {
		d.hosts["x.fbcdn.net"] = status(403)
		if reports, _ := d.fetches(what); len(reports) != 1 || reports[0].GetFailed().GetReason() != name {
			t.Errorf("%s: %v", name, reports)
		}
	}
	unknown := messenger("https://x.fbcdn.net/x")
	unknown.IntegrationId = "unknown"
	if reports, _ := d.fetches(unknown); len(reports) != 1 || reports[0].GetFailed() == nil {
		t.Errorf("an unknown integration: %v", reports)
	}
}

// Lies about the length, in both directions, on a real connection; and a body that
// never ends.
func TestLengthsThatLie(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		switch r.URL.Path {
		case "/short":
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
		case "/endless":
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n")
			for _, err := conn.Write(make([]byte, 64<<10)); err == nil; _, err = conn.Write(make([]byte, 64<<10)) {
			}
		case "/good":
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more")
		}
	}))
	defer server.Close()
	d := newDesk(t, func(c *fetch.Config) { c.GraphURL = server.URL })
	for path, want := range map[string]string{"/short": "", "/endless": "too_large", "/good": "stored"} {
		reports, _ := d.fetches(messenger(server.URL + path))
		got := ""
		if len(reports) == 1 {
			if got = reports[0].GetFailed().GetReason(); reports[0].GetStored() != nil {
				got = "stored"
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if got := d.content(); got != "hello" {
		t.Errorf("there is %q", got)
	}
	// Only that very server stands in for the providers.
	if reports, _ := d.fetches(messenger(strings.Replace(server.URL, "127.0.0.1", "localhost", 1) + "/good")); reports[0].GetFailed().GetReason() != "not_allowed" {
		t.Errorf("another name of it: %v", reports)
	}
}

// What a visitor has uploaded becomes the customer's, and the upload goes.
func TestUploadsAreCopied(t *testing.T) {
	d := newDesk(t, nil)
	if _, err := d.store.Put(t.Context(), "shop", "uploads.1", "note.txt", bytes.NewReader([]byte("hello")), blob.Limits{Bytes: 10}); err != nil {
		t.Fatal(err)
	}
	what := &ingressv1.FetchMedia{Channel: "widget", Media: &eventv1.Media{BlobId: "uploads.1"}}
	reports, _ := d.fetches(what)
	if len(reports) != 1 || reports[0].GetStored().GetBlobId() != "ana.1" || d.content() != "hello" {
		t.Errorf("copied: %v", reports)
	}
	if _, err := d.store.Read(t.Context(), "shop", "uploads.1"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("the upload is there: %v", err)
	}
	if reports, _ := d.fetches(what); len(reports) != 1 || reports[0].GetFailed().GetReason() != "expired" {
		t.Errorf("again: %v", reports)
	}
}

// A file that nobody waits for any more is not kept, nor one of a customer who was
// erased while it was fetched.
func TestI32NothingIsKeptThatNobodyWaitsFor(t *testing.T) {
	d := newDesk(t, nil)
	d.hosts["x.fbcdn.net"] = gives([]byte("hi"))
	d.status = ingressv1.ItemStatus_ITEM_STATUS_REFUSED
	d.fetches(messenger("https://x.fbcdn.net/x"))
	if _, err := d.store.Read(t.Context(), "shop", "ana.1"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("refused, and there: %v", err)
	}
	d.status = ingressv1.ItemStatus_ITEM_STATUS_COMMITTED
	d.hosts["x.fbcdn.net"] = func(w http.ResponseWriter, _ *http.Request) {
		if err := d.keys.Destroy(d.keyID); err != nil {
			t.Error(err)
		}
		_, _ = w.Write([]byte("hi"))
	}
	if reports, _ := d.fetches(messenger("https://x.fbcdn.net/x")); len(reports) != 1 || reports[0].GetFailed().GetReason() != "erased" {
		t.Errorf("erased: %v", reports)
	}
}
