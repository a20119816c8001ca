package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"weiche/eventstore"
)

const (
	// smallStore is how many events the smaller store has.
	smallStore = 10_000
	// activeStreams are those that go on side by side, streamEvents how many
	// events a stream of the large store has.
	activeStreams, streamEvents = 1000, 100
)

// growths compares what an append costs in a large store with the same in a small
// one. Nine of ten events go to the streams that were active last, the others to
// any. The small store is made anew for each round, which would make it large.
func growths(ctx context.Context, out io.Writer, o options) (err error) {
	dir, err := os.MkdirTemp(o.dir, "weiche-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	began := time.Now()
	large, err := fillSized(ctx, filepath.Join(dir, "large"), o.large)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, large.store.Close()) }()
	made := time.Since(began)
	settle(ctx, os.Getpid())
	size, err := sizeOf(filepath.Join(dir, "large"), "")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  made a store of %d events, %s MB, in %s\n\n", o.large, figure(size), made.Round(time.Second))

	many := rounds{what: fmt.Sprintf("append, %d writers", o.clients), unit: "us/event", atMost: 1.3}
	alone := rounds{what: "append, 1 writer, p50", unit: "us", atMost: 1.3}
	used := rounds{what: "CPU, with compactions", unit: "us/event"}
	measure := func(s *sized, to func(*rounds) *[]float64) error {
		add := func(r *rounds, value float64) { *to(r) = append(*to(r), value) }
		before := cpu(os.Getpid())
		l, err := s.append(ctx, o.clients, appendsPerRound)
		if err != nil {
			return err
		}
		add(&many, 1e6/l.rate())
		settle(ctx, os.Getpid())
		add(&used, float64((cpu(os.Getpid())-before).Microseconds())/float64(l.done))
		if l, err = s.append(ctx, 1, appendsPerRound/20); err != nil {
			return err
		}
		add(&alone, l.quantile(0.5)*1000)
		return nil
	}
	toLarge := func(context.Context) error { return measure(large, func(r *rounds) *[]float64 { return &r.a }) }
	toSmall := func(context.Context) error {
		folder := filepath.Join(dir, "small")
		small, err := fillSized(ctx, folder, smallStore)
		if err != nil {
			return err
		}
		err = measure(small, func(r *rounds) *[]float64 { return &r.b })
		return errors.Join(err, small.store.Close(), os.RemoveAll(folder))
	}
	if _, err := large.append(ctx, o.clients, appendsPerRound); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	if err := inTurn(ctx, o.rounds, toLarge, toSmall); err != nil {
		return err
	}
	print(out, fmt.Sprintf("a store of %d events, %d appends in a round", o.large, appendsPerRound),
		fmt.Sprintf("a new store of %d events, as many appends", smallStore), many, alone, used)
	if o.profile == "" {
		return nil
	}
	return profiled(out, o, "sizes", func() error { return toLarge(ctx) })
}

const appendsPerRound = 50_000

// sized is a store that was filled.
type sized struct {
	store   *eventstore.Store
	streams int
	next    uint64
	noise   noise
	source  *rand.Rand
}

// fillSized makes a store of a number of events by large commits. Their dedup keys
// are spread like hashes, and come in the order of their bytes, which is sooner
// done and leaves the same table. Those that are appended later come in no order.
func fillSized(ctx context.Context, folder string, events int) (_ *sized, err error) {
	const perCommit, ahead = 1000, 8
	store, err := eventstore.Open(folder, eventstore.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, store.Close())
		}
	}()
	s := &sized{store: store, noise: newNoise(), source: newSource()}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	commits := make(chan eventstore.Commit, ahead)
	go func() {
		defer close(commits)
		for from := 0; from < events; from += perCommit {
			var c eventstore.Commit
			for n := from; n < min(events, from+perCommit); n++ {
				hash := randomHash(s.source)
				binary.BigEndian.PutUint64(hash, uint64(n)*(^uint64(0)/uint64(events)))
				c.Events = append(c.Events, s.noise.stored500(uint64(n), streamOf(n), hash))
			}
			select {
			case commits <- c:
			case <-ctx.Done():
				return
			}
		}
	}()
	for c := range commits {
		results, err := store.Append(ctx, []eventstore.Commit{c})
		if err != nil {
			return nil, err
		}
		if results[0].Err != nil {
			return nil, results[0].Err
		}
	}
	if got := store.Durable(); got != uint64(events) {
		return nil, errors.Join(ctx.Err(), fmt.Errorf("the store has %d events, not %d", got, events))
	}
	s.next, s.streams = uint64(events), (events+activeStreams*streamEvents-1)/(activeStreams*streamEvents)*activeStreams
	return s, nil
}

// streamOf returns the stream of an event: a thousand go on side by side, until
// each has its events.
func streamOf(n int) eventstore.Stream {
	return benchStream(n/(activeStreams*streamEvents)*activeStreams + n%activeStreams)
}

// append appends single events that were made before.
func (s *sized) append(ctx context.Context, writers, count int) (load, error) {
	events := make(chan eventstore.Event, count)
	for range count {
		stream := s.streams - 1 - s.source.IntN(activeStreams)
		if s.source.IntN(10) == 0 {
			stream = s.source.IntN(s.streams)
		}
		events <- s.noise.stored500(s.next, benchStream(stream), randomHash(s.source))
		s.next++
	}
	return work(ctx, writers, 0, count, func(int) error {
		results, err := s.store.Append(ctx, []eventstore.Commit{{Events: []eventstore.Event{<-events}}})
		if err != nil {
			return err
		}
		return results[0].Err
	})
}
