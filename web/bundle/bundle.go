// Command bundle makes web/dist from web/src with esbuild, which is a Go package:
// of Node it needs the sources of Preact in web/node_modules and nothing more.
//
//	go run weiche/web/bundle            # web/dist, which is committed
//	go run weiche/web/bundle -gallery DIR   # the gallery of all states, for the tests
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	gallery := flag.String("gallery", "", "write the gallery into this folder instead")
	flag.Parse()
	if err := run(*gallery); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

func run(gallery string) error {
	root, into, makes := source(), "", dist
	if into = filepath.Join(root, "dist"); gallery != "" {
		into, makes = gallery, galleries
	}
	files, err := build(root, makes)
	if err != nil {
		return err
	}
	return replace(into, files)
}

// source is the folder web of this checkout.
func source() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(file))
}

// part is one bundle.
type part struct {
	// entry is the file that it begins with, below src.
	entry string
	// name is what it is called, without .js.
	name string
	// later are entries that it loads when they are needed, by their names. What they
	// and the first have in common is a file of its own.
	later map[string]string
	// format is how the script is loaded.
	format api.Format
}

// dist is what is served.
var dist = []part{
	{entry: "loader/loader.ts", name: "loader", format: api.FormatIIFE},
	{
		entry: "widget/widget.ts", name: "widget",
		later:  map[string]string{"panel": "widget/panel.tsx", "channels": "widget/channels/page.tsx", "widget-german": "widget/words.de.ts"},
		format: api.FormatESModule,
	},
	{
		entry: "workspace/main.tsx", name: "workspace", later: map[string]string{"workspace-german": "workspace/german.ts"},
		format: api.FormatESModule,
	},
	{
		entry: "admin/admin.tsx", name: "admin", later: map[string]string{"admin-preview": "admin/widgets/chat.ts"},
		format: api.FormatESModule,
	},
	{entry: "demo/demo.tsx", name: "demo", format: api.FormatESModule},
	{entry: "phone/phone.tsx", name: "phone", format: api.FormatESModule},
}

// galleries show every state of the pages, for the tests. The first draws them all; of
// the others the styles count, so that a surface has those of its own page and no others.
var galleries = []part{
	{entry: "gallery/gallery.tsx", name: "gallery", format: api.FormatESModule},
	{entry: "gallery/admin.tsx", name: "gallery-admin", format: api.FormatESModule},
	{entry: "gallery/channels.tsx", name: "gallery-channels", format: api.FormatESModule},
	{entry: "gallery/demo.tsx", name: "gallery-demo", format: api.FormatESModule},
	{entry: "gallery/inbox.tsx", name: "gallery-inbox", format: api.FormatESModule},
	{entry: "gallery/phone.tsx", name: "gallery-phone", format: api.FormatESModule},
	{entry: "gallery/thread.tsx", name: "gallery-thread", format: api.FormatESModule},
	{entry: "gallery/widget.ts", name: "gallery-widget", format: api.FormatESModule},
	{entry: "gallery/workspace.tsx", name: "gallery-workspace", format: api.FormatESModule},
}

// build returns the files that the parts give, by their names.
func build(root string, parts []part) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, p := range parts {
		entries := []api.EntryPoint{{InputPath: filepath.Join(root, "src", p.entry), OutputPath: p.name}}
		for _, name := range slices.Sorted(maps.Keys(p.later)) {
			entries = append(entries, api.EntryPoint{InputPath: filepath.Join(root, "src", p.later[name]), OutputPath: name})
		}
		options := api.BuildOptions{
			EntryPointsAdvanced: entries,
			Splitting:           len(p.later) > 0,
			ChunkNames:          p.name + "-common-[hash]", // some have more in common than others
			AbsWorkingDir:       root,
			Outdir:              filepath.Join(root, "dist"),
			Bundle:              true,
			Format:              p.format,
			Target:              api.ES2022,
			MinifyWhitespace:    true,
			MinifyIdentifiers:   true,
			MinifySyntax:        true,
			LegalComments:       api.LegalCommentsNone,
			JSX:                 api.JSXAutomatic,
			JSXImportSource:     "preact",
			Plugins:             []api.Plugin{stylesInScript()},
			Charset:             api.CharsetASCII,
		}
		result := api.Build(options)
		if len(result.Errors) > 0 || len(result.Warnings) > 0 {
			return nil, errors.New(strings.Join(api.FormatMessages(append(result.Errors, result.Warnings...), api.FormatMessagesOptions{}), "\n"))
		}
		for _, file := range result.OutputFiles {
			files[filepath.Base(file.Path)] = file.Contents
		}
	}
	notices, err := licences(root)
	files["licences.txt"] = notices
	return files, err
}

// licences returns the texts that have to go with what is in the bundles and not ours.
func licences(root string) ([]byte, error) {
	var all bytes.Buffer
	for _, name := range []string{"preact", "jsqr"} {
		text, err := os.ReadFile(filepath.Join(root, "node_modules", name, "LICENSE"))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&all, "%s\n\n%s\n\n", name, bytes.TrimSpace(text))
	}
	return all.Bytes(), nil
}

// stylesInScript makes of a style sheet that is imported with { type: "text" } its text
// without what only people need, for adoptedStyleSheets.
func stylesInScript() api.Plugin {
	return api.Plugin{Name: "styles in script", Setup: func(build api.PluginBuild) {
		build.OnLoad(api.OnLoadOptions{Filter: `\.css$`}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			if args.With["type"] != "text" {
				return api.OnLoadResult{}, nil
			}
			result := api.Build(api.BuildOptions{
				EntryPoints: []string{args.Path}, Bundle: true, MinifyWhitespace: true, MinifySyntax: true, Target: api.ES2022,
			})
			if len(result.Errors) > 0 {
				return api.OnLoadResult{Errors: result.Errors}, nil
			}
			text := strings.TrimSpace(string(result.OutputFiles[0].Contents))
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderText}, nil
		})
	}}
}

// replace makes the folder hold these files and no others.
func replace(folder string, files map[string][]byte) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	there, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range there {
		if _, stays := files[entry.Name()]; !stays {
			if err := os.Remove(filepath.Join(folder, entry.Name())); err != nil {
				return err
			}
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
