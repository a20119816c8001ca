package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"weiche/projections"
)

func newProjectionsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "projections", Short: "Look after the views"}
	cmd.AddCommand(newRebuildCommand())
	return cmd
}

// rebuildGCPercent lets the heap of a rebuild grow before it is collected. It is
// small against what a folded chunk of the log needs, and collecting it as often
// as Go does by default costs an eighth of the time.
const rebuildGCPercent = 400

func newRebuildCommand() *cobra.Command {
	var data string
	var verify bool
	cmd := &cobra.Command{
		Use:   "rebuild [NAME]",
		Short: "Fold the log into the views anew",
		Long: `Folds the log from its beginning into one view, or all of them, and swaps when it
has caught up. It may be interrupted at any time: the old rows stay until then, and
the next rebuild goes on from where it was.

With --verify it compares what it has folded with what is there, and changes
nothing. The exit code is 20 where the two differ, and the first row is told.

The data folder must not be in use.`,
		Example: `  weiche projections rebuild --data ./data
  weiche projections rebuild --data ./data timeline
  weiche projections rebuild --data ./data --verify`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && !slices.ContainsFunc(projections.All(), func(p projections.Projection) bool { return p.Name == args[0] }) {
				return usageError{fmt.Errorf("there is no view %q", args[0])}
			}
			defer debug.SetGCPercent(debug.SetGCPercent(rebuildGCPercent))
			return withFolder(cmd.Context(), data, func(ctx context.Context, f *folder) error {
				if verify {
					return verifyViews(ctx, cmd, f, args)
				}
				return rebuildViews(ctx, cmd, f, args)
			})
		},
	}
	dataFlag(cmd, &data)
	cmd.Flags().BoolVar(&verify, "verify", false, "compare only, and change nothing")
	return cmd
}

func rebuildViews(ctx context.Context, cmd *cobra.Command, f *folder, names []string) error {
	name := ""
	if len(names) == 1 {
		name = names[0]
	}
	tell := newProgress(cmd.ErrOrStderr())
	err := f.views.Rebuild(ctx, f.store, name, tell.ofViews)
	tell.end()
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w; the old rows are as they were, and the next rebuild goes on from here", err)
	}
	if err != nil {
		return err
	}
	// The others follow the log only now.
	return f.caughtUp(ctx, func() error {
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "rebuilt up to position %d\n", f.views.Position())
		return err
	})
}

func verifyViews(ctx context.Context, cmd *cobra.Command, f *folder, names []string) error {
	return f.caughtUp(ctx, func() error {
		tell := newProgress(cmd.ErrOrStderr())
		err := f.views.Verify(ctx, f.store, tell.ofViews, names...)
		tell.end()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "the views are what the log gives, up to position %d\n", f.views.Position())
		return err
	})
}
