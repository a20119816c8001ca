// Package reference serves the description of the public API: as OpenAPI for
// programs, what goes over NATS as AsyncAPI, and a page for people.
package reference

import (
	"bytes"
	_ "embed"
	"net/http"
	"strconv"
	"sync"
)

//go:embed openapi.yaml
var openAPI []byte

// asyncAPI describes what back ends and adapters say and hear over NATS.
//
//go:embed asyncapi.yaml
var asyncAPI []byte

//go:embed page.css
var style []byte

// policy lets the page have its style and nothing else: no script, no picture, no
// address to send anything to.
const policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// OpenAPI returns the description in YAML.
func OpenAPI() []byte { return bytes.Clone(openAPI) }

// Mux is what patterns are served by: *http.ServeMux is one.
type Mux interface {
	Handle(pattern string, handler http.Handler)
}

// Register adds GET /openapi.yaml and /asyncapi.yaml, and GET /docs with its style. The page is made when
// it is first asked for.
func Register(mux Mux) {
	page := sync.OnceValues(func() ([]byte, error) { return render(openAPI) })
	mux.Handle("GET /docs", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, err := page()
		if err != nil {
			http.Error(w, "the page cannot be shown; /openapi.yaml has what it says", http.StatusInternalServerError)
			return
		}
		static("text/html; charset=utf-8", content).ServeHTTP(w, r)
	}))
	mux.Handle("GET /docs/page.css", static("text/css; charset=utf-8", style))
	mux.Handle("GET /openapi.yaml", static("application/yaml; charset=utf-8", openAPI))
	mux.Handle("GET /asyncapi.yaml", static("application/yaml; charset=utf-8", asyncAPI))
}

// static serves what never changes while the process runs.
func static(contentType string, content []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		header := w.Header()
		header.Set("Content-Type", contentType)
		header.Set("Content-Length", strconv.Itoa(len(content)))
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-cache")
		_, _ = w.Write(content)
	})
}
