package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"weiche/eventstore"
	"weiche/services/operations"
)

func newRestoreCommand() *cobra.Command {
	var from, at string
	restore := operations.Restore{}
	cmd := &cobra.Command{
		Use:   "restore",
		Short: "Make a data folder from a backup",
		Long: `Makes a new data folder of exactly the events of a backup up to a position or a
time, and of the keyring in it. The folder must not exist or be empty, but for
keyring/master.key: the master key is not in the backup, put your copy there or
name it with --master-key-file, here and for weiche serve.

The log gets a new incarnation. The first weiche serve on the folder ends what was
under way: a send that had not ended is shown as unknown, since it may have left
after the backup was made, and is not sent again; whoever was erased since the
backup is erased again, as far as the keyring knows. Where the keyring of the old
folder has survived, name it with --keyring: it knows of every erasure.

Where the place holds backups of more than one log, name one with --generation.

--dry-run reads and checks everything, and writes nothing.`,
		Example: `  weiche restore --from /mnt/backup/weiche --data ./data-2
  weiche restore --from /mnt/backup/weiche --data ./data-2 --at 2026-03-01T12:00:00Z --dry-run
  weiche restore --from 's3://backups?region=eu-central-1&prefix=weiche/' --data ./data-2 --at 120000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if at != "" {
				if err := limit(&restore.At, at); err != nil {
					return err
				}
			}
			return withBucket(cmd.Context(), from, func(bucket eventstore.Bucket) error {
				restore.From = bucket
				restore.MasterKeyFile = masterKeyOf(cmd.Context())
				tell := newProgress(cmd.ErrOrStderr())
				restore.Progress = tell.of
				made, err := restore.Run(cmd.Context())
				tell.end()
				if err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				fmt.Fprintf(out, "%s of %d, up to %s, from %s\n",
					count(made.Position, "event", "events"), made.Head, shownTime(made.Last), made.Generation)
				if made.Redacted > 0 {
					fmt.Fprintf(out, "%d of them lose content that was taken back later\n", made.Redacted)
				}
				if restore.DryRun {
					fmt.Fprintln(out, "nothing was written")
					return nil
				}
				fmt.Fprintf(out, "the log in %s is incarnation %s; weiche serve --data %s begins with it\n",
					restore.Data, made.NewIncarnation, restore.Data)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "the backup: a folder, or s3://bucket?region=…&prefix=…")
	cmd.Flags().StringVar(&restore.Data, "data", "", "the new data folder")
	cmd.Flags().StringVar(&at, "at", "", "the last position, or the last time as 2026-03-01T12:00:00Z; the end if empty")
	cmd.Flags().StringVar(&restore.At.Generation, "generation", "", "which full backup; the newest if empty")
	cmd.Flags().StringVar(&restore.Keyring, "keyring", "", "the folder of a keyring that is newer than that of the backup")
	cmd.Flags().BoolVar(&restore.DryRun, "dry-run", false, "check everything and write nothing")
	masterKeyFlag(cmd)
	_ = cmd.MarkFlagRequired("from")
	_ = cmd.MarkFlagRequired("data")
	return cmd
}

// limit reads a position or a time.
func limit(into *eventstore.Limit, at string) (err error) {
	if into.Position, err = strconv.ParseUint(at, 10, 64); err == nil && into.Position > 0 {
		return nil
	}
	if into.Time, err = time.Parse(time.RFC3339, at); err == nil {
		into.Position = 0
		return nil
	}
	return usageError{fmt.Errorf("--at %q is neither a position nor a time such as 2026-03-01T12:00:00Z", at)}
}
