package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The shop that customers of the comparisons write to.
const (
	account     = "bench"
	appID       = "bench-app"
	integration = "wa"
	phoneID     = "2001"
	appSecret   = "an app secret of the benchmark"
	agent       = "ben"
	webhookPath = "/webhooks/whatsapp/" + appID
)

const shop = `account: bench
name: Bench
apps:
  - {id: bench-app, channel: whatsapp, provider_app_id: "1001", app_secret: an app secret of the benchmark, verify_token: a verify token}
integrations:
  - {id: wa, channel: whatsapp, app: bench-app, provider_account_id: "2001", address: "15550100000", name: Shop, access_token: a token}
agents:
  - {id: ben, name: Ben}
`

// buildWeiche builds the product into a folder and returns the program.
func buildWeiche(ctx context.Context, dir string) (string, error) {
	program := filepath.Join(dir, "weiche")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", program, "weiche/services/cmd/weiche")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, text)
	}
	return program, nil
}

// startWeiche starts weiche serve on a folder.
func startWeiche(ctx context.Context, program, data string, flags ...string) (*process, error) {
	return startServer(ctx, filepath.Dir(data), program, func(address string) []string {
		return append([]string{"serve", "--data", data, "--http", address, "--admin", "127.0.0.1:0"}, flags...)
	})
}

// setUp makes the shop.
func setUp(ctx context.Context, program, data string, p *process) error {
	return setUpTeam(ctx, program, data, p, 0)
}

// setUpTeam makes the shop with so many agents beside the one that it has.
func setUpTeam(ctx context.Context, program, data string, p *process, team int) error {
	file := filepath.Join(filepath.Dir(data), "shop.yaml")
	text := []byte(shop)
	for n := range team {
		text = fmt.Appendf(text, "  - {id: %s, name: Agent %d}\n", member(n), n)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "setup", file, "--data", data, "--url", "http://"+p.address)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("weiche setup: %w: %s", err, text)
	}
	return nil
}

// member is the nth of the agents beside the one.
func member(n int) string { return fmt.Sprintf("agent-%d", n) }

// authorizationOf returns the header with which an agent of the shop calls.
func authorizationOf(data, agentID string) (string, error) {
	token, err := os.ReadFile(filepath.Join(data, "tokens", account+"."+agentID))
	return "Bearer " + strings.TrimSpace(string(token)), err
}

// authorizationsOf are those of so many agents beside the one.
func authorizationsOf(data string, team int) ([]string, error) {
	out := make([]string, team)
	for n := range out {
		var err error
		if out[n], err = authorizationOf(data, member(n)); err != nil {
			return nil, err
		}
	}
	return out, nil
}
