package importmap

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// area is one row of the map. A pattern ends in /... where it means a folder
// and all below it; of several rows that match, the longest is the package's
// own. Packages of one area may import each other.
type area struct {
	packages string
	is       string
	may      []string // what of ours it may import
	tests    []string // what its tests may import beyond that and the harnesses
}

// areas is the map.
var areas = []area{
	{packages: proto, is: "the published language, nothing else"},
	{packages: schema, is: "stored events of every version, read as today's; knows generated code alone", may: []string{generated}},
	{packages: eventstore, is: "the append-only log; knows no event, its record format is its own"},
	{packages: projections, is: "pure folds and their storage; never the conversation", may: []string{eventstore, proto}},

	{packages: capability, is: "what each channel can show, and what it gets instead; pure", may: []string{proto}},
	{packages: conversation, is: "the pure core: see coreImports and coreSelectors", may: []string{proto, capability}},
	{
		packages: story, is: "the harness that plays stories on a stage",
		may: []string{conversation, projections, eventstore, proto}, tests: []string{everything},
	},
	{packages: directory, is: "the set-up of all accounts in memory, from whatever source", may: []string{channel, proto}},
	{packages: "weiche/services/query/...", is: "what the router knows, asked and answered between processes", may: []string{directory, projections, blob, broker, keyring, channel, proto}, tests: []string{everything}},
	{packages: public, is: "what is told of what is stored; pure", may: []string{proto}},
	{packages: stream, is: "the hub of a process: what happens, told to whoever follows it", may: []string{broker, public, proto}, tests: []string{router, conversation, eventstore}},
	{packages: router, is: "the shell around the core: takes, decides, appends, answers, relays", may: []string{conversation, capability, eventstore, broker, channel, directory, keyring, public, proto}},
	{packages: broker, is: "NATS: every stream, subject and durable name", may: []string{channel, proto}},

	{packages: channel, is: "the contract of an adapter", may: []string{proto}},
	{packages: channeltest, is: "what every channel has to keep", may: []string{channel, capability, proto}},
	{packages: meta, is: "what the three Meta channels share", may: []string{channel, capability, broker, blob, proto}},
	{packages: widget, is: "a channel of our own: sessions, links, codes", may: []string{channel, keyring, proto}},
	{packages: "weiche/services/whatsapp/...", is: "a channel", may: adapter},
	{packages: "weiche/services/messenger/...", is: "a channel", may: adapter},
	{packages: "weiche/services/instagram/...", is: "a channel", may: adapter},
	{
		packages: "weiche/services/echo/...", is: "the channel of docs/writing-a-channel.md, part of no program",
		may: []string{channel, proto}, tests: []string{everything},
	},

	{
		packages: egress, is: "the sender: claims, one attempt each, outcomes",
		may: []string{channel, capability, broker, blob, keyring, proto}, tests: []string{router, conversation, eventstore},
	},
	{packages: "weiche/services/watch/...", is: "looks after integrations: health, subscriptions, webhooks", may: []string{channel, proto}},
	{
		packages: api, is: "Connect handlers; reads through queries, never from a store's folder",
		may:   []string{broker, channel, capability, widget, "weiche/services/password", blob, keyring, projections, public, reference, stream, proto},
		tests: []string{router, directory, conversation, eventstore},
	},
	{
		packages: "weiche/services/operations/...", is: "what an operator does to a whole installation",
		may: []string{router, conversation, eventstore, projections, blob, keyring, channel, proto}, tests: []string{everything},
	},
	{packages: blob, is: "media: sealed files, their fetching and their links", may: []string{channel, broker, keyring, proto}},
	{packages: keyring, is: "the keys that erasure destroys", may: []string{channel, pebblelog}},
	{packages: "weiche/services/simulator/...", is: "the Graph API and three phones; shares no code with the product it tests, and of weiche/web, which holds files alone, shows the page of the phones", may: []string{proto, "weiche/web"}},

	{packages: "weiche/services/password", is: "argon2id; knows nobody"},
	{
		packages: "weiche/services/metrics/...", is: "what happens, as numbers for Prometheus",
		may: []string{api, channel, egress, blob, meta, router, proto},
	},
	{packages: reference, is: "the OpenAPI and its page; knows no service", tests: []string{proto}},
	{packages: "weiche/services/pages", is: "the pages as files and how browsers may load them; knows no service", may: []string{"weiche/web"}},
	{packages: "weiche/web", is: "the bundles, part of the binary"},
	{packages: "weiche/web/bundle", is: "makes the bundles; part of no program"},
	{packages: setting, is: "reads how a program shall run from flags, environment and file; knows no setting"},
	{packages: programs, is: "the harness that runs real programs"},
	{packages: "weiche/services/importmap", is: "this map"},
	{packages: "weiche/services/cmd/weiche/...", is: "the one binary", may: []string{everything}},
}

