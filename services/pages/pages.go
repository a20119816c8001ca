// Package pages serves what people see in a browser: the chat widget for other
// sites, the agents' workspace and the admin center. The pages are files; what they
// show they ask the API for.
package pages

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	tags "golang.org/x/text/language"

	"weiche/web"
)

// Mux is what patterns are served by: *http.ServeMux is one.
type Mux interface {
	Handle(pattern string, handler http.Handler)
}

// Config says what the pages are made of.
type Config struct {
	// Origins returns the origins that may embed a widget; false for one that there
	// is not.
	Origins func(widget string) ([]string, bool)
}

//go:embed page.html
var layout string

var shell = template.Must(template.New("page").Parse(layout))

// Page is a page of ours: an empty one that its script fills.
type Page struct {
	// Script is the name of its bundle: NAME.js, and NAME.css where there is one.
	Script string
	// Title stands in the browser's tab until the script says another.
	Title string
	// Widget is the widget that the page shows, where it shows one alone.
	Widget string
}

// Register adds the pages, and the scripts and styles that they load:
//
//	GET /                  to the workspace
//	GET /workspace/...     the workspace, at whatever it shows
//	GET /admin/...         the admin center, likewise
//	GET /w/{widget}        a widget as a page, to be opened or embedded as a frame
//	GET /NAME              each bundle
func Register(mux Mux, config Config) {
	mux.Handle("GET /{$}", http.RedirectHandler("/workspace/", http.StatusSeeOther))
	for _, p := range []Page{{Script: "workspace", Title: "Weiche"}, {Script: "admin", Title: "Weiche"}} {
		mux.Handle("GET /"+p.Script, http.RedirectHandler("/"+p.Script+"/", http.StatusSeeOther))
		mux.Handle("GET /"+p.Script+"/", p)
	}
	mux.Handle("GET /w/{widget}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		widget := r.PathValue("widget")
		origins, ok := config.Origins(widget)
		if !ok {
			http.NotFound(w, r)
			return
		}
		Page{Script: "loader", Title: "Chat", Widget: widget}.serve(w, r, origins)
	}))
	files := web.Files()
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		panic(err) // they are part of the program
	}
	for _, entry := range entries {
		content, err := fs.ReadFile(files, entry.Name())
		if err != nil {
			panic(err)
		}
		mux.Handle("GET /"+entry.Name(), newFile(entry.Name(), content))
	}
}

// languages are those that the pages speak; the first is for everybody else.
var languages = []tags.Tag{tags.English, tags.German}

var matcher = tags.NewMatcher(languages)

// ServeHTTP answers with the page, which only pages of the same origin may frame.
func (p Page) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.serve(w, r, nil) }

func (p Page) serve(w http.ResponseWriter, r *http.Request, ancestors []string) {
	wanted, _, _ := tags.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	_, at, _ := matcher.Match(wanted...)
	_, err := fs.Stat(web.Files(), p.Script+".css")
	var page bytes.Buffer
	if err := shell.Execute(&page, struct {
		Page
		Language string
		Styled   bool
	}{p, languages[at].String(), err == nil}); err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Language", languages[at].String())
	header.Set("Vary", "Accept-Language")
	header.Set("Cache-Control", "no-cache")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Content-Security-Policy", policy(ancestors))
	_, _ = page.WriteTo(w)
}

// policy lets a page load what is ours and nothing else, and make no HTML of texts.
func policy(ancestors []string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
		"connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; " +
		"require-trusted-types-for 'script'; trusted-types 'none'; " +
		strings.TrimSpace("frame-ancestors 'self' "+strings.Join(ancestors, " "))
}

// file is a bundle as it is served.
type file struct {
	contentType, tag string
	plain, packed    []byte
}

func newFile(name string, content []byte) file {
	sum := sha256.Sum256(content)
	var packed bytes.Buffer
	gz, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is valid
	if _, err := gz.Write(content); err != nil {
		panic(fmt.Sprintf("pages: gzip in memory: %v", err))
	}
	if err := gz.Close(); err != nil {
		panic(fmt.Sprintf("pages: gzip in memory: %v", err))
	}
	return file{
		contentType: mime.TypeByExtension(path.Ext(name)), tag: `"` + hex.EncodeToString(sum[:8]),
		plain: content, packed: packed.Bytes(),
	}
}

// ServeHTTP answers with the bundle, or that the caller has it. Scripts of the widget
// are loaded by other sites, and nothing in a bundle is secret.
func (f file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", f.contentType)
	header.Set("Cache-Control", "no-cache")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	header.Add("Vary", "Accept-Encoding")
	content, tag := f.plain, f.tag+`"`
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		content, tag = f.packed, f.tag+`-gzip"`
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		header.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Length", strconv.Itoa(len(content)))
	_, _ = w.Write(content)
}

// acceptsGzip reports whether gzip is among the encodings, and not at a weight of 0.
func acceptsGzip(accepted string) bool {
	for part := range strings.SplitSeq(accepted, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) == "gzip" {
			weight = strings.ReplaceAll(weight, " ", "")
			return weight != "q=0" && weight != "q=0.0" && weight != "q=0.00" && weight != "q=0.000"
		}
	}
	return false
}
