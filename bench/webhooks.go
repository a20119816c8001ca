package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// webhooks compares the way of a message from a provider into the log with
// synced appends to Pebble behind the same HTTP server, by the same clients. Both
// serve in a process of their own.
func webhooks(ctx context.Context, out io.Writer, o options) (err error) {
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
	self, err := os.Executable()
	if err != nil {
		return err
	}
	raw, err := startServer(ctx, dir, self, func(address string) []string {
		return []string{rawCommand, "-data", filepath.Join(dir, "raw"), "-http", address, "-bytes", strconv.Itoa(perMessage)}
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, raw.stop()) }()

	from := newMessages(o.senders)
	for _, p := range []*process{weiche, raw} {
		// Each sender has a conversation from here on.
		if _, err := send(ctx, p.address, from, o.clients, 0, 2*o.senders); err != nil {
			return fmt.Errorf("warm up: %w", err)
		}
		p.settle(ctx)
	}
	many, err := webhookRounds(ctx, out, o, weiche, raw, from, o.clients)
	if err != nil {
		return err
	}
	many[0].atLeast = 0.6
	alone, err := webhookRounds(ctx, out, o, weiche, raw, from, 1)
	if err != nil {
		return err
	}
	print(out,
		"weiche serve: verified, parsed, published, decided, committed, answered; with relay and views",
		fmt.Sprintf("net/http and Pebble: a synced Set of %d bytes, as much as the log grew by; no look at the request", perMessage),
		append(many, alone...)...)
	if o.profile == "" {
		return nil
	}
	file, err := profile(ctx, dir, self, o)
	if err == nil {
		fmt.Fprintf(out, "\n  profile of the same parts in one process: go tool pprof -top %s\n", file)
	}
	return err
}

// profile puts the parts of Weiche under the same load and writes a CPU profile.
func profile(ctx context.Context, dir, self string, o options) (file string, err error) {
	if file, err = filepath.Abs(filepath.Join(o.profile, "webhooks.cpu.prof")); err != nil {
		return "", err
	}
	if err := os.MkdirAll(o.profile, 0o755); err != nil {
		return "", err
	}
	p, err := startServer(ctx, dir, self, func(address string) []string {
		return []string{composedCommand, "-data", filepath.Join(dir, "composed"), "-http", address, "-profile", file}
	})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	from := newMessages(o.senders)
	if _, err := send(ctx, p.address, from, o.clients, 0, 2*o.senders); err != nil {
		return "", err
	}
	p.settle(ctx)
	response, err := http.Post("http://"+p.address+profilePath, "", nil)
	if err != nil {
		return "", err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("profile: %s", response.Status)
	}
	_, err = send(ctx, p.address, from, o.clients, 2*o.duration, 0)
	return file, err
}

// webhookRounds runs both in turn with a number of clients.
func webhookRounds(ctx context.Context, out io.Writer, o options, weiche, raw *process, from *messages, clients int) ([]rounds, error) {
	with := func(what string) string { return fmt.Sprintf("%s, %d clients", what, clients) }
	rate := rounds{what: with("rate"), unit: "/s"}
	p50, p99 := rounds{what: with("p50"), unit: "ms"}, rounds{what: with("p99"), unit: "ms"}
	used := rounds{what: with("CPU of the server"), unit: "us/message"}
	behind := []float64{}
	measure := func(p *process, to func(*rounds) *[]float64) func(context.Context) error {
		return func(ctx context.Context) error {
			before := p.cpu()
			l, err := send(ctx, p.address, from, clients, o.duration, 0)
			if err != nil {
				return err
			}
			late := p.settle(ctx)
			add := func(r *rounds, value float64) { *to(r) = append(*to(r), value) }
			add(&rate, l.rate())
			add(&p50, l.quantile(0.5))
			add(&p99, l.quantile(0.99))
			add(&used, float64((p.cpu()-before).Microseconds())/float64(l.done))
			if p == weiche {
				behind = append(behind, late.Seconds())
			}
			return nil
		}
	}
	err := inTurn(ctx, o.rounds,
		measure(weiche, func(r *rounds) *[]float64 { return &r.a }),
		measure(raw, func(r *rounds) *[]float64 { return &r.b }))
	fmt.Fprintf(out, "  %d clients: weiche was at work for another %s s after its last answer (what follows the log)\n", clients, spread(behind))
	return []rounds{rate, p50, p99, used}, err
}

// growth returns by how many bytes, keys and values together, a message to a
// conversation that exists makes the log larger.
func growth(ctx context.Context, program, dir string, o options) (int, error) {
	data := filepath.Join(dir, "growth")
	from := newMessages(o.senders)
	sizes := [2]int{}
	for at, count := range []int{o.senders, o.senders} {
		p, err := startWeiche(ctx, program, data)
		if err != nil {
			return 0, err
		}
		if at == 0 {
			err = setUp(ctx, program, data, p)
		}
		if err == nil {
			_, err = send(ctx, p.address, from, o.clients, 0, count)
		}
		if err := errors.Join(err, p.stop()); err != nil {
			return 0, err
		}
		if sizes[at], err = stored(filepath.Join(data, "log")); err != nil {
			return 0, err
		}
	}
	return (sizes[1] - sizes[0]) / o.senders, nil
}

// idleness starts weiche serve on an empty folder.
func idleness(ctx context.Context, out io.Writer, o options) (err error) {
	dir, err := os.MkdirTemp(o.dir, "weiche-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, err := buildWeiche(ctx, dir)
	if err != nil {
		return err
	}
	ready, again, resident, most := []float64{}, []float64{}, []float64{}, []float64{}
	for n := range o.rounds {
		data := filepath.Join(dir, strconv.Itoa(n))
		for _, to := range []*[]float64{&ready, &again} {
			p, err := startWeiche(ctx, program, data)
			if err != nil {
				return err
			}
			*to = append(*to, p.ready.Seconds()*1000)
			time.Sleep(o.duration / 2)
			now, high, err := p.memory()
			if err := errors.Join(err, p.stop()); err != nil {
				return err
			}
			resident, most = append(resident, now), append(most, high)
		}
	}
	verdict := func(values []float64, goal float64) string {
		if median(values) <= goal {
			return "reached"
		}
		return "missed"
	}
	fmt.Fprintf(out, "  start to first answer, new folder   %s ms   goal <= 1000  %s\n", spread(ready), verdict(ready, 1000))
	fmt.Fprintf(out, "  start to first answer, same folder  %s ms   goal <= 1000  %s\n", spread(again), verdict(again, 1000))
	fmt.Fprintf(out, "  resident memory when idle           %s MB   goal <= 100   %s\n", spread(resident), verdict(resident, 100))
	fmt.Fprintf(out, "  highest resident memory             %s MB\n", spread(most))
	return nil
}
