package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"

	"weiche/eventstore"
	"weiche/projections"
	"weiche/services/keyring"
	"weiche/services/router"
	"weiche/services/setting"
)

// ballast is how much room a server keeps to give back when others fill the disk.
const ballast = 16 << 20

// folder is a data folder: the log, the keys apart from it, and the views.
type folder struct {
	dir   string
	keys  *keyring.Keyring
	store *eventstore.Store
	views *projections.Views
	// places are where these are, once all are open.
	places atomic.Pointer[[]place]
	dying  sync.Once
}

// dataFlag adds --data to a command, and what it takes to open the folder.
func dataFlag(cmd *cobra.Command, dir *string) {
	takesSettings(cmd, func(s settings, _ setting.Read) { *dir = s.Data }, "data", flagMasterKey)
}

// flagMasterKey names the file with the master key.
const flagMasterKey = "master-key-file"

// masterKeyFlag adds --master-key-file to a command that opens a data folder which
// is not that of the settings.
func masterKeyFlag(cmd *cobra.Command) {
	takesSettings(cmd, func(settings, setting.Read) {}, flagMasterKey)
}

// masterKeyIn is the key of a context under which the name of that file is, for
// openFolder.
type masterKeyIn struct{}

// masterKeyOf returns the name of that file; empty where it is in the data folder.
func masterKeyOf(ctx context.Context) string {
	file, _ := ctx.Value(masterKeyIn{}).(string)
	return file
}

// openFolder opens a data folder; one that does not exist is made only with
// create. The erasures that the folder still owes are carried out before anybody
// can look. Close has to be called.
func openFolder(ctx context.Context, dir string, create bool, logger *slog.Logger) (_ *folder, err error) {
	if !create {
		if _, err := os.Stat(filepath.Join(dir, "log")); err != nil {
			return nil, fmt.Errorf("there is no data in %s: %w", dir, err)
		}
	} else if err := whole(dir); err != nil {
		return nil, err
	}
	f := &folder{dir: dir}
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	fatal := func(err error) { f.die(logger, err) }
	options := router.LogOptions(eventstore.Options{
		Logger: logger, MinFree: eventstore.TenthOr2GiB, Fatal: fatal,
	})
	if create {
		options.Ballast = ballast
	}
	_, isNew := os.Stat(dir)
	if f.store, err = eventstore.Open(filepath.Join(dir, "log"), options); err != nil {
		if errors.Is(err, eventstore.ErrLocked) {
			err = fmt.Errorf("%w; a weiche is running on it, or another command is at work", err)
		}
		return nil, err
	}
	if errors.Is(isNew, os.ErrNotExist) {
		// The views are not encrypted.
		if err := os.Chmod(dir, 0o700); err != nil {
			return nil, err
		}
	}
	f.keys, err = keyring.Open(filepath.Join(dir, "keyring"), keyring.Options{
		// Without its keyring, a log would look as if all of it had been erased.
		MasterKeyFile: masterKeyOf(ctx), Existing: f.store.Durable() > 0, Logger: logger, Fatal: fatal,
	})
	if err != nil {
		return nil, err
	}
	engine := router.NewEngine(router.EngineConfig{Store: f.store, Keys: f.keys, Logger: logger})
	if err := engine.FinishErasures(ctx); err != nil {
		return nil, err
	}
	if f.views, err = projections.Open(filepath.Join(dir, "views"), projections.Options{
		Opener: opener(f.keys), MinFree: eventstore.TenthOr2GiB, Logger: logger, Fatal: fatal,
	}); err != nil {
		return nil, err
	}
	if err := f.settle(); err != nil {
		return nil, err
	}
	return f, nil
}

// die ends the process with one line, for a store that cannot go on or for what was found
// to be wrong with the whole: even an orderly end would hang. It does not return.
func (f *folder) die(logger *slog.Logger, err error) {
	f.dying.Do(func() {
		if gone := f.gone(); gone != nil {
			err = gone
		}
		logger.Error("weiche cannot go on", "error", err)
		code, ok := damageCode(err)
		if !ok {
			code = exitFailed
		}
		os.Exit(code)
	})
}

// errNoLog is returned for a folder that has a keyring and no log. A new log is made
// before its keyring is, so the log was there, or was to be restored.
var errNoLog = errors.New("it has a keyring and no log: a restore was interrupted, or the log is lost or not mounted")

// whole refuses a folder in which a new log would take the place of one that is
// missing.
func whole(dir string) error {
	_, log := os.Stat(filepath.Join(dir, "log"))
	_, keys := os.Stat(filepath.Join(dir, "keyring", "store"))
	if errors.Is(log, os.ErrNotExist) && keys == nil {
		return fmt.Errorf("%s: %w", dir, errNoLog)
	}
	return nil
}

// close closes what is open, the views before what they read from.
func (f *folder) close() error {
	var errs []error
	if f.views != nil {
		errs = append(errs, f.views.Close())
	}
	if f.store != nil {
		errs = append(errs, f.store.Close())
	}
	if f.keys != nil {
		errs = append(errs, f.keys.Close())
	}
	return errors.Join(errs...)
}

// opener opens sealed parts for the views.
func opener(keys *keyring.Keyring) projections.Opener {
	return func(account, category, id, eventID, keyID string, ciphertext []byte) ([]byte, error) {
		plain, err := keys.Unseal(keyID, keyring.AAD(account, category, id, eventID), ciphertext)
		if errors.Is(err, keyring.ErrKeyGone) {
			return nil, projections.ErrKeyGone
		}
		return plain, err
	}
}

// withFolder opens an existing data folder for the time of do.
func withFolder(ctx context.Context, dir string, do func(context.Context, *folder) error) error {
	// Warnings are for who runs the command, such as of damaged views.
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	f, err := openFolder(ctx, dir, false, logger)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, f), f.close())
}

// account returns the account that a command means: the one that is named, or the
// only one.
func (f *folder) account(ctx context.Context, named string) (string, error) {
	if named != "" {
		return named, nil
	}
	accounts, err := router.Accounts(ctx, f.store)
	if err != nil {
		return "", err
	}
	if len(accounts) == 0 {
		return "", errors.New("there is no account yet; weiche setup makes one")
	}
	if len(accounts) > 1 {
		return "", usageError{fmt.Errorf("there are %d accounts; name one with --account", len(accounts))}
	}
	return accounts[0], nil
}

// caughtUp lets the views follow the log for the time of do.
func (f *folder) caughtUp(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- f.views.Run(ctx, f.store) }()
	err := f.views.WaitFor(ctx, f.store.Durable())
	if err == nil {
		err = do()
	}
	cancel()
	if followed := <-done; followed != nil && !errors.Is(followed, context.Canceled) {
		err = errors.Join(err, followed)
	}
	return err
}
