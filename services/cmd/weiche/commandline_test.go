package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weiche/eventstore"
	"weiche/projections"
	"weiche/services/keyring"
)

// TestCommandLine says what is wrong with a command line in words that help: which
// command is meant, and how one is called.
func TestCommandLine(t *testing.T) {
	for line, says := range map[string]string{
		"serv":                      `unknown command "serv" for "weiche"`,
		"quarantine lst":            `unknown command "lst" for "weiche quarantine"; is list meant?`,
		"admin key creat till":      `unknown command "creat" for "weiche admin key"; is create meant?`,
		"config nothing-like-it":    `unknown command "nothing-like-it" for "weiche config"`,
		"erase":                     "it is called as weiche erase CUSTOMER",
		"view timeline one another": "it is called as weiche view timeline CONVERSATION",
	} {
		weiche(t, strings.Fields(line)...).Expect(t, exitUsage, says)
	}
	// A group alone shows what it has.
	if r := weiche(t, "quarantine"); r.Code != exitOK || !strings.Contains(r.Stdout, "Available Commands:") {
		t.Errorf("weiche quarantine: %+v", r)
	}
}

// TestErrorsAreForPeople says errors in the words of the documentation: a package is
// nothing that an operator knows.
func TestErrorsAreForPeople(t *testing.T) {
	for want, err := range map[string]error{
		"log: folder is in use: data":   fmt.Errorf("%w: data", eventstore.ErrLocked),
		"c1 of account shop: not found": fmt.Errorf("c1 of account shop: %w", projections.ErrNotFound),
		"keyring: closed":               errors.Join(keyring.ErrClosed),
		"verify: views: closed":         connect.NewError(connect.CodeInternal, "verify: "+projections.ErrClosed.Error()),
	} {
		if got := saying(err); got != want {
			t.Errorf("%q is said as %q", err, got)
		}
	}
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	r := weiche(t, "backup", "verify", nowhere)
	r.Expect(t, exitNotFound, "there is no backup there: not found")
	if strings.Contains(r.Stderr, "eventstore") {
		t.Errorf("backup verify says %q", r.Stderr)
	}
}

// TestCount says one of a thing otherwise than several.
func TestCount(t *testing.T) {
	for want, n := range map[string]uint64{"0 identities": 0, "1 identity": 1, "2 identities": 2} {
		if got := count(n, "identity", "identities"); got != want {
			t.Errorf("%d are %q", n, got)
		}
	}
}

// TestCompletion has a shell complete the values of flags that take certain words, and
// finds no word for a flag that no command has.
func TestCompletion(t *testing.T) {
	for line, want := range map[string]string{
		"serve --roles ":                "adapters router api egress :6",
		"serve --roles router,api,":     "router,api,adapters router,api,egress :6",
		"serve --log-level ":            "debug info warn error :4",
		"webhook decode --channel ":     "instagram messenger whatsapp :4",
		"view inbox --channel ":         "instagram messenger whatsapp widget :4",
		"view inbox --status ":          "open closed :4",
		"admin key create --scopes set": "conversations:read conversations:write customers:read",
		"verify --data ":                ":16",
	} {
		args := strings.Split(line, " ")
		r := weiche(t, append([]string{"__complete"}, args...)...)
		r.Expect(t, exitOK)
		if got := strings.Join(strings.Fields(r.Stdout), " "); !strings.HasPrefix(got, want) {
			t.Errorf("%q is completed with %q, and not %q", line, got, want)
		}
	}
	left := flagValues()
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) { delete(left, flag.Name) })
		cmd.PersistentFlags().VisitAll(func(flag *pflag.Flag) { delete(left, flag.Name) })
		for _, sub := range cmd.Commands() {
			look(sub)
		}
	}
	look(newRootCommand())
	for name := range left {
		t.Errorf("no command has a flag --%s", name)
	}
}

// TestEveryCommandIsExplained looks at the help of each command: it says what the
// command is for, each flag what it is, and a command that takes arguments or opens
// something has an example.
func TestEveryCommandIsExplained(t *testing.T) {
	commands := 0
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			if sub.Name() == "help" || sub.Name() == "completion" {
				continue
			}
			commands++
			if sub.Short == "" || strings.HasSuffix(sub.Short, ".") {
				t.Errorf("%s is explained as %q", sub.CommandPath(), sub.Short)
			}
			group := sub.HasSubCommands()
			if !group && sub.Example == "" && sub.Name() != "version" {
				t.Errorf("%s has no example", sub.CommandPath())
			}
			for _, line := range strings.Split(sub.Example, "\n") {
				if line != "" && !strings.Contains(line, "weiche") {
					t.Errorf("%s has as an example %q", sub.CommandPath(), line)
				}
			}
			if strings.Contains(sub.UsageString(), "[])") {
				t.Errorf("%s prints an empty default:\n%s", sub.CommandPath(), sub.UsageString())
			}
			look(sub)
		}
	}
	look(newRootCommand())
	if commands < 30 {
		t.Fatalf("%d commands were looked at", commands)
	}
}

// TestWhereOthersReachIt has links and addresses that others are given begin with the
// public address, and those for this machine with its own.
func TestWhereOthersReachIt(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p, _ := serve(t, data, "--public-url", "https://chat.shop.example")
	r := weiche(t, "setup", setupIn(t, goodSetup), "--data", data)
	r.Expect(t, exitOK)
	if !strings.Contains(r.Stdout, "https://chat.shop.example/webhooks/whatsapp/wa") {
		t.Errorf("setup says\n%s", r.Stdout)
	}
	link := []string{"admin", "login-link", "kim", "--account", "shop", "--data", data}
	if r := weiche(t, link...); r.Code != exitOK || !strings.HasPrefix(r.Stdout, "https://chat.shop.example/login/") {
		t.Errorf("login-link: %+v", r)
	}
	weiche(t, "admin", "login-link", "nobody", "--account", "shop", "--data", data).Expect(t, exitNotFound, "not there")
	weiche(t, "admin", "key", "create", "till", "--scopes", "all", "--account", "shop", "--data", data).
		Expect(t, exitUsage, "conversations:read, conversations:write")
	p.Stop(t)

	p, url := serve(t, data)
	if r := weiche(t, link...); r.Code != exitOK || !strings.HasPrefix(r.Stdout, url+"/login/") {
		t.Errorf("login-link without a public address: %+v", r)
	}
	p.Stop(t)
	// --url is enough where the folder does not say it, as that of a router alone.
	if err := os.Remove(urlFile(data)); err != nil {
		t.Fatal(err)
	}
	weiche(t, link...).Expect(t, exitNotFound, "--url says it")
	weiche(t, append(link, "--url", url)...).Expect(t, exitFailed, "connection refused")
}
