package eventstore

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cockroachdb/errors/oserror"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// roomToOpen checks that there is room for what Pebble writes while it opens: it
// makes a table of each write-ahead log, and on a full disk tries that without end.
// The ballast is given up for it.
func (s *Store) roomToOpen() error {
	if s.opts.MinFree == nil || s.opts.ReadOnly {
		return nil
	}
	fs := s.opts.FS
	names, err := fs.List(s.dir)
	if err != nil {
		return err
	}
	needed, ballast := uint64(2*guardBytes), ""
	for _, name := range names {
		path := fs.PathJoin(s.dir, name)
		switch {
		case name == ballastName:
			ballast = path
		case strings.HasSuffix(name, ".log"):
			info, err := fs.Stat(path)
			if err != nil {
				return err
			}
			needed += uint64(info.Size())
		}
	}
	free, err := freeBytes(fs, s.dir)
	if err == nil && free < needed && ballast != "" {
		if err := fs.Remove(ballast); err != nil && !oserror.IsNotExist(err) {
			return err
		}
		free, err = freeBytes(fs, s.dir)
	}
	switch {
	case errors.Is(err, vfs.ErrUnsupported):
		return nil
	case err != nil:
		return err
	case free < needed:
		return fmt.Errorf("%w: %d bytes are free, and %d are needed to open the log", ErrDiskFull, free, needed)
	}
	return nil
}

func freeBytes(fs vfs.FS, dir string) (uint64, error) {
	usage, err := fs.GetDiskUsage(dir)
	return usage.AvailBytes, err
}
