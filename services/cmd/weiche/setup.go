package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"connectrpc.com/connect/v2"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/setting"
)

func newSetupCommand() *cobra.Command {
	var data, url string
	cmd := &cobra.Command{
		Use:   "setup FILE",
		Short: "Set an account up from a YAML file",
		Long: `Makes an account of a running weiche what the file says: apps, integrations,
widgets, agents. What the file does not name stays as it is; the same file again
changes nothing. The tokens of the agents are written to tokens/ in the data
folder. docs/setup.example.yaml has all that a file can say.`,
		Example: `  weiche setup shop.yaml --data ./data`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			account, setup, err := parseSetup(text, filepath.Dir(args[0]))
			if err != nil {
				return usageError{fmt.Errorf("%s: %w", args[0], err)}
			}
			url, token, err := runningServer(url, data)
			if err != nil {
				return err
			}
			tokens, err := applySetup(cmd.Context(), url, token, account, setup)
			if err != nil {
				return err
			}
			for _, agent := range tokens {
				path := filepath.Join(data, "tokens", account+"."+agent.GetAgentId())
				if err := writeToken(path, agent.GetToken()); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "agent %s: token in %s\n", agent.GetAgentId(), path)
			}
			for _, app := range setup.GetApps() {
				if _, ours := readers()[app.GetChannel()]; !ours {
					// What comes in over it is brought by an adapter of its own.
					continue
				}
				fmt.Fprintf(cmd.OutOrStdout(), "app %s: webhook address %s/webhooks/%s/%s\n", app.GetId(), publicURL(data, url), app.GetChannel(), app.GetId())
			}
			return nil
		},
	}
	takesSettings(cmd, func(s settings, _ setting.Read) { data = s.Data }, "data")
	cmd.Flags().StringVar(&url, "url", "", "where weiche serves, if not as the data folder says")
	return cmd
}

// applySetup hands a set-up to a running weiche.
func applySetup(ctx context.Context, url, token, account string, setup *ingressv1.ApplySetup) ([]*adminv1.AgentToken, error) {
	answer := &adminv1.ApplySetupResponse{}
	err := call(ctx, url, "weiche.admin.v1.AdminService/ApplySetup", token,
		&adminv1.ApplySetupRequest{AccountId: account, Setup: setup}, answer)
	return answer.GetAgentTokens(), err
}

// call calls a unary RPC with JSON, as curl would.
func call(ctx context.Context, url, procedure, token string, ask, answer proto.Message) error {
	body, err := protojson.Marshal(ask)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(url, "/")+"/"+procedure, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if dial := (*net.OpError)(nil); errors.As(err, &dial) && dial.Op == "dial" {
		return fmt.Errorf("no weiche serves at %s: %w", url, dial)
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 16<<20))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		var refusal struct {
			Code    connect.Code
			Message string
		}
		if json.Unmarshal(text, &refusal) == nil && refusal.Message != "" {
			return connect.NewError(refusal.Code, refusal.Message)
		}
		return fmt.Errorf("%s: %s: %s", procedure, response.Status, bytes.TrimSpace(text))
	}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(text, answer)
}
