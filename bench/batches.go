package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"weiche/eventstore"
)

// appendsBesideRaw compares appends of single events with Pebble alone, which
// writes the keys and values that the store has written for as many events, each
// event's as one batch, without a look at what is there. Each round begins with
// an empty folder, and with events or bytes that are ready.
func appendsBesideRaw(ctx context.Context, out io.Writer, o options) (err error) {
	dir, err := os.MkdirTemp(o.dir, "weiche-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	const streams = 1000
	count := min(o.events, 150_000)
	commits, source := make([][]eventstore.Commit, count), newSource()
	n := newNoise()
	for at := range commits {
		commits[at] = []eventstore.Commit{{Events: []eventstore.Event{n.stored500(uint64(at), benchStream(at%streams), randomHash(source))}}}
	}
	folder := filepath.Join(dir, "log")
	toStore := func(ctx context.Context) (load, error) { return fillStore(ctx, folder, o.clients, commits) }
	if _, err := toStore(ctx); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	batches, bytes, err := readBatches(folder)
	if err != nil {
		return err
	}
	if len(batches) != count {
		return fmt.Errorf("%d events were appended and %d are in the folder", count, len(batches))
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	toRaw := func(ctx context.Context) (load, error) { return fillRaw(ctx, folder, o.clients, batches) }
	rate := rounds{what: fmt.Sprintf("rate, %d writers", o.clients), unit: "events/s", atLeast: 0.75}
	p50, p99 := rounds{what: "p50", unit: "ms"}, rounds{what: "p99", unit: "ms"}
	used := rounds{what: "CPU", unit: "us/event"}
	measure := func(fill func(context.Context) (load, error), to func(*rounds) *[]float64) func(context.Context) error {
		return func(ctx context.Context) error {
			before := cpu(os.Getpid())
			l, err := fill(ctx)
			if err := errors.Join(err, os.RemoveAll(folder)); err != nil {
				return err
			}
			add := func(r *rounds, value float64) { *to(r) = append(*to(r), value) }
			add(&rate, l.rate())
			add(&p50, l.quantile(0.5))
			add(&p99, l.quantile(0.99))
			add(&used, float64((cpu(os.Getpid())-before).Microseconds())/float64(l.done))
			return nil
		}
	}
	if err := inTurn(ctx, o.rounds,
		measure(toStore, func(r *rounds) *[]float64 { return &r.a }),
		measure(toRaw, func(r *rounds) *[]float64 { return &r.b })); err != nil {
		return err
	}
	print(out, fmt.Sprintf("eventstore: %d events, one a commit, id and dedup key looked for", count),
		fmt.Sprintf("Pebble: the same keys and values, %d bytes an event, a synced batch for each", bytes/count), rate, p50, p99, used)
	if o.profile == "" {
		return nil
	}
	return profiled(out, o, "appends", func() error { return measure(toStore, func(r *rounds) *[]float64 { return &r.a })(ctx) })
}

// fillStore appends commits to a new store.
func fillStore(ctx context.Context, folder string, writers int, commits [][]eventstore.Commit) (l load, err error) {
	store, err := eventstore.Open(folder, eventstore.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return l, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	var next atomic.Int64
	return work(ctx, writers, 0, len(commits), func(int) error {
		results, err := store.Append(ctx, commits[next.Add(1)-1])
		if err != nil {
			return err
		}
		return results[0].Err
	})
}

// pair is a key with its value.
type pair struct{ key, value []byte }

// fillRaw writes batches to a new folder of Pebble.
func fillRaw(ctx context.Context, folder string, writers int, batches [][]pair) (l load, err error) {
	db, err := pebble.Open(folder, rawOptions())
	if err != nil {
		return l, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var next atomic.Int64
	return work(ctx, writers, 0, len(batches), func(int) error {
		batch := db.NewBatch()
		defer func() { _ = batch.Close() }()
		for _, p := range batches[next.Add(1)-1] {
			if err := batch.Set(p.key, p.value, nil); err != nil {
				return err
			}
		}
		return batch.Commit(pebble.Sync)
	})
}

// Tables of the event store's folder, as its documentation lists them.
const (
	tableMeta  = 1
	tableLog   = 2
	tableDedup = 6
)

// readBatches returns what a closed store has written for each of its events, in
// their order, with the head that each commit writes, and how many bytes all are.
func readBatches(folder string) (batches [][]pair, bytes int, err error) {
	db, err := pebble.Open(folder, &pebble.Options{ReadOnly: true, Logger: silent{}})
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	it, err := db.NewIter(nil)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	var head pair
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return nil, 0, err
		}
		p := pair{append([]byte(nil), it.Key()...), append([]byte(nil), value...)}
		position := uint64(0)
		switch table := p.key[0]; {
		case table == tableMeta:
			if string(p.key[1:]) == "head" {
				head = p
			}
			continue
		case table == tableLog:
			batches = append(batches, []pair{head})
			position = binary.BigEndian.Uint64(p.key[1:])
			bytes += len(head.key) + len(head.value)
		case table <= tableDedup:
			position = binary.BigEndian.Uint64(p.value)
		default:
			return nil, 0, fmt.Errorf("a key of table %d, which these events do not have", table)
		}
		if position < 1 || position > uint64(len(batches)) {
			return nil, 0, fmt.Errorf("a key of position %d, which is not in the log", position)
		}
		batches[position-1] = append(batches[position-1], p)
		bytes += len(p.key) + len(p.value)
	}
	return batches, bytes, nil
}
