package eventstore

import (
	"log/slog"
	"os"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"weiche/eventstore/pebblelog"
)

// Options are the choices of who opens a store. The zero value is good for use.
type Options struct {
	// FS is where the folder is, the disk if nil.
	FS vfs.FS
	// ReadOnly opens a folder for tools: Append and Fence return ErrReadOnly.
	// The folder is locked all the same.
	ReadOnly bool
	// Now gives the time for Record.Recorded, time.Now if nil.
	Now func() time.Time
	// Index derives from one record, and from nothing else, what it changes in
	// the caller's indexes. It is called under a lock, once for each event in
	// order of position, and again by Verify; it must neither keep nor change
	// the record, nor call the store.
	Index func(*Record) IndexChange
	// IndexVersion names what Index makes: it is another number whenever Index
	// makes something else of a record that may be stored. Open makes the indexes
	// of a folder anew that has another version of them, which reads the whole
	// log twice, once; a read-only Open returns ErrFormat for such a folder. Where
	// Index does not understand a record, they stay as they are: the log can be
	// read, and Append and Fence return ErrFormat.
	IndexVersion uint32
	// Redacts returns the event ids, of the record's own account, whose sealed
	// parts this record declares to be removed. Only such an event can lose its
	// sealed part, and Verify accepts a loss only if a later record declares it.
	// It is called as Index is, and under the same terms. Nil means that nothing
	// is ever redacted.
	Redacts func(*Record) []string
	// NoSync acknowledges what is not on disk, and keeps no high-water mark. It
	// is for the control of crash tests only: it loses events.
	NoSync bool
	// Logger gets what Pebble reports, at level Debug, its complaints, and what
	// ends the process; slog.Default if nil.
	Logger *slog.Logger
	// CacheBytes is the size of the block cache, 64 MiB if 0.
	CacheBytes int64
	// MemTableBytes is the size to which a memtable grows before it is written
	// out, 64 MiB if 0.
	MemTableBytes uint64
	// MinFree says how many bytes have to be free on a disk of a size; see
	// TenthOr2GiB. With less, or with less than Pebble may need to write out its
	// memtables and to compact its tables (up to 1 GiB), Append returns
	// ErrDiskFull. Nil is no guard: on a full disk Pebble waits without end or
	// calls Fatal.
	MinFree func(total uint64) uint64
	// Ballast is the size of a file that takes up room, so that there is some to
	// give back when the disk is full; see Store.Health. 0 is none.
	Ballast uint64
	// Fatal is called when the disk has failed under a write, so that nobody
	// can know what is on it. It must not return. If nil, the error is logged
	// and the process exits.
	Fatal func(error)
}

// EnsureDefaults fills what is not set. Open calls it on its copy.
func (o *Options) EnsureDefaults() {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Index == nil {
		o.Index = func(*Record) IndexChange { return IndexChange{} }
	}
	if o.Redacts == nil {
		o.Redacts = func(*Record) []string { return nil }
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = 64 << 20
	}
	if o.MemTableBytes == 0 {
		o.MemTableBytes = 64 << 20
	}
	if o.Fatal == nil {
		logger := o.Logger
		o.Fatal = func(err error) {
			logger.Error("eventstore: the store cannot go on", "error", err)
			os.Exit(1)
		}
	}
}

// pebbleFormat is set explicitly: Pebble's default is its oldest format, in
// which a flipped bit in the write-ahead log ends it without an error. Raising
// it is one-way for a folder.
const pebbleFormat = pebble.FormatValueSeparation

// pebble returns the options that were measured for a log: large blocks for
// sequential replay, large memtables, the default comparer, no value
// separation.
func (o *Options) pebble() *pebble.Options {
	p := &pebble.Options{
		FS:                          o.FS,
		ReadOnly:                    o.ReadOnly,
		FormatMajorVersion:          pebbleFormat,
		Comparer:                    pebble.DefaultComparer,
		CacheSize:                   o.cacheSize(),
		MemTableSize:                o.MemTableBytes,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       2,
		L0StopWritesThreshold:       24,
		LBaseMaxBytes:               64 << 20,
		MaxOpenFiles:                4096,
		BytesPerSync:                1 << 20,
		CompactionConcurrencyRange:  func() (int, int) { return 1, 2 },
		Logger:                      pebblelog.New(o.Logger.With("store", "log"), o.Fatal),
		EventListener:               &pebble.EventListener{DataCorruption: o.damaged},
	}
	for i := range p.Levels {
		p.Levels[i].BlockSize = 32 << 10
		p.Levels[i].IndexBlockSize = 256 << 10
		p.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.SnappyCompression }
	}
	return p
}

// cacheSize adds to the block cache the memtable that is written to and the one
// that is written out. Pebble takes the memory of its memtables out of the
// cache: with a cache as large as a memtable, nothing is cached at all, and each
// Get reads and decompresses a block.
func (o *Options) cacheSize() int64 { return o.CacheBytes + 2*int64(o.MemTableBytes) }

// damaged is told of every damage that Pebble finds while it reads. Whoever reads
// gets it as an error too, which becomes an [ErrCorrupt]; without this listener
// Pebble would end the process by Fatalf instead.
func (o *Options) damaged(info pebble.DataCorruptionInfo) {
	o.Logger.Error("eventstore: a file is damaged", "path", info.Path, "error", info.Details.Error())
}