const (
	everything   = "weiche/..."
	proto        = "weiche/proto/..."
	generated    = "weiche/proto/gen/..."
	schema       = "weiche/proto/schema/..."
	eventstore   = "weiche/eventstore/..."
	pebblelog    = "weiche/eventstore/pebblelog"
	projections  = "weiche/projections/..."
	conversation = "weiche/services/conversation/..."
	broker       = "weiche/services/broker/..."
	capability   = "weiche/services/capability/..."
	channel      = "weiche/services/channel/..."
	directory    = "weiche/services/directory/..."
	channeltest  = "weiche/services/channel/channeltest/..."
	meta         = "weiche/services/meta/..."
	blob         = "weiche/services/blob/..."
	keyring      = "weiche/services/keyring/..."
	router       = "weiche/services/router/..."
	story        = "weiche/services/story/..."
	stream       = "weiche/services/stream/..."
	widget       = "weiche/services/widget/..."
	public       = "weiche/services/public/..."
	setting      = "weiche/services/setting/..."
	reference    = "weiche/services/reference/..."
	api          = "weiche/services/api/..."
	egress       = "weiche/services/egress/..."
	programs     = "weiche/services/programtest/..."
)

var adapter = []string{channel, capability, meta, broker, blob, proto}

// harnesses are the packages that exist for tests; the tests of any package
// may import them.
var harnesses = []string{
	"weiche/eventstore/disktest/...",
	"weiche/eventstore/eventstoretest/...",
	channeltest,
	programs,
	"weiche/services/simulator/...",
	story,
}

// engines are the two engines that the product stands on, and the only areas
// whose code, tests aside, may open them.
var engines = map[string][]string{
	"github.com/cockroachdb/pebble/v2/...":  {eventstore, projections, keyring, story},
	"github.com/nats-io/nats-server/v2/...": {broker},
}

// coreImports is all that the code of the conversation and of what it decides
// with, tests aside, may import beside weiche/proto: nothing that knows the
// time, waits, does I/O, or answers twice differently.
var coreImports = []string{
	"bytes", "cmp", "encoding/base32", "encoding/binary", "encoding/hex", "errors", "fmt", "hash/fnv", "iter", "maps",
	"math", "math/bits", "slices", "sort", "strconv", "strings", "time", "unicode", "unicode/utf8",
	"github.com/rivo/uniseg", // where a text may be divided; holds tables alone
	"google.golang.org/protobuf/proto",
	"google.golang.org/protobuf/reflect/protoreflect",
	"google.golang.org/protobuf/types/known/durationpb",
	"google.golang.org/protobuf/types/known/timestamppb",
}

// coreSelectors says what of a package the core may name, for packages that
// hold a clock or a writer beside the values that the core needs.
var coreSelectors = map[string][]string{
	"time": {
		"Time", "Duration", "Month", "Weekday", "UTC", "Date", "Unix", "UnixMilli", "UnixMicro", "RFC3339", "RFC3339Nano",
		"Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour",
		"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
		"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
	},
	"fmt": {"Append", "Appendf", "Appendln", "Errorf", "Sprint", "Sprintf", "Sprintln", "Stringer", "GoStringer"},
	"google.golang.org/protobuf/types/known/timestamppb": {"New", "Timestamp"},
}

// nameless are words that say nothing as the name of a folder.
var nameless = []string{"common", "helpers", "models", "pkg", "shared", "types", "util", "utils"}

func TestImportMap(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	packages := list(t, root)
	if !slices.ContainsFunc(packages, func(p listed) bool { return p.ImportPath == "weiche/services/importmap" }) {
		t.Fatalf("go list work does not find this package among %d", len(packages))
	}
	for _, p := range packages {
		if p.Error != nil {
			t.Errorf("%s: %s", p.ImportPath, p.Error.Err)
		}
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.IgnoredGoFiles, p.TestGoFiles, p.XTestGoFiles) {
			file := filepath.Join(p.Dir, name)
			source, err := os.ReadFile(file)
			if err != nil {
				t.Error(err)
				continue
			}
			shown, err := filepath.Rel(root, file)
			if err != nil {
				shown = file
			}
			for _, v := range violations(p.ImportPath, shown, source) {
				t.Error(v)
			}
		}
	}
}

