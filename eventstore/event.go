package eventstore

import (
	"crypto/sha256"
	"time"
)

// Stream names a sequence of events that are decided on together. The account
// "-" is by convention that of the installation.
type Stream struct{ Account, Category, ID string }

// String returns category-id. A category has no hyphen, so the first one ends
// it.
func (s Stream) String() string { return s.Category + "-" + s.ID }

// DedupKey is a name that one account can use once. It belongs to the account
// of the event's stream.
type DedupKey struct {
	Key string
	// Hash is the caller's keyed hash of the content, or nil. The store keeps
	// it and hands it back with a refusal; it does not compare it.
	Hash []byte
}

// Event is what a caller appends.
type Event struct {
	Stream Stream
	// ID is unique in its account and opaque to the store.
	ID string
	// Type is the full name of the event's message.
	Type          string
	SchemaVersion uint32
	// Received and Provider are kept in UTC with the precision of a
	// microsecond. The zero time is none.
	Received, Provider            time.Time
	Causation, Correlation, Actor string
	Dedup                         []DedupKey
	// KeyID names the key that opens Sealed.
	KeyID string
	// Facts is what can be read by everyone who can read the log.
	Facts []byte
	// Sealed is ciphertext, nil for none.
	Sealed []byte
}

// Record is an event in its place. A reader owns the records that it is given.
type Record struct {
	Event
	// Position is the place in the log, AccountSequence that in the account and
	// Version that in the stream. All three are dense and begin at 1.
	Position, AccountSequence, Version uint64
	// Recorded is when the store accepted the event, by Options.Now. It does
	// not order events: a clock may step back.
	Recorded time.Time
	// SealedHash is the SHA-256 of Sealed, all zero if there was none. It stays
	// when the sealed part is removed.
	SealedHash [32]byte
	// PreviousHash is the Hash of the record before, all zero for the first.
	PreviousHash [32]byte
	// More is how many events of the same commit follow, so that it can be told
	// where a commit ends.
	More uint32
}

// Redacted reports whether the event had a sealed part that is removed.
func (r *Record) Redacted() bool { return len(r.Sealed) == 0 && r.SealedHash != [32]byte{} }

// Hash returns the chain hash: the SHA-256 of the record's encoding without its
// sealed part. It covers envelope, facts, SealedHash and PreviousHash, so it
// stays the same when the sealed bytes are removed.
func (r *Record) Hash() [32]byte { return sha256.Sum256(appendHashed(nil, r)) }

// Expectation is a version that a commit relies on. Version 0 means that the
// stream does not exist yet.
type Expectation struct {
	Stream  Stream
	Version uint64
}

// Commit is accepted or refused as a whole. Expected may name streams that are
// only read, and need not name those that are written. A commit without events
// checks its expectations and changes nothing.
type Commit struct {
	Expected []Expectation
	Events   []Event
	// Epoch must be the store's.
	Epoch uint64
}

// Result is the outcome of one commit. First and Last are the positions of its
// events, 0 if it had none or was refused. Err is nil for an accepted commit
// and otherwise one of [ErrFenced], [ErrInvalidEvent], a [*DuplicateError] or
// [ErrWrongExpectedVersion], looked for in this order.
type Result struct {
	First, Last uint64
	Err         error
}

// Dedup is what is stored with a dedup key.
type Dedup struct {
	// Position is that of the event which took the key.
	Position uint64
	Hash     []byte
}

// IndexKey is a place in one of the caller's own indexes. Keys of one account
// and index are ordered by their bytes.
type IndexKey struct {
	Account, Index string
	Key            []byte
}

// IndexEntry is a value at a place. The store adds the record's position.
type IndexEntry struct {
	IndexKey
	Value []byte
}

// IndexChange is what one record changes in the caller's indexes. Deletes come
// before puts; of two puts of one key the later one stays.
type IndexChange struct {
	Put    []IndexEntry
	Delete []IndexKey
	// Err says that the caller cannot tell what the record changes, as where a
	// later version of it wrote the record. Verify and Restore end with it, since
	// indexes could neither be compared nor made; Append takes no notice.
	Err error
}

// IndexHit is an entry found by a scan.
type IndexHit struct {
	Key, Value []byte
	// Position is that of the record which put the entry.
	Position uint64
}
