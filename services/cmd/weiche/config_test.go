package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weiche/services/egress"
	"weiche/services/setting"
)

// TestConfigIsWrittenDown compares what the settings say of themselves with what lies
// in the repository.
func TestConfigIsWrittenDown(t *testing.T) {
	for command, file := range map[string]string{"env": ".env.example", "doc": "docs/settings.md"} {
		printed := weiche(t, "config", command)
		printed.Expect(t, exitOK)
		text, err := os.ReadFile("../../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(text), printed.Stdout); diff != "" {
			t.Errorf("%s is not what weiche config %s prints: run make generate\n%s", file, command, diff)
		}
	}
}

// TestConfigDefault reads the printed file of settings as it is, and with every
// comment taken away that hides a setting.
func TestConfigDefault(t *testing.T) {
	printed := weiche(t, "config", "default").Stdout
	open := strings.NewReplacer("\n# http: ", "\nhttp: ", "\n# pace:\n#   whatsapp: ", "\npace:\n  whatsapp: 1").Replace(printed)
	if open == printed {
		t.Fatalf("no http and pace in\n%s", printed)
	}
	for text, says := range map[string]string{
		printed: "all right", open: "http = 127.0.0.1:8080",
	} {
		file := filepath.Join(t.TempDir(), "weiche.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := weiche(t, "config", "check", "--config", file)
		r.Expect(t, exitOK)
		if !strings.Contains(r.Stdout, says) {
			t.Errorf("nothing of %q in\n%s", says, r.Stdout)
		}
	}
}

// TestConfigCheck says what is wrong, with its place, as serve does.
func TestConfigCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "weiche.yaml")
	if err := os.WriteFile(file, []byte("http: :0\nadmn: :8081\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WEICHE_LOG_LEVEL", "loud")
	t.Setenv("WEICHE_PROXY", "10.0.0.1")
	for _, command := range [][]string{{"config", "check"}, {"serve"}, {"verify"}} {
		args := append(command, "--config", file)
		weiche(t, args...).Expect(t, exitUsage, file+":2: admn: there is no such setting",
			`WEICHE_LOG_LEVEL: "loud" is none of debug, info, warn, error`, "WEICHE_PROXY: there is no such setting; is WEICHE_PROXIES meant?")
	}
	t.Setenv("WEICHE_LOG_LEVEL", "")
	t.Setenv("WEICHE_PROXY", "")
	os.Unsetenv("WEICHE_PROXY")
	weiche(t, "config", "check", "--pace", "letter=3").Expect(t, exitUsage, `there is no channel "letter"`)
	weiche(t, "config", "check", "--public-url", "ftp://chat.example").Expect(t, exitUsage, "public-url")
	weiche(t, "config", "check", "--media", "media").Expect(t, exitUsage, "media: \"media\" is neither an absolute path nor s3://bucket")
	t.Setenv("WEICHE_ADMIN", "")
	t.Setenv("WEICHE_NATS_URL", "nats://weiche:geheim@nats")
	r := weiche(t, "config", "check", "--pace", "whatsapp=3", "--proxies=10.0.0.0/8,::1")
	r.ExpectLines(t, exitOK, "proxies = 10.0.0.0/8,::1 (--proxies)\n", "nats-url = [redacted] (WEICHE_NATS_URL)\n", "pace = whatsapp=3 (--pace)\n", "all right")
	weiche(t, "config", "check", "--config", file+"x").Expect(t, exitUsage, "weiche.yamlx")
}

// TestDataOfTheEnvironment lets a command find the folder that serve would.
func TestDataOfTheEnvironment(t *testing.T) {
	data := filepath.Join(t.TempDir(), "elsewhere")
	t.Setenv("WEICHE_DATA", data)
	for _, command := range [][]string{{"verify"}, {"events"}, {"view", "route", "c"}, {"quarantine", "list"}} {
		weiche(t, command...).Expect(t, exitNotFound, "there is no data in "+data)
	}
}

// TestUsualPaces compares the paces that are written down with those that hold where
// nobody says anything.
func TestUsualPaces(t *testing.T) {
	var s settings
	if _, err := settingsTable().Read(&s, setting.Sources{}); err != nil {
		t.Fatal(err)
	}
	usual := map[string]int{}
	for name, pace := range egress.DefaultPaces() {
		usual[name] = int(pace.Sends)
	}
	if diff := cmp.Diff(usual, s.Pace); diff != "" {
		t.Error(diff)
	}
}
