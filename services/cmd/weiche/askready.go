package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"weiche/services/setting"
)

// errNotReady is returned by weiche ready for a server that cannot do its work.
var errNotReady = errors.New("the server is not ready")

// askWithin is how long a server that is asked whether it is ready has.
const askWithin = 5 * time.Second

func newReadyCommand() *cobra.Command {
	var admin setting.Address
	cmd := &cobra.Command{
		Use:   "ready",
		Short: "Ask a running weiche whether it can do its work",
		Long: `Prints what GET /readyz of the admin address says, and ends with 0 where the server
is ready and with 1 where it is not or does not answer. It is the health check of the
container. The address is that of weiche serve here, by the same settings.`,
		Example: `  weiche ready
  weiche ready --admin 127.0.0.1:9081`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return askReady(cmd.Context(), admin, cmd.OutOrStdout())
		},
	}
	takesSettings(cmd, func(s settings, _ setting.Read) { admin = s.Admin }, "admin")
	return cmd
}

// askReady asks the server at an admin address.
func askReady(ctx context.Context, admin setting.Address, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	host, port, err := net.SplitHostPort(string(admin))
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // all addresses of the machine, this one among them
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotReady, err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(out, io.LimitReader(answer.Body, 1<<20)); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return errNotReady
	}
	return nil
}
