package main

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// load is what a number of workers saw.
type load struct {
	done  int
	took  time.Duration
	steps []time.Duration // how long each took, sorted
}

func (l load) rate() float64 { return float64(l.done) / l.took.Seconds() }

// quantile returns a quantile of the steps, in milliseconds.
func (l load) quantile(q float64) float64 {
	return l.steps[int(q*float64(len(l.steps)-1))].Seconds() * 1000
}

// work has workers, numbered from 0, do a step again and again, for a time or, if
// count is not 0, until it was done so often. The first error ends it.
func work(ctx context.Context, workers int, duration time.Duration, count int, step func(worker int) error) (load, error) {
	return timed(ctx, workers, duration, count, func(worker int) (time.Duration, error) {
		began := time.Now()
		err := step(worker)
		return time.Since(began), err
	})
}

// timed is work with steps that say themselves how long they took.
func timed(ctx context.Context, workers int, duration time.Duration, count int, step func(worker int) (time.Duration, error)) (load, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var begun atomic.Int64
	var working sync.WaitGroup
	took := make([][]time.Duration, workers)
	start := time.Now()
	for worker := range workers {
		working.Go(func() {
			for ctx.Err() == nil {
				if count > 0 && begun.Add(1) > int64(count) || count == 0 && time.Since(start) >= duration {
					return
				}
				one, err := step(worker)
				if err != nil {
					cancel(err)
					return
				}
				took[worker] = append(took[worker], one)
			}
		})
	}
	working.Wait()
	l := load{took: time.Since(start), steps: slices.Concat(took...)}
	l.done = len(l.steps)
	slices.Sort(l.steps)
	return l, context.Cause(ctx)
}
