package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"weiche/eventstore"
	"weiche/projections"
	"weiche/services/keyring"
	"weiche/services/router"
)

func newVerifyCommand() *cobra.Command {
	var data, media string
	cmd := &cobra.Command{
		Use:     "verify",
		Example: `  weiche verify --data ./data`,
		Short:   "Check a data folder: log, indexes, dedup keys, keyring, views",
		Long: `Reads every record and every index entry and compares each with each, looks for the
keys of all customers, folds the log once more and compares the views with what
comes of it, and reads every file that a message shows. It ends with the first of
these that is damaged, says what is wrong where, and the exit code tells what kind
that is:

` + damageTable() + `
What is wrong in the views alone, weiche projections rebuild mends. What can be
derived from the log (10 to 12), a backup of this very folder and a restore of it
mend. For the rest there is weiche restore with the last backup.

The data folder must not be in use.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withFolder(cmd.Context(), data, func(ctx context.Context, f *folder) error {
				tell := newProgress(cmd.ErrOrStderr())
				if err := f.store.Verify(ctx, tell.of); err != nil {
					return err
				}
				if err := router.CheckKeys(ctx, f.store, f.keys); err != nil {
					return err
				}
				err := f.caughtUp(ctx, func() error {
					return f.views.Verify(ctx, f.store, tell.ofViews)
				})
				if err != nil {
					return err
				}
				tell.end()
				if err := f.verifyMedia(ctx, media, cmd.OutOrStdout()); err != nil {
					return err
				}
				position, hash := f.store.Head()
				fmt.Fprintf(cmd.OutOrStdout(), "%s, all right; the chain ends in %x\n", count(position, "event", "events"), hash[:8])
				return nil
			})
		},
	}
	dataFlag(cmd, &data)
	mediaFlag(cmd, &media)
	return cmd
}

// damages are the kinds of damage with their exit codes. They are promised: scripts
// go by them.
var damages = []struct {
	kind eventstore.DamageKind
	code int
	is   string
}{
	{eventstore.DamageKeys, 10, "what leads to records by stream, account or event id"},
	{eventstore.DamageDedup, 11, "the dedup keys: something may be taken twice"},
	{eventstore.DamageIndex, 12, "the router's indexes: aliases, codes, timers"},
	{eventstore.DamageLog, 13, "the log itself: a record is missing, changed or misplaced"},
	{eventstore.DamageSealed, 14, "sealed content that is changed or gone"},
	{eventstore.DamageMarks, 15, "the high-water mark: the end of the log may be lost"},
	{eventstore.DamageTables, 16, "files of the store, or their inventory"},
	{eventstore.DamageArchive, exitArchive, "a backup"},
}

// The exit codes of damage outside of the log.
const (
	exitArchive = 17
	exitViews   = 20
	exitKeyring = 21
	exitMedia   = 22
)

// errMedia is returned where files of messages are missing or damaged.
var errMedia = errors.New("files of messages")

func damageTable() string {
	text := ""
	for _, d := range damages {
		text += fmt.Sprintf("  %d  %s\n", d.code, d.is)
	}
	return text + fmt.Sprintf("  %d  the views\n  %d  the keyring\n  %d  files of messages\n", exitViews, exitKeyring, exitMedia)
}

// damageCode returns the exit code of damage, and false for any other error. Of
// several kinds it is the highest.
func damageCode(err error) (code int, ok bool) {
	for _, damage := range eventstore.Damages(err) {
		for _, d := range damages {
			if d.kind == damage.Kind() {
				code = max(code, d.code)
			}
		}
	}
	var differs *projections.DifferenceError
	switch {
	case code > 0:
		return code, true
	case errors.As(err, &differs), errors.Is(err, projections.ErrCorrupt):
		return exitViews, true
	case errors.Is(err, keyring.ErrCorrupt):
		return exitKeyring, true
	case errors.Is(err, errMedia):
		return exitMedia, true
	case errors.Is(err, keyring.ErrBadExport):
		return exitArchive, true
	}
	return 0, false
}

// whatToDo is the advice that goes with damage.
func whatToDo(code int) string {
	switch {
	case code == exitViews:
		return "the log is all right; weiche projections rebuild mends the views"
	case code == exitMedia:
		return "the log is all right, and is served; bring the files back from where they are backed up, see docs/operations.md"
	case code == exitArchive:
		return "the data folder is not concerned; make a full backup elsewhere. To restore, try an older one with --generation"
	}
	return "nothing is served from this folder; weiche restore --from BACKUP --data NEW makes another one, see docs/operations.md"
}
