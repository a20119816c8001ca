package setting_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"weiche/services/setting"
)

// sample has a setting of every kind.
type sample struct {
	Name    string          `name:"name" default:"ours" is:"what it is called"`
	Open    bool            `name:"open" is:"whether it is open"`
	Count   int             `name:"count" default:"3" is:"how many"`
	Wait    time.Duration   `name:"wait" default:"10s" is:"how long"`
	Most    setting.Size    `name:"most-bytes" default:"1MiB" is:"how large"`
	HTTP    setting.Address `name:"http" default:"127.0.0.1:8080" is:"where"`
	URL     setting.URL     `name:"url" is:"the way there"`
	Tags    []string        `name:"tags" oneof:"red,green,blue" is:"its colours"`
	Proxies []netip.Prefix  `name:"proxies" is:"who stands before it"`
	Pace    map[string]int  `name:"pace" default:"a=1,b=2" is:"how fast"`
	Token   string          `name:"token" secret:"true" is:"what nobody sees"`
	Untold  string          // is no setting
}

func table() setting.Table { return setting.Of[sample]("TRY_") }

// usual is what a sample is where nobody says anything.
func usual() sample {
	return sample{
		Name: "ours", Count: 3, Wait: 10 * time.Second, Most: 1 << 20, HTTP: "127.0.0.1:8080",
		Pace: map[string]int{"a": 1, "b": 2},
	}
}

func flags(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	set := pflag.NewFlagSet("try", pflag.ContinueOnError)
	table().AddFlags(set)
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return set
}

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "try.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestUsual(t *testing.T) {
	var got sample
	read, err := table().Read(&got, setting.Sources{Flags: flags(t), Environ: []string{"HOME=/", "TRY=1", "TRYING_X=1"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(usual(), got, cmp.AllowUnexported(sample{}), prefixes); diff != "" {
		t.Error(diff)
	}
	if len(read.From) > 0 {
		t.Errorf("nobody said anything, and yet: %v", read.From)
	}
}

var prefixes = cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })

