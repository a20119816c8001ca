package operations

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	objects "gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"weiche/eventstore"
	errorv1 "weiche/proto/gen/weiche/error/v1"
	"weiche/services/blob"
)

// OpenBucket opens a place for backups: a folder by its absolute path or as
// file:///…, or a bucket as s3://name?region=…&prefix=…, with the credentials
// that the AWS tools use. Close has to be called.
func OpenBucket(ctx context.Context, place string) (eventstore.Bucket, io.Closer, error) {
	if path, ok := strings.CutPrefix(place, "file://"); ok {
		place = path
	}
	if filepath.IsAbs(place) {
		return eventstore.Folder(nil, place), io.NopCloser(nil), nil
	}
	b, err := blob.OpenBucket(ctx, place)
	if errors.Is(err, blob.ErrPlace) {
		return nil, nil, fail(errorv1.Reason_REASON_INVALID, "%q is neither an absolute path nor s3://bucket", place)
	}
	if err != nil {
		return nil, nil, fail(errorv1.Reason_REASON_INVALID, "%w", err)
	}
	return bucket{b}, b, nil
}

// bucket keeps objects in an object store, which makes each of them whole or not
// at all.
type bucket struct{ objects *blob.Bucket }

func (b bucket) Write(ctx context.Context, name string, content []byte) error {
	return b.objects.WriteAll(ctx, name, content, nil)
}

func (b bucket) Read(ctx context.Context, name string) ([]byte, error) {
	content, err := b.objects.ReadAll(ctx, name)
	if gcerrors.Code(err) == gcerrors.NotFound {
		err = fmt.Errorf("%w: object %s: %w", eventstore.ErrNotFound, name, err)
	}
	return content, err
}

func (b bucket) List(ctx context.Context, prefix string) (names []string, err error) {
	listed := b.objects.List(&objects.ListOptions{Prefix: prefix})
	for {
		object, err := listed.Next(ctx)
		if errors.Is(err, io.EOF) {
			return names, nil // which an object store gives in order
		}
		if err != nil {
			return nil, err
		}
		names = append(names, object.Key)
	}
}

func (b bucket) Delete(ctx context.Context, name string) error {
	err := b.objects.Delete(ctx, name)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return err
}
