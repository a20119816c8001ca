package eventstoretest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"weiche/eventstore"
)

func testIndex(t *testing.T, open Opener) {
	opts := Quiet()
	opts.Index = IndexWords
	s := opened(t, open, opts)
	facts := func(id, words string) eventstore.Event {
		e := Event("c", "1", id)
		e.Facts = []byte(words)
		return e
	}
	Must(t, s, facts("a", "put:b=1 put:a=1"), facts("b", "put:b=2"))
	Must(t, s, facts("c", "put:c=3 put:ab=4"))
	scan := func(from, to string) (got []string) {
		var lower, upper []byte
		if from != "" {
			lower = []byte(from)
		}
		if to != "" {
			upper = []byte(to)
		}
		for _, h := range Collect(t, s.IndexScan(t.Context(), "acme", "words", lower, upper)) {
			got = append(got, fmt.Sprintf("%s=%s@%d", h.Key, h.Value, h.Position))
		}
		return got
	}
	equal(t, "all", scan("", ""), []string{"a=1@1", "ab=4@3", "b=2@2", "c=3@3"})
	equal(t, "from ab to c", scan("ab", "c"), []string{"ab=4@3", "b=2@2"})
	equal(t, "from c to b", scan("c", "b"), []string(nil))
	Must(t, s, facts("d", "del:b"), facts("e", "del:a put:a=9"), facts("f", "del:nothing"))
	equal(t, "after deletes", scan("", ""), []string{"a=9@5", "ab=4@3", "c=3@3"})
	key := func(k string) eventstore.IndexKey {
		return eventstore.IndexKey{Account: "acme", Index: "words", Key: []byte(k)}
	}
	value, position, ok, err := s.IndexGet(t.Context(), key("a"))
	equal(t, "get", []any{string(value), position, ok, err}, []any{"9", uint64(5), true, nil})
	_, _, ok, err = s.IndexGet(t.Context(), key("b"))
	equal(t, "get of a deleted one", []any{ok, err}, []any{false, nil})
	equal(t, "another account", len(Collect(t, s.IndexScan(t.Context(), "acm", "ewords", nil, nil))), 0)
	verified(t, s)
}

func testScanPoint(t *testing.T, open Opener) {
	opts := Quiet()
	opts.Index = IndexWords
	s := opened(t, open, opts)
	words := ""
	for n := range 1200 {
		words += fmt.Sprintf("put:%04d=old ", n)
	}
	e := Event("c", "1", "a")
	e.Facts = []byte(words)
	Must(t, s, e)
	seen := 0
	for h, err := range s.IndexScan(t.Context(), "acme", "words", nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if seen == 0 {
			e := Event("c", "1", "b")
			e.Facts = []byte("put:1100=new del:1101 put:9999=new")
			Must(t, s, e)
		}
		if seen++; string(h.Value) != "old" {
			t.Fatalf("%s has the value of a later record", h.Key)
		}
	}
	equal(t, "entries", seen, 1200)
}

func testPages(t *testing.T, open Opener) {
	s := opened(t, open, Quiet())
	const n = 1300
	var want []string
	for i := 0; i < n; i += 100 {
		var events []eventstore.Event
		for j := i; j < i+100; j++ {
			events = append(events, Event("c", fmt.Sprint(j%2), Number(j)))
			want = append(want, Number(j))
		}
		Must(t, s, events...)
	}
	equal(t, "log", IDs(Collect(t, s.ReadAll(t.Context(), 0))), want)
	equal(t, "stream", len(Collect(t, s.ReadStream(t.Context(), stream("c", "1"), 0))), n/2)
	equal(t, "stream from 600", len(Collect(t, s.ReadStream(t.Context(), stream("c", "1"), 600))), n/2-599)
	equal(t, "account from 600", IDs(Collect(t, s.ReadAccount(t.Context(), "acme", 600))), want[599:])
	equal(t, "no account", len(Collect(t, s.ReadAccount(t.Context(), "nobody", 0))), 0)
	for range s.ReadAll(t.Context(), 0) {
		break
	}
	// A reader ends where the log ended when it was made.
	seq := s.ReadAll(t.Context(), n)
	inStream := s.ReadStream(t.Context(), stream("c", "0"), n/2)
	Must(t, s, Event("c", "0", "later"))
	equal(t, "reader from before", IDs(Collect(t, seq)), []string{Number(n - 1)})
	equal(t, "stream reader from before", IDs(Collect(t, inStream)), []string{Number(n - 2)})
	verified(t, s)
}

func testSubscribe(t *testing.T, open Opener) {
	s := opened(t, open, Quiet())
	const before, after = 700, 300
	for i := range before / 100 {
		var events []eventstore.Event
		for j := range 100 {
			events = append(events, Event("c", "1", Number(i*100+j)))
		}
		Must(t, s, events...)
	}
	next := uint64(50)
	for r, err := range s.Subscribe(t.Context(), next) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Position != next {
			t.Fatalf("position %d after %d", r.Position, next-1)
		}
		if next++; next == before {
			// From here on it lives on what comes while it waits.
			go func() {
				for i := range after {
					if _, err := s.Append(context.Background(), []eventstore.Commit{{Events: []eventstore.Event{Event("c", "1", Number(before+i))}}}); err != nil {
						t.Error(err)
					}
				}
			}()
		}
		if next == before+after+1 {
			break
		}
	}
}

