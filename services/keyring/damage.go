package keyring

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
)

// below is an error from below, with what was being done. What Pebble has found
// damaged is ErrCorrupt.
func below(doing string, err error) error {
	if !pebble.IsCorruptionError(err) {
		return fmt.Errorf("keyring: %s%w", doing, err)
	}
	if info := pebble.ExtractDataCorruptionInfo(err); info != nil {
		return fmt.Errorf("%w: %s%s: %w", ErrCorrupt, doing, info.Path, info.Details)
	}
	return fmt.Errorf("%w: %s%w", ErrCorrupt, doing, err)
}

// opening is below for Pebble's error at the opening of a folder. It does not mark
// all damage there, but what the system refuses has a number of the system's,
// except for a file that is gone.
func opening(dir string, err error) error {
	var number syscall.Errno
	if !pebble.IsCorruptionError(err) && (!errors.As(err, &number) || errors.Is(err, os.ErrNotExist)) {
		return fmt.Errorf("%w: %s: %w", ErrCorrupt, dir, err)
	}
	return below(dir+": ", err)
}