// TestOrder sets everything in a file, some of it in the environment, and some of
// that by flags.
func TestOrder(t *testing.T) {
	name := file(t, `
# by the file
name: filed
open: true
count: 4
wait: 1m30s
most_bytes: 2GiB
http: :80
url: https://file.example
tags: [red, green]
proxies: [10.0.0.7/8, "fd00::1"]
pace: {a: 10, c: 30}
token: filed
`)
	secret := file(t, "from a file\n")
	var got sample
	read, err := table().Read(&got, setting.Sources{
		File:    name,
		Environ: []string{"TRY_CONFIG=" + name, "TRY_NAME=said", "TRY_TOKEN_FILE=" + secret, "TRY_PACE=a=11,d=40", "TRY_COUNT=5", "TRY_WAIT="},
		Flags:   flags(t, "--count=6", "--pace", "d=41", "--pace=e=50, f=60", "--open=false", "--tags", "blue"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := sample{
		Name: "said", Count: 6, Wait: 90 * time.Second, Most: 2 << 30, HTTP: ":80", URL: "https://file.example",
		Tags: []string{"blue"}, Token: "from a file",
		Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::1/128")},
		Pace:    map[string]int{"a": 11, "b": 2, "c": 30, "d": 41, "e": 50, "f": 60},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(sample{}), prefixes); diff != "" {
		t.Error(diff)
	}
	for name, from := range map[string]string{
		"count": "--count", "name": "TRY_NAME", "token": "TRY_TOKEN_FILE", "wait": name + ":6: wait",
	} {
		if read.From[name] != from {
			t.Errorf("%s comes from %q, not %q", name, from, read.From[name])
		}
	}
	var said strings.Builder
	table().WriteSaid(&said, read)
	if strings.Contains(said.String(), "from a file") || !strings.Contains(said.String(), "token = [redacted] (TRY_TOKEN_FILE)") {
		t.Errorf("a secret in\n%s", &said)
	}
}

func TestWrong(t *testing.T) {
	const none = "there is no such setting"
	for _, tc := range []struct {
		name, environ, file string
		says                []string
	}{
		{name: "unknown variable", environ: "TRY_HTPP=:1", says: []string{"TRY_HTPP: " + none + "; is TRY_HTTP meant?"}},
		{name: "unknown variable, nothing near", environ: "TRY_XYZXYZXYZXYZ=1", says: []string{"TRY_XYZXYZXYZXYZ: " + none}},
		{name: "nearly the file of settings", environ: "TRY_CONFG=x", says: []string{"is TRY_CONFIG meant?"}},
		{name: "unknown key", file: "\nmax_bytes: 3", says: []string{"try.yaml:2: max_bytes: " + none + "; is most_bytes meant?"}},
		{name: "all that is wrong", file: "count: many\nopne: true", environ: "TRY_WAIT=10", says: []string{
			`try.yaml:1: count: "many" is no whole number`, "try.yaml:2: opne: " + none + "; is open meant?", `TRY_WAIT: "10" is no duration such as`,
		}},
		{name: "twice in the file", file: "count: 1\ncount: 2", says: []string{"try.yaml:2: count: it is set twice"}},
		{name: "variable and file", environ: "TRY_NAME=a TRY_NAME_FILE=/b", says: []string{"TRY_NAME_FILE: TRY_NAME is set, too"}},
		{name: "file of a variable is missing", environ: "TRY_NAME_FILE=/nowhere/at/all", says: []string{"TRY_NAME_FILE: open /nowhere/at/all"}},
		{name: "address", environ: "TRY_HTTP=8080", says: []string{`TRY_HTTP: "8080" is no address to listen on`}},
		{name: "port", environ: "TRY_HTTP=:99999", says: []string{`":99999" is no address to listen on`}},
		{name: "size", environ: "TRY_MOST_BYTES=5x", says: []string{`"5x" is no size`}},
		{name: "size past all", environ: "TRY_MOST_BYTES=99999999999TiB", says: []string{"is no size"}},
		{name: "negative", environ: "TRY_WAIT=-1s", says: []string{"is no duration"}},
		{name: "url", environ: "TRY_URL=user:geheim@host", says: []string{"TRY_URL: this is no address with a scheme"}},
		{name: "bool", environ: "TRY_OPEN=yes", says: []string{`"yes" is neither true nor false`}},
		{name: "word", environ: "TRY_TAGS=red,gren", says: []string{`"gren" is none of red, green, blue; is green meant?`}},
		{name: "network", environ: "TRY_PROXIES=10.0.0.0/33", says: []string{`"10.0.0.0/33" is no network`}},
		{name: "map", environ: "TRY_PACE=a", says: []string{`TRY_PACE: "a" is not name=number`}},
		{name: "number in a map", file: "pace: {a: x}", says: []string{`try.yaml:1: pace: a: "x" is no whole number`}},
		{name: "list for one", file: "count: [1]", says: []string{"try.yaml:1: count: this is a number, written as one"}},
		{name: "list for a map", file: "pace: [1]", says: []string{"written as one"}},
		{name: "nothing", file: "count:", says: []string{"it has no value"}},
		{name: "no settings", file: "- a", says: []string{"try.yaml:1: a file of settings has name: value"}},
		{name: "no YAML", file: "a: [", says: []string{"yaml"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sources := setting.Sources{Environ: strings.Fields(tc.environ)}
			if tc.file != "" {
				sources.File = file(t, tc.file)
			}
			got := usual()
			_, err := table().Read(&got, sources)
			if err == nil {
				t.Fatal("nothing is wrong")
			}
			for _, words := range tc.says {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("nothing of %q in\n%v", words, err)
				}
			}
			if strings.Contains(err.Error(), "geheim") {
				t.Errorf("a password in %v", err)
			}
			if lines := strings.Count(err.Error(), "\n") + 1; lines != len(tc.says) && tc.name != "no YAML" {
				t.Errorf("%d lines:\n%v", lines, err)
			}
			if diff := cmp.Diff(usual(), got, cmp.AllowUnexported(sample{}), prefixes); diff != "" {
				t.Errorf("something was set:\n%s", diff)
			}
		})
	}
}

// TestServices passes over what Kubernetes and Docker say of a service that is called
// like the program.
func TestServices(t *testing.T) {
	told := []string{
		"TRY_SERVICE_HOST=10.0.0.1", "TRY_SERVICE_PORT=80", "TRY_SERVICE_PORT_HTTP=80", "TRY_PORT=tcp://10.0.0.1:80",
		"TRY_PORT_80_TCP=tcp://10.0.0.1:80", "TRY_PORT_80_TCP_ADDR=10.0.0.1", "TRY_API_PORT_80_TCP_PROTO=tcp", "TRY_API_SERVICE_HOST=10.0.0.1",
	}
	var got sample
	if _, err := table().Read(&got, setting.Sources{Environ: told}); err != nil {
		t.Error(err)
	}
	if _, err := table().Read(&got, setting.Sources{Environ: []string{"TRY_PORT=80"}}); err == nil {
		t.Error("a variable that somebody has set passes for one of a service")
	}
}

// TestPrinted reads what is printed as a file and as variables, once the signs of
// comments are taken away: it is what is usual.
func TestPrinted(t *testing.T) {
	table := table()
	for name, write := range map[string]func(*strings.Builder){
		"file":    func(b *strings.Builder) { table.WriteFile(b) },
		"environ": func(b *strings.Builder) { table.WriteEnviron(b) },
	} {
		t.Run(name, func(t *testing.T) {
			var printed strings.Builder
			write(&printed)
			var lines []string
			for line := range strings.Lines(printed.String()) {
				line = strings.TrimRight(line, "\n")
				bare := strings.TrimPrefix(line, "# ")
				key, _, _ := strings.Cut(bare, " ")
				switch {
				case line == "":
				case !strings.HasPrefix(line, "#"):
					t.Errorf("not commented out: %q", line)
				case name == "environ" && strings.HasPrefix(bare, "TRY_"):
					lines = append(lines, bare)
				case name == "file" && (strings.HasSuffix(key, ":") || strings.HasPrefix(bare, "  ")):
					lines = append(lines, bare)
				}
			}
			sources := setting.Sources{Environ: lines}
			if name == "file" {
				sources = setting.Sources{File: file(t, strings.Join(lines, "\n"))}
			}
			if len(lines) < len(table.Settings) {
				t.Errorf("%d settings in %d lines:\n%s", len(table.Settings), len(lines), &printed)
			}
			var got sample
			if _, err := table.Read(&got, sources); err != nil {
				t.Fatal(err)
			}
			got.Tags, got.Proxies = nil, nil // none, as said
			if diff := cmp.Diff(usual(), got, cmp.AllowUnexported(sample{}), prefixes); diff != "" {
				t.Error(diff)
			}
		})
	}
	var doc strings.Builder
	table.WriteTable(&doc)
	for _, want := range []string{"| `--most-bytes` | `TRY_MOST_BYTES` | `most_bytes` | size | `1MiB` | how large |"} {
		if !strings.Contains(doc.String(), want) {
			t.Errorf("nothing of %s in\n%s", want, &doc)
		}
	}
}

// TestHelp says each default once.
func TestHelp(t *testing.T) {
	set := pflag.NewFlagSet("try", pflag.ContinueOnError)
	table().AddFlags(set)
	help := set.FlagUsages()
	for _, want := range []string{"--pace name=number,...   how fast (default a=1,b=2)\n", "--open", "its colours\n"} {
		if !strings.Contains(help, want) {
			t.Errorf("nothing of %q in\n%s", want, help)
		}
	}
	if strings.Contains(help, "[]") {
		t.Errorf("an empty list in\n%s", help)
	}
	if err := set.Parse([]string{"--wait=long"}); err == nil || !strings.Contains(err.Error(), `"--wait" flag: "long" is no duration`) {
		t.Errorf("a bad flag: %v", err)
	}
	if err := set.Parse([]string{"--open"}); err != nil {
		t.Errorf("--open alone: %v", err)
	}
}
