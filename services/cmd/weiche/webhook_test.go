package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	decodeText   = `{"sender":{"id":"5001"},"recipient":{"id":"4001"},"timestamp":1767225600000,"message":{"mid":"m_1","text":"hi"}}`
	decodeRead   = `{"sender":{"id":"5001"},"recipient":{"id":"4001"},"timestamp":1767225600000,"read":{"watermark":1767225600000}}`
	decodeBad    = `{"sender":{"id":"5001"},"recipient":{"id":"4001"},"timestamp":1767225600000,"message":{}}`
	decodeFuture = `{"sender":{"id":"5001"},"recipient":{"id":"4001"},"timestamp":1767225600000,"hologram":{}}`
)

// decode runs webhook decode and returns its lines.
func decode(t *testing.T, stdin string, args ...string) ([]map[string]any, error) {
	t.Helper()
	var out strings.Builder
	cmd := newWebhookCommand()
	cmd.SetArgs(append([]string{"decode"}, args...))
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.Execute()
	var lines []map[string]any
	for scan := bufio.NewScanner(strings.NewReader(out.String())); scan.Scan(); {
		var line map[string]any
		if json.Unmarshal(scan.Bytes(), &line) != nil {
			t.Fatalf("no JSON: %s", scan.Text())
		}
		lines = append(lines, line)
	}
	return lines, err
}

func page(items ...string) string {
	return `{"object":"page","entry":[{"id":"4001","messaging":[` + strings.Join(items, ",") + `]}]}`
}

func TestWebhookDecode(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good.json")
	if err := os.WriteFile(good, []byte(page(decodeText, decodeBad, decodeText, decodeRead, decodeFuture)), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := decode(t, page(decodeText), "--channel", "messenger", good, "-")
	if err != nil {
		t.Fatal(err)
	}
	const at = "2026-01-01T00:00:00Z"
	text := func(file string, index float64) map[string]any {
		return map[string]any{
			"file": file, "index": index, "kind": "inbound", "type": "text", "provider_message_id": "m_1", "time": at,
			"sender": []any{"psid:5001"}, "integration": "4001",
			"content": map[string]any{"parts": []any{map[string]any{"text": map[string]any{"body": "hi"}}}},
		}
	}
	again := text(good, 2)
	again["duplicate_of"] = 0.0
	want := []map[string]any{
		text(good, 0),
		{"file": good, "index": 1.0, "kind": "quarantined", "reason": "empty message", "time": at, "sender": []any{"psid:5001"}, "integration": "4001"},
		again,
		{
			"file": good, "index": 3.0, "kind": "receipt", "type": "status", "state": "read", "time": at, "watermark": at,
			"recipient": []any{"psid:5001"}, "integration": "4001",
		},
		{"file": good, "index": 4.0, "kind": "ignored", "type": "hologram", "integration": "4001"},
		text("-", 0), // in another file it is no duplicate
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestWebhookDecodeErrors shows that a file that is no webhook has a line and
// does not keep the others from being read.
func TestWebhookDecodeErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.json")
	got, err := decode(t, `{"object":`, "--channel", "messenger", "-", missing)
	if !errors.Is(err, errNoWebhook) {
		t.Errorf("got %v, want errNoWebhook", err)
	}
	if len(got) != 2 || got[0]["kind"] != "error" || got[0]["reason"] == "" || got[1]["kind"] != "error" || got[1]["file"] != missing {
		t.Errorf("lines %v", got)
	}
	for _, args := range [][]string{{"-"}, {"--channel", "telegram", "-"}, {"--channel", "messenger"}} {
		if lines, err := decode(t, page(decodeText), args...); err == nil || errors.Is(err, errNoWebhook) || len(lines) != 0 {
			t.Errorf("%v: %v, %v", args, lines, err)
		}
	}
}

func TestWebhookDecodeChannels(t *testing.T) {
	for channel, body := range map[string]string{
		"whatsapp":  `{"object":"whatsapp_business_account","entry":[{"id":"2000","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"2001"},"messages":[{"from":"15550100001","id":"wamid.1","timestamp":"1767225600","type":"text","text":{"body":"hi"}}]}}]}]}`,
		"messenger": page(decodeText),
		"instagram": strings.Replace(page(decodeText), `"page"`, `"instagram"`, 1),
	} {
		got, err := decode(t, body, "--channel", channel, "-")
		if err != nil || len(got) != 1 || got[0]["kind"] != "inbound" {
			t.Errorf("%s: %v, %v", channel, got, err)
		}
	}
}

// TestWebhookDecodeNames shows that the name of a file says nothing.
func TestWebhookDecodeNames(t *testing.T) {
	var files []string
	dir := t.TempDir()
	for _, name := range []string{"a.json", "instagram__echo_quarantined.json", "no name", "b.txt", "-x"} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(page(decodeText)), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	got, err := decode(t, "", append([]string{"--channel", "messenger"}, files...)...)
	if err != nil || len(got) != len(files) {
		t.Fatalf("%v, %v", got, err)
	}
	for i, line := range got {
		if line["file"] != files[i] {
			t.Errorf("line %d is of %v", i, line["file"])
		}
		line["file"] = files[0]
		if diff := cmp.Diff(got[0], line); diff != "" {
			t.Errorf("as %s it is another one:\n%s", files[i], diff)
		}
	}
}
