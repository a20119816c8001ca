package keyring

import (
	"log/slog"
	"os"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"weiche/eventstore/pebblelog"
)

func (o *Options) ensureDefaults() {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Pool <= 0 {
		o.Pool = 256
	}
	if o.Cache <= 0 {
		o.Cache = 4096
	}
	if o.Fatal == nil {
		logger := o.Logger
		o.Fatal = func(err error) {
			logger.Error("keyring: the disk has failed under a write", "error", err)
			os.Exit(1)
		}
	}
}

// pebble returns options for a store of small values that is read at random.
// The format is set, since Pebble's default is its oldest, in which a flipped
// bit in the write-ahead log ends it without an error. Raising it is one-way for
// a folder.
func (o *Options) pebble() *pebble.Options {
	return &pebble.Options{
		FS:                 removingFS{o.FS},
		FormatMajorVersion: pebble.FormatValueSeparation,
		Comparer:           pebble.DefaultComparer,
		CacheSize:          4 << 20,
		MemTableSize:       1 << 20,
		Cleaner:            pebble.ArchiveCleaner{},
		Logger:             pebblelog.New(o.Logger.With("store", "keyring"), o.Fatal),
		EventListener:      &pebble.EventListener{DataCorruption: o.damaged},
	}
}

// removingFS removes what Pebble's archive cleaner would put into its archive.
// That cleaner is the only one for which Pebble does not use old write-ahead
// logs again, in which destroyed keys can be read until they are overwritten.
type removingFS struct{ vfs.FS }

// Rename removes a file on its way into the archive.
func (fs removingFS) Rename(from, to string) error {
	if fs.isArchive(fs.PathDir(to)) {
		return fs.Remove(from)
	}
	return fs.FS.Rename(from, to)
}

// MkdirAll makes every folder but the archive.
func (fs removingFS) MkdirAll(dir string, mode os.FileMode) error {
	if fs.isArchive(dir) {
		return nil
	}
	return fs.FS.MkdirAll(dir, mode)
}

func (fs removingFS) isArchive(dir string) bool { return fs.PathBase(dir) == "archive" }

// damaged is told of every damage that Pebble finds while it reads. Whoever reads
// gets it as an error too; without this listener Pebble would end the process by
// Fatalf instead.
func (o *Options) damaged(info pebble.DataCorruptionInfo) {
	o.Logger.Error("keyring: a file is damaged", "path", info.Path, "error", info.Details.Error())
}