func testSubscribeEnds(t *testing.T, open Opener) {
	s := opened(t, open, Quiet())
	Must(t, s, Event("c", "1", "a"))
	end := func(ctx context.Context, at func()) (last error) {
		for r, err := range s.Subscribe(ctx, 1) {
			if last = err; r != nil {
				at()
			}
		}
		return last
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := end(ctx, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
	waiting := make(chan struct{})
	ended := make(chan error)
	go func() { ended <- end(context.Background(), func() { close(waiting) }) }()
	<-waiting
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, eventstore.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

func testWaitDurable(t *testing.T, open Opener) {
	s := opened(t, open, Quiet())
	equal(t, "position 0", s.WaitDurable(t.Context(), 0), nil)
	done := make(chan error)
	go func() { done <- s.WaitDurable(context.Background(), 2) }()
	Must(t, s, Event("c", "1", "a"))
	Must(t, s, Event("c", "1", "b"))
	equal(t, "position 2", <-done, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.WaitDurable(ctx, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
	go func() { done <- s.WaitDurable(context.Background(), 3) }()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, eventstore.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

func testClosed(t *testing.T, open Opener) {
	s := opened(t, open, Quiet())
	Must(t, s, Event("c", "1", "a"))
	seq := s.ReadAll(t.Context(), 0)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	equal(t, "second close", s.Close(), nil)
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"Append":        func() error { _, err := s.Append(ctx, []eventstore.Commit{{}}); return err },
		"Fence":         func() error { return s.Fence(ctx, 1) },
		"ReadAt":        func() error { _, err := s.ReadAt(ctx, 1); return err },
		"ReadEvent":     func() error { _, err := s.ReadEvent(ctx, "acme", "a"); return err },
		"Lookup":        func() error { _, _, err := s.Lookup(ctx, "acme", "a"); return err },
		"IndexGet":      func() error { _, _, _, err := s.IndexGet(ctx, eventstore.IndexKey{}); return err },
		"IndexScan":     func() error { return last(s.IndexScan(ctx, "a", "b", nil, nil)) },
		"ReadAll":       func() error { return last(seq) },
		"ReadStream":    func() error { return last(s.ReadStream(ctx, stream("c", "1"), 0)) },
		"ReadAccount":   func() error { return last(s.ReadAccount(ctx, "acme", 0)) },
		"Subscribe":     func() error { return last(s.Subscribe(ctx, 0)) },
		"StreamVersion": func() error { _, err := s.StreamVersion(ctx, stream("c", "1")); return err },
		"Verify":        func() error { return s.Verify(ctx, nil) },
		"Checkpoint":    func() error { return s.Checkpoint(ctx, "elsewhere") },
		"Redact":        func() error { return s.Redact(ctx, "acme", "a") },
		"Purge":         func() error { return s.Purge(ctx) },
		"WaitDurable":   func() error { return s.WaitDurable(ctx, 9) },
	} {
		if err := call(); !errors.Is(err, eventstore.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	equal(t, "durable", s.Durable(), uint64(1))
}

// last returns the last error that a reader yields.
func last[T any](seq func(func(T, error) bool)) (last error) {
	for _, err := range seq {
		last = err
	}
	return last
}

func testCloseWithinReader(t *testing.T, open Opener) {
	opts := Quiet()
	opts.Index = IndexWords
	s := opened(t, open, opts)
	words := ""
	for n := range 600 {
		words += fmt.Sprintf("put:%04d=x ", n)
	}
	e := Event("c", "1", "a")
	e.Facts = []byte(words)
	Must(t, s, e)
	var end error
	for _, err := range s.IndexScan(t.Context(), "acme", "words", nil, nil) {
		if end = err; err == nil {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !errors.Is(end, eventstore.ErrClosed) {
		t.Errorf("scan of a closed store ended with %v", end)
	}
}

// testAccounts shows that an account's records are found by its own sequence, among
// those of others.
func testAccounts(t *testing.T, open Opener) {
	s := opened(t, open, Quiet())
	accounts, sequence := []string{"acme", "other", "acme-2"}, map[string]uint64{}
	var want []uint64 // the sequence of acme at each position
	for i := range 40 {
		account := accounts[i*i%7%3]
		event := Event("c", fmt.Sprint(i%4), Number(i))
		event.Stream.Account = account
		Must(t, s, event)
		sequence[account]++
		want = append(want, sequence["acme"])
	}
	for at, n := range want {
		got, err := s.AccountSequence(t.Context(), "acme", uint64(at)+1)
		equal(t, fmt.Sprintf("sequence at %d", at+1), got, n)
		equal(t, "error", err, nil)
	}
	for account, n := range sequence {
		next := uint64(2)
		for _, r := range Collect(t, s.ReadAccount(t.Context(), account, next)) {
			equal(t, "account", r.Stream.Account, account)
			equal(t, "sequence", r.AccountSequence, next)
			next++
		}
		equal(t, "end", next-1, n)
	}
	none, err := s.AccountSequence(t.Context(), "nobody", 40)
	equal(t, "nobody's", none, uint64(0))
	equal(t, "error", err, nil)
}
