package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"weiche/eventstore"
	"weiche/eventstore/eventstoretest"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// model is an event store in a few plain maps.
type model struct {
	events   []string // "account/stream@version#sequence id"
	versions map[eventstore.Stream]uint64
	counts   map[string]uint64
	ids      map[string]bool
	dedup    map[string]uint64
	words    map[string]string // account/key -> value@position
	epoch    uint64
}

func newModel() *model {
	return &model{versions: map[eventstore.Stream]uint64{}, counts: map[string]uint64{}, ids: map[string]bool{}, dedup: map[string]uint64{}, words: map[string]string{}}
}

// commit returns the outcome in words, and changes the model if it is "ok".
func (m *model) commit(c eventstore.Commit) string {
	if c.Epoch != m.epoch {
		return "fenced"
	}
	for _, e := range c.Events {
		for _, d := range e.Dedup {
			if at := m.dedup[e.Stream.Account+"/"+d.Key]; at != 0 {
				return fmt.Sprintf("duplicate of %d", at)
			}
		}
	}
	for _, e := range c.Events {
		if m.ids[e.Stream.Account+"/"+e.ID] {
			return "invalid"
		}
	}
	for _, x := range c.Expected {
		if m.versions[x.Stream] != x.Version {
			return "wrong version"
		}
	}
	for _, e := range c.Events {
		m.append(e)
	}
	return "ok"
}

func (m *model) append(e eventstore.Event) {
	account := e.Stream.Account
	m.versions[e.Stream]++
	m.counts[account]++
	position := uint64(len(m.events) + 1)
	m.events = append(m.events, fmt.Sprintf("%s/%s@%d#%d %s", account, e.Stream, m.versions[e.Stream], m.counts[account], e.ID))
	m.ids[account+"/"+e.ID] = true
	for _, d := range e.Dedup {
		m.dedup[account+"/"+d.Key] = position
	}
	words := strings.Fields(string(e.Facts))
	for _, w := range words {
		if key, ok := strings.CutPrefix(w, "del:"); ok {
			delete(m.words, account+"/"+key)
		}
	}
	for _, w := range words {
		if rest, ok := strings.CutPrefix(w, "put:"); ok {
			key, value, _ := strings.Cut(rest, "=")
			m.words[account+"/"+key] = fmt.Sprintf("%s@%d", value, position)
		}
	}
}

var (
	accounts = []string{"-", "a", "ab"}
	keys     = []string{"b", "bc", "c", "\x00", "é"}
)

func drawStream(t *rapid.T) eventstore.Stream {
	return eventstore.Stream{
		Account:  rapid.SampledFrom(accounts).Draw(t, "account"),
		Category: rapid.SampledFrom([]string{"c", "cb"}).Draw(t, "category"),
		ID:       rapid.SampledFrom(keys).Draw(t, "id"),
	}
}

func drawCommit(t *rapid.T, m *model, next *int) eventstore.Commit {
	c := eventstore.Commit{Epoch: m.epoch}
	if rapid.IntRange(0, 19).Draw(t, "old epoch") == 0 {
		c.Epoch = m.epoch - 1
	}
	for range rapid.IntRange(0, 2).Draw(t, "expectations") {
		x := eventstore.Expectation{Stream: drawStream(t)}
		if x.Version = m.versions[x.Stream]; rapid.IntRange(0, 9).Draw(t, "stale") == 0 {
			x.Version++
		}
		c.Expected = append(c.Expected, x)
	}
	for range rapid.IntRange(0, 3).Draw(t, "events") {
		*next++
		id := *next
		if rapid.IntRange(0, 19).Draw(t, "used id") == 0 {
			id = max(1, id/2)
		}
		e := eventstore.Event{Stream: drawStream(t), ID: fmt.Sprint("e", id), Type: "T"}
		if rapid.Bool().Draw(t, "dedup") {
			e.Dedup = []eventstore.DedupKey{{Key: fmt.Sprint("d", rapid.IntRange(0, 60).Draw(t, "key"))}}
		}
		word := rapid.SampledFrom([]string{"", "put:%s=1", "put:%s=2", "del:%s", "del:%s put:%[1]s=3"}).Draw(t, "word")
		if word != "" {
			e.Facts = fmt.Appendf(nil, word, rapid.SampledFrom([]string{"x", "xy", "y"}).Draw(t, "index key"))
		}
		c.Events = append(c.Events, e)
	}
	return c
}

