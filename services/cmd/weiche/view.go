package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"weiche/projections"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// viewReader reads views, as they stand or as they were.
type viewReader interface {
	Timeline(ctx context.Context, account, conversation string, page projections.Page) (*viewv1.Timeline, error)
	Channel(ctx context.Context, account, conversation, integration string) (*viewv1.ChannelView, error)
	Route(ctx context.Context, account, conversation string) (*viewv1.Route, error)
	Customer(ctx context.Context, account, customer string) (*viewv1.Customer, error)
	Inbox(ctx context.Context, account string, query *viewv1.InboxQuery) (*viewv1.InboxPage, error)
}

func newViewCommand() *cobra.Command {
	var data, account, integration, at string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "view",
		Short: "Show a view of a conversation or a customer, or the inbox",
		Long: `Shows a view as it stands at the end of the log, or as it stood at a position of it
or at a time. What was erased or taken back since stays gone there too.

A time means the last event before the first one that was recorded after it.

The data folder must not be in use.`,
		Example: `  weiche view timeline 01J9ZQ8Y3V4N5T6W7X8Y9Z0A1B
  weiche view route 01J9ZQ8Y3V4N5T6W7X8Y9Z0A1B --at 1200
  weiche view timeline 01J9ZQ8Y3V4N5T6W7X8Y9Z0A1B --at 2026-03-01T12:00:00Z
  weiche view inbox --status open --assignee eva`,
	}
	cmd.PersistentFlags().StringVar(&account, "account", "", "the account; may be left out where there is one alone")
	cmd.PersistentFlags().StringVar(&at, "at", "", "a position of the log, or a time such as 2026-03-01T12:00:00Z")
	cmd.PersistentFlags().BoolVar(&asJSON, "json", false, "as JSON")
	add := func(use, short string, ids int, read func(ctx context.Context, v viewReader, account, id string) (proto.Message, error)) *cobra.Command {
		view := &cobra.Command{
			Use: use, Short: short, Args: cobra.ExactArgs(ids), Example: "  weiche view " + someID.Replace(use),
			Long: short + ".\n\nThe data folder must not be in use.",
			RunE: func(cmd *cobra.Command, args []string) error {
				return withFolder(cmd.Context(), data, func(ctx context.Context, f *folder) error {
					account, err := f.account(ctx, account)
					if err != nil {
						return err
					}
					show := func(v viewReader) error {
						what := append(args, cmd.Name())[0]
						message, err := read(ctx, v, account, what)
						if err != nil {
							return fmt.Errorf("%s of account %s: %w", what, account, err)
						}
						return printView(cmd, message, asJSON)
					}
					if at == "" {
						return f.caughtUp(ctx, func() error { return show(f.views) })
					}
					position, err := positionAt(ctx, f.store, at)
					if err != nil {
						return err
					}
					return show(projections.AsOf(f.store, position, opener(f.keys)))
				})
			},
		}
		dataFlag(view, &data)
		cmd.AddCommand(view)
		return view
	}
	add("timeline CONVERSATION", "Everything that was said and done, over all channels", 1,
		func(ctx context.Context, v viewReader, account, id string) (proto.Message, error) {
			return v.Timeline(ctx, account, id, projections.Page{Limit: 10_000})
		})
	channel := add("channel CONVERSATION", "What was exchanged over one integration, in segments", 1,
		func(ctx context.Context, v viewReader, account, id string) (proto.Message, error) {
			return v.Channel(ctx, account, id, integration)
		})
	channel.Flags().StringVar(&integration, "integration", "", "the integration")
	_ = channel.MarkFlagRequired("integration")
	channel.Example += " --integration whatsapp"
	add("route CONVERSATION", "Where a reply goes, and why", 1,
		func(ctx context.Context, v viewReader, account, id string) (proto.Message, error) {
			return v.Route(ctx, account, id)
		})
	add("customer CUSTOMER", "The identities and conversations of a customer", 1,
		func(ctx context.Context, v viewReader, account, id string) (proto.Message, error) {
			return v.Customer(ctx, account, id)
		})
	var query inboxFlags
	query.add(add("inbox", "The conversations of an account, the most recently active first", 0,
		func(ctx context.Context, v viewReader, account, _ string) (proto.Message, error) {
			return query.read(ctx, v, account)
		}))
	return cmd
}

// someID has ids in the place of the words for them, for examples.
var someID = strings.NewReplacer("CONVERSATION", "01J9ZQ8Y3V4N5T6W7X8Y9Z0A1B", "CUSTOMER", "01J9ZK3V5Q8W2N4R6T8Y0B1C3D")

// positionAt returns the position that --at means: a number, or a time.
func positionAt(ctx context.Context, log projections.Log, at string) (uint64, error) {
	if position, err := strconv.ParseUint(at, 10, 64); err == nil {
		if end := log.Durable(); position == 0 || position > end {
			return 0, usageError{fmt.Errorf("--at %d: the positions of the log are 1 to %d", position, end)}
		}
		return position, nil
	}
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return 0, usageError{fmt.Errorf("--at %q is neither a position nor a time such as 2026-03-01T12:00:00Z", at)}
	}
	return projections.PositionAt(ctx, log, when)
}

func printView(cmd *cobra.Command, message proto.Message, asJSON bool) error {
	if !asJSON {
		_, err := fmt.Fprint(cmd.OutOrStdout(), tellView(message))
		return err
	}
	text, err := protojson.Marshal(message)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), string(text))
	return err
}
