package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	"weiche/proto/gen/weiche/admin/v1/adminv1connect"
)

func newWebhookReparseCommand() *cobra.Command {
	var data, integration string
	var dryRun, asJSON bool
	cmd := &cobra.Command{
		Use:   "reparse",
		Short: "Read again what was kept, with the parsers of this version",
		Long: `Reads items of webhooks that were ignored, and messages that could not be shown,
with the parsers of this version, and appends what they mean now: once, however
often this is called. A message keeps its place and shows what it says.

What was erased cannot be read, and what was ignored only for 30 days. Items in
quarantine are counted alone; weiche quarantine replay is for them.

It asks the weiche that is running on the data folder, or works on the folder
itself where none is.`,
		Example: `  weiche webhook reparse --dry-run
  weiche webhook reparse --integration wa-1 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return operate(cmd.Context(), data, func(ctx context.Context, o adminv1connect.OperationsServiceClient) error {
				return reparseAll(ctx, cmd, o, &adminv1.ReparseRequest{IntegrationId: integration, DryRun: dryRun}, asJSON)
			})
		},
	}
	cmd.Flags().StringVar(&integration, "integration", "", "what came over this integration alone")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only say what would change")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one line of JSON for each thing that changed, and one for the whole")
	dataFlag(cmd, &data)
	return cmd
}

// reparseAll goes over the whole log, part by part.
func reparseAll(ctx context.Context, cmd *cobra.Command, o adminv1connect.OperationsServiceClient, request *adminv1.ReparseRequest, asJSON bool) error {
	out, far := cmd.OutOrStdout(), newProgress(cmd.ErrOrStderr())
	whole := &adminv1.ReparseResponse{}
	for !whole.GetDone() {
		part, err := o.Reparse(ctx, request)
		if err != nil {
			return err
		}
		whole.Position, whole.Total, whole.Done = part.GetPosition(), part.GetTotal(), part.GetDone()
		whole.Read += part.GetRead()
		whole.Changed += part.GetChanged()
		whole.Unchanged += part.GetUnchanged()
		whole.Gone += part.GetGone()
		whole.Quarantined += part.GetQuarantined()
		for _, item := range part.GetItems() {
			if asJSON {
				if err := printJSON(out, item); err != nil {
					return err
				}
				continue
			}
			fmt.Fprintf(out, "%d: %s over %s is a %s now", item.GetPosition(), item.GetWas(), item.GetIntegrationId(), item.GetIs())
			if item.GetConversationId() != "" {
				fmt.Fprintf(out, ", conversation %s", item.GetConversationId())
			}
			fmt.Fprintln(out)
		}
		request.After = part.GetPosition()
		far.about("events read", 0, part.GetPosition(), part.GetTotal())
	}
	far.end()
	if asJSON {
		return printJSON(out, whole)
	}
	changed := "changed"
	if request.GetDryRun() {
		changed = "would change"
	}
	fmt.Fprintf(out, "%d read, %d %s, %d unchanged, %d gone\n", whole.GetRead(), whole.GetChanged(), changed, whole.GetUnchanged(), whole.GetGone())
	if whole.GetQuarantined() > 0 {
		fmt.Fprintf(out, "%d in quarantine were passed over: see weiche quarantine list\n", whole.GetQuarantined())
	}
	return nil
}
