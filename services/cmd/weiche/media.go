package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"weiche/services/blob"
	"weiche/services/operations"
	"weiche/services/router"
	"weiche/services/setting"
)

// mediaFlag adds --media to a command that reads or writes the files of messages.
func mediaFlag(cmd *cobra.Command, place *string) {
	takesSettings(cmd, func(s settings, _ setting.Read) { *place = s.Media }, "media")
}

// place is where the files of messages of a data folder are, if nothing else is said.
func (f *folder) place(said string) (string, error) {
	if said != "" {
		return said, nil
	}
	return filepath.Abs(filepath.Join(f.dir, "media"))
}

// openMedia opens the files of messages of a data folder. The bucket has to be
// closed.
func (f *folder) openMedia(ctx context.Context, place string) (*blob.Store, error) {
	place, err := f.place(place)
	if err != nil {
		return nil, err
	}
	bucket, err := blob.OpenBucket(ctx, place)
	if err != nil {
		return nil, err
	}
	return blob.New(blob.Config{Bucket: bucket, Keys: f.fileKeys()}), nil
}

// openMedia opens the files of messages of the process.
func (s *server) openMedia() (err error) {
	place := s.config.Media
	if s.folder != nil {
		if place, err = s.folder.place(place); err != nil {
			return err
		}
	}
	bucket, err := blob.OpenBucket(context.Background(), place)
	if err != nil {
		return err
	}
	s.media = blob.New(blob.Config{
		Bucket: bucket, Keys: s.files, PublicURL: string(s.config.PublicURL), Full: s.full, Logger: s.config.logger,
	})
	return nil
}

func (s *server) closeMedia() {
	if s.media != nil {
		s.media.Bucket.Close()
	}
}

// fileKeys are the keys of the files of messages.
func (f *folder) fileKeys() blob.Keys {
	return blob.FromKeyring{Keyring: f.keys, KeyOf: func(ctx context.Context, account, customer string) (string, error) {
		return router.CustomerKey(ctx, f.store, account, customer)
	}}
}

// verifyMedia reads every file that a message shows, and says which cannot be read.
func (f *folder) verifyMedia(ctx context.Context, place string, out io.Writer) error {
	media, err := f.openMedia(ctx, place)
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
	fmt.Fprintf(out, "%s of messages, all right\n", count(files, "file", "files"))
	return nil
}
