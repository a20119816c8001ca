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

	"github.com/redis/go-redis/v9"

	"weiche/eventstore"
	"weiche/projections"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/services/keyring"
)

// timelines compares reading the lines of a conversation, opened for a reader,
// with reading a stream of as many entries with the same fields from Redis. Both
// read conversations at random, one at a time.
func timelines(ctx context.Context, out io.Writer, o options) (err error) {
	dir, err := os.MkdirTemp(o.dir, "weiche-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server, err := startRedis(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	client := redis.NewClient(&redis.Options{Addr: server.address})
	defer func() { err = errors.Join(err, client.Close()) }()
	if err := o.history.make(ctx, out); err != nil {
		return err
	}
	talks := o.history.conversations
	if len(talks) == 0 {
		return fmt.Errorf("a log of %d events has no conversation of %d lines", o.events, lines)
	}
	r, err := openReading(ctx, o.history, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	for _, talk := range talks {
		if err := copyTimeline(ctx, r.views, client, talk); err != nil {
			return err
		}
	}

	settle(ctx, os.Getpid())
	opened := rounds{what: "p50, opened", unit: "us", atMost: 1.5}
	sealed := rounds{what: "p50, not opened", unit: "us"}
	tail := rounds{what: "p99, opened", unit: "us"}
	source := newSource()
	ours := func(context.Context) error { return r.timeline(ctx, talks[source.IntN(len(talks))]) }
	theirs := func(context.Context) error { return stream(ctx, client, talks[source.IntN(len(talks))]) }
	measure := func(read func(context.Context) error, p50, p99 []*[]float64) func(context.Context) error {
		return func(context.Context) error {
			l, err := work(ctx, 1, o.duration/2, 0, func(int) error { return read(ctx) })
			if err != nil {
				return err
			}
			for _, to := range p50 {
				*to = append(*to, l.quantile(0.5)*1000)
			}
			for _, to := range p99 {
				*to = append(*to, l.quantile(0.99)*1000)
			}
			return nil
		}
	}
	a := measure(ours, []*[]float64{&opened.a}, []*[]float64{&tail.a})
	asTheyAre := measure(ours, []*[]float64{&sealed.a}, nil)
	b := measure(theirs, []*[]float64{&opened.b, &sealed.b}, []*[]float64{&tail.b})
	for _, warm := range []func(context.Context) error{ours, theirs} {
		if err := measure(warm, nil, nil)(ctx); err != nil {
			return err
		}
	}
	if err := inTurn(ctx, o.rounds, func(ctx context.Context) error {
		if err := a(ctx); err != nil {
			return err
		}
		r.closed = true
		defer func() { r.closed = false }()
		return asTheyAre(ctx)
	}, b); err != nil {
		return err
	}
	print(out, fmt.Sprintf("projections: Timeline of %d lines of one of %d conversations, in this process", lines, len(talks)),
		"Redis: XRANGE of a stream of as many entries over loopback, by go-redis", opened, tail, sealed)
	if o.profile == "" {
		return nil
	}
	return profiled(out, o, "timelines", func() error { return a(ctx) })
}

// reading are the views of a history, for a reader.
type reading struct {
	keys  *keyring.Keyring
	store *eventstore.Store
	views *projections.Views
	// closed leaves everything sealed.
	closed bool
}

// openReading builds the views of a history in a folder.
func openReading(ctx context.Context, h *history, dir string) (_ *reading, err error) {
	logger := slog.New(slog.DiscardHandler)
	log := filepath.Join(dir, "log")
	if err := copyFolder(h.log(), log); err != nil {
		return nil, err
	}
	r := &reading{}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	if r.store, err = eventstore.Open(log, eventstore.Options{Logger: logger}); err != nil {
		return nil, err
	}
	if r.keys, err = keyring.Open(h.keyring(), keyring.Options{Logger: logger}); err != nil {
		return nil, err
	}
	if r.views, err = projections.Open(filepath.Join(dir, "views"), projections.Options{Opener: r.open, Logger: logger}); err != nil {
		return nil, err
	}
	return r, rebuild(ctx, r.views, r.store)
}

// open opens what is sealed, as weiche serve does.
func (r *reading) open(account, category, id, eventID, keyID string, ciphertext []byte) ([]byte, error) {
	if r.closed {
		return nil, projections.ErrKeyGone
	}
	plain, err := r.keys.Unseal(keyID, keyring.AAD(account, category, id, eventID), ciphertext)
	if errors.Is(err, keyring.ErrKeyGone) {
		return nil, projections.ErrKeyGone
	}
	return plain, err
}

func (r *reading) timeline(ctx context.Context, talk string) error {
	timeline, err := r.views.Timeline(ctx, account, talk, projections.Page{Last: true, Limit: lines})
	if err != nil {
		return err
	}
	if n := len(timeline.GetItems()); n != lines {
		return fmt.Errorf("a timeline has %d lines, not %d", n, lines)
	}
	if opened := timeline.GetItems()[0].GetContent() != nil; opened == r.closed {
		return errors.New("content was opened that should not be, or was not")
	}
	return nil
}

func (r *reading) close() error {
	var errs []error
	if r.views != nil {
		errs = append(errs, r.views.Close())
	}
	if r.store != nil {
		errs = append(errs, r.store.Close())
	}
	if r.keys != nil {
		errs = append(errs, r.keys.Close())
	}
	return errors.Join(errs...)
}

// stream reads a stream of Redis.
func stream(ctx context.Context, client *redis.Client, talk string) error {
	entries, err := client.XRangeN(ctx, talk, "-", "+", lines).Result()
	if err != nil {
		return err
	}
	if n := len(entries); n != lines {
		return fmt.Errorf("a stream has %d entries, not %d", n, lines)
	}
	return nil
}

// copyTimeline makes a stream of Redis of what a reader is shown.
func copyTimeline(ctx context.Context, views *projections.Views, client *redis.Client, talk string) error {
	timeline, err := views.Timeline(ctx, account, talk, projections.Page{Last: true, Limit: lines})
	if err != nil {
		return err
	}
	pipe := client.Pipeline()
	for _, item := range timeline.GetItems() {
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: talk, Values: fields(item)})
	}
	_, err = pipe.Exec(ctx)
	return err
}

// fields are those of a line, by name.
func fields(item *viewv1.TimelineItem) []any {
	all := []any{
		"position", item.GetPosition(), "changed", item.GetChanged(), "event_id", item.GetEventId(),
		"recorded_at", item.GetRecordedAt().AsTime().Format(time.RFC3339Nano), "kind", item.GetKind().String(),
		"message_id", item.GetMessageId(),
	}
	switch line := item.GetLine().(type) {
	case *viewv1.TimelineItem_Customer:
		all = append(all, "from", "customer", "identity_id", line.Customer.GetIdentityId(), "integration_id", line.Customer.GetIntegrationId(),
			"channel", line.Customer.GetChannel(), "sent_at", line.Customer.GetSentAt().AsTime().Format(time.RFC3339Nano))
	case *viewv1.TimelineItem_Agent:
		all = append(all, "from", "agent", "agent_id", line.Agent.GetAgentId(), "state", line.Agent.GetState().String(),
			"integration_id", line.Agent.GetIntegrationId(), "channel", line.Agent.GetChannel(),
			"identity_id", line.Agent.GetRoute().GetIdentityId(), "route_version", line.Agent.GetRoute().GetRouteVersion())
	default:
		all = append(all, "from", "system")
	}
	for _, part := range item.GetContent().GetParts() {
		all = append(all, "text", part.GetText().GetBody())
	}
	return all
}
