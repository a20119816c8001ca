package broker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// intakePull is how much one request asks the server for. Its bytes have to
	// be above maxPayload, or the largest message would never come.
	intakePullMsgs  = 1024
	intakePullBytes = 2 * maxPayload
	// intakeExpiry is how long a request stays open; half of it without a sign of
	// life makes the client look whether the consumer is still there.
	intakeExpiry = 10 * time.Second
	// intakeDrain is how long the end of an intake waits for what is on its way.
	intakeDrain = 2 * time.Second
)

// intake takes the messages of one consumer as they come and holds a bounded
// number of them, decoded, until somebody takes them.
type intake[T any] struct {
	consumer jetstream.Consumer
	consume  jetstream.ConsumeContext
	arrived  chan<- struct{} // holds one token after something changed
	maxMsgs  int
	giveBack func(T) // nil, or what becomes of what nobody has taken

	mu      sync.Mutex
	room    sync.Cond
	waiting []held[T]
	bytes   int
	stopped bool
	doubt   bool // the consumer may be gone
	ended   bool // it is
}

type held[T any] struct {
	item  T
	bytes int
}

// startIntake takes at most pull messages at once and holds as many; decode
// makes of each what is handed on.
func startIntake[T any](consumer jetstream.Consumer, pull int, arrived chan<- struct{}, decode func(jetstream.Msg) T, giveBack func(T)) (*intake[T], error) {
	in := &intake[T]{consumer: consumer, arrived: arrived, maxMsgs: pull, giveBack: giveBack}
	in.room.L = &in.mu
	var err error
	in.consume, err = consumer.Consume(
		func(msg jetstream.Msg) { in.put(decode(msg), len(msg.Data())) },
		jetstream.PullMaxMessagesWithBytesLimit(pull, intakePullBytes),
		jetstream.PullExpiry(intakeExpiry),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
			// After either of these the client takes nothing more.
			in.suspect(errors.Is(err, jetstream.ErrConsumerDeleted) || errors.Is(err, jetstream.ErrBadRequest))
		}),
	)
	return in, err
}

// put waits while the intake is full.
func (in *intake[T]) put(item T, bytes int) {
	in.mu.Lock()
	for !in.stopped && len(in.waiting) > 0 && (len(in.waiting) >= in.maxMsgs || in.bytes+bytes > intakePullBytes) {
		in.room.Wait()
	}
	stopped := in.stopped
	if !stopped {
		in.waiting = append(in.waiting, held[T]{item, bytes})
		in.bytes += bytes
	}
	in.mu.Unlock()
	if stopped && in.giveBack != nil {
		in.giveBack(item)
	}
	signal(in.arrived)
}

// take appends what is waiting to items, as long as it has room for more of
// both, and always one where items is empty.
func (in *intake[T]) take(items []T, moreItems, moreBytes int) (_ []T, bytes int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	n := 0
	for ; n < len(in.waiting) && n < moreItems; n++ {
		next := in.waiting[n]
		if bytes+next.bytes > moreBytes && len(items) > 0 {
			break
		}
		items = append(items, next.item)
		bytes += next.bytes
	}
	in.bytes -= bytes
	clear(in.waiting[:n])
	if in.waiting = in.waiting[n:]; len(in.waiting) == 0 {
		in.waiting = nil
	}
	in.room.Broadcast()
	return items, bytes
}

// suspect has the next taker look whether the consumer is still there.
func (in *intake[T]) suspect(ended bool) {
	in.mu.Lock()
	in.doubt, in.ended = true, in.ended || ended
	in.mu.Unlock()
	signal(in.arrived)
}

// doubted reports once that the consumer may be gone.
func (in *intake[T]) doubted() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	doubt := in.doubt
	in.doubt = false
	return doubt
}

// missing reports whether the consumer is gone; an error says that nobody knows.
func (in *intake[T]) missing(ctx context.Context) (bool, error) {
	in.mu.Lock()
	ended := in.ended
	in.mu.Unlock()
	if ended {
		return true, nil
	}
	_, err := in.consumer.Info(ctx)
	if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
		return true, nil
	}
	return false, err
}

// stop ends the intake, and gives back what nobody has taken, what is on its way
// included.
func (in *intake[T]) stop() {
	in.mu.Lock()
	left := in.waiting
	in.waiting, in.bytes, in.stopped = nil, 0, true
	in.room.Broadcast()
	in.mu.Unlock()
	if in.giveBack == nil {
		in.consume.Stop()
	} else {
		for _, held := range left {
			in.giveBack(held.item)
		}
		in.consume.Drain()
	}
	select {
	case <-in.consume.Closed():
	case <-time.After(intakeDrain): // the server is out of reach
	}
}

// signal puts a token into a channel that holds one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
