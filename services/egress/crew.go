package egress

import (
	"context"
	"sync"
)

// crew is a bounded number of workers.
type crew struct {
	busy    chan struct{} // one token for each worker that is reserved
	working sync.WaitGroup
}

func newCrew(size int) *crew { return &crew{busy: make(chan struct{}, size)} }

// reserve waits until a worker is free and reserves all that are.
func (c *crew) reserve(ctx context.Context) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	select {
	case c.busy <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	for n := 1; ; n++ {
		select {
		case c.busy <- struct{}{}:
		default:
			return n, nil
		}
	}
}

// release frees reserved workers.
func (c *crew) release(n int) {
	for range n {
		<-c.busy
	}
}

// do has a reserved worker do something.
func (c *crew) do(work func()) {
	c.working.Go(func() {
		defer c.release(1)
		work()
	})
}

// wait waits until nobody works any more.
func (c *crew) wait() { c.working.Wait() }
