// Package clients_test tries public client libraries against the simulator: what
// others have written for the providers has to find the same things here. It
// needs node and npm, and fetches the libraries once.
package clients_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weiche/services/simulator"
)

// install returns a folder with the node_modules of package-lock.json, kept
// between runs.
func install(t *testing.T) string {
	t.Helper()
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	sum := sha256.Sum256(lock)
	folder := filepath.Join(cache, "weiche", "clients-"+hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(folder); err == nil {
		return folder
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(folder), "installing-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(fresh)
	for _, name := range []string{"package.json", "package-lock.json"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(fresh, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	npm.Dir = fresh
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	// Another run may have been faster, and left the same.
	if err := os.Rename(fresh, folder); err != nil {
		if _, err := os.Stat(folder); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// client is a running script and what it has said.
type client struct {
	t     *testing.T
	sim   *simulator.Simulator
	lines chan map[string]any
	said  []map[string]any
	noise *bytes.Buffer
}

func start(t *testing.T, script, token string) *client {
	t.Helper()
	modules := filepath.Join(install(t), "node_modules")
	folder := t.TempDir()
	source, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, script), source, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}

	config := simulator.Starter()
	app := config.Apps[0]
	sim, err := simulator.New(config, simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim.Handler())
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- sim.Run(ctx) }()

	c := &client{t: t, sim: sim, lines: make(chan map[string]any, 1000), noise: &bytes.Buffer{}}
	node := exec.CommandContext(ctx, "node", script)
	node.Dir = folder
	node.Env = append(os.Environ(), "SIMULATOR="+server.URL, "TOKEN="+token, "SECRET="+app.Secret, "VERIFY_TOKEN="+app.VerifyToken)
	node.Stderr = c.noise
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(c.lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			var line map[string]any
			if json.Unmarshal(scanner.Bytes(), &line) != nil {
				line = map[string]any{"event": "no JSON", "text": scanner.Text()}
			}
			c.lines <- line
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-read
		_ = node.Wait() // it was killed
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		server.Close()
	})

	address := c.hears("listening")["url"].(string)
	if err := sim.SetCallback(app.ID, address, ""); err != nil {
		t.Fatal(err)
	}
	if shake, err := sim.Verify(t.Context(), app.ID); err != nil || !shake.OK {
		t.Fatalf("handshake %+v, %v", shake, err)
	}
	return c
}

// hears waits for a line of that event.
func (c *client) hears(event string) map[string]any {
	c.t.Helper()
	timeout := time.After(time.Minute)
	for {
		select {
		case line, open := <-c.lines:
			if !open {
				c.t.Fatalf("the client ended before %q: %s\n%v", event, c.noise, c.said)
			}
			c.said = append(c.said, line)
			if line["event"] == event {
				return line
			}
		case <-timeout:
			c.t.Fatalf("the client did not say %q: %v\n%s", event, c.said, c.noise)
		}
	}
}

// told returns the line of an event that has been said.
func (c *client) told(event string) map[string]any {
	c.t.Helper()
	i := slices.IndexFunc(c.said, func(line map[string]any) bool { return line["event"] == event })
	if i < 0 {
		c.t.Fatalf("the client did not say %q: %v", event, c.said)
	}
	return c.said[i]
}

func (c *client) types(typed simulator.Typed) simulator.Message {
	c.t.Helper()
	m, err := c.sim.Send("Ana", typed)
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

func (c *client) thread(channel string) simulator.Thread {
	c.t.Helper()
	threads, err := c.sim.Threads(c.t.Context(), "Ana", simulator.ThreadQuery{Integration: channel})
	if err != nil {
		c.t.Fatal(err)
	}
	return threads.Threads[0]
}

// shown is what the phone has got of the business, in a line each.
func shown(t simulator.Thread) []string {
	var out []string
	for _, m := range t.Messages {
		if m.From == simulator.FromBusiness {
			out = append(out, fmt.Sprintf("%s %s", m.Type, m.Text))
		}
	}
	return out
}

// A WhatsApp client hears a person, checks the signature, and answers with all
// that it has; the phone shows it.
func TestWhatsAppClient(t *testing.T) {
	c := start(t, "whatsapp.mjs", simulator.Starter().Numbers[0].Token)
	asked := c.types(simulator.Typed{Integration: "whatsapp", Text: "go"})
	c.hears("done")
	want := []string{"text hello from a client", "image a picture", "template Hello Ana, your order 17 is on its way.\nBlue Shop", "interactive Go on?"}
	thread := c.thread("whatsapp")
	if diff := cmp.Diff(want, shown(thread)); diff != "" {
		t.Errorf("on the phone (-want +got):\n%s", diff)
	}
	if first := thread.Messages[0]; first.State != "read" || first.BusinessReaction != "👍" {
		t.Errorf("the person's message %+v", first)
	}
	if answer := thread.Messages[1]; answer.ReplyTo != asked.ID || thread.Messages[2].Media[0].Size != 104 {
		t.Errorf("answer %+v", answer)
	}
	keys := map[string]int{}
	for _, send := range c.sim.Sends(simulator.SendQuery{}).Sends {
		keys[send.Key] = send.Count
	}
	for _, key := range []string{"opaque:client-text", "opaque:client-image", "opaque:client-template", "opaque:client-buttons"} {
		if keys[key] != 1 {
			t.Errorf("%s was accepted %d times", key, keys[key])
		}
	}
	if e, _ := c.told("refused")["error"].(map[string]any); e["code"] != float64(132001) {
		t.Errorf("unknown template: %v", c.told("refused"))
	}
	if link, _ := c.told("qr")["deep_link_url"].(string); !strings.HasPrefix(link, "https://wa.me/message/") {
		t.Errorf("link %v", c.told("qr"))
	}

	if _, err := c.sim.Tap("Ana", simulator.Press{Integration: "whatsapp", Button: "Yes"}); err != nil {
		t.Fatal(err)
	}
	for {
		if line := c.hears("message"); line["button"] == "yes" {
			break
		}
	}
	c.types(simulator.Typed{Integration: "whatsapp", Media: &simulator.Attached{Kind: simulator.MediaImage, Data: []byte("picture")}})
	sum := sha256.Sum256([]byte("picture"))
	if line := c.hears("downloaded"); line["sha256"] != hex.EncodeToString(sum[:]) {
		t.Errorf("downloaded %v", line)
	}
	if err := c.sim.PostMalformed(simulator.Starter().Apps[0].ID, "forged"); err != nil {
		t.Fatal(err)
	}
	if line := c.hears("webhook refused"); line["status"] != float64(401) {
		t.Errorf("forged webhook: %v", line)
	}
}

// A Messenger client does the same, with its own base address and proof of its
// secret.
func TestMessengerClient(t *testing.T) {
	c := start(t, "messenger.mjs", simulator.Starter().Pages[0].Token)
	c.types(simulator.Typed{Integration: "messenger", Text: "go"})
	c.hears("done")
	want := []string{"text hello from a client", "image [image a.bin]", "image [image a.bin]", "template Go on?", "text Which?", "text a human writes"}
	thread := c.thread("messenger")
	got := shown(thread)
	for i := range got {
		got[i] = strings.Replace(got[i], "picture.jpg", "a.bin", 1)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("on the phone (-want +got):\n%s", diff)
	}
	if first := thread.Messages[0]; first.State != "read" {
		t.Errorf("the person's message %+v", first)
	}
	if line := c.told("profile"); line["firstName"] != "Ana" {
		t.Errorf("profile %v", line)
	}
	if line := c.told("refused"); !strings.Contains(fmt.Sprint(line["error"]), "100") {
		t.Errorf("removed tag %v", line)
	}
	if report := c.sim.Sends(simulator.SendQuery{}); report.Accepted != 6 {
		t.Errorf("%d sends were accepted", report.Accepted)
	}
	if _, err := c.sim.Tap("Ana", simulator.Press{Integration: "messenger", Button: "Yes"}); err != nil {
		t.Fatal(err)
	}
	if line := c.hears("postback"); line["payload"] != "YES" {
		t.Errorf("postback %v", line)
	}
	if err := c.sim.PostMalformed(simulator.Starter().Apps[0].ID, "forged"); err != nil {
		t.Fatal(err)
	}
	c.hears("webhook refused")
}
