package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	"weiche/proto/gen/weiche/admin/v1/adminv1connect"
)

func newEraseCommand() *cobra.Command {
	var data, account string
	var dryRun, yes bool
	cmd := &cobra.Command{
		Use:   "erase CUSTOMER",
		Short: "Destroy everything that a customer said and is called",
		Long: `Destroys the keys of a customer's content for ever, ends their conversations and
forgets their addresses. An identity that was moved from one customer to another
links them: what was said over it is sealed by both keys, so both go. The command
says first who and what goes, and asks.

What waits to be sent to the customer is taken back; what is being sent at this
moment cannot be. A backup holds the keys until the next one to the same place; a
restore carries the erasure out again if its keyring knows of it: that of a later
backup, or one that weiche restore is given with --keyring.

Works by the weiche that is running on the data folder, or on the folder itself.`,
		Example: `  weiche erase 01J9ZK3V5Q8W2N4R6T8Y0B1C3D --dry-run
  weiche erase 01J9ZK3V5Q8W2N4R6T8Y0B1C3D --account shop --yes`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !dryRun && !yes && !isTerminal(cmd.InOrStdin()) {
				return errNobodyAsked
			}
			out := cmd.OutOrStdout()
			return operate(cmd.Context(), data, func(ctx context.Context, of adminv1connect.OperationsServiceClient) error {
				ask := &adminv1.EraseCustomerRequest{AccountId: account, CustomerId: args[0], DryRun: true}
				goes, err := of.EraseCustomer(ctx, ask)
				if err != nil {
					return err
				}
				if len(goes.GetCustomerIds()) == 0 {
					fmt.Fprintf(out, "customer %s was erased before\n", args[0])
				}
				tellErasure(out, args[0], goes)
				if dryRun {
					return nil
				}
				if !yes && len(goes.GetCustomerIds()) > 0 {
					if err := confirmed(cmd.InOrStdin(), out); err != nil {
						return err
					}
				}
				ask.DryRun = false
				done, err := of.EraseCustomer(ctx, ask)
				if err == nil && done.GetPosition() > 0 {
					fmt.Fprintf(out, "erased, up to position %d\n", done.GetPosition())
				}
				return err
			})
		},
	}
	dataFlag(cmd, &data)
	cmd.Flags().StringVar(&account, "account", "", "the account; may be left out where there is only one")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only say what would go")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// tellErasure says what goes with a customer.
func tellErasure(out io.Writer, customer string, goes *adminv1.EraseCustomerResponse) {
	if len(goes.GetCustomerIds()) == 0 {
		return
	}
	fmt.Fprintf(out, "customer %s: %s, %s, %s\n", customer,
		count(goes.GetConversations(), "conversation", "conversations"), count(goes.GetIdentities(), "identity", "identities"), count(goes.GetKeys(), "key", "keys"))
	for _, other := range goes.GetCustomerIds() {
		if other != customer {
			fmt.Fprintf(out, "with them goes customer %s, to whom one of the identities belonged\n", other)
		}
	}
}

var errNobodyAsked = usageError{errors.New("nobody is there to be asked: say --dry-run or --yes")}

// confirmed asks whether to go on, and returns nil for a plain yes alone.
func confirmed(in io.Reader, out io.Writer) error {
	fmt.Fprint(out, "this cannot be undone; type yes to go on: ")
	switch line, err := bufio.NewReader(in).ReadString('\n'); {
	case strings.TrimSpace(line) == "yes":
		return nil
	case err != nil && line == "":
		return errNobodyAsked
	}
	return errors.New("nothing was erased")
}

// isTerminal says whether somebody can be asked there.
func isTerminal(in io.Reader) bool {
	file, ok := in.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
