package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// inBatch is how many messages a webhook has at most.
const inBatch = 1000

// batchedWebhooks compares messages that come a thousand in a webhook with messages
// that come one by one, to the same process.
func batchedWebhooks(ctx context.Context, out io.Writer, o options) (err error) {
	dir, err := os.MkdirTemp(o.dir, "weiche-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, err := buildWeiche(ctx, dir)
	if err != nil {
		return err
	}
	data := filepath.Join(dir, "data")
	weiche, err := startWeiche(ctx, program, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, weiche.stop()) }()
	if err := setUp(ctx, program, data, weiche); err != nil {
		return err
	}
	from := newMessages(o.senders)
	if _, err := send(ctx, weiche.address, from, o.clients, 0, 2*o.senders); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	weiche.settle(ctx)

	var rows []rounds
	for _, clients := range []int{1, o.clients} {
		against := fmt.Sprintf("against %d clients", clients)
		rate := rounds{what: "messages, " + against, unit: "/s"}
		used := rounds{what: "CPU, " + against, unit: "us/message"}
		slowest := rounds{what: "slowest answer, " + against, unit: "ms"}
		measure := func(next func() []byte, clients, each int, to func(*rounds) *[]float64) func(context.Context) error {
			return func(ctx context.Context) error {
				before := weiche.cpu()
				l, err := sendBodies(ctx, weiche.address, next, clients, o.duration, 0)
				if err != nil {
					return err
				}
				weiche.settle(ctx)
				add := func(r *rounds, value float64) { *to(r) = append(*to(r), value) }
				add(&rate, l.rate()*float64(each))
				add(&used, float64((weiche.cpu()-before).Microseconds())/float64(l.done*each))
				add(&slowest, l.quantile(1))
				return nil
			}
		}
		err := inTurn(ctx, o.rounds,
			measure(func() []byte { return from.batch(inBatch) }, 1, inBatch, func(r *rounds) *[]float64 { return &r.a }),
			measure(from.next, clients, 1, func(r *rounds) *[]float64 { return &r.b }))
		if err != nil {
			return err
		}
		rows = append(rows, rate, used, slowest)
	}
	print(out, fmt.Sprintf("weiche serve: webhooks of %d messages, one after the other", inBatch),
		"the same process: webhooks of one message", rows...)
	return nil
}
