package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"weiche/eventstore"
	"weiche/projections"
)

// replays compares building all views of a log with reading and decoding as many
// messages of as much from message-db, of which nothing is made.
func replays(ctx context.Context, out io.Writer, o options) (err error) {
	dir, err := os.MkdirTemp(o.dir, "weiche-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// A server may run as somebody else, and has to reach its folder.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	sql, err := fetchMessageDB(ctx)
	if err != nil {
		return err
	}
	pg, err := startPostgres(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.remove()) }()
	if err := o.history.make(ctx, out); err != nil {
		return err
	}
	log := filepath.Join(dir, "log")
	if err := copyFolder(o.history.log(), log); err != nil {
		return err
	}
	store, err := eventstore.Open(log, eventstore.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	began := time.Now()
	m, err := loadMessages(ctx, pg, sql, store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close(ctx)) }()
	fmt.Fprintf(out, "  copied the events into message-db in %s: %d bytes of JSON each\n", time.Since(began).Round(time.Second), m.bytes/max(1, m.messages))
	byCategory, byStream, err := m.fastest(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  message-db, each tried once: %s messages/s by category, %s by stream\n\n", figure(byCategory), figure(byStream))
	read, how := m.byCategory, "get_category_messages"
	if byStream > byCategory {
		read, how = m.byStream, "get_stream_messages"
	}

	replay := rounds{what: "replay", unit: "events/s", atLeast: 3}
	views := filepath.Join(dir, "views")
	fold := func(ctx context.Context) error {
		rate, err := rebuildRate(ctx, views, store)
		replay.a = append(replay.a, rate)
		return err
	}
	if _, err := rebuildRate(ctx, views, store); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	if err := inTurn(ctx, o.rounds, fold, func(ctx context.Context) error {
		rate, err := m.rate(ctx, read)
		replay.b = append(replay.b, rate)
		return err
	}); err != nil {
		return err
	}
	print(out, fmt.Sprintf("projections: all views rebuilt into a new folder from a log of %d events", store.Durable()),
		"message-db: "+how+" in pages of 1,000, and encoding/json at the same time; nothing is folded", replay)
	if o.profile == "" {
		return nil
	}
	return profiled(out, o, "replays", func() error { return fold(ctx) })
}

// rebuildRate builds all views of a log in a new folder, and removes it.
func rebuildRate(ctx context.Context, folder string, store *eventstore.Store) (rate float64, err error) {
	views, err := projections.Open(folder, projections.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, err
	}
	began := time.Now()
	err = rebuild(ctx, views, store)
	took := time.Since(began)
	return float64(store.Durable()) / took.Seconds(), errors.Join(err, views.Close(), os.RemoveAll(folder))
}

// rebuild builds all views of a log.
func rebuild(ctx context.Context, views *projections.Views, store *eventstore.Store) error {
	return views.Rebuild(ctx, store, "", nil)
}
