package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"weiche/eventstore"
)

func newVerifyCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check the whole log: chain, positions, versions, indexes",
		Long: `Reads every record and every index entry and compares each with each. The exit
code is 1 where something is wrong, and the place is told.

The data folder must not be in use.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withFolder(cmd.Context(), data, func(ctx context.Context, f *folder) error {
				stage := ""
				err := f.store.Verify(ctx, func(p eventstore.Progress) {
					if p.Stage != stage {
						stage = p.Stage
						fmt.Fprintf(cmd.ErrOrStderr(), "checking the %s\n", stage)
					}
				})
				if err != nil {
					return err
				}
				position, hash := f.store.Head()
				fmt.Fprintf(cmd.OutOrStdout(), "%d events, all right; the chain ends in %x\n", position, hash[:8])
				return nil
			})
		},
	}
	dataFlag(cmd, &data)
	return cmd
}
