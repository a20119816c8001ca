package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"weiche/services/blob"
	"weiche/services/blob/fetch"
	"weiche/services/operations"
	"weiche/services/router"
	"weiche/services/setting"
)

// mediaFlag adds --media to a command that reads or writes the files of messages.
func mediaFlag(cmd *cobra.Command, place *string) {
	takesSettings(cmd, func(s settings, _ setting.Read) { *place = s.Media }, "media")
}

// openMedia opens the files of messages of a data folder. The bucket has to be
// closed.
func (f *folder) openMedia(ctx context.Context, place, publicURL string, logger *slog.Logger) (*blob.Store, error) {
	if place == "" {
		dir, err := filepath.Abs(filepath.Join(f.dir, "media"))
		if err != nil {
			return nil, err
		}
		place = dir
	}
	bucket, err := blob.OpenBucket(ctx, place)
	if err != nil {
		return nil, err
	}
	return blob.New(blob.Config{
		Bucket: bucket, Keys: f.fileKeys(), PublicURL: publicURL, Logger: logger,
		Full: func() bool { return f.store.Health().DiskFull },
	}), nil
}

// fileKeys are the keys of the files of messages.
func (f *folder) fileKeys() blob.Keys {
	return blob.FromKeyring{Keyring: f.keys, KeyOf: func(ctx context.Context, account, customer string) (string, error) {
		return router.CustomerKey(ctx, f.store, account, customer)
	}}
}

// newFetcher makes what fetches the files of messages.
func (s *server) newFetcher() (*fetch.Fetcher, error) {
	return fetch.New(fetch.Config{
		Store: s.media, Publisher: s.broker, Directory: s.directory, Instance: instance(),
		GraphURL: string(s.config.GraphURL), GraphVersion: s.config.GraphVersion, Logger: s.config.logger,
		Events: s.metrics.Fetches(),
	})
}

// fetchMedia fetches until ctx ends, and returns nil then.
func (s *server) fetchMedia(ctx context.Context) error {
	inbox, err := fetch.FromBroker(ctx, s.broker)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	return s.fetcher.Run(ctx, inbox)
}

// verifyMedia reads every file that a message shows, and says which cannot be read.
func (f *folder) verifyMedia(ctx context.Context, place string, out io.Writer) error {
	media, err := f.openMedia(ctx, place, "", nil)
	if err != nil {
		return err
	}
	defer media.Bucket.Close()
	missing := 0
	files, err := operations.VerifyMedia(ctx, f.store, media, func(m operations.MissingFile) {
		missing++
		fmt.Fprintf(out, "account %s: file %s: %v\n", m.Account, m.ID, m.Err)
	})
	if err != nil {
		return err
	}
	if missing > 0 {
		return fmt.Errorf("%w: %d of %d cannot be read", errMedia, missing, files)
	}
	fmt.Fprintf(out, "%d files of messages, all right\n", files)
	return nil
}
