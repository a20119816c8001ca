package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gocloud.dev/blob"
)

// Remove removes files of an account. One that is not there is no error.
func (s *Store) Remove(ctx context.Context, account string, ids ...string) error {
	for _, id := range ids {
		key, _, err := place(account, id)
		if err != nil {
			continue // nothing lies there
		}
		if err := errors.Join(s.Bucket.remove(ctx, key), s.Bucket.remove(ctx, claimOf(account, id))); err != nil {
			return fmt.Errorf("blob: remove: %w", err)
		}
	}
	return nil
}

// RemoveCustomer removes every file of a customer. It is called after their key was
// destroyed: a file that is written meanwhile is then removed by who writes it.
func (s *Store) RemoveCustomer(ctx context.Context, account, customer string) error {
	if !isName(account) || !isName(customer) || customer == Uploads {
		return fmt.Errorf("%w: customer %.100q", ErrNotFound, customer)
	}
	folder := folderBlobs + account + "/" + customer + "/"
	for _, prefix := range []string{folder, claimOf(account, customer+".")} {
		if err := s.each(ctx, prefix, func(object *blob.ListObject) error { return s.Bucket.remove(ctx, object.Key) }); err != nil {
			return fmt.Errorf("blob: remove: %w", err)
		}
	}
	if s.Bucket.dir != "" {
		// It is empty now, and an error says only that it is not.
		_ = os.Remove(filepath.Join(s.Bucket.dir, filepath.FromSlash(folder)))
	}
	return nil
}

// each calls do for every object whose key begins with a prefix.
func (s *Store) each(ctx context.Context, prefix string, do func(*blob.ListObject) error) error {
	objects := s.Bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		object, err := objects.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = do(object)
		}
		if err != nil {
			return err
		}
	}
}

// Sweep removes the files that were written before a time and that no message shows,
// and returns how many: uploads that nobody used, and what a crash has left.
func (s *Store) Sweep(ctx context.Context, before time.Time, shown func(account, id string) (bool, error)) (removed int, err error) {
	err = s.each(ctx, folderClaims, func(object *blob.ListObject) error {
		account, id, ok := strings.Cut(strings.TrimPrefix(object.Key, folderClaims), "/")
		if !object.ModTime.Before(before) {
			return nil
		}
		key, _, err := place(account, id)
		if !ok || err != nil {
			return s.Bucket.remove(ctx, object.Key) // what a crash has left of a claim
		}
		if err := s.each(ctx, key+".", func(left *blob.ListObject) error { return s.Bucket.remove(ctx, left.Key) }); err != nil {
			return err
		}
		keep, err := shown(account, id)
		if err != nil {
			return err
		}
		if keep {
			return s.Bucket.remove(ctx, object.Key)
		}
		removed++
		return s.Remove(ctx, account, ThumbnailID(id), id)
	})
	if err != nil {
		return removed, fmt.Errorf("blob: sweep: %w", err)
	}
	return removed, nil
}
