package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"weiche/services/programtest"
	"weiche/services/simulator"
)

// played returns a data folder in which the demo has been played and that nobody
// uses any more.
func played(t *testing.T) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	r := weiche(t, "demo", "--once", "--data", data)
	r.Expect(t, exitOK)
	if !strings.Contains(r.Stdout, "All is as it should be.") {
		t.Fatalf("the demo does not say that all is right:\n%s", r.Stdout)
	}
	if r.Stderr != "" {
		t.Errorf("where all is right, the demo complains:\n%s", r.Stderr)
	}
	return data
}

func TestExitCodesOfAFolder(t *testing.T) {
	data := played(t)
	missing := filepath.Join(t.TempDir(), "missing")

	r := weiche(t, "verify", "--data", data)
	r.Expect(t, exitOK)
	if !strings.Contains(r.Stdout, "all right") {
		t.Errorf("verify says %q", r.Stdout)
	}
	for _, args := range [][]string{
		{"verify", "--data", missing},
		{"events", "--data", missing},
		{"view", "timeline", "c", "--data", missing},
		{"projections", "rebuild", "--data", missing},
	} {
		weiche(t, args...).Expect(t, exitNotFound, "there is no data in "+missing)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a command that reads has made the folder that was missing")
	}
	weiche(t, "events", "--data", data, "conversation-nobody").Expect(t, exitNotFound, "stream conversation-nobody of account demo")
	// The second record of a stream alone, as the workspace gives the command for one.
	all := weiche(t, "events", "--data", data, "--json", "account-demo")
	all.Expect(t, exitOK)
	one := weiche(t, "events", "--data", data, "--account", "demo", "--after", "1", "--limit", "1", "--json", "account-demo")
	one.Expect(t, exitOK)
	if records := strings.SplitAfter(all.Stdout, "\n"); len(records) < 3 || one.Stdout != records[1] {
		t.Errorf("the record after version 1 is %s, not the second of\n%s", one.Stdout, all.Stdout)
	}
	weiche(t, "view", "timeline", "nobody", "--data", data).Expect(t, exitNotFound, "nobody of account demo")
	weiche(t, "projections", "rebuild", "--data", data).Expect(t, exitOK)

	for _, args := range [][]string{
		{"nonsense"},
		{"serve", "--nonsense"},
		{"verify", "one too many"},
		{"quarantine", "lst"},
		{"admin", "--account", "demo", "keys"},
		{"setup"},
		{"view", "channel", "c", "--data", data}, // without --integration
		{"projections", "rebuild", "nonsense", "--data", data},
		{"events", "nonsense", "--data", data}, // no category
		{"events", "--limit", "many", "--data", data},
		{"demo", "--once", "--fault", "nonsense"},
		{"demo", "--once", "--data", data}, // holds a log already
	} {
		if r := weiche(t, args...); r.Code != exitUsage || !strings.HasPrefix(r.Stderr, "weiche: ") {
			t.Errorf("weiche %v: exit code %d, want %d\n%s", args, r.Code, exitUsage, r.Stderr)
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
		// These ask a server and open nothing.
		asks := cmd.Name() == "setup" || cmd.Name() == "ready" || strings.HasPrefix(cmd.CommandPath(), "weiche admin ")
		if !cmd.Runnable() || cmd.Flag("data") == nil || asks {
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
		weiche(t, args...).Expect(t, exitFailed, "master.key is missing")
		byFlag := weiche(t, append(args, "--master-key-file", master)...)
		t.Setenv("WEICHE_MASTER_KEY_FILE", master)
		byVariable := weiche(t, args...)
		t.Setenv("WEICHE_MASTER_KEY_FILE", "")
		if byFlag.Code == exitFailed || byFlag != byVariable {
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
		weiche(t, args...).Expect(t, exitConflict, "a weiche is running on it")
	}
	p.Stop(t)
	weiche(t, "verify", "--data", data).Expect(t, exitOK)
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
			weiche(t, command, "--data", data).Expect(t, exitKeyring, "is missing", "weiche restore")
		}
	}
	if _, err := os.Stat(filepath.Join(data, "keyring")); err == nil {
		t.Error("a keyring was made")
	}
	if err := os.RemoveAll(filepath.Join(empty, "log")); err != nil {
		t.Fatal(err)
	}
	weiche(t, "serve", "--data", empty).Expect(t, exitFailed, "it has a keyring and no log", "weiche restore")
}

// TestI02ForeignKeyring puts a new keyring into the place of another: verify misses
// the keys, and nothing may be taken for erased.
func TestI02ForeignKeyring(t *testing.T) {
	data, other := played(t), filepath.Join(t.TempDir(), "other")
	p, _ := serve(t, other)
	p.Stop(t)
	if err := errors.Join(
		os.RemoveAll(filepath.Join(data, "keyring")), os.CopyFS(filepath.Join(data, "keyring"), os.DirFS(filepath.Join(other, "keyring"))),
		os.Chmod(filepath.Join(data, "keyring", "master.key"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	weiche(t, "verify", "--data", data).Expect(t, exitKeyring, "is missing, and nobody erased them")
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
	setup := func(text string) programtest.Ran {
		return weiche(t, "setup", setupIn(t, text), "--data", data, "--url", url)
	}

	first := setup(goodSetup)
	first.Expect(t, exitOK)
	token, err := os.ReadFile(filepath.Join(data, "tokens", "shop.kim"))
	if err != nil || len(token) < 20 {
		t.Fatalf("the agent's token: %q, %v", token, err)
	}
	if !strings.Contains(first.Stdout, url+"/webhooks/whatsapp/wa") || strings.Contains(first.Stdout, strings.TrimSpace(string(token))) {
		t.Errorf("setup says\n%s", first.Stdout)
	}
	for _, bad := range []struct{ name, from, to, says string }{
		{"unknown key", "    site: shop.example", "    sight: shop.example", "there is no field sight"},
		{"another form", "confirmation: prompt", "confirmation: [prompt]", "of another form"},
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
		t.Run(bad.name, func(t *testing.T) { setup(text).Expect(t, exitUsage, "setup.yaml: ", bad.says) })
	}
	t.Run("empty", func(t *testing.T) { setup("").Expect(t, exitUsage, "the file is empty") })
	t.Run("no file", func(t *testing.T) {
		weiche(t, "setup", filepath.Join(t.TempDir(), "none.yaml"), "--data", data, "--url", url).Expect(t, exitNotFound, "none.yaml")
	})
	t.Run("refused", func(t *testing.T) {
		// The file is in order and what it asks for is not.
		setup(strings.Replace(goodSetup, "    app: wa\n", "    app: other\n", 1)).Expect(t, exitUsage, "other")
	})
	again := setup(goodSetup)
	again.Expect(t, exitOK)
	if again.Stdout != first.Stdout {
		t.Errorf("the same again says\n%s\nand not\n%s", again.Stdout, first.Stdout)
	}
	p.Stop(t)

	r := weiche(t, "events", "--data", data)
	r.Expect(t, exitOK)
	events := strings.Count(r.Stdout, "\n")
	if events == 0 || strings.Contains(r.Stdout, "the app's secret") {
		t.Fatalf("the log after the set-up:\n%s", r.Stdout)
	}
	// Once more after a restart: the log stays as it is.
	p, url = serve(t, data)
	setup(goodSetup).Expect(t, exitOK)
	p.Stop(t)
	if after := weiche(t, "events", "--data", data); after.Stdout != r.Stdout {
		t.Errorf("the same set-up changed the log from\n%s\nto\n%s", r.Stdout, after.Stdout)
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
	p, address := programtest.Begin(t, `simulator on (\S+)`, program(t), "simulator", "--http", "127.0.0.1:0", "--config", file)
	a := &actors{providers: address}
	var people struct{ People []simulator.Person }
	if err := a.simulate(t.Context(), "GET", "/sim/people", nil, &people); err != nil {
		t.Fatal(err)
	}
	if len(people.People) != 1 || people.People[0].Name != "Ana" {
		t.Errorf("people %v", people)
	}
	p.Stop(t)
	write(`{"persons": []}`)
	weiche(t, "simulator", "--http", "127.0.0.1:0", "--config", file).Expect(t, exitUsage, `unknown field "persons"`, file)
	weiche(t, "simulator", "--http", "127.0.0.1:0", "--config", file+"x").Expect(t, exitNotFound, fmt.Sprintf("%sx", file))
}
