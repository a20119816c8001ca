package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
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
folder.`,
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

// setupFile is the form of a set-up file.
type setupFile struct {
	Account        string `yaml:"account"`
	Name           string `yaml:"name"`
	BoundElsewhere string `yaml:"bound_elsewhere"`
	Apps           []struct {
		ID              string   `yaml:"id"`
		Channel         string   `yaml:"channel"`
		ProviderAppID   string   `yaml:"provider_app_id"`
		AppSecret       string   `yaml:"app_secret"`
		AppSecretFile   string   `yaml:"app_secret_file"`
		AppSecrets      []string `yaml:"app_secrets"`
		VerifyToken     string   `yaml:"verify_token"`
		VerifyTokenFile string   `yaml:"verify_token_file"`
	} `yaml:"apps"`
	Integrations []struct {
		ID                string `yaml:"id"`
		Channel           string `yaml:"channel"`
		App               string `yaml:"app"`
		ProviderAccountID string `yaml:"provider_account_id"`
		Address           string `yaml:"address"`
		Name              string `yaml:"name"`
		PageID            string `yaml:"page_id"`
		BusinessAccountID string `yaml:"business_account_id"`
		HumanAgent        bool   `yaml:"human_agent"`
		AccessToken       string `yaml:"access_token"`
		AccessTokenFile   string `yaml:"access_token_file"`
	} `yaml:"integrations"`
	Widgets []struct {
		ID               string        `yaml:"id"`
		Site             string        `yaml:"site"`
		Origins          []string      `yaml:"origins"`
		Languages        []string      `yaml:"languages"`
		Confirmation     string        `yaml:"confirmation"`
		CodeLifetime     time.Duration `yaml:"code_lifetime"`
		SilentDisconnect bool          `yaml:"silent_disconnect"`
		Offers           []string      `yaml:"offers"`

		NewConversationAfter time.Duration `yaml:"new_conversation_after"`
		// VisitorKeys are nil where the file does not say which there are: they stay.
		VisitorKeys *[]struct {
			ID         string `yaml:"id"`
			Secret     string `yaml:"secret"`
			SecretFile string `yaml:"secret_file"`
		} `yaml:"visitor_keys"`
		SignedVisitorsOnly bool            `yaml:"signed_visitors_only"`
		Appearance         *appearanceFile `yaml:"appearance"`
	} `yaml:"widgets"`
	Agents []struct {
		ID    string `yaml:"id"`
		Name  string `yaml:"name"`
		Role  string `yaml:"role"`
		Login string `yaml:"login"`
	} `yaml:"agents"`
}

// parseSetup reads a set-up file. Files that it names are looked for beside it.
func parseSetup(text []byte, beside string) (account string, setup *ingressv1.ApplySetup, err error) {
	var file setupFile
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		if errors.Is(err, io.EOF) {
			return "", nil, errors.New("the file is empty")
		}
		return "", nil, err
	}
	if file.Account == "" {
		return "", nil, errors.New("account is missing")
	}
	setup = &ingressv1.ApplySetup{Name: file.Name}
	policy, err := enumValue(eventv1.BoundElsewhere_value, "BOUND_ELSEWHERE_", "bound_elsewhere", file.BoundElsewhere)
	if err != nil {
		return "", nil, err
	}
	setup.BoundElsewhere = eventv1.BoundElsewhere(policy)
	for _, app := range file.Apps {
		secret, err := secretOf(beside, app.AppSecret, app.AppSecretFile)
		if err != nil {
			return "", nil, fmt.Errorf("app %q: %w", app.ID, err)
		}
		verify, err := secretOf(beside, app.VerifyToken, app.VerifyTokenFile)
		if err != nil {
			return "", nil, fmt.Errorf("app %q: %w", app.ID, err)
		}
		secrets := app.AppSecrets
		if secret != "" {
			secrets = append([]string{secret}, secrets...)
		}
		setup.Apps = append(setup.Apps, &ingressv1.AppSetup{
			Id: app.ID, Channel: app.Channel, ProviderAppId: app.ProviderAppID, AppSecrets: secrets, VerifyToken: verify,
		})
	}
	for _, i := range file.Integrations {
		token, err := secretOf(beside, i.AccessToken, i.AccessTokenFile)
		if err != nil {
			return "", nil, fmt.Errorf("integration %q: %w", i.ID, err)
		}
		setup.Integrations = append(setup.Integrations, &ingressv1.IntegrationSetup{
			Id: i.ID, Channel: i.Channel, AppId: i.App, ProviderAccountId: i.ProviderAccountID,
			Address: i.Address, Name: i.Name, PageId: i.PageID, AccessToken: token,
			BusinessAccountId: i.BusinessAccountID, HumanAgent: i.HumanAgent,
		})
	}
	for _, w := range file.Widgets {
		confirmation, err := enumValue(eventv1.Confirmation_value, "CONFIRMATION_", "confirmation", w.Confirmation)
		if err != nil {
			return "", nil, fmt.Errorf("widget %q: %w", w.ID, err)
		}
		appearance, err := w.Appearance.read()
		if err != nil {
			return "", nil, fmt.Errorf("widget %q: %w", w.ID, err)
		}
		widget := &ingressv1.WidgetSetup{
			Id: w.ID, Site: w.Site, Origins: w.Origins, Languages: w.Languages,
			Confirmation:     eventv1.Confirmation(confirmation),
			SilentDisconnect: w.SilentDisconnect, Offers: w.Offers,
			SignedVisitorsOnly: w.SignedVisitorsOnly, KeepVisitorKeys: w.VisitorKeys == nil,
			Appearance: appearance,
		}
		if w.VisitorKeys != nil {
			for _, key := range *w.VisitorKeys {
				secret, err := secretOf(beside, key.Secret, key.SecretFile)
				if err != nil {
					return "", nil, fmt.Errorf("widget %q: %w", w.ID, err)
				}
				widget.VisitorKeys = append(widget.VisitorKeys, &ingressv1.VisitorKeySetup{Id: key.ID, Secret: secret})
			}
		}
		if w.NewConversationAfter != 0 {
			widget.NewConversationAfter = durationpb.New(w.NewConversationAfter)
		}
		if w.CodeLifetime != 0 {
			widget.CodeLifetime = durationpb.New(w.CodeLifetime)
		}
		setup.Widgets = append(setup.Widgets, widget)
	}
	for _, agent := range file.Agents {
		role, err := enumValue(eventv1.Role_value, "ROLE_", "role", agent.Role)
		if err != nil {
			return "", nil, fmt.Errorf("agent %q: %w", agent.ID, err)
		}
		setup.Agents = append(setup.Agents, &ingressv1.AgentSetup{
			Id: agent.ID, Name: agent.Name, Role: eventv1.Role(role), Login: agent.Login,
		})
	}
	return file.Account, setup, nil
}

// enumValue reads a word of an enum; empty is the unspecified one.
func enumValue(values map[string]int32, prefix, field, word string) (int32, error) {
	if word == "" {
		return 0, nil
	}
	value, ok := values[prefix+strings.ToUpper(word)]
	if !ok || value == 0 {
		var known []string
		for name, number := range values {
			if number != 0 {
				known = append(known, strings.ToLower(strings.TrimPrefix(name, prefix)))
			}
		}
		return 0, fmt.Errorf("%s: %q is none of %s", field, word, strings.Join(slices.Sorted(slices.Values(known)), ", "))
	}
	return value, nil
}

// secretOf returns a secret that is given directly or in a file.
func secretOf(beside, direct, file string) (string, error) {
	if file == "" {
		return direct, nil
	}
	if direct != "" {
		return "", errors.New("a secret is given directly and as a file")
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(beside, file)
	}
	text, err := os.ReadFile(file)
	return strings.TrimSpace(string(text)), err
}
