package blob

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/s3blob" // s3://
	"gocloud.dev/gcerrors"
)

// Bucket is a folder, or a bucket of an object store.
type Bucket struct {
	*blob.Bucket
	// dir is the folder; empty for an object store.
	dir string
}

// IsPlace says whether a text names a place that OpenBucket opens.
func IsPlace(text string) bool {
	if filepath.IsAbs(strings.TrimPrefix(text, "file://")) {
		return true
	}
	at, err := url.Parse(text)
	return err == nil && at.Scheme == "s3" && at.Host != ""
}

// OpenBucket opens a place for files: a folder by its absolute path or as
// file:///…, which is made where it is missing, or a bucket as
// s3://name?region=…&prefix=…, with the credentials that the AWS tools use. Close
// has to be called. The error is ErrPlace for anything else.
func OpenBucket(ctx context.Context, place string) (*Bucket, error) {
	if path, ok := strings.CutPrefix(place, "file://"); ok {
		place = path
	}
	if filepath.IsAbs(place) {
		files, err := fileblob.OpenBucket(place, &fileblob.Options{
			CreateDir: true, DirFileMode: 0o700, NoTempDir: true, Metadata: fileblob.MetadataDontWrite,
		})
		if err != nil {
			return nil, fmt.Errorf("blob: folder %s: %w", place, err)
		}
		return &Bucket{Bucket: files, dir: place}, nil
	}
	if !IsPlace(place) {
		return nil, fmt.Errorf("%w: %q", ErrPlace, place)
	}
	objects, err := blob.OpenBucket(ctx, place)
	if err != nil {
		return nil, fmt.Errorf("blob: bucket %s: %w", place, err)
	}
	return &Bucket{Bucket: objects}, nil
}

// synced makes what was written under a key durable: an object store does so by
// itself, a folder does not.
func (b *Bucket) synced(key string) error {
	if b.dir == "" {
		return nil
	}
	path := filepath.Join(b.dir, filepath.FromSlash(key))
	for {
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("blob: %w", err)
		}
		err = errors.Join(f.Sync(), f.Close())
		if err != nil {
			return fmt.Errorf("blob: %w", err)
		}
		if path == b.dir {
			return nil
		}
		path = filepath.Dir(path)
	}
}

// remove deletes an object, if it is there.
func (b *Bucket) remove(ctx context.Context, key string) error {
	err := b.Delete(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return err
}
