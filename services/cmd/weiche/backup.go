package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weiche/eventstore"
	adminv1 "weiche/proto/gen/weiche/admin/v1"
	"weiche/proto/gen/weiche/admin/v1/adminv1connect"
	"weiche/services/operations"
)

func newBackupCommand() *cobra.Command {
	var data, to string
	var full bool
	var keep int32
	var every time.Duration
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Write the log and the keyring to a backup",
		Long: `Writes what the log has beyond the last backup to a folder or to an S3 bucket, and
the keyring as it is. A weiche that runs on the data folder does it itself and
goes on; otherwise it is done on the folder. Where one was interrupted, the next
goes on.

The master key is not in the backup: keep a copy of it elsewhere, or nothing can
be read. For a bucket, the credentials are those of the AWS tools, of the process
that writes.

What was redacted in the log (a message that a customer took back) is in an older
full backup until that is deleted, by --full and --keep. What was erased cannot be
read there any more after the next backup, since its keys are gone.`,
		Example: `  weiche backup --data ./data --to /mnt/backup/weiche
  weiche backup --data ./data --to 's3://backups?region=eu-central-1&prefix=weiche/' --every 5m
  weiche backup --data ./data --to /mnt/backup/weiche --full --keep 2
  weiche backup verify /mnt/backup/weiche`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			place, err := placeOf(to)
			if err != nil {
				return err
			}
			request := &adminv1.BackupRequest{To: place, Full: full, Keep: keep}
			for {
				began := time.Now()
				if err := backup(cmd, data, request); every == 0 || cmd.Context().Err() != nil {
					return err
				} else if err != nil {
					fmt.Fprintf(cmd.ErrOrStderr(), "weiche: %s\n", saying(err))
				} else {
					request.Full = false
				}
				select {
				case <-cmd.Context().Done():
					return nil
				case <-time.After(every - time.Since(began)):
				}
			}
		},
	}
	dataFlag(cmd, &data)
	cmd.Flags().StringVar(&to, "to", "", "a folder, or s3://bucket?region=…&prefix=…")
	cmd.Flags().BoolVar(&full, "full", false, "begin anew with the first event")
	cmd.Flags().Int32Var(&keep, "keep", 0, "how many full backups stay; 0 keeps all")
	cmd.Flags().DurationVar(&every, "every", 0, "go on, and back up each time that this has passed")
	_ = cmd.MarkFlagRequired("to")
	cmd.AddCommand(newBackupVerifyCommand())
	return cmd
}

// placeOf makes the path of a folder absolute: the server may be elsewhere.
func placeOf(place string) (string, error) {
	if strings.Contains(place, "://") {
		return place, nil
	}
	return filepath.Abs(place)
}

// backup makes one backup and tells how far it is.
func backup(cmd *cobra.Command, data string, request *adminv1.BackupRequest) error {
	return operate(cmd.Context(), data, func(ctx context.Context, client adminv1connect.OperationsServiceClient) error {
		stream, err := client.Backup(ctx, request)
		if err != nil {
			return err
		}
		defer stream.Close()
		tell := newProgress(cmd.ErrOrStderr())
		for {
			response, err := stream.Receive()
			if err != nil {
				return err
			}
			if !response.GetDone() {
				tell.about("archive", 0, response.GetPosition(), response.GetTotal())
				continue
			}
			tell.end()
			out := cmd.OutOrStdout()
			if response.GetFirst() == 0 {
				fmt.Fprintf(out, "nothing new; the backup has the events up to %d\n", response.GetPosition())
			} else {
				fmt.Fprintf(out, "events %d to %d are in the backup, %d bytes\n", response.GetFirst(), response.GetPosition(), response.GetBytes())
			}
			for _, name := range response.GetDeleted() {
				fmt.Fprintf(out, "deleted %s\n", name)
			}
			return nil
		}
	})
}

func newBackupVerifyCommand() *cobra.Command {
	var generation string
	cmd := &cobra.Command{
		Use:   "verify PLACE",
		Short: "Check that a backup is whole",
		Long: `Reads all of a backup: every segment of the log with its hashes, the chain from the
first event to the last, and the keyring. It needs neither the data folder nor
the master key. The exit codes of damage are those of weiche verify.`,
		Example: `  weiche backup verify /mnt/backup/weiche`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withBucket(cmd.Context(), args[0], func(bucket eventstore.Bucket) error {
				tell := newProgress(cmd.ErrOrStderr())
				state, err := operations.VerifyBackup(cmd.Context(), bucket, generation, tell.of)
				tell.end()
				out := cmd.OutOrStdout()
				for _, g := range state.Generations {
					note := ""
					if !g.Whole {
						note = ", not whole"
					}
					fmt.Fprintf(out, "%s: events 1 to %d in %s%s\n", g.Name, g.Position, count(g.Segments, "segment", "segments"), note)
				}
				if err != nil {
					return err
				}
				fmt.Fprintf(out, "%s is all right: %s up to %s, %d bytes; keyring of %d bytes\n",
					state.Log.Name, count(state.Log.Events, "event", "events"), shownTime(state.Log.Recorded), state.Log.Bytes, state.Keys)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&generation, "generation", "", "which full backup; the newest if empty")
	return cmd
}

// withBucket opens the place of a backup for the time of do.
func withBucket(ctx context.Context, place string, do func(eventstore.Bucket) error) error {
	place, err := placeOf(place)
	if err != nil {
		return err
	}
	bucket, closer, err := operations.OpenBucket(ctx, place)
	if err != nil {
		return err
	}
	return errors.Join(do(bucket), closer.Close())
}
