package operations

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"weiche/eventstore"
	"weiche/services/keyring"
	"weiche/services/router"
)

// Restore is a data folder to be made from a backup.
type Restore struct {
	// From is the backup, Data the folder. It must not hold anything but the
	// file keyring/master.key.
	From eventstore.Bucket
	Data string
	// At is where the log ends; zero is the end of the newest backup.
	At eventstore.Limit
	// MasterKeyFile is where the master key is, keyring/master.key in Data if
	// empty.
	MasterKeyFile string
	// Keyring is the folder of a keyring that is taken instead of that of the
	// backup; empty for none. It is to be given where one has survived: it knows
	// of erasures since the backup.
	Keyring string
	// DryRun reads and checks everything, and writes nothing.
	DryRun bool
	// Progress, if not nil, is called from time to time.
	Progress func(eventstore.Progress)
}

// Run makes the folder. It returns after everything was verified; the log refuses
// to be opened before that. What was under way when the backup was made is ended
// by the first weiche serve on the folder. The errors are those of
// eventstore.Restore and of keyring.Import.
func (r Restore) Run(ctx context.Context) (eventstore.Restored, error) {
	options := eventstore.RestoreOptions{
		Store:  router.LogOptions(eventstore.Options{MinFree: eventstore.TenthOr2GiB}),
		DryRun: r.DryRun, Progress: r.Progress,
	}
	log := filepath.Join(r.Data, "log")
	if err := r.isFree(); err != nil {
		return eventstore.Restored{}, err
	}
	if err := r.isOneLog(ctx); err != nil {
		return eventstore.Restored{}, err
	}
	keys, err := r.keys(ctx)
	if err != nil {
		return eventstore.Restored{}, err
	}
	if r.DryRun {
		if err := r.opens(keys); err != nil {
			return eventstore.Restored{}, err
		}
		return eventstore.Restore(ctx, r.From, log, r.At, options)
	}
	err = keyring.Import(bytes.NewReader(keys), filepath.Join(r.Data, "keyring"), keyring.Options{MasterKeyFile: r.MasterKeyFile})
	if err != nil {
		return eventstore.Restored{}, err
	}
	restored, err := eventstore.Restore(ctx, r.From, log, r.At, options)
	if _, begun := os.Stat(log); err != nil && errors.Is(begun, os.ErrNotExist) {
		// Nothing was written but the keyring: the next attempt finds the folder
		// as this one did.
		err = errors.Join(err, os.RemoveAll(filepath.Join(r.Data, "keyring", "store")))
	}
	return restored, err
}

// ErrSeveralLogs is returned where a backup holds more than one log, as after a
// drill or a former restore, and none of them is named.
var ErrSeveralLogs = errors.New("the backup holds several logs; name one with --generation")

// isOneLog checks that it is clear which log is meant.
func (r Restore) isOneLog(ctx context.Context) error {
	if r.At.Generation != "" {
		return nil
	}
	all, err := eventstore.Archives(ctx, r.From)
	if err != nil {
		return err
	}
	newest := map[string]string{} // of each log
	for _, g := range all {
		if g.Whole {
			newest[g.Incarnation] = g.Name
		}
	}
	if len(newest) < 2 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrSeveralLogs, strings.Join(slices.Sorted(maps.Values(newest)), ", "))
}

// opens checks that the master key is that of the keyring.
func (r Restore) opens(keys []byte) error {
	dir, err := os.MkdirTemp("", "weiche-restore-")
	if err != nil {
		return err
	}
	master := cmp.Or(r.MasterKeyFile, filepath.Join(r.Data, "keyring", "master.key"))
	err = keyring.Import(bytes.NewReader(keys), dir, keyring.Options{MasterKeyFile: master})
	return errors.Join(err, os.RemoveAll(dir))
}

// isFree checks that nothing would be written over.
func (r Restore) isFree() error {
	for folder, but := range map[string]string{r.Data: "keyring", filepath.Join(r.Data, "keyring"): "master.key"} {
		entries, err := os.ReadDir(folder)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		for _, entry := range entries {
			if entry.Name() != but {
				return fmt.Errorf("%w: %s holds %s", eventstore.ErrNotEmpty, folder, entry.Name())
			}
		}
	}
	return nil
}

// keys returns the export of the keyring that is to be used.
func (r Restore) keys(ctx context.Context) ([]byte, error) {
	if all, err := eventstore.Archives(ctx, r.From); err != nil || len(all) == 0 {
		return nil, cmp.Or(err, errNoBackup)
	}
	backup, failed := readKeyring(ctx, r.From)
	if r.Keyring == "" {
		return backup, failed
	}
	if _, err := os.Stat(filepath.Join(r.Keyring, "store")); err != nil {
		return nil, fmt.Errorf("there is no keyring in %s: %w", r.Keyring, err)
	}
	survivor, err := keyring.Open(r.Keyring, keyring.Options{MasterKeyFile: r.MasterKeyFile, Existing: true})
	if err != nil {
		return nil, err
	}
	var keys bytes.Buffer
	err = survivor.Export(&keys)
	if same, bad := survivor.Made(bytes.NewReader(backup)); failed == nil && bad == nil && !same {
		err = errors.Join(err, fmt.Errorf("the keyring in %s is not that of the backup: it is another installation's", r.Keyring))
	}
	return keys.Bytes(), errors.Join(err, survivor.Close())
}
