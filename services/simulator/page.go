package simulator

import (
	_ "embed"
	"io/fs"
	"mime"
	"net/http"
	"path"

	"weiche/web"
)

//go:embed page.html
var page []byte

// pagePolicy lets the page load what comes from here and nothing else.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// showPage answers with the page of the phones, which moves them by the control API.
func showPage(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-cache")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", pagePolicy)
	_, _ = w.Write(page)
}

// addPage adds the page of the phones to a mux, and the bundles that it loads.
func addPage(mux *http.ServeMux) error {
	mux.HandleFunc("GET /sim/{$}", showPage)
	for _, name := range []string{"phone.js", "phone.css"} {
		content, err := fs.ReadFile(web.Files(), name)
		if err != nil {
			return err
		}
		mux.HandleFunc("GET /sim/"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
			w.Header().Set("Cache-Control", "no-cache")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			_, _ = w.Write(content)
		})
	}
	return nil
}
