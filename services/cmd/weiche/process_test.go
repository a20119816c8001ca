package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"weiche/services/simulator"
)

// expect checks an exit code and that something is said on stderr.
func (r ran) expect(t *testing.T, code int, says ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d\n%s", r.code, code, r.stderr)
	}
	for _, words := range says {
		if !strings.Contains(r.stderr, words) {
			t.Errorf("stderr says nothing of %q:\n%s", words, r.stderr)
		}
	}
}

// played returns a data folder in which the demo has been played and that nobody
// uses any more.
func played(t *testing.T) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	r := weiche(t, "demo", "--once", "--data", data)
	r.expect(t, exitOK)
	if !strings.Contains(r.stdout, "All is as it should be.") {
		t.Fatalf("the demo does not say that all is right:\n%s", r.stdout)
	}
	return data
}

func TestExitCodesOfAFolder(t *testing.T) {
	data := played(t)
	missing := filepath.Join(t.TempDir(), "missing")

	r := weiche(t, "verify", "--data", data)
	r.expect(t, exitOK)
	if !strings.Contains(r.stdout, "all right") {
		t.Errorf("verify says %q", r.stdout)
	}
	for _, args := range [][]string{
		{"verify", "--data", missing},
		{"events", "--data", missing},
		{"view", "timeline", "c", "--data", missing},
		{"projections", "rebuild", "--data", missing},
	} {
		weiche(t, args...).expect(t, exitNotFound, "there is no data in "+missing)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a command that reads has made the folder that was missing")
	}
	weiche(t, "events", "--data", data, "conversation-nobody").expect(t, exitNotFound, "stream conversation-nobody of account demo")
	weiche(t, "view", "timeline", "nobody", "--data", data).expect(t, exitNotFound, "nobody of account demo")
	weiche(t, "projections", "rebuild", "--data", data).expect(t, exitOK)

	for _, args := range [][]string{
		{"nonsense"},
		{"serve", "--nonsense"},
		{"verify", "one too many"},
		{"setup"},
		{"view", "channel", "c", "--data", data}, // without --integration
		{"projections", "rebuild", "nonsense", "--data", data},
		{"events", "nonsense", "--data", data}, // no category
		{"events", "--limit", "many", "--data", data},
		{"demo", "--once", "--fault", "nonsense"},
		{"demo", "--once", "--data", data}, // holds a log already
	} {
		if r := weiche(t, args...); r.code != exitUsage || !strings.HasPrefix(r.stderr, "weiche: ") {
			t.Errorf("weiche %v: exit code %d, want %d\n%s", args, r.code, exitUsage, r.stderr)
		}
	}
}

// TestMasterKeyElsewhere keeps the master key out of the folder: every command that
// opens it takes the file by flag or by variable, and does without neither.
func TestMasterKeyElsewhere(t *testing.T) {
	data := played(t)
	master := filepath.Join(t.TempDir(), "master.key")
	if err := os.Rename(filepath.Join(data, "keyring", "master.key"), master); err != nil {
		t.Fatal(err)
	}
	opens := 0
	var each func(cmd *cobra.Command)
	each = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			each(sub)
		}
		// Set-up asks a server and opens nothing.
		if !cmd.Runnable() || cmd.Flag("data") == nil || cmd.Name() == "setup" {
			return
		}
		if opens++; cmd.Flag(flagMasterKey) == nil {
			t.Errorf("%s opens a data folder and has no --%s", cmd.CommandPath(), flagMasterKey)
		}
	}
	if each(newRootCommand()); opens < 15 {
		t.Errorf("only %d commands open a data folder", opens)
	}
	for _, args := range [][]string{{"quarantine", "list"}, {"view", "route", "nobody"}, {"verify"}} {
		args = append(args, "--data", data)
		weiche(t, args...).expect(t, exitFailed, "master.key is missing")
		byFlag := weiche(t, append(args, "--master-key-file", master)...)
		t.Setenv(variableMasterKey, master)
		byVariable := weiche(t, args...)
		t.Setenv(variableMasterKey, "")
		if byFlag.code == exitFailed || byFlag != byVariable {
			t.Errorf("weiche %v: by flag %+v, by variable %+v", args, byFlag, byVariable)
		}
	}
}

// TestExitCodesOfAFolderInUse holds a folder open by a running weiche.
func TestExitCodesOfAFolderInUse(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p, _ := serve(t, data)
	for _, args := range [][]string{
		{"serve", "--data", data, "--http", "127.0.0.1:0"},
		{"verify", "--data", data},
		{"events", "--data", data},
		{"view", "route", "c", "--data", data},
		{"projections", "rebuild", "--data", data},
	} {
		weiche(t, args...).expect(t, exitConflict, "a weiche is running on it")
	}
	p.stop(t)
	weiche(t, "verify", "--data", data).expect(t, exitOK)
}

