package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"weiche/eventstore"
	"weiche/eventstore/eventstoretest"

	"github.com/cockroachdb/datadriven"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// The files in testdata tell what the store does, and can be read without this
// file. In an append, each block of lines up to an empty line is one commit:
//
//	expect <stream> <version>
//	epoch <n>
//	<stream> <event id> [dedup=<key>[,<key>]] [<facts>]
//
// and a stream is account/category-id, or category-id of account "acme".
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if strings.Contains(path, "fuzz") {
			return
		}
		w := &world{opts: eventstoretest.Quiet()}
		w.opts.FS, w.opts.Now, w.opts.Index = vfs.NewMem(), eventstoretest.Now(), eventstoretest.IndexWords
		w.open(t)
		defer func() { _ = w.store.Close() }()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string { return w.run(t, d) })
	})
}

type world struct {
	opts  eventstore.Options
	store *eventstore.Store
}

func (w *world) open(t *testing.T) {
	var err error
	if w.store, err = eventstore.Open("log", w.opts); err != nil {
		t.Fatal(err)
	}
}

func (w *world) run(t *testing.T, d *datadriven.TestData) string {
	ctx := t.Context()
	arg := func(i int) string {
		if len(d.CmdArgs) <= i {
			d.Fatalf(t, "argument %d of %s is missing", i+1, d.Cmd)
		}
		return d.CmdArgs[i].String()
	}
	var b strings.Builder
	switch d.Cmd {
	case "append":
		for _, r := range eventstoretest.Append(t, w.store, parseCommits(t, d)...) {
			switch {
			case r.Err != nil:
				fmt.Fprintln(&b, strings.TrimPrefix(r.Err.Error(), "eventstore: "))
			case r.First == 0:
				fmt.Fprintln(&b, "ok")
			default:
				fmt.Fprintf(&b, "ok: positions %d to %d\n", r.First, r.Last)
			}
		}
	case "fence":
		if err := w.store.Fence(ctx, parseNumber(t, d, arg(0))); err != nil {
			return strings.TrimPrefix(err.Error(), "eventstore: ") + "\n"
		}
		return fmt.Sprintf("epoch %d\n", w.store.Epoch())
	case "restart":
		if err := w.store.Close(); err != nil {
			return err.Error() + "\n"
		}
		w.open(t)
	case "log":
		for _, r := range eventstoretest.Collect(t, w.store.ReadAll(ctx, 0)) {
			line := fmt.Sprintf("%d: %s/%d %s version %d: %s %s", r.Position, r.Stream.Account, r.AccountSequence, r.Stream, r.Version, r.ID, r.Facts)
			fmt.Fprintln(&b, strings.TrimSpace(line))
		}
	case "stream":
		for _, r := range eventstoretest.Collect(t, w.store.ReadStream(ctx, parseStream(t, d, arg(0)), 0)) {
			fmt.Fprintf(&b, "version %d at %d: %s\n", r.Version, r.Position, r.ID)
		}
	case "lookup":
		found, ok, err := w.store.Lookup(ctx, arg(0), arg(1))
		if err != nil {
			return err.Error() + "\n"
		}
		if !ok {
			return "free\n"
		}
		return fmt.Sprintf("taken by position %d\n", found.Position)
	case "words":
		for _, h := range eventstoretest.Collect(t, w.store.IndexScan(ctx, arg(0), "words", nil, nil)) {
			fmt.Fprintf(&b, "%s = %s, put by %d\n", h.Key, h.Value, h.Position)
		}
	case "verify":
		if err := w.store.Verify(ctx, nil); err != nil {
			return err.Error() + "\n"
		}
		return "sound\n"
	case "cancelled-append":
		done, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := w.store.Append(done, parseCommits(t, d)); !errors.Is(err, context.Canceled) {
			return fmt.Sprintf("%v\n", err)
		}
		return "cancelled\n"
	default:
		d.Fatalf(t, "no command %s", d.Cmd)
	}
	return b.String()
}

func parseNumber(t *testing.T, d *datadriven.TestData, text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	return n
}

func parseStream(t *testing.T, d *datadriven.TestData, text string) eventstore.Stream {
	account, name, ok := strings.Cut(text, "/")
	if !ok {
		account, name = "acme", text
	}
	category, id, ok := strings.Cut(name, "-")
	if !ok {
		d.Fatalf(t, "no stream: %s", text)
	}
	return eventstore.Stream{Account: account, Category: category, ID: id}
}

func parseCommits(t *testing.T, d *datadriven.TestData) (commits []eventstore.Commit) {
	for block := range strings.SplitSeq(strings.TrimSpace(d.Input), "\n\n") {
		var c eventstore.Commit
		for line := range strings.SplitSeq(block, "\n") {
			f := strings.Fields(line)
			switch f[0] {
			case "expect":
				c.Expected = append(c.Expected, eventstore.Expectation{Stream: parseStream(t, d, f[1]), Version: parseNumber(t, d, f[2])})
			case "epoch":
				c.Epoch = parseNumber(t, d, f[1])
			default:
				c.Events = append(c.Events, parseEvent(t, d, f))
			}
		}
		commits = append(commits, c)
	}
	return commits
}

func parseEvent(t *testing.T, d *datadriven.TestData, f []string) eventstore.Event {
	e := eventstore.Event{Stream: parseStream(t, d, f[0]), ID: f[1], Type: "test.Happened"}
	f = f[2:]
	if len(f) > 0 && strings.HasPrefix(f[0], "dedup=") {
		for k := range strings.SplitSeq(strings.TrimPrefix(f[0], "dedup="), ",") {
			e.Dedup = append(e.Dedup, eventstore.DedupKey{Key: k})
		}
		f = f[1:]
	}
	e.Facts = []byte(strings.Join(f, " "))
	return e
}
