package eventstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

const (
	// maxGroups is how many groups may be between being taken from the queue
	// and being on disk: one waits for the disk while the next is prepared.
	maxGroups = 2
	// maxGroupBytes ends a group, so that one batch stays small beside a
	// memtable.
	maxGroupBytes = 4 << 20
)

// call is one call on its way through the writer.
type call struct {
	commits []Commit
	checked []error // the outcome of checkCommit for each commit
	sealed  [][32]byte
	bytes   int
	// do is set for a call that is not one of Append: it changes the tail and
	// its batch when its turn comes. An error is one of the store.
	do func(s *Store, t *tail, result *Result) error

	taken   bool // by a group; guarded by queue.mu
	done    chan struct{}
	results []Result
	err     error
}

// queue holds the calls that wait for a place in a group.
type queue struct {
	mu      sync.Mutex
	waiting []*call
	slots   chan struct{}
}

// take removes calls from the front of the queue, in order.
func (q *queue) take() []*call {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.waiting) && (n == 0 || size+q.waiting[n].bytes <= maxGroupBytes) {
		q.waiting[n].taken = true
		size += q.waiting[n].bytes
		n++
	}
	group := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return group
}

// isTaken reports whether a group has c.
func (q *queue) isTaken(c *call) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return c.taken
}

// withdraw removes c if no group has it yet.
func (q *queue) withdraw(c *call) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if c.taken {
		return false
	}
	i := slices.Index(q.waiting, c)
	q.waiting = slices.Delete(q.waiting, i, i+1)
	return true
}

// Append decides on each commit in the order of the slice, against the log and
// the commits accepted before, and returns one [Result] for each. What it
// accepted has dense positions, is one batch for Pebble, and is on disk and
// visible to readers when Append returns. A refusal, too, is returned only
// after what it rests on is on disk: who is told of a duplicate can rely on the
// first one. A refused commit uses no position, version or sequence.
//
// Concurrent calls share one write to the disk. Their order is that in which
// they came.
//
// An error of Append itself means that the store is broken, and every later
// call returns it; the process should end. The exceptions are [ErrClosed],
// [ErrReadOnly], [ErrFormat], [ErrDiskFull] and the error of a context that was done before
// the commits were looked at; then nothing was appended.
func (s *Store) Append(ctx context.Context, commits []Commit) ([]Result, error) {
	c := &call{commits: commits, done: make(chan struct{})}
	c.check()
	if err := s.commit(ctx, c); err != nil {
		return nil, err
	}
	return c.results, nil
}

// Fence raises the epoch that commits have to carry, durably: when it returns,
// no commit of an older epoch is accepted any more. Fencing to the epoch that
// the store has already changes nothing; to an older one it returns
// [ErrFenced].
func (s *Store) Fence(ctx context.Context, epoch uint64) error {
	return s.write(ctx, func(s *Store, t *tail, result *Result) error { return t.fence(s, epoch, result) })
}

// write brings a change of the folder that is no commit of events to disk, in
// its turn.
func (s *Store) write(ctx context.Context, do func(*Store, *tail, *Result) error) error {
	c := &call{do: do, done: make(chan struct{})}
	if err := s.commit(ctx, c); err != nil {
		return err
	}
	return c.results[0].Err
}

// check does what does not need the log, before any lock.
func (c *call) check() {
	c.checked = make([]error, len(c.commits))
	for i := range c.commits {
		c.checked[i] = checkCommit(&c.commits[i])
		for j := range c.commits[i].Events {
			e := &c.commits[i].Events[j]
			c.sealed = append(c.sealed, sealedHash(e.Sealed))
			c.bytes += len(e.Facts) + len(e.Sealed) + 512
		}
	}
}

// commit brings a call to its end. Whoever gets a slot leads the group of all
// calls that wait at that moment.
func (s *Store) commit(ctx context.Context, c *call) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	if s.opts.ReadOnly {
		return ErrReadOnly
	}
	if s.unindexed != nil {
		return s.unindexed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.do == nil && len(c.commits) > 0 {
		if err := s.guard.admit(c.bytes); err != nil {
			return err
		}
	}
	began := s.watch.begin()
	defer s.watch.end(began)
	s.queue.mu.Lock()
	s.queue.waiting = append(s.queue.waiting, c)
	s.queue.mu.Unlock()
	select {
	case <-c.done:
		return c.err
	case s.queue.slots <- struct{}{}:
		if s.queue.isTaken(c) {
			<-s.queue.slots
			break
		}
		s.lead(c)
	case <-ctx.Done():
		if s.queue.withdraw(c) {
			return ctx.Err()
		}
	}
	<-c.done
	return c.err
}

