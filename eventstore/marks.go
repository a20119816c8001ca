package eventstore

import (
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// A mark says how far the log was on disk at some time. It is kept outside of
// Pebble, in two files that are written in turn, so that a crash can spoil one
// of them only. Pebble opens without an error when the end of its write-ahead
// log, or a table, is gone; the mark tells. It lags behind the log by up to
// markInterval of activity, so that is what it cannot know about.
type mark struct {
	position    uint64
	hash        [32]byte
	epoch       uint64
	incarnation string
}

const (
	markInterval = 100 * time.Millisecond
	// markSize is fixed, so that a file is overwritten in place.
	markSize  = 256
	markMagic = "weiche-mark 1"
)

func markName(i int) string { return fmt.Sprintf("MARK-%d", i) }

// encode returns a line of text that ends in a checksum, filled up with spaces.
func (m mark) encode() []byte {
	line := fmt.Sprintf("%s %d %x %d %s", markMagic, m.position, m.hash, m.epoch, m.incarnation)
	sum := crc32.Checksum([]byte(line), crc32.MakeTable(crc32.Castagnoli))
	return fmt.Appendf(nil, "%-*s\n", markSize-1, fmt.Sprintf("%s %08x", line, sum))
}

// decodeMark is the inverse of encode. ok is false for anything else.
func decodeMark(b []byte) (m mark, ok bool) {
	var sum, word, version string
	if n, err := fmt.Sscan(string(b), &word, &version, &m.position, &sum, &m.epoch, &m.incarnation); n != 6 || err != nil {
		return mark{}, false
	}
	hash, err := hex.DecodeString(sum)
	if err != nil || len(hash) != len(m.hash) {
		return mark{}, false
	}
	copy(m.hash[:], hash)
	return m, string(m.encode()) == string(b)
}

// readMarks returns the mark that is furthest on. found is how many mark files
// there are, valid or not.
func readMarks(fs vfs.FS, dir string) (newest mark, valid, found int, err error) {
	for i := range 2 {
		f, err := fs.Open(fs.PathJoin(dir, markName(i)))
		if oserror.IsNotExist(err) {
			continue
		}
		if err != nil {
			return mark{}, 0, 0, err
		}
		found++
		b, err := io.ReadAll(f)
		if e := f.Close(); err == nil {
			err = e
		}
		if err != nil {
			return mark{}, 0, 0, err
		}
		m, ok := decodeMark(b)
		if !ok {
			continue
		}
		if valid++; valid == 1 || m.position > newest.position || m.epoch > newest.epoch {
			newest = m
		}
	}
	return newest, valid, found, nil
}

// marks writes marks. A nil *marks writes none.
type marks struct {
	mu          sync.Mutex
	files       [2]vfs.File
	next        int
	incarnation string
	written     time.Time
	last        mark
}

// openMarks makes or overwrites both files with m.
func openMarks(fs vfs.FS, dir string, m mark) (ms *marks, err error) {
	ms = &marks{incarnation: m.incarnation}
	defer func() {
		if err != nil {
			ms.closeFiles()
		}
	}()
	for i := range ms.files {
		name := fs.PathJoin(dir, markName(i))
		ms.files[i], err = fs.OpenReadWrite(name, vfs.WriteCategoryUnspecified)
		if err != nil {
			return nil, err
		}
	}
	for range ms.files {
		if err := ms.write(m); err != nil {
			return nil, err
		}
	}
	return ms, syncDir(fs, dir)
}

func (ms *marks) write(m mark) error {
	f := ms.files[ms.next]
	if _, err := f.WriteAt(m.encode(), 0); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	ms.next, ms.last = 1-ms.next, m
	return nil
}

// due writes a mark if the last one is old enough. Of concurrent callers one
// does it.
func (ms *marks) due(s *Store) error {
	if ms == nil || !ms.mu.TryLock() {
		return nil
	}
	defer ms.mu.Unlock()
	now := s.opts.Now()
	if age := now.Sub(ms.written); age >= 0 && age < markInterval {
		return nil
	}
	ms.written = now
	if err := s.files.tables.due(); err != nil {
		return err
	}
	position, hash := s.views.head()
	m := mark{position, hash, s.epoch.Load(), ms.incarnation}
	if m == ms.last {
		return nil
	}
	if err := ms.write(m); err != nil {
		return fmt.Errorf("write high-water mark: %w", err)
	}
	return nil
}

// close writes the last mark.
func (ms *marks) close(v *view, epoch uint64) error {
	if ms == nil {
		return nil
	}
	ms.mu.Lock()
	defer ms.mu.Unlock()
	var err error
	if m := (mark{v.position, v.hash, epoch, ms.incarnation}); m != ms.last {
		err = ms.write(m)
	}
	return errors.Join(err, ms.closeFiles())
}

func (ms *marks) closeFiles() (err error) {
	for i, f := range ms.files {
		if f != nil {
			err = errors.Join(err, f.Close())
			ms.files[i] = nil
		}
	}
	return err
}

// syncDir makes the names in a folder durable.
func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}

// makeDir makes a folder and its parents durably.
func makeDir(fs vfs.FS, dir string) error {
	var missing []string
	for d := dir; ; d = fs.PathDir(d) {
		if _, err := fs.Stat(d); err == nil {
			break
		} else if !oserror.IsNotExist(err) {
			return err
		}
		missing = append(missing, d)
		if fs.PathDir(d) == d || strings.TrimSpace(d) == "" {
			break
		}
	}
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, d := range missing {
		if err := syncDir(fs, fs.PathDir(d)); err != nil {
			return err
		}
	}
	return nil
}
