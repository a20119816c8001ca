// Package web holds the pages as they are served: the bundles in dist, which
// weiche/web/bundle makes from src.
package web

import (
	"embed"
	"io/fs"
)

//go:embed dist
var dist embed.FS

// Files returns the bundles: scripts, styles and the text of the licences that go
// with them, without folders.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // dist is a valid path
	}
	return files
}
