// Package eventstore is an append-only log of events on one machine, kept in a
// folder by Pebble.
//
// A [Commit] is atomic over several streams. [Store.Append] returns after what
// it accepted is on disk; no reader of this package ever sees an event before
// that. Positions in the log, versions in a stream and sequences in an account
// are dense and begin at 1, and every record holds the hash of the one before
// it, so that a loss or a change in the middle is found instead of served.
//
// The store knows nothing about what events mean. What it must find again
// besides streams, ids and dedup keys, the caller derives from each record with
// [Options.Index].
package eventstore

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// Store is an open folder. All its methods may be called from any goroutine.
// None of them starts a goroutine.
type Store struct {
	opts        Options
	dir         string
	db          *pebble.DB
	lock        *pebble.Lock
	incarnation string
	origins     []Origin
	epoch       atomic.Uint64
	marks       *marks
	files       *folderFS

	// unindexed is why the indexes stay of another version than Options.IndexVersion, and
	// nothing is appended; nil where they are of it.
	unindexed error

	// life is held for reading while a call uses db, and for writing by Close.
	// It is never held while the caller's code runs, except for Options.Index
	// and Options.Now.
	life   sync.RWMutex
	closed bool
	// closing is set before Close waits for life, so that a long call ends.
	closing atomic.Bool

	// damage is the first that Pebble has come upon, nil for none.
	damage atomic.Pointer[error]

	filter *filter
	views  views
	queue  queue
	writer writer
	guard  guard
	watch  watch
	// purging is held by Purge.
	purging sync.Mutex
	// giveUp ends the Purge that is under way, nil for none.
	giveUp atomic.Pointer[context.CancelCauseFunc]
}

// Close ends the store: it waits for running appends, refuses later calls with
// [ErrClosed] and ends subscriptions. It may be called from within a reader's
// loop. Closing twice is harmless.
func (s *Store) Close() error {
	s.closing.Store(true)
	s.stop(ErrClosed)
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	last := s.views.close()
	err := s.files.tables.closing()
	if e := s.marks.close(last, s.epoch.Load()); err == nil {
		err = e
	}
	if e := s.db.Close(); err == nil {
		err = e
	}
	if e := s.files.tables.closed(); err == nil {
		err = e
	}
	if e := s.lock.Close(); err == nil {
		err = e
	}
	return wrap("close", err)
}

// Incarnation names the life of this log. It is random, made once with the
// folder, and kept by checkpoints. Who remembers a position remembers the
// incarnation with it: a position of another incarnation means nothing.
func (s *Store) Incarnation() string { return s.incarnation }

// Epoch returns the epoch that commits have to carry, 0 before the first
// [Store.Fence].
func (s *Store) Epoch() uint64 { return s.epoch.Load() }

// Durable returns the position of the last event that is on disk, 0 in an empty
// log. It never goes back.
func (s *Store) Durable() uint64 {
	position, _ := s.Head()
	return position
}

// Head returns the position and the chain hash of the last event that is on
// disk.
func (s *Store) Head() (position uint64, hash [32]byte) { return s.views.head() }

// enter begins a call that uses db; leave ends it.
func (s *Store) enter() error {
	s.life.RLock()
	if s.closed {
		s.life.RUnlock()
		return ErrClosed
	}
	return nil
}

func (s *Store) leave() { s.life.RUnlock() }
