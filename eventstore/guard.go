package eventstore

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ballastName is the file of Options.Ballast.
const ballastName = "BALLAST"

const (
	// The guard looks at the disk after this time or this many bytes.
	guardInterval = 100 * time.Millisecond
	guardBytes    = 4 << 20
	// maxRewrite is the most that Pebble's compactions are taken to need at once.
	// With little room Pebble itself keeps the larger ones to half of it.
	maxRewrite = 1 << 30
)

// TenthOr2GiB is for Options.MinFree: a tenth of the disk, and not more than
// 2 GiB.
func TenthOr2GiB(total uint64) uint64 { return min(total/10, 2<<30) }

// guard stops appends before the disk is full.
type guard struct {
	fs      vfs.FS
	dir     string
	db      *pebble.DB
	minFree func(total uint64) uint64

	mu      sync.Mutex
	looked  time.Time
	since   int    // bytes admitted since
	need    uint64 // what Pebble may have to write, as it was at the last look
	free    uint64
	total   uint64
	full    bool
	ballast bool
}

// open looks at the disk, and makes the ballast if that leaves enough room.
func (g *guard) open(opts *Options, dir string, db *pebble.DB) error {
	g.fs, g.dir, g.db, g.minFree = opts.FS, dir, db, opts.MinFree
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.look(); err != nil || opts.ReadOnly || opts.Ballast == 0 {
		return err
	}
	path := g.fs.PathJoin(dir, ballastName)
	info, err := g.fs.Stat(path)
	switch {
	case err == nil && uint64(info.Size()) == opts.Ballast:
		g.ballast = true
		return nil
	case err == nil: // of another size, or not finished
		if err := g.fs.Remove(path); err != nil {
			return err
		}
	case !oserror.IsNotExist(err):
		return err
	}
	if g.total == 0 || g.free < opts.Ballast+2*g.least() {
		return nil
	}
	if err := makeBallast(g.fs, path, opts.Ballast); err != nil {
		return fmt.Errorf("make ballast: %w", err)
	}
	g.ballast = true
	return errors.Join(syncDir(g.fs, dir), g.look())
}

// makeBallast writes a file. Room that is only reserved is not there on every
// file system.
func makeBallast(fs vfs.FS, path string, size uint64) error {
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	for left := size; left > 0 && err == nil; {
		// Not zeros, which some file systems do not store.
		for i := range block {
			block[i] = byte(i*7) + byte(left>>20)
		}
		n := min(left, uint64(len(block)))
		_, err = f.Write(block[:n])
		left -= n
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func (g *guard) least() uint64 {
	if g.minFree == nil {
		return 0
	}
	return max(g.minFree(g.total), g.need)
}

// measure finds out how much room Pebble may still take for what was appended
// already and for what is let through until the next look. A compaction makes
// room only after it has written its tables anew, in a small log all of them; on
// a disk that is full Pebble cannot even end its write-ahead log.
func (g *guard) measure() {
	if g.minFree == nil {
		return
	}
	m := g.db.Metrics()
	rewrite := min(m.Table.Local.LiveSize, maxRewrite)
	rewrite -= min(rewrite, uint64(max(m.Compact.InProgressBytes, 0)))
	g.need = 2*guardBytes + m.MemTable.Size + rewrite
}

// look asks how much room there is. A file system that does not know has enough.
func (g *guard) look() error {
	g.looked, g.since = time.Now(), 0
	g.measure()
	usage, err := g.fs.GetDiskUsage(g.dir)
	if errors.Is(err, vfs.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return err
	}
	g.free, g.total = usage.AvailBytes, usage.TotalBytes
	g.full = g.free < g.least()
	if g.ballast && g.free < g.least()/2 {
		// Others fill the disk. What Pebble has under way needs the room more.
		if err := g.fs.Remove(g.fs.PathJoin(g.dir, ballastName)); err != nil && !oserror.IsNotExist(err) {
			return err
		}
		g.ballast = false
	}
	return nil
}

// admit lets bytes through, or says that the disk is full.
func (g *guard) admit(bytes int) error {
	if g.minFree == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.since += bytes
	if g.since > guardBytes || time.Since(g.looked) >= guardInterval {
		if err := g.look(); err != nil {
			return wrap("ask for room on the disk", err)
		}
	}
	if g.full {
		return fmt.Errorf("%w: %d bytes of %d are free, %d are needed", ErrDiskFull, g.free, g.total, g.least())
	}
	return nil
}

// Health is how the store does. A process that serves others looks at it every
// second or so: it is not ready while DiskFull is set or StuckSince is some
// seconds ago, and ends if Broken is set or that is much longer ago, since a
// write that hangs cannot be taken back.
type Health struct {
	// LastCommit is how long the last call that wrote waited for the disk and
	// for those before it.
	LastCommit time.Duration
	// StuckSince is when the oldest call that is not answered yet came, zero if
	// there is none.
	StuckSince time.Time
	// Free and Total are the bytes of the disk, 0 if the file system does not
	// tell.
	Free, Total uint64
	// DiskFull is set while Append returns ErrDiskFull.
	DiskFull bool
	// Ballast is set while the file of Options.Ballast is there. The store
	// removes it when less than half of MinFree is left; the next Open makes it
	// again if there is room for it and twice MinFree.
	Ballast bool
	// Broken is what every append returns since the disk has failed or damage
	// was found, nil before. For damage it is an ErrCorrupt.
	Broken error
}

// Health returns at once, also while writes hang. It looks at the disk again if
// the last look is old.
func (s *Store) Health() Health {
	h := s.watch.health()
	if broken := s.writer.told.Load(); broken != nil {
		h.Broken = *broken
	} else if damage := s.damage.Load(); damage != nil {
		h.Broken = *damage
	}
	if !s.life.TryRLock() {
		return h // which is closing
	}
	defer s.leave()
	if s.closed {
		return h
	}
	g := &s.guard
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Since(g.looked) >= guardInterval {
		if err := g.look(); err != nil && h.Broken == nil {
			h.Broken = wrap("ask for room on the disk", err)
		}
	}
	h.Free, h.Total, h.DiskFull, h.Ballast = g.free, g.total, g.full && g.minFree != nil, g.ballast
	return h
}

// watch measures calls that write.
type watch struct {
	mu   sync.Mutex
	open map[uint64]time.Time
	next uint64
	last time.Duration
}

func (w *watch) begin() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		w.open = make(map[uint64]time.Time)
	}
	w.next++
	w.open[w.next] = time.Now()
	return w.next
}

func (w *watch) end(call uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = time.Since(w.open[call])
	delete(w.open, call)
}

// drop ends a call that is no commit.
func (w *watch) drop(call uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, call)
}

func (w *watch) health() Health {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := Health{LastCommit: w.last}
	for _, began := range w.open {
		if h.StuckSince.IsZero() || began.Before(h.StuckSince) {
			h.StuckSince = began
		}
	}
	return h
}
