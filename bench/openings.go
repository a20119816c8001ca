package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"weiche/eventstore"
)

// appendCommand has this program append events to a store until it is killed.
const appendCommand = "append"

// appendForEver says that the store is open by a line, and never returns nil.
func appendForEver(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet(appendCommand, flag.ContinueOnError)
	data := flags.String("data", "", "the folder")
	writers := flags.Int("writers", 64, "how many append at once")
	if err := flags.Parse(args); err != nil {
		return err
	}
	store, err := eventstore.Open(*data, eventstore.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	fmt.Println("open")
	first, made, n, source := store.Durable(), make(chan eventstore.Event, *writers), newNoise(), newSource()
	go func() {
		for at := first; ; at++ {
			hash := randomHash(source)
			hash[0], hash[1], hash[2], hash[3] = byte(at>>24), byte(at>>16), byte(at>>8), byte(at)
			made <- n.stored500(at, benchStream(int(at%1000)), hash)
		}
	}()
	_, err = work(ctx, *writers, 24*time.Hour, 0, func(int) error {
		results, err := store.Append(ctx, []eventstore.Commit{{Events: []eventstore.Event{<-made}}})
		if err != nil {
			return err
		}
		return results[0].Err
	})
	return errors.Join(err, errors.New("it was not killed"))
}

// openings compares opening what a kill leaves with all checks of the store with
// opening it by Pebble alone. A process appends to the log and is killed in the
// middle of it; both open a copy of what is left, with the same write-ahead log.
func openings(ctx context.Context, out io.Writer, o options) (err error) {
	if err := o.history.make(ctx, out); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "weiche-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	killed := filepath.Join(dir, "killed")
	if err := copyFolder(o.history.log(), killed); err != nil {
		return err
	}
	ready := rounds{what: "open", unit: "ms", atMost: 3}
	events, unflushed := []float64{}, []float64{}
	image := filepath.Join(dir, "image")
	timed := func(open func() (io.Closer, error), to *[]float64) func(context.Context) error {
		return func(context.Context) error {
			if err := copyFolder(killed, image); err != nil {
				return err
			}
			began := time.Now()
			db, err := open()
			if err != nil {
				return err
			}
			*to = append(*to, time.Since(began).Seconds()*1000)
			if store, ok := db.(*eventstore.Store); ok {
				events = append(events, float64(store.Durable()))
			}
			return errors.Join(db.Close(), os.RemoveAll(image))
		}
	}
	ours := func() (io.Closer, error) {
		return eventstore.Open(image, eventstore.Options{Logger: slog.New(slog.DiscardHandler)})
	}
	raw := func() (io.Closer, error) { return pebble.Open(image, rawOptions()) }
	for range o.rounds {
		if err := appendAndKill(ctx, killed, o); err != nil {
			return err
		}
		size, err := sizeOf(killed, ".log")
		if err != nil {
			return err
		}
		unflushed = append(unflushed, size)
		// Each kill leaves another write-ahead log; it is opened more than once.
		var a, b []float64
		if err := inTurn(ctx, 3, timed(ours, &a), timed(raw, &b)); err != nil {
			return err
		}
		ready.a, ready.b = append(ready.a, median(a)), append(ready.b, median(b))
	}
	fmt.Fprintf(out, "  %s events; the kills left write-ahead logs of %s MB\n", spread(events), spread(unflushed))
	print(out, "eventstore.Open after kill -9, with its checks", "Pebble's Open of the same folder", ready)
	if o.profile == "" {
		return nil
	}
	return profiled(out, o, "openings", func() error { return timed(ours, &ready.a)(ctx) })
}

// appendAndKill has a process append to a folder for a while, and kills it.
func appendAndKill(ctx context.Context, folder string, o options) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, appendCommand, "-data", folder, "-writers", fmt.Sprint(o.clients))
	cmd.SysProcAttr, cmd.Stderr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}, os.Stderr
	said, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	_, err = bufio.NewReader(said).ReadString('\n')
	if err == nil {
		select {
		case <-ctx.Done():
		case <-time.After(o.duration / 2):
		}
	}
	killed := cmd.Process.Signal(syscall.SIGKILL)
	ended := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(ended, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		ended = nil
	} else if ended == nil {
		ended = errors.New("the process ended before it was killed")
	}
	return errors.Join(err, killed, ended, ctx.Err())
}
