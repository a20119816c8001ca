package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// toldPages compares the way of a message from a webhook to an open page with the
// least that it takes: an HTTP request, a synced write, and a frame on a socket.
func toldPages(ctx context.Context, out io.Writer, o options) (err error) {
	dir, err := os.MkdirTemp(o.dir, "weiche-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, err := buildWeiche(ctx, dir)
	if err != nil {
		return err
	}
	perMessage, err := growth(ctx, program, dir, o)
	if err != nil {
		return fmt.Errorf("how much a message adds to the log: %w", err)
	}
	data := filepath.Join(dir, "measured")
	weiche, err := startWeiche(ctx, program, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, weiche.stop()) }()
	if err := setUp(ctx, program, data, weiche); err != nil {
		return err
	}
	authorization, err := authorizationOf(data, agent)
	if err != nil {
		return err
	}
	from := newMessages(o.senders)
	if _, err := send(ctx, weiche.address, from, o.clients, 0, 2*o.senders); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	weiche.settle(ctx)
	for _, what := range []string{followInbox, followEverything} {
		if err := toldRounds(ctx, out, o, weiche, greetWeiche(authorization, what), from, what, dir, perMessage); err != nil {
			return fmt.Errorf("a page that follows %s: %w", what, err)
		}
	}
	fmt.Fprintln(out, "\n  beside tinode: NOT COMPARED, it is not started here")
	return nil
}

// toldRounds runs both in turn, with a socket that follows something.
func toldRounds(ctx context.Context, out io.Writer, o options, weiche *process, g greeting, from *messages, what, dir string, perMessage int) (err error) {
	toldAgain := 0
	on := func(ctx context.Context, p *process, g greeting, clients, count int) (load, *tab, error) {
		open, err := openTab(ctx, p.address, g)
		if err != nil {
			return load{}, nil, err
		}
		l, err := open.send(ctx, p.address, from, clients, o.duration, count)
		p.settle(ctx) // what comes twice comes late
		err = errors.Join(err, open.close())
		toldAgain += open.arrivals.told
		return l, open, err
	}
	_, warm, err := on(ctx, weiche, g, o.clients, o.senders)
	if err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	least, err := startServer(ctx, dir, self, func(address string) []string {
		return []string{
			floorCommand, "-data", filepath.Join(dir, "floor-"+what), "-http", address,
			"-bytes", strconv.Itoa(perMessage), "-frame", strconv.Itoa(warm.size()),
		}
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, least.stop()) }()
	if _, _, err := on(ctx, least, greetFloor(0), o.clients, o.senders); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	var rows []rounds
	for _, clients := range []int{1, o.clients} {
		with := func(what string) string { return fmt.Sprintf("%s, %d clients", what, clients) }
		rate := rounds{what: with("rate"), unit: "/s"}
		p50, p99 := rounds{what: with("p50"), unit: "ms"}, rounds{what: with("p99"), unit: "ms"}
		used := rounds{what: with("CPU of the server"), unit: "us/message"}
		if clients == 1 && what == followInbox {
			p50.atMost = 2
		}
		measure := func(p *process, g greeting, to func(*rounds) *[]float64) func(context.Context) error {
			return func(ctx context.Context) error {
				before := p.cpu()
				l, _, err := on(ctx, p, g, clients, 0)
				if err != nil {
					return err
				}
				add := func(r *rounds, value float64) { *to(r) = append(*to(r), value) }
				add(&rate, l.rate())
				add(&p50, l.quantile(0.5))
				add(&p99, l.quantile(0.99))
				add(&used, float64((p.cpu()-before).Microseconds())/float64(l.done))
				return nil
			}
		}
		if err := inTurn(ctx, o.rounds,
			measure(weiche, g, func(r *rounds) *[]float64 { return &r.a }),
			measure(least, greetFloor(0), func(r *rounds) *[]float64 { return &r.b })); err != nil {
			return err
		}
		rows = append(rows, rate, p50, p99, used)
	}
	fmt.Fprintln(out)
	print(out,
		fmt.Sprintf("weiche serve: from a webhook to a socket that follows %s; each message arrived, %d rows were told again", what, toldAgain),
		fmt.Sprintf("net/http, a synced Set of %d bytes, a frame of %d bytes by coder/websocket; each message arrived once", perMessage, warm.size()),
		rows...)
	return nil
}
