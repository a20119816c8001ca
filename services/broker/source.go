package broker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// remakeWait is the pause between attempts to make consumers again.
const remakeWait = 250 * time.Millisecond

// source is what an inbox takes from: one consumer or more, the first first,
// made again when a restarted server has forgotten them.
type source[T any] struct {
	broker *Broker
	// consumers makes them, or finds them where they are shared.
	consumers func(ctx context.Context) ([]jetstream.Consumer, error)
	decode    func(jetstream.Msg) T
	pull      int
	// shared consumers are made again by whoever misses them; others are lost
	// when somebody else has deleted them.
	shared bool
	// giveBack, if set, is called for what nobody has taken at the end.
	giveBack func(T)

	arrived chan struct{}
	closed  context.Context
	close   context.CancelFunc

	mu         sync.Mutex
	intakes    []*intake[T]
	restored   <-chan struct{} // closed after a reconnect, once the streams are back
	reconnects uint64          // when the consumers were made
}

func openSource[T any](ctx context.Context, s *source[T]) error {
	s.arrived = make(chan struct{}, 1)
	s.closed, s.close = context.WithCancel(context.Background())
	s.mu.Lock()
	err := s.start(ctx)
	s.mu.Unlock()
	if err == nil {
		err = s.broker.closeWith(s)
	}
	if err != nil {
		s.Close()
	}
	return err
}

// start makes the consumers, with mu held.
func (s *source[T]) start(ctx context.Context) error {
	s.stop()
	restored, reconnects := s.broker.nextRestore(), s.broker.reconnects()
	consumers, err := s.consumers(ctx)
	if err != nil {
		return s.broker.failed(err)
	}
	for _, consumer := range consumers {
		intake, err := startIntake(consumer, s.pull, s.arrived, s.decode, s.giveBack)
		if err != nil {
			s.stop()
			return s.broker.failed(err)
		}
		s.intakes = append(s.intakes, intake)
	}
	s.restored, s.reconnects = restored, reconnects
	return nil
}

// stop ends the consumers, with mu held, and gives back what nobody has taken.
func (s *source[T]) stop() {
	for _, intake := range s.intakes {
		intake.stop()
	}
	s.intakes = nil
}

// Close ends the source; next returns ErrClosed from then on.
func (s *source[T]) Close() {
	s.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
	s.broker.forget(s)
}

// next waits until something is there and takes what is waiting, bounded.
func (s *source[T]) next(ctx context.Context, maxItems, maxBytes int) ([]T, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.closed, func() { cancel(ErrClosed) })()
	for ctx.Err() == nil {
		items, restored, err := s.take(ctx, maxItems, maxBytes)
		switch {
		case len(items) > 0, errors.Is(err, ErrInboxLost), errors.Is(err, ErrClosed):
			return items, err
		case err != nil: // out of reach again, right after a reconnect
			select {
			case <-time.After(remakeWait):
			case <-ctx.Done():
			}
		default:
			select {
			case <-s.arrived:
			case <-restored:
			case <-ctx.Done():
			}
		}
	}
	return nil, context.Cause(ctx)
}

// take takes what is waiting. Where that is nothing and the channel is closed,
// it is worth another look.
func (s *source[T]) take(ctx context.Context, maxItems, maxBytes int) ([]T, <-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Err() != nil {
		return nil, nil, ErrClosed
	}
	if err := s.check(ctx); err != nil {
		return nil, nil, err
	}
	var items []T
	for _, intake := range s.intakes {
		var bytes int
		items, bytes = intake.take(items, maxItems-len(items), maxBytes)
		maxBytes -= bytes
	}
	return items, s.restored, nil
}

// check looks after the consumers where there is a reason to, with mu held.
func (s *source[T]) check(ctx context.Context) error {
	restored := false
	select {
	case <-s.restored:
		restored = true
	default:
	}
	doubt := restored || len(s.intakes) == 0
	for _, intake := range s.intakes {
		doubt = intake.doubted() || doubt
	}
	if !doubt {
		return nil
	}
	missing := len(s.intakes) == 0
	for _, intake := range s.intakes {
		gone, err := intake.missing(ctx)
		if err != nil && restored {
			return err
		}
		missing = missing || gone
	}
	switch {
	case missing && (restored || s.shared || len(s.intakes) == 0):
		return s.start(ctx)
	case missing && s.reconnects == s.broker.reconnects():
		return ErrInboxLost
	case restored: // the server has kept everything
		s.restored, s.reconnects = s.broker.nextRestore(), s.broker.reconnects()
	}
	return nil // or the streams are about to be restored
}
