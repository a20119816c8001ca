package projections

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// The position at a time is that at which reading the log from its beginning
// ends, also where the clock was set back, and is found without reading it all.
func TestPositionAt(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	log := newLog("one")
	back := 0
	now := began
	for n := range 5000 {
		log.add("conversation", "c1", &eventv1.NoteAdded{MessageId: "m", ConversationId: "c1"})
		if r.IntN(50) == 0 {
			now = now.Add(-time.Duration(r.IntN(int(clockStep))))
			back++
			// So that two steps together are not longer than one may be.
			log.records[n].Recorded = now
			now = now.Add(clockStep)
			continue
		}
		now = now.Add(time.Duration(r.IntN(int(time.Minute))))
		log.records[n].Recorded = now
	}
	if back == 0 {
		t.Fatal("the clock was never set back, so the test shows nothing")
	}
	read := 0
	log.seen = func(*eventstore.Record) { read++ }
	for range 500 {
		at := began.Add(time.Duration(r.Int64N(int64(now.Sub(began)) + int64(time.Hour))))
		want := uint64(0)
		for _, rec := range log.records {
			if rec.Recorded.After(at) {
				break
			}
			want = rec.Position
		}
		got, err := PositionAt(t.Context(), log, at)
		if want == 0 {
			if !errors.Is(err, ErrNotFound) {
				t.Fatalf("at %s: %d, %v, want ErrNotFound", at, got, err)
			}
			continue
		}
		if err != nil || got != want {
			t.Fatalf("at %s: %d, %v, want %d", at, got, err, want)
		}
	}
	if all := 500 * len(log.records); read > all/10 {
		t.Errorf("%d records were read where the whole log is %d", read, all)
	}
	if _, err := PositionAt(t.Context(), log, began.Add(-2*time.Hour)); !errors.Is(err, ErrNotFound) {
		t.Errorf("before the first event: %v, want ErrNotFound", err)
	}
	if got, err := PositionAt(t.Context(), log, now.Add(24*time.Hour)); err != nil || got != log.Durable() {
		t.Errorf("after the last event: %d, %v, want %d", got, err, log.Durable())
	}
}
