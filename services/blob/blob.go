// Package blob keeps the files of messages: pictures, films, voice messages,
// documents. They lie in a folder or in a bucket of an object store, each sealed
// with the key of its customer before it is written, so that what destroys the key
// destroys the file. It fetches what providers keep, and says who may see what by
// links that expire.
package blob

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"weiche/services/channel"
	"weiche/services/keyring"
)

// Uploads stands for the customer in the id of a file that a visitor has uploaded
// and no message uses yet.
const Uploads = "uploads"

// Config is what a Store needs.
type Config struct {
	// Bucket is where the files are.
	Bucket *Bucket
	// Keys seal them.
	Keys Keys
	// PublicURL is where providers and customers reach this installation, without
	// a slash at its end; empty for nowhere.
	PublicURL string
	// Full, if set, says that a folder takes no more files: what is left on its disk
	// is for the log.
	Full func() bool
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Logger gets what nobody else is told; slog.Default if nil.
	Logger *slog.Logger
}

// Store keeps files. Its methods may be called concurrently.
type Store struct {
	Config

	// decoding is held while a picture is in memory.
	decoding chan struct{}
}

var _ channel.Files = (*Store)(nil)

// New returns the store of a bucket.
func New(config Config) *Store {
	if config.Now == nil {
		config.Now = time.Now
	}
	config.Logger = cmp.Or(config.Logger, slog.Default())
	config.PublicURL = strings.TrimSuffix(config.PublicURL, "/")
	return &Store{Config: config, decoding: make(chan struct{}, 1)}
}

// ID returns the id of a customer's file, and ThumbnailID that of a small picture of
// a file.
func ID(customer, media string) string { return customer + "." + media }

// ThumbnailID returns the id of the small picture of a file.
func ThumbnailID(id string) string { return id + thumbnailSuffix }

// CustomerOf returns the customer whose file an id names.
func CustomerOf(id string) string {
	customer, _, _ := strings.Cut(id, ".")
	return customer
}

const thumbnailSuffix = "-t"

// The folders of a bucket. A claim is an empty object beside a file that no message
// shows yet, as far as is known.
const (
	folderBlobs  = "blobs/"
	folderClaims = "claims/"
)

// place takes an id apart and returns the key of its object. ErrNotFound is returned
// for what is no id.
func place(account, id string) (key, customer string, err error) {
	customer, media, ok := strings.Cut(id, ".")
	if !ok || !isName(account) || !isName(customer) || !isName(media) {
		return "", "", fmt.Errorf("%w: %.100q", ErrNotFound, id)
	}
	return folderBlobs + account + "/" + customer + "/" + media, customer, nil
}

func claimOf(account, id string) string { return folderClaims + account + "/" + id }

// isName reports whether a string can stand as one part of a key.
func isName(name string) bool {
	return name != "" && len(name) <= 128 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// aad says which part of which file sealed bytes are.
func aad(account, id, part string) []byte { return keyring.AAD(account, "blob", id, part) }

// lost turns the errors of keys and buckets into those that callers know.
func lost(err error) error {
	switch {
	case errors.Is(err, keyring.ErrKeyGone):
		return ErrGone
	case errors.Is(err, keyring.ErrSealed):
		return ErrDamaged
	}
	return err
}