// TestEveryRowIsOfAPackage finds rows of the map that are of nothing any more, and folders
// of services that ARCHITECTURE.md does not name.
func TestEveryRowIsOfAPackage(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	told, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, p := range list(t, root) {
		row, _ := areaOf(p.ImportPath)
		used[row.packages] = true
		folder, ok := strings.CutPrefix(p.ImportPath, "weiche/services/")
		if folder, _, _ = strings.Cut(folder, "/"); ok && !bytes.Contains(told, []byte("| `"+folder)) && !bytes.Contains(told, []byte(", `"+folder+"`")) {
			t.Errorf("ARCHITECTURE.md does not say what services/%s is", folder)
		}
	}
	for _, row := range areas {
		if !used[row.packages] {
			t.Errorf("there is no package %s", row.packages)
		}
	}
}

// TestViolations shows that each rule can fail.
func TestViolations(t *testing.T) {
	const core, shell = "weiche/services/conversation", "weiche/services/router"
	for _, tc := range []struct {
		name, pkg, file, source string
		want                    string // part of the one violation; empty for none
	}{
		{"sibling on the row", shell, "a.go", `import _ "weiche/services/conversation"`, ""},
		{"sibling not on the row", "weiche/services/whatsapp", "a.go", `import _ "weiche/services/messenger"`, "may not import weiche/services/messenger"},
		{"adapter to router", "weiche/services/whatsapp", "a.go", `import _ "weiche/services/router"`, "may not import weiche/services/router"},
		{"own folder", "weiche/services/meta", "a.go", `import _ "weiche/services/meta/graph"`, ""},
		{"like a prefix", "weiche/services/metaphor", "a.go", ``, "not on the map"},
		{"store to anything of ours", "weiche/eventstore", "a.go", `import _ "weiche/proto/gen/weiche/event/v1"`, "may not import weiche/proto"},
		{"projection to core", "weiche/projections/inbox", "a.go", `import _ "weiche/services/conversation"`, "may not import"},
		{"api to store", "weiche/services/api", "a.go", `import _ "weiche/eventstore"`, "may not import weiche/eventstore"},
		{"watch to router", "weiche/services/watch", "a.go", `import _ "weiche/services/router"`, "may not import weiche/services/router"},
		{"main", "weiche/services/cmd/weiche", "a.go", `import _ "weiche/services/router"`, ""},
		{"off the map", "weiche/services/billing", "a.go", ``, "not on the map"},
		{"nameless folder", "weiche/services/meta/util", "a.go", ``, "says nothing"},
		{"harness in code", "weiche/services/whatsapp", "a.go", `import _ "weiche/services/simulator"`, "may not import"},
		{"harness in a test", "weiche/services/whatsapp", "a_test.go", `import _ "weiche/services/simulator"`, ""},
		{"story's code", story[:len(story)-4], "a.go", `import _ "weiche/services/egress"`, "may not import"},
		{"story's test", story[:len(story)-4], "a_test.go", `import _ "weiche/services/egress"`, ""},
		{"engine", shell, "a.go", `import _ "github.com/cockroachdb/pebble/v2/vfs"`, "may not import github.com/cockroachdb/pebble"},
		{"engine in its area", "weiche/eventstore", "a.go", `import _ "github.com/cockroachdb/pebble/v2"`, ""},
		{"core, pure", core, "a.go", `import ("strings"; "time"); var _ = strings.ToLower; const d = time.Hour`, ""},
		{"core, context", core, "a.go", `import _ "context"`, "may not import context"},
		{"core, library", core, "a.go", `import _ "github.com/oklog/ulid/v2"`, "may not import github.com/oklog/ulid/v2"},
		{"core, in a test", core, "a_test.go", `import ("context"; "time"); var _, _ = context.Background, time.Now`, ""},
		{"core, clock", core, "a.go", `import "time"; var now = time.Now`, "may not use time.Now"},
		{"core, renamed clock", core, "a.go", `import clock "time"; var now = clock.Now()`, "may not use time.Now"},
		{"core, dotted clock", core, "a.go", `import . "time"; var now = Now()`, "with a dot"},
		{"core, protobuf clock", core, "a.go", `import "google.golang.org/protobuf/types/known/timestamppb"; var now = timestamppb.Now()`, "timestamppb.Now"},
		{"core, writer", core, "a.go", `import "fmt"; func f() { fmt.Println() }`, "may not use fmt.Println"},
		{"core, goroutine", core, "a.go", `func f() { go f() }`, "goroutine"},
		{"capability, clock", "weiche/services/capability", "a.go", `import "time"; var now = time.Now`, "may not use time.Now"},
		{"clock outside the core", shell, "a.go", `import "time"; var now = time.Now`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := violations(tc.pkg, tc.file, []byte("package p; "+tc.source))
			switch {
			case tc.want == "" && len(got) > 0:
				t.Errorf("refused: %s", got)
			case tc.want != "" && (len(got) != 1 || !strings.Contains(got[0], tc.want)):
				t.Errorf("got %q, want one that has %q", got, tc.want)
			}
		})
	}
}

