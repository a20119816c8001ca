package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"weiche/projections"
)

func newProjectionsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "projections", Short: "Look after the views"}
	cmd.AddCommand(newRebuildCommand())
	return cmd
}

func newRebuildCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "rebuild [NAME]",
		Short: "Fold the log into the views anew",
		Long: `Folds the log from its beginning into one view, or all of them, and swaps when it
has caught up. It may be interrupted at any time: the old rows stay until then.

The data folder must not be in use.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := ""
			if len(args) == 1 {
				name = args[0]
				if !slices.ContainsFunc(projections.All(), func(p projections.Projection) bool { return p.Name == name }) {
					return usageError{fmt.Errorf("there is no view %q", name)}
				}
			}
			return withFolder(cmd.Context(), data, func(ctx context.Context, f *folder) error {
				began, told := time.Now(), time.Time{}
				err := f.views.Rebuild(ctx, f.store, name, func(p projections.Progress) {
					if time.Since(told) < time.Second && p.Position < p.Total {
						return
					}
					told = time.Now()
					rate := float64(p.Position) / max(time.Since(began).Seconds(), 1e-6)
					fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d events, %.0f/s\n", p.Position, p.Total, rate)
				})
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "rebuilt up to position %d\n", f.store.Durable())
				return nil
			})
		},
	}
	dataFlag(cmd, &data)
	return cmd
}