// valid removes what the store refuses within one commit, and the model does
// not know about.
func valid(c eventstore.Commit) bool {
	seen := map[string]bool{}
	for _, e := range c.Events {
		names := []string{e.Stream.Account + "/id/" + e.ID}
		for _, d := range e.Dedup {
			names = append(names, e.Stream.Account+"/dedup/"+d.Key)
		}
		for _, n := range names {
			if seen[n] {
				return false
			}
			seen[n] = true
		}
	}
	return true
}

func outcome(err error) string {
	var d *eventstore.DuplicateError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &d):
		return fmt.Sprintf("duplicate of %d", d.Position)
	case errors.Is(err, eventstore.ErrFenced):
		return "fenced"
	case errors.Is(err, eventstore.ErrInvalidEvent):
		return "invalid"
	case errors.Is(err, eventstore.ErrWrongExpectedVersion):
		return "wrong version"
	}
	return err.Error()
}

// Random commits, fences and restarts do to the store what they do to the
// model, and everything that can be read is what the model has.
func TestI03I05I07StoreIsItsModel(t *testing.T) {
	steps := 0
	rapid.Check(t, func(t *rapid.T) {
		opts := eventstoretest.Quiet()
		opts.FS, opts.Index, opts.MemTableBytes = vfs.NewMem(), eventstoretest.IndexWords, 64<<10
		open := func() *eventstore.Store {
			s, err := eventstore.Open("log", opts)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s, m, next := open(), newModel(), 0
		defer func() { _ = s.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				var commits []eventstore.Commit
				var want, got []string
				for range rapid.IntRange(1, 4).Draw(t, "commits") {
					if c := drawCommit(t, m, &next); valid(c) {
						commits = append(commits, c)
						want = append(want, m.commit(c))
					}
				}
				results, err := s.Append(context.Background(), commits)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range results {
					got = append(got, outcome(r.Err))
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("results (-model +store):\n%s", diff)
				}
				steps += len(commits)
			},
			"fence": func(t *rapid.T) {
				m.epoch++
				if err := s.Fence(context.Background(), m.epoch); err != nil {
					t.Fatal(err)
				}
			},
			"restart": func(t *rapid.T) {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				s = open()
			},
			"": func(t *rapid.T) { compare(t, s, m) },
		})
		if err := s.Verify(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
	})
	if steps == 0 {
		t.Error("no commit was tried")
	}
	t.Logf("%d commits", steps)
}

func compare(t *rapid.T, s *eventstore.Store, m *model) {
	ctx := context.Background()
	var events []string
	perStream := map[eventstore.Stream]uint64{}
	for r, err := range s.ReadAll(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, fmt.Sprintf("%s/%s@%d#%d %s", r.Stream.Account, r.Stream, r.Version, r.AccountSequence, r.ID))
		perStream[r.Stream] = r.Version
	}
	if diff := cmp.Diff(m.events, events); diff != "" {
		t.Fatalf("log (-model +store):\n%s", diff)
	}
	for stream, n := range perStream {
		read := uint64(0)
		for r, err := range s.ReadStream(ctx, stream, 0) {
			if read++; err != nil || r.Version != read {
				t.Fatalf("stream %v: %v, %v", stream, r, err)
			}
		}
		version, err := s.StreamVersion(ctx, stream)
		if err != nil || version != n || read != n {
			t.Fatalf("stream %v: version %d, %d read, want %d, %v", stream, version, read, n, err)
		}
	}
	for key, position := range m.dedup {
		account, name, _ := strings.Cut(key, "/")
		if d, ok, err := s.Lookup(ctx, account, name); err != nil || !ok || d.Position != position {
			t.Fatalf("dedup key %s: %v, %v, %v", key, d, ok, err)
		}
	}
	words := map[string]string{}
	for _, account := range accounts {
		var order []string
		for h, err := range s.IndexScan(ctx, account, "words", nil, nil) {
			if err != nil {
				t.Fatal(err)
			}
			order = append(order, string(h.Key))
			words[account+"/"+string(h.Key)] = fmt.Sprintf("%s@%d", h.Value, h.Position)
		}
		if !slices.IsSorted(order) {
			t.Fatalf("scan is out of order: %v", order)
		}
	}
	if !maps.Equal(words, m.words) {
		t.Fatalf("index (-model +store):\n%s", cmp.Diff(m.words, words))
	}
}