// listed is what the test reads of a package that go list prints.
type listed struct {
	ImportPath, Dir                                              string
	GoFiles, CgoFiles, IgnoredGoFiles, TestGoFiles, XTestGoFiles []string
	Error                                                        *struct{ Err string }
}

// list returns the packages of all modules of the workspace, also where the
// test itself runs with GOWORK=off.
func list(t *testing.T, root string) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e",
		"-json=ImportPath,Dir,GoFiles,CgoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles,Error", "work")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK="+filepath.Join(root, "go.work"))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list work: %v\n%s", err, stderr.String())
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// violations returns a line for each rule that a file of package pkg breaks.
func violations(pkg, file string, source []byte) []string {
	var found []string
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, file, source, parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	report := func(at token.Pos, format string, args ...any) {
		p := fset.Position(at)
		found = append(found, fmt.Sprintf("%s:%d: %s", p.Filename, p.Line, fmt.Sprintf(format, args...)))
	}

	own, ok := areaOf(pkg)
	if !ok {
		report(parsed.Package, "%s is not on the map: give it a row in services/importmap", pkg)
		return found
	}
	for _, folder := range strings.Split(pkg, "/") {
		if slices.Contains(nameless, folder) {
			report(parsed.Package, "%s: %q says nothing as the name of a folder", pkg, folder)
		}
	}

	test := strings.HasSuffix(file, "_test.go")
	core := matchesAny([]string{conversation, capability}, pkg) && !test
	may := append([]string{own.packages}, own.may...)
	if test {
		may = slices.Concat(may, own.tests, harnesses)
	}
	names := map[string]string{} // what the file calls the packages of coreSelectors
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			report(spec.Pos(), "%v", err)
			continue
		}
		ours := imported == "weiche" || strings.HasPrefix(imported, "weiche/")
		if ours && !matchesAny(may, imported) {
			report(spec.Pos(), "%s may not import %s", pkg, imported)
		}
		if core && !ours && !slices.Contains(coreImports, imported) {
			report(spec.Pos(), "%s is the pure core and may not import %s", pkg, imported)
		}
		for engine, owners := range engines {
			if !test && matches(engine, imported) && !matchesAny(owners, pkg) {
				report(spec.Pos(), "%s may not import %s, only %s may", pkg, imported, strings.Join(owners, ", "))
			}
		}
		if _, guarded := coreSelectors[imported]; core && guarded {
			name := path.Base(imported)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			if name == "." {
				report(spec.Pos(), "%s is the pure core and may not import %s with a dot", pkg, imported)
			}
			names[name] = imported
		}
	}
	if !core {
		return found
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			report(n.Pos(), "%s is the pure core and may not start a goroutine", pkg)
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if !ok {
				break
			}
			if imported, ok := names[x.Name]; ok && !slices.Contains(coreSelectors[imported], n.Sel.Name) {
				report(n.Pos(), "%s is the pure core and may not use %s.%s", pkg, imported, n.Sel.Name)
			}
		}
		return true
	})
	return found
}

// areaOf returns the longest row that matches pkg.
func areaOf(pkg string) (area, bool) {
	var best area
	for _, a := range areas {
		if matches(a.packages, pkg) && len(a.packages) > len(best.packages) {
			best = a
		}
	}
	return best, best.packages != ""
}

func matchesAny(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, pkg) })
}

func matches(pattern, pkg string) bool {
	folder, below := strings.CutSuffix(pattern, "/...")
	return pkg == folder || below && strings.HasPrefix(pkg, folder+"/")
}
