package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"

	"weiche/eventstore"
	"weiche/proto/schema"
	"weiche/services/keyring"
	"weiche/services/router"
)

func newEventsCommand() *cobra.Command {
	var data, account string
	var after uint64
	var limit int
	var asJSON, sealed bool
	cmd := &cobra.Command{
		Use:   "events [STREAM]",
		Short: "Show the log, or one stream of it",
		Long: `Shows the records of the log in order, or those of one stream, which is named as
the log names it: conversation-01J9..., account-shop.

The data folder must not be in use.`,
		Example: `  weiche events --data ./data
  weiche events --data ./data --json | jq 'select(.type | endswith("RouteChanged"))'
  weiche events --data ./data --account shop conversation-01J9ZQ8Y3V4N5T6W7X8Y9Z0A1B
  weiche events --data ./data --after 4 --limit 1 --json conversation-01J9ZQ8Y3V4N5T6W7X8Y9Z0A1B`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withFolder(cmd.Context(), data, func(ctx context.Context, f *folder) error {
				records := f.store.ReadAll(ctx, after+1)
				if len(args) == 1 {
					category, id, ok := strings.Cut(args[0], "-")
					if !ok {
						return usageError{fmt.Errorf("%q names no stream: it is category-id", args[0])}
					}
					account, err := f.account(ctx, account)
					if err != nil {
						return err
					}
					stream := eventstore.Stream{Account: account, Category: category, ID: id}
					version, err := f.store.StreamVersion(ctx, stream)
					if err != nil {
						return err
					}
					if version == 0 {
						return fmt.Errorf("stream %s of account %s: %w", stream, account, eventstore.ErrNotFound)
					}
					records = f.store.ReadStream(ctx, stream, after+1)
				}
				shown := 0
				for rec, err := range records {
					if err != nil {
						return err
					}
					if limit > 0 && shown == limit {
						return nil
					}
					shown++
					if err := printRecord(cmd.OutOrStdout(), f.keys, rec, asJSON, sealed); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	dataFlag(cmd, &data)
	cmd.Flags().StringVar(&account, "account", "", "the account of the stream; may be left out where there is one alone")
	cmd.Flags().Uint64Var(&after, "after", 0, "begin after this position; with a stream, after this version of it")
	cmd.Flags().IntVar(&limit, "limit", 0, "show at most so many; 0 is all")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one record a line, as JSON")
	cmd.Flags().BoolVar(&sealed, "sealed", false, "leave the sealed parts closed")
	return cmd
}

// loggedRecord is a record as events --json prints it.
// An event that this version does not know has its facts and its sealed part as
// bytes instead.
type loggedRecord struct {
	Position    uint64          `json:"position"`
	Account     string          `json:"account"`
	Sequence    uint64          `json:"sequence"`
	Stream      string          `json:"stream"`
	Version     uint64          `json:"version"`
	ID          string          `json:"id"`
	Type        string          `json:"type"`
	Schema      uint32          `json:"schema"`
	Recorded    time.Time       `json:"recorded"`
	Provider    *time.Time      `json:"provider,omitempty"`
	Causation   string          `json:"causation,omitempty"`
	Correlation string          `json:"correlation,omitempty"`
	Actor       string          `json:"actor,omitempty"`
	Key         string          `json:"key,omitempty"`
	Event       json.RawMessage `json:"event,omitempty"`
	Unknown     string          `json:"unknown,omitempty"`
	Facts       []byte          `json:"facts,omitempty"`
	Sealed      []byte          `json:"sealed,omitempty"`
}

func printRecord(out io.Writer, keys *keyring.Keyring, rec *eventstore.Record, asJSON, sealed bool) error {
	decode := func() (protoreflect.ProtoMessage, error) {
		if sealed {
			event, err := router.Decode(rec)
			return event.Body, err
		}
		event, err := router.DecodeOpened(keys, rec)
		return event.Body, err
	}
	body, err := decode()
	var later *schema.LaterError
	if err != nil && !errors.As(err, &later) {
		return err
	}
	var text []byte
	if later == nil {
		if text, err = protojson.Marshal(body); err != nil {
			return fmt.Errorf("event %d: %w", rec.Position, err)
		}
	}
	if !asJSON {
		if later != nil {
			text = fmt.Appendf(nil, "(schema version %d, written by a later version; %d bytes of facts: %x)",
				rec.SchemaVersion, len(rec.Facts), rec.Facts)
		}
		name := rec.Type[strings.LastIndexByte(rec.Type, '.')+1:]
		_, err := fmt.Fprintf(out, "%7d  %s  %-20s %s/%s@%d  %s\n", rec.Position,
			rec.Recorded.UTC().Format("2006-01-02T15:04:05.000Z"), name, rec.Stream.Account, rec.Stream, rec.Version, text)
		return err
	}
	line := loggedRecord{
		Position: rec.Position, Account: rec.Stream.Account, Sequence: rec.AccountSequence,
		Stream: rec.Stream.String(), Version: rec.Version, ID: rec.ID, Type: rec.Type, Schema: rec.SchemaVersion, Recorded: rec.Recorded,
		Causation: rec.Causation, Correlation: rec.Correlation, Actor: rec.Actor, Key: rec.KeyID, Event: text,
	}
	if later != nil {
		line.Unknown, line.Facts, line.Sealed = later.Error(), rec.Facts, rec.Sealed
	}
	if !rec.Provider.IsZero() {
		line.Provider = &rec.Provider
	}
	return json.NewEncoder(out).Encode(line)
}