// lead takes groups until one of them has c, which needs a second round only
// when the first was full.
func (s *Store) lead(c *call) {
	defer func() { <-s.queue.slots }()
	for !s.queue.isTaken(c) {
		s.writer.run(s, &s.queue)
	}
	err := s.marks.due(s)
	if err == nil {
		err = s.files.tables.failure()
	}
	if err != nil {
		s.writer.fail(err)
	}
}

// writer turns groups into batches, one after the other.
type writer struct {
	mu       sync.Mutex
	log      tail
	previous *group
	broken   error
	told     atomic.Pointer[error] // broken, for who cannot wait for mu
}

// group is a batch on its way to the disk, for all its calls.
type group struct {
	calls []*call
	batch *pebble.Batch // nil if nothing was accepted
	view  *view
	epoch uint64
	done  chan struct{}
	err   error
}

// run takes one group from the queue, brings it to disk and publishes it.
func (w *writer) run(s *Store, q *queue) {
	g := &group{done: make(chan struct{})}
	previous := w.apply(s, q, g)
	if g.err == nil && g.batch != nil && !s.opts.NoSync {
		g.err = g.batch.SyncWait()
	}
	// A view is published after all before it, and a group without a batch has
	// still to wait for what its refusals rest on.
	if previous != nil {
		<-previous.done
		if g.err == nil {
			g.err = previous.err
		}
	}
	if g.err != nil {
		w.fail(g.err)
		g.err = w.failure()
		if g.view != nil {
			_ = g.view.snapshot.Close()
		}
	} else if g.batch != nil {
		s.epoch.Store(g.epoch)
		s.views.publish(g.view)
	}
	if g.batch != nil {
		_ = g.batch.Close()
	}
	close(g.done)
	for _, c := range g.calls {
		c.err = g.err
		close(c.done)
	}
}

// apply decides on all commits of a group and applies the batch, so that the
// next group sees it. It returns the group before.
func (w *writer) apply(s *Store, q *queue, g *group) (previous *group) {
	w.mu.Lock()
	defer w.mu.Unlock()
	previous, w.previous = w.previous, g
	g.calls = q.take()
	if damage := s.damage.Load(); damage != nil {
		w.spoil(*damage)
	}
	if w.broken != nil {
		g.err = w.broken
		return previous
	}
	// A panic of Options.Index, or of Pebble on a failed write, must not leave
	// the other callers waiting.
	finished := false
	defer func() {
		if finished {
			return
		}
		w.spoil(errors.New("panic in the middle of a commit"))
		g.err = w.broken
		close(g.done)
		for _, c := range g.calls {
			c.err = g.err
			close(c.done)
		}
	}()
	if err := w.log.apply(s, g); err != nil {
		w.spoil(err)
		g.err = w.broken
	}
	finished = true
	return previous
}

// apply decides on the calls of g and applies its batch, if it has one.
func (t *tail) apply(s *Store, g *group) error {
	batch, err := t.decide(s, g.calls)
	if err != nil || batch == nil {
		return err
	}
	if s.opts.NoSync {
		err = s.db.Apply(batch, pebble.NoSync)
	} else {
		err = s.db.ApplyNoSyncWait(batch, pebble.Sync)
	}
	if err != nil {
		return err
	}
	g.batch, g.epoch = batch, t.epoch
	g.view = &view{snapshot: s.db.NewSnapshot(), position: t.position, hash: t.hash}
	return nil
}

func (w *writer) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spoil(err)
}

func (w *writer) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.broken
}

// spoil makes err what every later call returns. The first one stays.
func (w *writer) spoil(err error) {
	if w.broken != nil {
		return
	}
	if !errors.Is(err, ErrCorrupt) {
		err = fmt.Errorf("eventstore: broken: %w", err)
	}
	w.broken = err
	w.told.Store(&err)
}
