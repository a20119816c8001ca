package projections

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// room checks that the disk can hold all rows once more. A file system that does
// not know how much is free has enough.
func (v *Views) room() error {
	if v.opts.MinFree == nil {
		return nil
	}
	usage, err := v.opts.FS.GetDiskUsage(v.dir)
	if errors.Is(err, vfs.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("projections: ask for room on the disk: %w", err)
	}
	needed := v.opts.MinFree(usage.TotalBytes) + v.db.Metrics().DiskSpaceUsage()
	if usage.AvailBytes < needed {
		return fmt.Errorf("%w: %d bytes are free, %d are needed", ErrDiskFull, usage.AvailBytes, needed)
	}
	return nil
}
