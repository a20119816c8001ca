package projections

import (
	"errors"
	"fmt"
)

var (
	// ErrNotFound is returned for a conversation, customer or identity that the
	// account does not have, and for a channel that a conversation never had.
	ErrNotFound = errors.New("projections: not found")
	// ErrKeyGone is what an Opener returns for a key that was destroyed.
	ErrKeyGone = errors.New("projections: the key is gone")
	// ErrNotReady is returned while a view has no rows that fit the log: before
	// Run or Rebuild has compared them with it, and while they are built anew.
	ErrNotReady = errors.New("projections: not ready")
	// ErrRebuilding is returned by Rebuild while the same projection is being
	// rebuilt.
	ErrRebuilding = errors.New("projections: a rebuild is going on")
	// ErrUnknownProjection is returned for a name that no projection has.
	ErrUnknownProjection = errors.New("projections: no such projection")
	// ErrCorrupt is returned when what is stored is not what was written. Run
	// mends it, or else the next Open: the views are folded anew.
	ErrCorrupt = errors.New("projections: corrupt")
	// ErrDiffers is returned by Verify when rows are not what the log gives. The
	// error is a [*DifferenceError].
	ErrDiffers = errors.New("projections: the rows differ from the log")
	// ErrDiskFull is returned by Rebuild and Verify where the disk has too little
	// room for rows beside those that are served, see Options.MinFree.
	ErrDiskFull = errors.New("projections: too little room on the disk")
	// ErrClosed is returned by calls after Close.
	ErrClosed = errors.New("projections: closed")
)

// DifferenceError is the first row in which a projection differs from what the
// log gives.
type DifferenceError struct {
	Projection string
	// Row is the row, in words.
	Row string
	// What is wrong with it, as a clause.
	What string
}

// Error names projection, row and difference.
func (e *DifferenceError) Error() string {
	return fmt.Sprintf("%v: view %s, %s %s", ErrDiffers, e.Projection, e.Row, e.What)
}

// Is reports that a DifferenceError is an [ErrDiffers].
func (e *DifferenceError) Is(target error) bool { return target == ErrDiffers }
