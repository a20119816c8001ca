package main

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	"weiche/services/api"
	"weiche/services/setting"
)

// administrator calls AdminService of a running weiche with the token in its folder.
type administrator struct{ data, url, account string }

// call calls one of its procedures.
func (a *administrator) call(cmd *cobra.Command, procedure string, ask, answer proto.Message) error {
	url, token, err := runningServer(a.url, a.data)
	if err != nil {
		return err
	}
	a.url = url
	return call(cmd.Context(), url, "weiche.admin.v1.AdminService/"+procedure, token, ask, answer)
}

// runningServer returns where a weiche serves, as --url says it or else the data
// folder, and the administrator's token, which is in the folder of the router.
func runningServer(named, data string) (url, token string, err error) {
	if url = named; url == "" {
		if url, err = readToken(urlFile(data)); err != nil {
			return "", "", fmt.Errorf("no weiche has said in %s where it serves; --url says it: %w", data, err)
		}
	}
	if token, err = readToken(tokenFile(data)); err != nil {
		return "", "", fmt.Errorf("there is no administrator's token in %s: %w", data, err)
	}
	return strings.TrimSuffix(url, "/"), token, nil
}

func newAdminCommand() *cobra.Command {
	a := &administrator{}
	cmd := &cobra.Command{
		Use:   "admin",
		Short: "Make login links, passwords and API keys, and list who may come in",
		Long: `Makes login links, passwords and API keys in an account of a running weiche, and
lists them with agents and sessions. It uses the administrator's token in the data
folder.`,
		Example: `  weiche admin login-link eva --account shop --data ./data`,
	}
	cmd.PersistentFlags().StringVar(&a.account, "account", "", "the account; has to be named")
	cmd.PersistentFlags().StringVar(&a.url, "url", "", "where weiche serves, if not as the data folder says")
	for _, sub := range []*cobra.Command{
		a.loginLink(), a.password(), a.agents(), a.sessions(), a.key(),
	} {
		cmd.AddCommand(sub)
	}
	return cmd
}

// ready completes a subcommand with the settings that it takes.
func (a *administrator) ready(cmd *cobra.Command) *cobra.Command {
	takesSettings(cmd, func(s settings, _ setting.Read) { a.data = s.Data }, "data")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if a.account == "" {
			return usageError{fmt.Errorf("--account is missing")}
		}
		return run(cmd, args)
	}
	return cmd
}

func (a *administrator) loginLink() *cobra.Command {
	return a.ready(&cobra.Command{
		Use: "login-link AGENT", Short: "Print a link by which an agent logs in once, within an hour", Args: cobra.ExactArgs(1),
		Long: `Prints a link by which an agent logs in once, within an hour. It begins with the
public-url of the server, where it has one.`,
		Example: `  weiche admin login-link eva --account shop`,
		RunE: func(cmd *cobra.Command, args []string) error {
			link := &adminv1.MakeLoginLinkResponse{}
			err := a.call(cmd, "MakeLoginLink", &adminv1.MakeLoginLinkRequest{
				AccountId: a.account, AgentId: args[0], ClientToken: rand.Text(),
			}, link)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), publicURL(a.data, a.url)+link.GetPath())
			return nil
		},
	})
}