// TestI02WithoutAKeyring takes away what lies beside the log, and the log: nothing
// is made in its place, nor shown as erased.
func TestI02WithoutAKeyring(t *testing.T) {
	data := played(t)
	empty := copied(t, data)
	for _, gone := range []string{"keyring/store", "keyring"} {
		if err := os.RemoveAll(filepath.Join(data, gone)); err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{"verify", "events", "serve"} {
			weiche(t, command, "--data", data).expect(t, exitKeyring, "is missing", "weiche restore")
		}
	}
	if _, err := os.Stat(filepath.Join(data, "keyring")); err == nil {
		t.Error("a keyring was made")
	}
	if err := os.RemoveAll(filepath.Join(empty, "log")); err != nil {
		t.Fatal(err)
	}
	weiche(t, "serve", "--data", empty).expect(t, exitFailed, "it has a keyring and no log", "weiche restore")
}

// TestI02ForeignKeyring puts a new keyring into the place of another: verify misses
// the keys, and nothing may be taken for erased.
func TestI02ForeignKeyring(t *testing.T) {
	data, other := played(t), filepath.Join(t.TempDir(), "other")
	p, _ := serve(t, other)
	p.stop(t)
	if err := errors.Join(
		os.RemoveAll(filepath.Join(data, "keyring")), os.CopyFS(filepath.Join(data, "keyring"), os.DirFS(filepath.Join(other, "keyring"))),
		os.Chmod(filepath.Join(data, "keyring", "master.key"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	weiche(t, "verify", "--data", data).expect(t, exitKeyring, "is missing, and nobody erased them")
}

// TestI02VerifyFindsAFlippedByte flips one byte of a file of the log at a time.
// Either it is found and the place is told, or nothing of what was written is
// hurt: then every event reads as before.
func TestI02VerifyFindsAFlippedByte(t *testing.T) {
	data := played(t)
	// Opening it once more puts what was written last into a table.
	weiche(t, "verify", "--data", data).expect(t, exitOK)
	logged := func(dir string) string {
		r := weiche(t, "events", "--json", "--data", dir)
		r.expect(t, exitOK)
		return r.stdout
	}
	before := logged(copied(t, data))
	tables, err := filepath.Glob(filepath.Join(data, "log", "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("the log has no table: %v", err)
	}
	table, err := filepath.Rel(data, tables[0])
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	if info, err := os.Stat(tables[0]); err == nil {
		size = int(info.Size())
	}
	found := 0
	for _, at := range []int{size / 16, size / 4, size / 2, 3 * size / 4, size - 9} {
		dir := copied(t, data)
		flip(t, filepath.Join(dir, table), at)
		r := weiche(t, "verify", "--data", dir)
		switch {
		case tellsDamage(r.code):
			found++
			if !strings.Contains(r.stderr, "corrupt") || !strings.Contains(r.stderr, filepath.Base(table)) && !strings.Contains(r.stderr, "position") {
				t.Errorf("byte %d of %s: the place is not told:\n%s", at, table, r.stderr)
			}
		case r.code == exitOK:
			if logged(dir) != before {
				t.Errorf("byte %d of %s is flipped, the events differ, and verify says nothing", at, table)
			}
		default:
			t.Errorf("byte %d of %s: exit code %d\n%s", at, table, r.code, r.stderr)
		}
	}
	if found < 3 {
		t.Errorf("%d flips of 5 were found", found)
	}

	// A log that was killed has what it wrote last in the write-ahead log. The
	// mark outside of Pebble knows that it is missing.
	dir := killed(t)
	logs, err := filepath.Glob(filepath.Join(dir, "log", "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("no write-ahead log: %v", err)
	}
	weiche(t, "verify", "--data", copied(t, dir)).expect(t, exitOK)
	text, err := os.ReadFile(logs[0])
	if err != nil {
		t.Fatal(err)
	}
	place := bytes.Index(text, []byte("weiche.event.v1.AccountConfigured"))
	if place < 0 {
		place = bytes.Index(text, []byte("weiche.event.v1."))
	}
	if place < 0 {
		t.Fatal("the write-ahead log holds no event")
	}
	flip(t, logs[0], place)
	for _, command := range []string{"verify", "serve"} {
		args := []string{command, "--data", dir}
		if command == "serve" {
			args = append(args, "--http", "127.0.0.1:0")
		}
		weiche(t, args...).expect(t, 15, "corrupt", "weiche restore --from BACKUP")
	}
}

// tellsDamage says whether an exit code is one of a damaged log.
func tellsDamage(code int) bool {
	for _, d := range damages {
		if d.code == code {
			return true
		}
	}
	return false
}

// killed returns the folder of a weiche that was killed after it had set an
// account up.
func killed(t *testing.T) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	p, url := serve(t, data)
	weiche(t, "setup", setupIn(t, goodSetup), "--data", data, "--url", url).expect(t, exitOK)
	p.kill()
	return data
}

// copied copies a data folder.
func copied(t *testing.T, data string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "data")
	err := filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(data, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// flip changes one bit of a file.
func flip(t *testing.T, path string, at int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[at] ^= 0x10
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

const goodSetup = `
account: shop
name: Blue Shop
bound_elsewhere: move
apps:
  - id: wa
    channel: whatsapp
    provider_app_id: "100001"
    app_secret_file: app.secret
    verify_token: verify
integrations:
  - id: whatsapp
    channel: whatsapp
    app: wa
    provider_account_id: "200001"
    address: "15550100001"
    access_token: token
widgets:
  - id: shop
    site: shop.example
    origins: [https://shop.example]
    languages: [en, de]
    confirmation: prompt
    code_lifetime: 20m
    offers: [whatsapp]
agents:
  - id: kim
    name: Kim
`

// setupIn writes a set-up file, with the secret that it names beside it.
func setupIn(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"setup.yaml": text, "app.secret": "the app's secret\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "setup.yaml")
}

func TestSetup(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p, url := serve(t, data)
	setup := func(text string) ran { return weiche(t, "setup", setupIn(t, text), "--data", data, "--url", url) }

	first := setup(goodSetup)
	first.expect(t, exitOK)
	token, err := os.ReadFile(filepath.Join(data, "tokens", "shop.kim"))
	if err != nil || len(token) < 20 {
		t.Fatalf("the agent's token: %q, %v", token, err)
	}
	if !strings.Contains(first.stdout, url+"/webhooks/whatsapp/wa") || strings.Contains(first.stdout, strings.TrimSpace(string(token))) {
		t.Errorf("setup says\n%s", first.stdout)
	}
	for _, bad := range []struct{ name, from, to, says string }{
		{"unknown key", "    site: shop.example", "    sight: shop.example", "field sight not found"},
		{"bad enum", "confirmation: prompt", "confirmation: maybe", `widget "shop": confirmation: "maybe" is none of both, immediate, prompt, user_activity`},
		{"bad policy", "bound_elsewhere: move", "bound_elsewhere: stay", `bound_elsewhere: "stay" is none of`},
		{"no account", "account: shop", "", "account is missing"},
		{"no time", "code_lifetime: 20m", "code_lifetime: long", "long"},
		{"no YAML", "account: shop", "account: [", "yaml"},
		{"two secrets", "app_secret_file: app.secret", "app_secret_file: app.secret\n    app_secret: other", `app "wa": a secret is given directly and as a file`},
		{"missing secret", "app_secret_file: app.secret", "app_secret_file: nowhere", "nowhere"},
	} {
		text := strings.Replace(goodSetup, bad.from, bad.to, 1)
		if text == goodSetup {
			t.Fatalf("%s: nothing is bad", bad.name)
		}
		t.Run(bad.name, func(t *testing.T) { setup(text).expect(t, exitUsage, "setup.yaml: ", bad.says) })
	}
	t.Run("empty", func(t *testing.T) { setup("").expect(t, exitUsage, "the file is empty") })
	t.Run("no file", func(t *testing.T) {
		weiche(t, "setup", filepath.Join(t.TempDir(), "none.yaml"), "--data", data, "--url", url).expect(t, exitNotFound, "none.yaml")
	})
	t.Run("refused", func(t *testing.T) {
		// The file is in order and what it asks for is not.
		setup(strings.Replace(goodSetup, "    app: wa\n", "    app: other\n", 1)).expect(t, exitFailed, "other")
	})
	again := setup(goodSetup)
	again.expect(t, exitOK)
	if again.stdout != first.stdout {
		t.Errorf("the same again says\n%s\nand not\n%s", again.stdout, first.stdout)
	}
	p.stop(t)

	r := weiche(t, "events", "--data", data)
	r.expect(t, exitOK)
	events := strings.Count(r.stdout, "\n")
	if events == 0 || strings.Contains(r.stdout, "the app's secret") {
		t.Fatalf("the log after the set-up:\n%s", r.stdout)
	}
	// Once more after a restart: the log stays as it is.
	p, url = serve(t, data)
	setup(goodSetup).expect(t, exitOK)
	p.stop(t)
	if after := weiche(t, "events", "--data", data); after.stdout != r.stdout {
		t.Errorf("the same set-up changed the log from\n%s\nto\n%s", r.stdout, after.stdout)
	}
}

// TestSimulatorProcess shows that the simulator takes a file and refuses a bad one.
func TestSimulatorProcess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "simulator.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"people": [{"name": "Ana"}]}`)
	p, address := begin(t, `simulator on (\S+)`, "simulator", "--http", "127.0.0.1:0", "--config", file)
	a := &actors{providers: address}
	var people struct{ People []simulator.Person }
	if err := a.simulate(t.Context(), "GET", "/sim/people", nil, &people); err != nil {
		t.Fatal(err)
	}
	if len(people.People) != 1 || people.People[0].Name != "Ana" {
		t.Errorf("people %v", people)
	}
	p.stop(t)
	write(`{"persons": []}`)
	weiche(t, "simulator", "--http", "127.0.0.1:0", "--config", file).expect(t, exitUsage, `unknown field "persons"`, file)
	weiche(t, "simulator", "--http", "127.0.0.1:0", "--config", file+"x").expect(t, exitNotFound, fmt.Sprintf("%sx", file))
}
