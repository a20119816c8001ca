package keyring

import "errors"

var (
	// ErrMasterKey is returned by Open and Import when the file with the master
	// key is missing, is damaged, can be read by others, or is another keyring's.
	ErrMasterKey = errors.New("keyring: master key")
	// ErrKeyGone is returned by Seal and Unseal for a key that was destroyed or
	// never was.
	ErrKeyGone = errors.New("keyring: key is gone")
	// ErrSealed is returned by Unseal when the key is there and does not open
	// what it was given: it was changed, or sealed for another place.
	ErrSealed = errors.New("keyring: cannot be unsealed")
	// ErrCorrupt is returned when the master key does not open a stored value, and
	// by Open for a keyring that is missing and has to be there.
	ErrCorrupt = errors.New("keyring: corrupt")
	// ErrNotEmpty is returned by Import for a folder that holds a store.
	ErrNotEmpty = errors.New("keyring: folder is not empty")
	// ErrBadExport is returned by Import for what is not an export, or not the
	// whole of one, or was changed.
	ErrBadExport = errors.New("keyring: export is damaged")
	// ErrClosed is returned by calls after Close.
	ErrClosed = errors.New("keyring: closed")
)
