// Command bench measures Weiche beside what it is compared with, in one run on
// one machine: every comparison starts what it needs, warms up, and runs the two
// in turn.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are the choices on the command line.
type options struct {
	// rounds is how often each of the two runs, duration how long each time.
	rounds   int
	duration time.Duration
	// clients is how many send at once.
	clients int
	// senders is how many customers write, each in a conversation of their own.
	senders int
	// sockets is how many are open at once.
	sockets int
	// profile is a folder for a CPU profile of Weiche; empty for none.
	profile string
	// dir is where data folders are made; it should be on a disk.
	dir string
	// events is how many the log has that is replayed and opened, large how many
	// the one that is appended to.
	events, large int
	// history is the log of events, made when it is first needed.
	history *history
}

// comparison is one row of the table of goals.
type comparison struct {
	name, about string
	run         func(ctx context.Context, out io.Writer, o options) error
}

func comparisons() []comparison {
	return []comparison{
		{"P3", "a webhook in until it is answered, beside raw Pebble appends", webhooks},
		{"batch", "webhooks of a thousand messages, beside a thousand webhooks", batchedWebhooks},
		{"P4", "event append, beside a PostgreSQL table and message-db", appendsBesideSQL},
		{"P5", "event append, beside raw Pebble batches of the same bytes", appendsBesideRaw},
		{"P6", "replay into all views, beside message-db read and decoded", replays},
		{"P7", "replay, read and decoded only, beside a raw Pebble scan", scans},
		{"P8", "a conversation of 100 messages read, beside a Redis stream of 100", timelines},
		{"P9", "a webhook in until an open page has it, beside a synced write and a frame", toldPages},
		{"P10", "a reply until its first byte is at the provider, beside three synced writes and a POST", repliesSent},
		{"P11", "one message to very many open sockets, beside centrifuge and bare TCP", fanouts},
		{"P12", "memory of an idle socket, beside centrifuge, and of a conversation not in use", memories},
		{"P13", "ready after kill -9, beside raw Pebble", openings},
		{"P14", "a route decision after 10 and after 10,000 messages", decisions},
		{"P15", "an append to a small and to a large store", growths},
		{"P16", "weiche serve from its start to ready, and its memory when idle", idleness},
		{"disk", "the room that messages take in the data folder and in a backup", storage},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run runs the comparisons that are named before or between the flags, or all.
func run(ctx context.Context, out io.Writer, args []string) (err error) {
	if len(args) > 0 {
		switch args[0] {
		case rawCommand:
			return serveRaw(ctx, args[1:])
		case composedCommand:
			return serveComposed(ctx, args[1:])
		case appendCommand:
			return appendForEver(ctx, args[1:])
		case floorCommand:
			return serveFloor(ctx, args[1:])
		case tcpCommand:
			return serveTCP(ctx, args[1:])
		case centrifugeCommand:
			return serveCentrifuge(ctx, args[1:])
		}
	}
	o, names, err := parse(args)
	if err != nil {
		return err
	}
	all := comparisons()
	if slices.Equal(names, []string{"list"}) {
		for _, c := range all {
			fmt.Fprintf(out, "%-4s %s\n", c.name, c.about)
		}
		return nil
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(c comparison) bool { return strings.EqualFold(c.name, name) }) {
			return fmt.Errorf("no comparison %q: see bench list", name)
		}
	}
	o.history = &history{dir: o.dir, events: o.events}
	defer func() { err = errors.Join(err, o.history.remove()) }()
	var absent *notRun
	for _, c := range all {
		if len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(c.name, name) }) {
			continue
		}
		fmt.Fprintf(out, "%s: %s\n\n", c.name, c.about)
		err := c.run(ctx, out, o)
		if errors.As(err, &absent) {
			fmt.Fprintln(out, " ", absent)
		} else if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		fmt.Fprintln(out)
	}
	return nil
}

// parse reads the command line. Names may stand anywhere among the flags.
func parse(args []string) (o options, names []string, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 3, "how often each side runs")
	flags.DurationVar(&o.duration, "duration", 5*time.Second, "how long a side runs in one round")
	flags.IntVar(&o.clients, "clients", 64, "how many clients send at once")
	flags.IntVar(&o.senders, "senders", 5000, "how many customers write")
	flags.IntVar(&o.sockets, "sockets", 10_000, "how many sockets are open at once")
	flags.StringVar(&o.profile, "profile", "", "a folder for a CPU profile of Weiche under load")
	flags.IntVar(&o.events, "events", 1_000_000, "how many events are replayed, and in the log that is opened")
	flags.IntVar(&o.large, "large", 10_000_000, "how many events the large store has")
	flags.StringVar(&o.dir, "dir", os.TempDir(), "where data folders are made")
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			return o, nil, err
		}
		if args = flags.Args(); len(args) > 0 {
			names, args = append(names, args[0]), args[1:]
		}
	}
	if o.rounds < 1 || o.clients < 1 || o.senders < 1 || o.sockets < 1 || o.events < 1 || o.large < 1 || o.duration <= 0 {
		return o, nil, errors.New("rounds, clients, senders, sockets, events, large and duration have to be above 0")
	}
	return o, names, nil
}
