package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"weiche/services/channel"
	"weiche/services/meta"
)

// errNoWebhook is returned by webhook decode after all files were read, where
// one of them was no webhook at all.
var errNoWebhook = errors.New("not every file is a webhook")

func newWebhookCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "webhook",
		Short: "Look at webhooks of the providers, and read them again",
	}
	cmd.AddCommand(newWebhookDecodeCommand(), newWebhookReparseCommand())
	return cmd
}

func newWebhookDecodeCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "decode --channel whatsapp|messenger|instagram FILE...",
		Short: "Say what is in the bodies of webhooks",
		Long: `Reads bodies of webhooks, from files or with - from standard input, and
writes one line of JSON for each item, in order, as the channel would take it.
The signature is not asked for. duplicate_of is the index of the item of the
same file that it repeats.

The exit code is 1 where a file is no webhook at all; it has a line too, of the
kind "error".`,
		Example:       `  weiche webhook decode --channel whatsapp body.json`,
		Args:          cobra.MinimumNArgs(1),
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, files []string) error {
			reader, err := webhookReader(name)
			if err != nil {
				return err
			}
			bad := false
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetEscapeHTML(false)
			for _, file := range files {
				ok, err := decodeFile(cmd.InOrStdin(), out, reader, file)
				if err != nil {
					return err
				}
				bad = bad || !ok
			}
			if bad {
				return errNoWebhook
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "channel", "", "the channel whose parser reads the files")
	_ = cmd.MarkFlagRequired("channel")
	// The widget has no webhooks.
	_ = cmd.RegisterFlagCompletionFunc("channel", flagValue{words: slices.Sorted(maps.Keys(readers()))}.complete)
	return cmd
}

// webhookReader returns the parser of a channel.
func webhookReader(name string) (channel.Reader, error) {
	if reader, ok := readers()[name]; ok {
		return reader, nil
	}
	return nil, usageError{fmt.Errorf("--channel %q is none of %s", name, strings.Join(slices.Sorted(maps.Keys(readers())), ", "))}
}

// decodedLine is one line of webhook decode.
type decodedLine struct {
	File  string `json:"file"`
	Index int    `json:"index"`
	meta.Description
	DuplicateOf *int `json:"duplicate_of,omitempty"`
}

// failedLine stands for a file that could not be read or is no webhook.
type failedLine struct {
	File   string `json:"file"`
	Kind   string `json:"kind"`
	Reason string `json:"reason"`
}

// decodeFile writes the lines of one file. It returns false where the file is
// no webhook, and an error where the lines cannot be written.
func decodeFile(stdin io.Reader, out *json.Encoder, reader channel.Reader, file string) (bool, error) {
	var body []byte
	var err error
	if file == "-" {
		body, err = io.ReadAll(stdin)
	} else {
		body, err = os.ReadFile(file)
	}
	if err != nil {
		return false, out.Encode(failedLine{File: file, Kind: "error", Reason: saying(err)})
	}
	items, err := reader.Read(body)
	if err != nil {
		return false, out.Encode(failedLine{File: file, Kind: "error", Reason: saying(err)})
	}
	seen := map[[2]string]int{}
	for i, item := range items {
		line := decodedLine{File: file, Index: i, Description: meta.Describe(item)}
		if key := channel.DedupKey(item); key != "" {
			scoped := [2]string{line.Integration, key}
			if first, ok := seen[scoped]; ok {
				line.DuplicateOf = &first
			} else {
				seen[scoped] = i
			}
		}
		if err := out.Encode(line); err != nil {
			return false, err
		}
	}
	return true, nil
}
