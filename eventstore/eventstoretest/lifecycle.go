package eventstoretest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"weiche/eventstore"
)

func testFence(t *testing.T, open Opener) {
	s := opened(t, open, Quiet())
	Must(t, s, Event("c", "1", "a"))
	for _, c := range []struct {
		epoch uint64
		want  string
	}{{3, "ok"}, {3, "ok"}, {2, "fenced"}, {4, "ok"}} {
		equal(t, fmt.Sprintf("fence to %d", c.epoch), kind(s.Fence(t.Context(), c.epoch)), c.want)
	}
	equal(t, "epoch", s.Epoch(), uint64(4))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, open, Quiet())
	equal(t, "epoch after reopen", s.Epoch(), uint64(4))
	for epoch, want := range map[uint64]string{0: "fenced", 3: "fenced", 5: "fenced"} {
		r := Append(t, s, eventstore.Commit{Epoch: epoch, Events: []eventstore.Event{Event("c", "1", "b")}})[0]
		equal(t, fmt.Sprintf("commit of epoch %d", epoch), kind(r.Err), want)
	}
	Must(t, s, Event("c", "1", "b"))
	verified(t, s)
}

func testConcurrent(t *testing.T, open Opener) {
	s := opened(t, open, Quiet())
	const writers, each = 8, 25
	var wg sync.WaitGroup
	conflicts := make([]int, writers)
	for w := range writers {
		wg.Go(func() {
			for n := 0; n < each; {
				version, err := s.StreamVersion(context.Background(), stream("shared", "1"))
				if err != nil {
					t.Error(err)
					return
				}
				results, err := s.Append(context.Background(), []eventstore.Commit{{
					Expected: []eventstore.Expectation{{Stream: stream("shared", "1"), Version: version}},
					Events:   []eventstore.Event{Event("shared", "1", fmt.Sprint(w, ".", n)), Event("own", fmt.Sprint(w), fmt.Sprint(w, "+", n))},
				}})
				if err != nil {
					t.Error(err)
					return
				}
				switch kind(results[0].Err) {
				case "ok":
					n++
				case "wrong version":
					conflicts[w]++
				default:
					t.Error(results[0].Err)
					return
				}
			}
		})
	}
	wg.Wait()
	equal(t, "position", s.Durable(), uint64(2*writers*each))
	equal(t, "shared", len(Collect(t, s.ReadStream(t.Context(), stream("shared", "1"), 0))), writers*each)
	verified(t, s)
}

func testReopen(t *testing.T, open Opener) {
	opts := Quiet()
	opts.Index = IndexWords
	s := opened(t, open, opts)
	incarnation := s.Incarnation()
	e := Event("c", "1", "a", "k")
	e.Facts = []byte("put:x=1 put:y=2")
	Must(t, s, e)
	before := Collect(t, s.ReadAll(t.Context(), 0))
	position, hash := s.Head()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, open, opts)
	equal(t, "incarnation", s.Incarnation(), incarnation)
	equal(t, "records", Collect(t, s.ReadAll(t.Context(), 0)), before)
	again, same := s.Head()
	equal(t, "head", []any{again, same}, []any{position, hash})
	r := Must(t, s, Event("c", "1", "b"))
	equal(t, "next position", r.First, uint64(2))
	verified(t, s)
}

func testReadOnly(t *testing.T, open Opener) {
	ro := Quiet()
	ro.ReadOnly = true
	if _, err := open(ro); !errors.Is(err, eventstore.ErrNotFound) {
		t.Fatalf("read-only open of nothing: %v", err)
	}
	s := opened(t, open, Quiet())
	Must(t, s, Event("c", "1", "a"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, open, ro)
	equal(t, "records", IDs(Collect(t, s.ReadAll(t.Context(), 0))), []string{"a"})
	if _, err := s.Append(t.Context(), []eventstore.Commit{{}}); !errors.Is(err, eventstore.ErrReadOnly) {
		t.Errorf("append: %v", err)
	}
	if err := s.Redact(t.Context(), "acme", "a"); !errors.Is(err, eventstore.ErrReadOnly) {
		t.Errorf("redact: %v", err)
	}
	if err := s.Purge(t.Context()); !errors.Is(err, eventstore.ErrReadOnly) {
		t.Errorf("purge: %v", err)
	}
	if err := s.Fence(t.Context(), 1); !errors.Is(err, eventstore.ErrReadOnly) {
		t.Errorf("fence: %v", err)
	}
	verified(t, s)
}

func testContextDone(t *testing.T, open Opener) {
	s := opened(t, open, Quiet())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Append(ctx, []eventstore.Commit{{Events: []eventstore.Event{Event("c", "1", "a")}}}); !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	for _, err := range s.ReadAll(ctx, 0) {
		t.Errorf("an empty log has nothing to read: %v", err)
	}
	// The store is not broken by that.
	Must(t, s, Event("c", "1", "a"))
	for _, err := range s.ReadAll(ctx, 0) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("read: %v", err)
		}
	}
}
