package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"weiche/projections"
)

func newViewCommand() *cobra.Command {
	var data, account, integration string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "view",
		Short: "Show a view of a conversation or a customer",
		Long:  "Shows a view as it stands at the end of the log. The data folder must not be in use.",
	}
	cmd.PersistentFlags().StringVar(&data, "data", "data", "the data folder")
	cmd.PersistentFlags().StringVar(&account, "account", "", "the account; may be left out where there is one alone")
	cmd.PersistentFlags().BoolVar(&asJSON, "json", false, "as JSON")
	add := func(use, short string, read func(ctx context.Context, v *projections.Views, account, id string) (proto.Message, error)) *cobra.Command {
		view := &cobra.Command{
			Use: use, Short: short, Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return withFolder(cmd.Context(), data, func(ctx context.Context, f *folder) error {
					account, err := f.account(ctx, account)
					if err != nil {
						return err
					}
					return f.caughtUp(ctx, func() error {
						message, err := read(ctx, f.views, account, args[0])
						if err != nil {
							return fmt.Errorf("%s of account %s: %w", args[0], account, err)
						}
						return printView(cmd, message, asJSON)
					})
				})
			},
		}
		cmd.AddCommand(view)
		return view
	}
	add("timeline CONVERSATION", "Everything that was said and done, over all channels",
		func(ctx context.Context, v *projections.Views, account, id string) (proto.Message, error) {
			return v.Timeline(ctx, account, id, projections.Page{Limit: 10_000})
		})
	channel := add("channel CONVERSATION", "What was exchanged over one integration, in segments",
		func(ctx context.Context, v *projections.Views, account, id string) (proto.Message, error) {
			return v.Channel(ctx, account, id, integration)
		})
	channel.Flags().StringVar(&integration, "integration", "", "the integration")
	_ = channel.MarkFlagRequired("integration")
	add("route CONVERSATION", "Where a reply goes, and why",
		func(ctx context.Context, v *projections.Views, account, id string) (proto.Message, error) {
			return v.Route(ctx, account, id)
		})
	add("customer CUSTOMER", "The identities and conversations of a customer",
		func(ctx context.Context, v *projections.Views, account, id string) (proto.Message, error) {
			return v.Customer(ctx, account, id)
		})
	return cmd
}

func printView(cmd *cobra.Command, message proto.Message, asJSON bool) error {
	if !asJSON {
		if text, ok := tellView(message); ok {
			_, err := fmt.Fprint(cmd.OutOrStdout(), text)
			return err
		}
	}
	text, err := protojson.MarshalOptions{Multiline: !asJSON}.Marshal(message)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), string(text))
	return err
}
