package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// Limits say what is taken.
type Limits struct {
	// Bytes is the size of the largest file.
	Bytes int64
	// Passive takes nothing that runs somewhere: pages, scripts, programs.
	Passive bool
	// SHA256 is that of the file, where it was stated.
	SHA256 []byte
}

// Put writes a file under an id, over one that is there, and a small picture of it
// where it is a picture. It holds a few chunks of it in memory, and a picture while
// it is made smaller, one at a time. A file that no message is known to show within
// a day is removed by Sweep. Errors beside those of the bucket and of from:
// ErrTooLarge, ErrType, ErrDigest, ErrEmpty, ErrFull, ErrGone.
func (s *Store) Put(ctx context.Context, account, id, name string, from io.Reader, limits Limits) (*eventv1.StoredMedia, error) {
	if s.Bucket.dir != "" && s.Full != nil && s.Full() {
		return nil, ErrFull
	}
	start := make([]byte, sniffed)
	n, err := io.ReadFull(from, start)
	switch {
	case errors.Is(err, io.EOF):
		return nil, ErrEmpty
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return nil, err
	case errors.Is(err, io.ErrUnexpectedEOF):
		// It is short, or was cut off: reading on tells which.
	}
	start = start[:n]
	if limits.Passive && isActive(start) {
		return nil, fmt.Errorf("%w: %s", ErrType, typeOf(start))
	}
	stored := &eventv1.StoredMedia{BlobId: id, MimeType: typeOf(start)}
	if err := s.claim(ctx, account, id); err != nil {
		return nil, err
	}
	w, err := s.create(ctx, account, id, info{Type: stored.MimeType, Name: cleanName(name)})
	if err != nil {
		return nil, err
	}
	digest := sha256.New()
	stored.Size, err = io.Copy(io.MultiWriter(w, digest), io.LimitReader(io.MultiReader(bytes.NewReader(start), from), limits.Bytes+1))
	switch {
	case err != nil:
	case stored.Size > limits.Bytes:
		err = ErrTooLarge
	case len(limits.SHA256) > 0 && !bytes.Equal(limits.SHA256, digest.Sum(nil)):
		err = ErrDigest
	}
	if err != nil {
		w.discard()
		return nil, err
	}
	if err := w.close(ctx); err != nil {
		return nil, err
	}
	return stored, s.picture(ctx, account, stored)
}

// claim remembers a file that is about to be written.
func (s *Store) claim(ctx context.Context, account, id string) error {
	if _, _, err := place(account, id); err != nil {
		return err
	}
	key := claimOf(account, id)
	if err := s.Bucket.WriteAll(ctx, key, nil, nil); err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	return s.Bucket.synced(key)
}

// cleanName returns a name without what is no part of one: folders, control
// characters, and those that turn the direction of writing.
func cleanName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`"<>|:*?;`, r) {
			return -1
		}
		return r
	}, name)
	for len(name) > maxName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return strings.Trim(name, " .")
}

// Describe returns a file as content of a message that shows it. The errors are those
// of Read.
func (s *Store) Describe(ctx context.Context, account, id string) (*eventv1.Media, error) {
	r, err := s.Read(ctx, account, id)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	media := &eventv1.Media{
		Kind: KindOf(r.MIMEType), MimeType: r.MIMEType, FileName: r.Name, BlobId: id, Size: r.Size,
	}
	small, _, err := place(account, ThumbnailID(id))
	if err != nil {
		return media, nil
	}
	there, err := s.Bucket.Exists(ctx, small)
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	if there {
		if config, turn, ok := measured(r); ok {
			media.ThumbnailId = ThumbnailID(id)
			media.Width, media.Height = upright(config, turn)
		}
	}
	return media, nil
}