func (a *administrator) password() *cobra.Command {
	return a.ready(&cobra.Command{
		Use: "password AGENT", Short: "Give an agent a password, asked for or read from standard input", Args: cobra.ExactArgs(1),
		Long: `Gives an agent a password of 12 to 128 characters: asked for twice at a terminal,
the first line of standard input otherwise. All sessions of the agent end.`,
		Example: `  weiche admin password eva --account shop < password.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			plain, err := readPassword(cmd)
			if err != nil {
				return err
			}
			return a.call(cmd, "SetPassword", &adminv1.SetPasswordRequest{
				AccountId: a.account, AgentId: args[0], Password: plain, ClientToken: rand.Text(),
			}, &adminv1.SetPasswordResponse{})
		},
	})
}

// readPassword reads a password: hidden and twice from a terminal.
func readPassword(cmd *cobra.Command) (string, error) {
	in, ok := cmd.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 4096)).ReadString('\n')
		if err != nil && err != io.EOF {
			return "", err
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	var said [2]string
	for at, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(cmd.ErrOrStderr(), prompt)
		text, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(cmd.ErrOrStderr())
		if err != nil {
			return "", err
		}
		said[at] = string(text)
	}
	if said[0] != said[1] {
		return "", usageError{fmt.Errorf("the two are not the same")}
	}
	return said[0], nil
}

func (a *administrator) agents() *cobra.Command {
	return a.listed("agents", "List the agents", func(agent *adminv1.AgentSettings, row func(...string)) {
		password := "no password"
		if agent.GetHasPassword() {
			password = "password"
		}
		row(agent.GetAgent().GetAgentId(), agent.GetAgent().GetName(),
			strings.ToLower(strings.TrimPrefix(agent.GetAgent().GetRole().String(), "ROLE_")),
			agent.GetLogin(), password, count(len(agent.GetSessions()), "session", "sessions"))
	})
}

func (a *administrator) sessions() *cobra.Command {
	return a.listed("sessions", "List the sessions of the agents", func(agent *adminv1.AgentSettings, row func(...string)) {
		for _, session := range agent.GetSessions() {
			row(session.GetSessionId(), agent.GetAgent().GetAgentId(), "opened "+moment(session.GetOpenedAt()), "ends "+moment(session.GetExpiresAt()))
		}
	})
}

// listed is a command that prints rows of each agent.
func (a *administrator) listed(use, short string, rows func(agent *adminv1.AgentSettings, row func(...string))) *cobra.Command {
	return a.ready(&cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		Example: "  weiche admin " + use + " --account shop",
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := &adminv1.ListAgentsResponse{}
			if err := a.call(cmd, "ListAgents", &adminv1.ListAgentsRequest{AccountId: a.account}, list); err != nil {
				return err
			}
			return table(cmd, func(row func(...string)) {
				for _, agent := range list.GetAgents() {
					rows(agent, row)
				}
			})
		},
	})
}

func (a *administrator) key() *cobra.Command {
	cmd := &cobra.Command{Use: "key", Short: "Create, list and revoke API keys"}
	var scopes []string
	var lasts time.Duration
	create := a.ready(&cobra.Command{
		Use: "create NAME", Short: "Create an API key and print it, once", Args: cobra.ExactArgs(1),
		Long: `Creates an API key and prints it, this once. The scopes are

  ` + strings.Join(api.EveryScope(), "\n  "),
		Example: `  weiche admin key create till --scopes conversations:read,conversations:write --account shop
  weiche admin key create report --scopes conversations:read --lasts 720h --account shop`,
		RunE: func(cmd *cobra.Command, args []string) error {
			ask := &adminv1.CreateApiKeyRequest{AccountId: a.account, Name: args[0], Scopes: scopes, ClientToken: rand.Text()}
			if lasts > 0 {
				ask.ExpiresAt = timestamppb.New(time.Now().Add(lasts))
			}
			made := &adminv1.CreateApiKeyResponse{}
			if err := a.call(cmd, "CreateApiKey", ask, made); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), made.GetKey())
			return nil
		},
	})
	create.Flags().StringSliceVar(&scopes, "scopes", []string{"conversations:read", "conversations:write"}, "what it may do")
	create.Flags().DurationVar(&lasts, "lasts", 0, "how long it counts; for ever if 0")
	list := a.ready(&cobra.Command{
		Use: "list", Short: "List the API keys", Args: cobra.NoArgs,
		Example: `  weiche admin key list --account shop`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := &adminv1.ListApiKeysResponse{}
			if err := a.call(cmd, "ListApiKeys", &adminv1.ListApiKeysRequest{AccountId: a.account}, list); err != nil {
				return err
			}
			return table(cmd, func(row func(...string)) {
				for _, key := range list.GetApiKeys() {
					row(key.GetKeyId(), key.GetName(), strings.Join(key.GetScopes(), ","), "made "+moment(key.GetCreatedAt()), "used "+date(key.GetUsedAt()), "ends "+moment(key.GetExpiresAt()))
				}
			})
		},
	})
	revoke := a.ready(&cobra.Command{
		Use: "revoke KEY", Short: "End an API key", Args: cobra.ExactArgs(1),
		Example: `  weiche admin key revoke 0123456789ab --account shop`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd, "RevokeApiKey", &adminv1.RevokeApiKeyRequest{
				AccountId: a.account, KeyId: args[0], ClientToken: rand.Text(),
			}, &adminv1.RevokeApiKeyResponse{})
		},
	})
	cmd.AddCommand(create, list, revoke)
	return cmd
}

// table prints rows in columns.
func table(cmd *cobra.Command, fill func(row func(...string))) error {
	out := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fill(func(columns ...string) {
		for at := range columns {
			if columns[at] == "" {
				columns[at] = "-"
			}
		}
		fmt.Fprintln(out, strings.Join(slices.Clip(columns), "\t"))
	})
	return out.Flush()
}

// moment is a time as these lists show it.
func moment(at *timestamppb.Timestamp) string {
	if at == nil {
		return "never"
	}
	return shownTime(at.AsTime())
}

// date is a day, of which no more is known.
func date(at *timestamppb.Timestamp) string {
	if at == nil {
		return "never"
	}
	return at.AsTime().Format(time.DateOnly)
}
