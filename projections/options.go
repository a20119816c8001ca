package projections

import (
	"log/slog"
	"os"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options are the choices of who opens a folder.
type Options struct {
	// FS is where the folder is, the disk if nil.
	FS vfs.FS
	// Opener opens what is sealed, for readers. Nil opens nothing: all content
	// reads as erased.
	Opener Opener
	// BatchRecords is how many records are folded into one batch at most, 512
	// if 0. A batch ends earlier where the log does, and with 64 MiB of facts and
	// sealed parts.
	BatchRecords int
	// RebuildRecords is the same for a rebuild, 65536 if 0: many, since a row that
	// changes often is then written once.
	RebuildRecords int
	// CacheRows is how many decoded rows of each projection stay in memory,
	// 4096 if 0.
	CacheRows int
	// CacheBytes is the size of the block cache, 16 MiB if 0.
	CacheBytes int64
	// MinFree says how many bytes have to be free on a disk of a size after a
	// rebuild or a verification has made its rows. Nil is no such look. What Run
	// rebuilds by itself is not held up by it.
	MinFree func(total uint64) uint64
	// Logger gets what Pebble reports, at level Debug, its complaints, and what
	// ends the process; slog.Default if nil.
	Logger *slog.Logger
	// Fatal is called when the disk has failed under a write. It must not
	// return. If nil, the error is logged and the process exits.
	Fatal func(error)
}

// EnsureDefaults fills what is not set. Open calls it on its copy.
func (o *Options) EnsureDefaults() {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.BatchRecords == 0 {
		o.BatchRecords = 512
	}
	if o.RebuildRecords == 0 {
		o.RebuildRecords = 65536
	}
	if o.CacheRows == 0 {
		o.CacheRows = 4096
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = 16 << 20
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Fatal == nil {
		logger := o.Logger
		o.Fatal = func(err error) {
			logger.Error("projections: the disk has failed under a write", "error", err)
			os.Exit(1)
		}
	}
}

// memTableBytes is the size of a memtable. Pebble takes the memory of its
// memtables, the one that is written to and the one that is written out, from
// what the cache may have: a cache that is not larger than both caches nothing,
// and each row that is read costs the reading and decompression of a block.
const memTableBytes = 8 << 20

// pebble returns options for rows that can be folded again: without a
// write-ahead log. A crash loses the memtable, rows and checkpoint alike, since a
// batch is in one memtable and memtables are written out in order.
func (v *Views) pebble() *pebble.Options {
	o := &v.opts
	p := &pebble.Options{
		FS:                          o.FS,
		Lock:                        v.lock,
		FormatMajorVersion:          pebble.FormatValueSeparation,
		DisableWAL:                  true,
		CacheSize:                   o.CacheBytes + 2*memTableBytes,
		MemTableSize:                memTableBytes,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       8,
		L0StopWritesThreshold:       24,
		LBaseMaxBytes:               512 << 20,
		BytesPerSync:                1 << 20,
		CompactionConcurrencyRange:  func() (int, int) { return 1, 2 },
		Logger:                      v.log,
		EventListener:               &pebble.EventListener{DataCorruption: v.damaged, BackgroundError: v.failed},
	}
	for i := range p.Levels {
		p.Levels[i].BlockSize = 16 << 10
		p.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.SnappyCompression }
	}
	return p
}
