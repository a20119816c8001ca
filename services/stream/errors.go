package stream

import "errors"

var (
	// ErrCursor is returned for a cursor that no stream has given.
	ErrCursor = errors.New("stream: not a cursor")
	// ErrCursorExpired is returned for a cursor of a log that was replaced, or of so
	// long ago that the snapshot is read sooner anew.
	ErrCursorExpired = errors.New("stream: the cursor has expired")
	// ErrClosed is returned once the hub has ended.
	ErrClosed = errors.New("stream: closed")
)
