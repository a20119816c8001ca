package eventstore

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cockroachdb/pebble/v2"
)

var (
	// ErrWrongExpectedVersion is the outcome of a commit that names a version
	// which its stream no longer has, or does not have yet.
	ErrWrongExpectedVersion = errors.New("eventstore: wrong expected version")
	// ErrDuplicate is the outcome of a commit with a dedup key that the account
	// has already. The error is a [*DuplicateError].
	ErrDuplicate = errors.New("eventstore: duplicate")
	// ErrFenced is the outcome of a commit or a fence of an epoch that is not
	// the store's: an older one has been replaced, a newer one was not taken.
	ErrFenced = errors.New("eventstore: fenced by another epoch")
	// ErrInvalidEvent is the outcome of a commit that the store cannot hold:
	// a part is missing, too long or not UTF-8, or an event id is used already.
	ErrInvalidEvent = errors.New("eventstore: invalid event")
	// ErrCorrupt is returned when what is stored is not what was appended. The
	// error is a [*CorruptError].
	ErrCorrupt = errors.New("eventstore: corrupt")
	// ErrClosed is returned by calls after Close, and ends subscriptions.
	ErrClosed = errors.New("eventstore: closed")
	// ErrNotFound is returned for a position or an event that the log does not
	// hold, by a read-only Open of a folder without a log, for an archive that is
	// not there and for a Limit that it does not reach.
	ErrNotFound = errors.New("eventstore: not found")
	// ErrNotDeclared is returned by Redact for an event that no later record
	// declares redacted; see Options.Redacts.
	ErrNotDeclared = errors.New("eventstore: no later record declares the event redacted")
	// ErrNotEmpty is returned by Restore for a folder that has files.
	ErrNotEmpty = errors.New("eventstore: folder is not empty")
	// ErrUnfinished is returned by Open for a folder in which a restore is under
	// way or has failed.
	ErrUnfinished = errors.New("eventstore: the restore of this folder is not finished")
	// ErrLocked is returned by Open while another Store, in this process or
	// another one, has the folder open.
	ErrLocked = errors.New("eventstore: folder is in use")
	// ErrFormat is returned by Open for a folder written in a format that this
	// version does not know, and by Append and Fence where the log has a record that
	// Options.Index does not understand, and indexes of another version.
	ErrFormat = errors.New("eventstore: unknown format")
	// ErrDiskFull is returned by Append while too little is free on the disk,
	// see Options.MinFree. Nothing was appended, and the store is not broken: the next
	// call may succeed.
	ErrDiskFull = errors.New("eventstore: too little room on the disk")
	// ErrReadOnly is returned by Append and Fence on a store that was opened
	// with Options.ReadOnly.
	ErrReadOnly = errors.New("eventstore: opened read-only")
)

// DuplicateError is the refusal of a commit whose dedup key is taken.
type DuplicateError struct {
	Account string
	Key     string
	// Position is that of the first event with the key. It is durable when the
	// refusal is returned.
	Position uint64
	// Hash is the content hash that was stored with the key. A hash that
	// differs from the refused one means a different content under one key.
	Hash []byte
}

// Error names the account, the key and the first position.
func (e *DuplicateError) Error() string {
	return fmt.Sprintf("eventstore: duplicate: key %q of account %q is taken by position %d", e.Key, e.Account, e.Position)
}

// Is reports that a DuplicateError is an [ErrDuplicate].
func (e *DuplicateError) Is(target error) bool { return target == ErrDuplicate }

// CorruptError is a damage with its place. Fields that do not apply are zero.
type CorruptError struct {
	// What is wrong, as a clause.
	What string
	// Position is where in the log, 0 if the damage is not in one record.
	Position uint64
	// Stream is set for damage found by way of a stream.
	Stream Stream
	// Key is the damaged key as stored; see the key table in keys.go.
	Key []byte
	// Err is what was underneath, if anything.
	Err error

	kind DamageKind // empty if the rest tells; see Kind
}

// Error says what is wrong and where.
func (e *CorruptError) Error() string {
	var b strings.Builder
	b.WriteString("eventstore: corrupt: ")
	b.WriteString(e.What)
	if e.Position != 0 {
		fmt.Fprintf(&b, ", position %d", e.Position)
	}
	if e.Stream != (Stream{}) {
		fmt.Fprintf(&b, ", stream %s of account %q", e.Stream, e.Stream.Account)
	}
	if len(e.Key) != 0 {
		fmt.Fprintf(&b, ", key %s", describeKey(e.Key))
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Is reports that a CorruptError is an [ErrCorrupt].
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

// Unwrap returns Err.
func (e *CorruptError) Unwrap() error { return e.Err }

// wrap adds what was being done to an error from below, and turns corruption
// that Pebble itself has found into ours.
func wrap(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrCorrupt), errors.Is(err, ErrClosed):
		return err
	case pebble.IsCorruptionError(err):
		if info := pebble.ExtractDataCorruptionInfo(err); info != nil {
			return &CorruptError{kind: DamageTables, What: "Pebble cannot read " + info.Path + " (" + doing + ")", Err: info.Details}
		}
		return &CorruptError{kind: DamageTables, What: "Pebble cannot read the folder (" + doing + ")", Err: err}
	}
	return fmt.Errorf("eventstore: %s: %w", doing, err)
}
