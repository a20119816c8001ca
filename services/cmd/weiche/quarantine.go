package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	"weiche/proto/gen/weiche/admin/v1/adminv1connect"
)

// errStillWaiting is returned by quarantine replay after all items were tried,
// where one of them could not be used.
var errStillWaiting = errors.New("not every item could be replayed")

func newQuarantineCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "quarantine",
		Short: "Look at what could not be processed, and try it again",
		Long: `Items of webhooks that could not be read or used are kept in quarantine with
their bytes. They are named by the position of their event in the log.

The commands ask the weiche that is running on the data folder, or work on the
folder itself where none is.`,
	}
	cmd.AddCommand(
		newQuarantineListCommand(&data), newQuarantineShowCommand(&data),
		newQuarantineReplayCommand(&data), newQuarantineDiscardCommand(&data),
	)
	for _, sub := range cmd.Commands() {
		dataFlag(sub, &data)
	}
	return cmd
}

func newQuarantineListCommand(data *string) *cobra.Command {
	var account string
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what waits",
		Example: `  weiche quarantine list
  weiche quarantine list --account - --all --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return operate(cmd.Context(), *data, func(ctx context.Context, o adminv1connect.OperationsServiceClient) error {
				out := cmd.OutOrStdout()
				if asJSON {
					return eachQuarantined(ctx, o, account, all, func(item *adminv1.QuarantinedItem) error { return printJSON(out, item) })
				}
				table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
				found := 0
				err := eachQuarantined(ctx, o, account, all, func(item *adminv1.QuarantinedItem) error {
					if found++; found == 1 {
						fmt.Fprintln(table, "POSITION\tRECORDED\tACCOUNT\tSOURCE\tCHANNEL\tSTATE\tREASON")
					}
					_, err := fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", item.GetPosition(),
						shownTime(item.GetRecordedAt().AsTime()), item.GetAccountId(), item.GetSource(),
						item.GetChannel(), stateOf(item), item.GetReason())
					return err
				})
				if err != nil {
					return err
				}
				if found == 0 {
					fmt.Fprintln(out, "nothing is in quarantine")
				}
				return table.Flush()
			})
		},
	}
	cmd.Flags().StringVar(&account, "account", "", `of this account alone; "-" is what belongs to none`)
	cmd.Flags().BoolVar(&all, "all", false, "what was replayed or discarded too")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one item a line, as JSON")
	return cmd
}

// eachQuarantined calls see for each item, page by page.
func eachQuarantined(ctx context.Context, o adminv1connect.OperationsServiceClient, account string, all bool, see func(*adminv1.QuarantinedItem) error) error {
	for after := uint64(0); ; {
		page, err := o.ListQuarantine(ctx, &adminv1.ListQuarantineRequest{AccountId: account, All: all, After: after})
		if err != nil {
			return err
		}
		if len(page.GetItems()) == 0 {
			return nil
		}
		for _, item := range page.GetItems() {
			if err := see(item); err != nil {
				return err
			}
			after = item.GetPosition()
		}
	}
}

// stateOf is the state of an item in a word.
func stateOf(item *adminv1.QuarantinedItem) string { return word(item.GetState(), "QUARANTINE_STATE_") }

// printJSON writes a message as one line of JSON.
func printJSON(out io.Writer, message proto.Message) error {
	text, err := protojson.Marshal(message)
	if err != nil {
		return err
	}
	// The encoder takes out what protojson puts in to keep its form unstable.
	return json.NewEncoder(out).Encode(json.RawMessage(text))
}

func newQuarantineShowCommand(data *string) *cobra.Command {
	var asJSON, raw bool
	cmd := &cobra.Command{
		Use:   "show POSITION",
		Short: "Show one item with its bytes",
		Example: `  weiche quarantine show 812
  weiche quarantine show 812 --raw | jq .`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			positions, err := positionsOf(args)
			if err != nil {
				return err
			}
			return operate(cmd.Context(), *data, func(ctx context.Context, o adminv1connect.OperationsServiceClient) error {
				found, err := o.GetQuarantined(ctx, &adminv1.GetQuarantinedRequest{Position: positions[0]})
				if err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				switch {
				case asJSON:
					return printJSON(out, found)
				case raw:
					_, err := out.Write(found.GetRaw())
					return err
				}
				item := found.GetItem()
				fmt.Fprintf(out, "position  %d\nstate     %s\naccount   %s\nsource    %s\nchannel   %s\nrecorded  %s\nreason    %s\n\n",
					item.GetPosition(), stateOf(item), item.GetAccountId(), item.GetSource(), item.GetChannel(),
					shownTime(item.GetRecordedAt().AsTime()), item.GetReason())
				_, err = fmt.Fprintln(out, shownRaw(found.GetRaw()))
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, the bytes in base64")
	cmd.Flags().BoolVar(&raw, "raw", false, "the bytes alone, as they came")
	cmd.MarkFlagsMutuallyExclusive("json", "raw")
	return cmd
}

// shownRaw is what people see of an item's bytes. Outside bytes go to a terminal
// here, so what is no JSON is not shown as it came.
func shownRaw(raw []byte) string {
	switch {
	case len(raw) == 0:
		return "(its bytes are gone, or it came without)"
	case json.Valid(raw):
		var value any
		if json.Unmarshal(raw, &value) == nil {
			if text, err := json.MarshalIndent(value, "", "  "); err == nil {
				return string(text)
			}
		}
	}
	return fmt.Sprintf("(%d bytes that are no JSON, in base64)\n%s", len(raw), base64.StdEncoding.EncodeToString(raw))
}

// positionsOf reads the positions of a command line.
func positionsOf(args []string) ([]uint64, error) {
	var positions []uint64
	for _, arg := range args {
		position, err := strconv.ParseUint(arg, 10, 64)
		if err != nil || position == 0 {
			return nil, usageError{fmt.Errorf("%q is no position: it is a number from 1", arg)}
		}
		positions = append(positions, position)
	}
	return positions, nil
}

func newQuarantineReplayCommand(data *string) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "replay POSITION... | --all",
		Short: "Read items anew and process them",
		Long: `Reads items with the parser of this version and processes them as if they came
in now, for the integrations that are connected now; the times are those of then.
What was processed before changes nothing. What can still not be used waits on.

The exit code is 1 where an item still waits.`,
		Example: `  weiche quarantine replay 812 815
  weiche quarantine replay --all`,
		RunE: func(cmd *cobra.Command, args []string) error {
			positions, err := positionsOf(args)
			if err != nil {
				return err
			}
			if all == (len(positions) > 0) {
				return usageError{errors.New("name the items by their positions, or all of them with --all")}
			}
			return operate(cmd.Context(), *data, func(ctx context.Context, o adminv1connect.OperationsServiceClient) error {
				if all {
					err := eachQuarantined(ctx, o, "", false, func(item *adminv1.QuarantinedItem) error {
						positions = append(positions, item.GetPosition())
						return nil
					})
					if err != nil {
						return err
					}
				}
				return replayAll(ctx, cmd, o, positions)
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "everything that waits")
	return cmd
}

// replayAll tries each item, also behind one that fails.
func replayAll(ctx context.Context, cmd *cobra.Command, o adminv1connect.OperationsServiceClient, positions []uint64) error {
	var failed error
	waiting := 0
	for _, position := range positions {
		answer, err := o.ReplayQuarantined(ctx, &adminv1.ReplayQuarantinedRequest{Position: position})
		if err != nil {
			if ctx.Err() != nil || len(positions) == 1 {
				return err
			}
			failed = err
			fmt.Fprintf(cmd.ErrOrStderr(), "%d: %s\n", position, saying(err))
			continue
		}
		line := fmt.Sprintf("%d: %s", position, stateOf(answer.GetItem()))
		if answer.GetConversationId() != "" {
			line += ", conversation " + answer.GetConversationId()
		}
		if answer.GetDetail() != "" {
			line += ": " + answer.GetDetail()
		}
		fmt.Fprintln(cmd.OutOrStdout(), line)
		if answer.GetItem().GetState() == adminv1.QuarantineState_QUARANTINE_STATE_WAITING {
			waiting++
		}
	}
	if len(positions) == 0 {
		fmt.Fprintln(cmd.OutOrStdout(), "nothing is in quarantine")
	}
	if failed != nil || waiting > 0 {
		return errStillWaiting
	}
	return nil
}

func newQuarantineDiscardCommand(data *string) *cobra.Command {
	return &cobra.Command{
		Use:     "discard POSITION...",
		Short:   "Give items up; their events stay in the log",
		Example: `  weiche quarantine discard 812`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			positions, err := positionsOf(args)
			if err != nil {
				return err
			}
			return operate(cmd.Context(), *data, func(ctx context.Context, o adminv1connect.OperationsServiceClient) error {
				for _, position := range positions {
					answer, err := o.DiscardQuarantined(ctx, &adminv1.DiscardQuarantinedRequest{Position: position})
					if err != nil {
						return err
					}
					fmt.Fprintf(cmd.OutOrStdout(), "%d: %s\n", position, stateOf(answer.GetItem()))
				}
				return nil
			})
		},
	}
}
