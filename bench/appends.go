package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"weiche/eventstore"
)

// appendsBesideSQL compares appends of single events of 500 bytes by many writers
// with inserts into one table of PostgreSQL and with message-db. All check the
// version of the stream and that the id is new, and answer after a sync.
func appendsBesideSQL(ctx context.Context, out io.Writer, o options) (err error) {
	dir, err := os.MkdirTemp(o.dir, "weiche-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// A server may run as somebody else, and has to reach its folder.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	pg, err := startPostgres(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.remove()) }()
	store, err := eventstore.Open(filepath.Join(dir, "log"), eventstore.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	ours := newTalkers(o.clients)
	toStore := func(writer int) error {
		e := ours.next(writer)
		stream := eventstore.Stream{Account: account, Category: e.category(), ID: "1"}
		results, err := store.Append(ctx, []eventstore.Commit{{
			Expected: []eventstore.Expectation{{Stream: stream, Version: e.version}},
			Events:   []eventstore.Event{{Stream: stream, ID: e.id.String(), Type: "MessageReceived", Facts: e.data}},
		}})
		if err != nil {
			return err
		}
		return results[0].Err
	}
	const a = "eventstore: one event a commit, version expected, id unique, in this process"

	toTable, stopTable, err := tableAppender(ctx, pg, o.clients)
	if err != nil {
		return err
	}
	rows, err := appendRounds(ctx, o, pg, toStore, toTable)
	stopTable()
	if err != nil {
		return err
	}
	rows[0].atLeast = 4
	print(out, a, "PostgreSQL: one table, unique (stream, version) and id, fsync on, 64 connections by pgx over a Unix socket", rows...)
	fmt.Fprintln(out)

	toMessageDB, stopMessageDB, err := messageDBAppender(ctx, pg, o.clients)
	if err != nil {
		return err
	}
	rows, err = appendRounds(ctx, o, pg, toStore, toMessageDB)
	stopMessageDB()
	if err != nil {
		return err
	}
	rows[0].atLeast = 8
	print(out, a, fmt.Sprintf("message-db: write_message with expected_version, %d categories, the same PostgreSQL", talks), rows...)
	if o.profile == "" {
		return nil
	}
	return profiled(out, o, "single", func() error {
		_, err := work(ctx, o.clients, o.duration, 0, toStore)
		return err
	})
}

// tableAppender returns what appends to a table of events.
func tableAppender(ctx context.Context, pg *postgres, writers int) (func(int) error, func(), error) {
	pool, err := pg.pool(ctx, "postgres", "", writers)
	if err != nil {
		return nil, nil, err
	}
	if _, err := pool.Exec(ctx, `CREATE TABLE events (
		position bigserial PRIMARY KEY, stream text NOT NULL, version bigint NOT NULL, id uuid NOT NULL UNIQUE,
		type text NOT NULL, recorded timestamptz NOT NULL DEFAULT now(), data bytea NOT NULL, UNIQUE (stream, version))`); err != nil {
		pool.Close()
		return nil, nil, err
	}
	from := newTalkers(writers)
	return func(writer int) error {
		e := from.next(writer)
		// Both constraints are checked by the database; a conflict is an error.
		_, err := pool.Exec(ctx, "INSERT INTO events (stream, version, id, type, data) VALUES ($1, $2, $3, $4, $5)",
			e.category()+"-1", int64(e.version+1), e.uuid(), "MessageReceived", e.data)
		return err
	}, pool.Close, nil
}

// messageDBAppender returns what appends to message-db.
func messageDBAppender(ctx context.Context, pg *postgres, writers int) (func(int) error, func(), error) {
	sql, err := fetchMessageDB(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := sql.install(ctx, pg, nil); err != nil {
		return nil, nil, err
	}
	pool, err := pg.pool(ctx, "postgres", messageDBPath, writers)
	if err != nil {
		return nil, nil, err
	}
	from := newTalkers(writers)
	return func(writer int) error {
		e := from.next(writer)
		_, err := pool.Exec(ctx, "SELECT write_message($1, $2, $3, $4, NULL, $5)",
			e.uuid().String(), e.category()+"-1", "MessageReceived", e.data, int64(e.version)-1)
		return err
	}, pool.Close, nil
}

// appendRounds runs two ways to append in turn, after one round to warm up.
func appendRounds(ctx context.Context, o options, pg *postgres, a, b func(writer int) error) ([]rounds, error) {
	rate := rounds{what: fmt.Sprintf("rate, %d writers", o.clients), unit: "events/s"}
	p50, p99 := rounds{what: "p50", unit: "ms"}, rounds{what: "p99", unit: "ms"}
	measure := func(once func(int) error, to func(*rounds) *[]float64) func(context.Context) error {
		return func(ctx context.Context) error {
			l, err := work(ctx, o.clients, o.duration, 0, once)
			if err != nil {
				return err
			}
			// What one has put off is not left to the other.
			settle(ctx, os.Getpid())
			if err := pg.checkpoint(ctx); err != nil {
				return err
			}
			add := func(r *rounds, value float64) { *to(r) = append(*to(r), value) }
			add(&rate, l.rate())
			add(&p50, l.quantile(0.5))
			add(&p99, l.quantile(0.99))
			return nil
		}
	}
	for _, warm := range []func(int) error{a, b} {
		if _, err := work(ctx, o.clients, o.duration/2, 0, warm); err != nil {
			return nil, fmt.Errorf("warm up: %w", err)
		}
	}
	err := inTurn(ctx, o.rounds,
		measure(a, func(r *rounds) *[]float64 { return &r.a }),
		measure(b, func(r *rounds) *[]float64 { return &r.b }))
	return []rounds{rate, p50, p99}, err
}
