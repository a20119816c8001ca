package projections

import "errors"

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
	// ErrCorrupt is returned when a stored row is not what was stored. Rebuild
	// mends it.
	ErrCorrupt = errors.New("projections: corrupt row")
	// ErrClosed is returned by calls after Close.
	ErrClosed = errors.New("projections: closed")
)
