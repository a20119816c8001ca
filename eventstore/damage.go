package eventstore

import "errors"

// DamageKind says what a damage is in. What can be derived again from the log is
// DamageKeys, DamageDedup and DamageIndex; the rest needs an archive.
type DamageKind string

// The kinds of damage.
const (
	// DamageLog is a record that is missing, changed or in the wrong place, a
	// commit that is torn, or what the store keeps about its log: head, epoch,
	// incarnation and origins.
	DamageLog DamageKind = "log"
	// DamageSealed is a sealed part that is not what was appended, or is gone
	// and nobody declares it redacted.
	DamageSealed DamageKind = "sealed"
	// DamageKeys is in what leads to records by stream, account or event id, or
	// in what is kept about redactions.
	DamageKeys DamageKind = "keys"
	// DamageDedup is in the dedup keys: something may be taken twice.
	DamageDedup DamageKind = "dedup"
	// DamageIndex is in the caller's indexes, or Options.Index is not that with
	// which the folder was written.
	DamageIndex DamageKind = "index"
	// DamageMarks is a high-water mark that is missing, that cannot be read, or
	// that the log does not reach: the end of the log may be lost.
	DamageMarks DamageKind = "marks"
	// DamageTables is in Pebble's files, or in the inventory of them.
	DamageTables DamageKind = "tables"
	// DamageArchive is in an archive, and not in the folder.
	DamageArchive DamageKind = "archive"
)

// Kind says what the damage is in.
func (e *CorruptError) Kind() DamageKind {
	if e.kind != "" {
		return e.kind
	}
	if len(e.Key) == 0 {
		return DamageLog
	}
	switch parts, _ := parseKey(e.Key); parts.table {
	case tableMeta, tableLog:
		return DamageLog
	case tableDedup:
		return DamageDedup
	case tableIndex:
		return DamageIndex
	}
	return DamageKeys
}

// Damages returns every damage in an error, as of [Store.Verify], which can name
// several. It is empty for an error that is no [ErrCorrupt].
func Damages(err error) (all []*CorruptError) {
	if e, ok := err.(*CorruptError); ok {
		return []*CorruptError{e}
	}
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			all = append(all, Damages(err)...)
		}
	default:
		if err := errors.Unwrap(err); err != nil {
			return Damages(err)
		}
	}
	return all
}
