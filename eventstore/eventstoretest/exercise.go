package eventstoretest

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"weiche/eventstore"

	"github.com/google/go-cmp/cmp"
)

// Opener opens the store of one test. The first call makes it; a call after
// Close opens the same one again. Options has what the test needs; where the
// store is, the opener decides.
type Opener func(eventstore.Options) (*eventstore.Store, error)

// Exercise is what every event store has to do, wherever it keeps its data.
// open returns the opener of a new empty store.
func Exercise(t *testing.T, open func(t *testing.T) Opener) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, Opener)
	}{
		{"Empty", testEmpty},
		{"RoundTrip", testRoundTrip},
		{"I07DenseNumbers", testDense},
		{"I03CommitIsAllOrNothing", testAtomic},
		{"SliceOrder", testSliceOrder},
		{"Expectations", testExpectations},
		{"I05Duplicates", testDuplicates},
		{"I06DedupSurvivesReopen", testDedupReopen},
		{"Invalid", testInvalid},
		{"I30Fence", testFence},
		{"Index", testIndex},
		{"IndexScanIsOnePointInTime", testScanPoint},
		{"Pages", testPages},
		{"Redact", testRedact},
		{"Accounts", testAccounts},
		{"Subscribe", testSubscribe},
		{"SubscribeEnds", testSubscribeEnds},
		{"WaitDurable", testWaitDurable},
		{"Concurrent", testConcurrent},
		{"Reopen", testReopen},
		{"ReadOnly", testReadOnly},
		{"Closed", testClosed},
		{"CloseWithinReader", testCloseWithinReader},
		{"ContextDone", testContextDone},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// opened opens a store and closes it when the test ends.
func opened(t *testing.T, open Opener, opts eventstore.Options) *eventstore.Store {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = Quiet().Logger
	}
	s, err := open(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func verified(t *testing.T, s *eventstore.Store) {
	t.Helper()
	if err := s.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func stream(category, id string) eventstore.Stream {
	return eventstore.Stream{Account: "acme", Category: category, ID: id}
}

func testEmpty(t *testing.T, open Opener) {
	s := opened(t, open, Quiet())
	position, hash := s.Head()
	equal(t, "position", position, uint64(0))
	equal(t, "hash", hash, [32]byte{})
	equal(t, "epoch", s.Epoch(), uint64(0))
	if len(s.Incarnation()) < 26 {
		t.Errorf("incarnation %q has less than 128 bits", s.Incarnation())
	}
	equal(t, "records", len(Collect(t, s.ReadAll(t.Context(), 0))), 0)
	equal(t, "stream", len(Collect(t, s.ReadStream(t.Context(), stream("c", "1"), 0))), 0)
	if _, err := s.ReadAt(t.Context(), 1); !errors.Is(err, eventstore.ErrNotFound) {
		t.Errorf("ReadAt: %v", err)
	}
	if _, err := s.ReadEvent(t.Context(), "acme", "x"); !errors.Is(err, eventstore.ErrNotFound) {
		t.Errorf("ReadEvent: %v", err)
	}
	equal(t, "results of no commit", len(Append(t, s)), 0)
	verified(t, s)
}

func testRoundTrip(t *testing.T, open Opener) {
	opts := Quiet()
	opts.Now = Now()
	s := opened(t, open, opts)
	zone := time.FixedZone("somewhere", 3*3600)
	full := eventstore.Event{
		Stream: eventstore.Stream{Account: "-", Category: "conversation", ID: "01J9-ABC"}, ID: "01J9", Type: "weiche.v1.ConversationStarted",
		SchemaVersion: 3, Received: time.Date(2026, 3, 4, 5, 6, 7, 123456789, zone), Provider: time.UnixMicro(0),
		Causation: "cause", Correlation: "corr", Actor: "agent:Zoë",
		Dedup: []eventstore.DedupKey{{Key: "wamid.1", Hash: []byte{0, 1}}, {Key: "second"}},
		KeyID: "key-1", Facts: []byte("facts"), Sealed: []byte{9, 8, 7},
	}
	bare := eventstore.Event{Stream: stream("c", "1"), ID: "2", Type: "T", Facts: []byte{}, Sealed: []byte{}}
	Must(t, s, full, bare)

	want := full
	want.Received = time.Date(2026, 3, 4, 2, 6, 7, 123456000, time.UTC)
	want.Provider = time.UnixMicro(0).UTC()
	got, err := s.ReadAt(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "event", got.Event, want)
	if got.Recorded.IsZero() || got.Recorded.Location() != time.UTC {
		t.Errorf("recorded %v", got.Recorded)
	}
	second, err := s.ReadEvent(t.Context(), "acme", "2")
	if err != nil {
		t.Fatal(err)
	}
	bare.Facts, bare.Sealed = nil, nil
	equal(t, "bare event", second.Event, bare)
	equal(t, "chain", second.PreviousHash, got.Hash())
	_, head := s.Head()
	equal(t, "head", head, second.Hash())

	redacted := *got
	redacted.Sealed = nil
	equal(t, "hash without the sealed part", redacted.Hash(), got.Hash())
	for name, change := range map[string]func(*eventstore.Record){
		"facts":  func(r *eventstore.Record) { r.Facts = []byte("other") },
		"hash":   func(r *eventstore.Record) { r.SealedHash[0]++ },
		"stream": func(r *eventstore.Record) { r.Stream.ID += "x" },
		"dedup":  func(r *eventstore.Record) { r.Dedup = r.Dedup[:1] },
		"time":   func(r *eventstore.Record) { r.Provider = time.Time{} },
	} {
		changed := *got
		change(&changed)
		if changed.Hash() == got.Hash() {
			t.Errorf("the chain hash does not cover %s", name)
		}
	}
	verified(t, s)
}

func testDense(t *testing.T, open Opener) {
	s := opened(t, open, Quiet())
	other := func(id string) eventstore.Event {
		e := Event("c", "1", id)
		e.Stream.Account = "other"
		return e
	}
	Must(t, s, Event("c", "1", "a"), Event("c", "2", "b"), Event("c", "1", "c"), other("a"))
	Must(t, s, other("b"))
	Must(t, s, Event("c", "1", "d"))
	type place struct{ Position, Sequence, Version uint64 }
	var got []place
	for _, r := range Collect(t, s.ReadAll(t.Context(), 0)) {
		got = append(got, place{r.Position, r.AccountSequence, r.Version})
	}
	equal(t, "places", got, []place{{1, 1, 1}, {2, 2, 1}, {3, 3, 2}, {4, 1, 1}, {5, 2, 2}, {6, 4, 3}})
	equal(t, "stream", IDs(Collect(t, s.ReadStream(t.Context(), stream("c", "1"), 0))), []string{"a", "c", "d"})
	equal(t, "stream from 2", IDs(Collect(t, s.ReadStream(t.Context(), stream("c", "1"), 2))), []string{"c", "d"})
	equal(t, "stream from 4", IDs(Collect(t, s.ReadStream(t.Context(), stream("c", "1"), 4))), []string{})
	equal(t, "log from 5", IDs(Collect(t, s.ReadAll(t.Context(), 5))), []string{"b", "d"})
	version, err := s.StreamVersion(t.Context(), stream("c", "1"))
	equal(t, "version", version, uint64(3))
	equal(t, "error", err, nil)
	verified(t, s)
}

func testAtomic(t *testing.T, open Opener) {
	s := opened(t, open, Quiet())
	Must(t, s, Event("c", "1", "a", "k"))
	before, hash := s.Head()
	for name, c := range map[string]eventstore.Commit{
		"expectation": {Events: []eventstore.Event{Event("c", "2", "b", "new")}, Expected: []eventstore.Expectation{{Stream: stream("c", "1"), Version: 7}}},
		"dedup":       {Events: []eventstore.Event{Event("c", "2", "b", "new"), Event("c", "3", "c", "k")}},
		"event id":    {Events: []eventstore.Event{Event("c", "2", "b", "new"), Event("c", "3", "a")}},
		"invalid":     {Events: []eventstore.Event{Event("c", "2", "b", "new"), Event("", "3", "c")}},
		"epoch":       {Events: []eventstore.Event{Event("c", "2", "b", "new")}, Epoch: 1},
	} {
		r := Append(t, s, c)[0]
		if r.Err == nil || r.First != 0 || r.Last != 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	after, same := s.Head()
	equal(t, "position", after, before)
	equal(t, "hash", same, hash)
	if _, ok, err := s.Lookup(t.Context(), "acme", "new"); ok || err != nil {
		t.Errorf("a refused commit left its dedup key: %v, %v", ok, err)
	}
	r := Must(t, s, Event("c", "2", "b", "new"))
	equal(t, "first position after refusals", r.First, before+1)
	verified(t, s)
}

func testSliceOrder(t *testing.T, open Opener) {
	s := opened(t, open, Quiet())
	expect := func(v uint64) []eventstore.Expectation {
		return []eventstore.Expectation{{Stream: stream("c", "1"), Version: v}}
	}
	results := Append(t, s,
		eventstore.Commit{Expected: expect(0), Events: []eventstore.Event{Event("c", "1", "a", "k"), Event("c", "1", "b")}},
		eventstore.Commit{Expected: expect(0), Events: []eventstore.Event{Event("c", "1", "c")}},
		eventstore.Commit{Events: []eventstore.Event{Event("c", "9", "d", "k")}},
		eventstore.Commit{Expected: expect(2)},
		eventstore.Commit{Expected: expect(2), Events: []eventstore.Event{Event("c", "1", "e")}},
		eventstore.Commit{Events: []eventstore.Event{Event("c", "1", "a")}},
	)
	var got []string
	for _, r := range results {
		got = append(got, fmt.Sprintf("%d-%d %s", r.First, r.Last, kind(r.Err)))
	}
	equal(t, "results", got, []string{"1-2 ok", "0-0 wrong version", "0-0 duplicate of 1", "0-0 ok", "3-3 ok", "0-0 invalid"})
	verified(t, s)
}

// kind names the outcome of a commit.
func kind(err error) string {
	var duplicate *eventstore.DuplicateError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &duplicate) && errors.Is(err, eventstore.ErrDuplicate):
		return fmt.Sprintf("duplicate of %d", duplicate.Position)
	case errors.Is(err, eventstore.ErrWrongExpectedVersion):
		return "wrong version"
	case errors.Is(err, eventstore.ErrFenced):
		return "fenced"
	case errors.Is(err, eventstore.ErrInvalidEvent):
		return "invalid"
	}
	return reflect.TypeOf(err).String()
}

func testExpectations(t *testing.T, open Opener) {
	s := opened(t, open, Quiet())
	Must(t, s, Event("c", "1", "a"))
	for _, c := range []struct {
		id      string
		version uint64
		want    string
	}{{"1", 1, "ok"}, {"1", 0, "wrong version"}, {"1", 2, "wrong version"}, {"2", 0, "ok"}, {"2", 1, "wrong version"}} {
		r := Append(t, s, eventstore.Commit{Expected: []eventstore.Expectation{{Stream: stream("c", c.id), Version: c.version}}})[0]
		equal(t, fmt.Sprintf("stream %s at %d", c.id, c.version), kind(r.Err), c.want)
		equal(t, "position", s.Durable(), uint64(1))
	}
}

func testDuplicates(t *testing.T, open Opener) {
	s := opened(t, open, Quiet())
	e := Event("c", "1", "a")
	e.Dedup = []eventstore.DedupKey{{Key: "k", Hash: []byte{1, 2}}}
	Must(t, s, Event("c", "1", "x"), e)
	r := Append(t, s, eventstore.Commit{Events: []eventstore.Event{Event("c", "2", "b", "k")}})[0]
	var d *eventstore.DuplicateError
	if !errors.As(r.Err, &d) {
		t.Fatal(r.Err)
	}
	equal(t, "error", *d, eventstore.DuplicateError{Account: "acme", Key: "k", Position: 2, Hash: []byte{1, 2}})
	// A duplicate is told as one also when its expectations are stale.
	r = Append(t, s, eventstore.Commit{
		Expected: []eventstore.Expectation{{Stream: stream("c", "1"), Version: 0}},
		Events:   []eventstore.Event{Event("c", "2", "b", "k")},
	})[0]
	equal(t, "stale duplicate", kind(r.Err), "duplicate of 2")
	other := Event("c", "1", "a", "k")
	other.Stream.Account = "other"
	Must(t, s, other)
	got, ok, err := s.Lookup(t.Context(), "acme", "k")
	equal(t, "lookup", got, eventstore.Dedup{Position: 2, Hash: []byte{1, 2}})
	equal(t, "lookup", []any{ok, err}, []any{true, nil})
	_, ok, _ = s.Lookup(t.Context(), "nobody", "k")
	equal(t, "lookup of another account", ok, false)
}

func testDedupReopen(t *testing.T, open Opener) {
	s := opened(t, open, Quiet())
	Must(t, s, Event("c", "1", "a", "k"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, open, Quiet())
	r := Append(t, s, eventstore.Commit{Events: []eventstore.Event{Event("c", "1", "b", "k")}})[0]
	equal(t, "after reopen", kind(r.Err), "duplicate of 1")
}

func testInvalid(t *testing.T, open Opener) {
	opts := Quiet()
	opts.Index = func(r *eventstore.Record) (c eventstore.IndexChange) {
		if string(r.Facts) == "bad index" {
			c.Put = []eventstore.IndexEntry{{}}
		}
		return c
	}
	s := opened(t, open, opts)
	long := string(make([]byte, 70000))
	for name, change := range map[string]func(*eventstore.Event){
		"no account":       func(e *eventstore.Event) { e.Stream.Account = "" },
		"no stream id":     func(e *eventstore.Event) { e.Stream.ID = "" },
		"hyphen":           func(e *eventstore.Event) { e.Stream.Category = "a-b" },
		"no id":            func(e *eventstore.Event) { e.ID = "" },
		"no type":          func(e *eventstore.Event) { e.Type = "" },
		"not UTF-8":        func(e *eventstore.Event) { e.Actor = "\xff" },
		"long id":          func(e *eventstore.Event) { e.ID = long },
		"long stream":      func(e *eventstore.Event) { e.Stream.ID = long },
		"long type":        func(e *eventstore.Event) { e.Type = long },
		"empty dedup key":  func(e *eventstore.Event) { e.Dedup = []eventstore.DedupKey{{}} },
		"long dedup key":   func(e *eventstore.Event) { e.Dedup = []eventstore.DedupKey{{Key: long}} },
		"long dedup hash":  func(e *eventstore.Event) { e.Dedup = []eventstore.DedupKey{{Key: "k", Hash: []byte(long)}} },
		"dedup key twice":  func(e *eventstore.Event) { e.Dedup = []eventstore.DedupKey{{Key: "k"}, {Key: "k"}} },
		"year 10000":       func(e *eventstore.Event) { e.Received = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"year 0":           func(e *eventstore.Event) { e.Provider = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC) },
		"large":            func(e *eventstore.Event) { e.Facts = make([]byte, eventstore.MaxBody+1) },
		"index of nothing": func(e *eventstore.Event) { e.Facts = []byte("bad index") },
	} {
		e := Event("c", "1", "a")
		change(&e)
		equal(t, name, kind(Append(t, s, eventstore.Commit{Events: []eventstore.Event{e}})[0].Err), "invalid")
	}
	twice := eventstore.Commit{Events: []eventstore.Event{Event("c", "1", "a"), Event("c", "2", "a")}}
	equal(t, "event id twice", kind(Append(t, s, twice)[0].Err), "invalid")
	equal(t, "position", s.Durable(), uint64(0))
	Must(t, s, Event("c", "1", "a", "k"))
	verified(t, s)
}
