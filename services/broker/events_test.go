package broker_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weiche/services/broker"
)

func event(position uint64) broker.Event {
	return broker.Event{
		Account: "acme", Category: "conversation", ID: fmt.Sprint(position % 2),
		Incarnation: "one", Position: position, Version: (position + 1) / 2, Sequence: position + 10,
		Type: "weiche.event.v1.MessageReceived", Data: fmt.Append(nil, "event ", position),
	}
}

// relay publishes events and returns once they are stored.
func relay(t testing.TB, b *broker.Broker, from, to uint64) {
	t.Helper()
	lastEvent(t, b)
	for position := from; position <= to; position++ {
		if err := b.PublishEvent(soon(t), event(position)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.FlushEvents(soon(t)); err != nil {
		t.Fatal(err)
	}
}

func lastEvent(t testing.TB, b *broker.Broker) (string, uint64) {
	t.Helper()
	incarnation, position, ok, err := b.LastEvent(soon(t))
	if err != nil || ok != (position > 0) {
		t.Fatalf("LastEvent = %s, %d, %v, %v", incarnation, position, ok, err)
	}
	return incarnation, position
}

func read(t *testing.T, b *broker.Broker, filter broker.Filter, from broker.Place, n int) (positions []uint64) {
	t.Helper()
	r, err := b.Events(soon(t), filter, from)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for range n {
		e, err := r.Next(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(event(e.Position), e); diff != "" {
			t.Error(diff)
		}
		positions = append(positions, e.Position)
	}
	return positions
}

func TestEvents(t *testing.T) {
	everywhere(t, func(t *testing.T, config broker.Config) {
		b := start(t, config)
		if incarnation, position := lastEvent(t, b); position != 0 {
			t.Errorf("an empty stream has %s, %d", incarnation, position)
		}
		relay(t, b, 101, 110)
		if incarnation, position := lastEvent(t, b); incarnation != "one" || position != 110 {
			t.Errorf("LastEvent = %s, %d", incarnation, position)
		}
		relay(t, b, 111, 112)
		place := func(p uint64) broker.Place { return broker.Place{Incarnation: "one", Position: p} }
		for _, test := range []struct {
			filter broker.Filter
			from   uint64
			want   []uint64
		}{
			{broker.Filter{}, 110, []uint64{110, 111, 112}},
			{broker.Filter{}, 5, []uint64{101, 102}},
			{broker.Filter{Account: "acme", ID: "0"}, 107, []uint64{108, 110, 112}},
			{broker.Filter{Category: "conversation", ID: "1"}, 109, []uint64{109, 111}},
		} {
			if diff := cmp.Diff(test.want, read(t, b, test.filter, place(test.from), len(test.want))); diff != "" {
				t.Errorf("%v from %d:\n%s", test.filter, test.from, diff)
			}
		}
	})
}

func TestEventsToCome(t *testing.T) {
	b := start(t, broker.Config{})
	relay(t, b, 1, 3)
	for name, from := range map[string]func(last uint64) broker.Place{
		"now":                 func(uint64) broker.Place { return broker.Place{} },
		"another incarnation": func(uint64) broker.Place { return broker.Place{Incarnation: "two", Position: 1} },
		"later":               func(last uint64) broker.Place { return broker.Place{Incarnation: "one", Position: last + 2} },
	} {
		_, last := lastEvent(t, b)
		r, err := b.Events(soon(t), broker.Filter{}, from(last))
		if err != nil {
			t.Fatal(err)
		}
		relay(t, b, last+1, last+2)
		want := last + 1
		if name == "later" {
			want = last + 2
		}
		if e, err := r.Next(soon(t)); err != nil || e.Position != want {
			t.Errorf("%s: position %d, %v; want %d", name, e.Position, err, want)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if want < last+2 {
			if e, err := r.Next(soon(t)); err != nil || e.Position != last+2 {
				t.Errorf("%s: position %d, %v", name, e.Position, err)
			}
		}
		if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: Next = %v", name, err)
		}
		r.Close()
		if _, err := r.Next(soon(t)); !errors.Is(err, broker.ErrClosed) {
			t.Errorf("%s: Next after Close = %v", name, err)
		}
	}
}

// Of two relays the one that was overtaken stops, and nothing is out of order.
func TestOneRelay(t *testing.T) {
	config := broker.Config{URL: listen(t, t.TempDir(), -1, 8<<20).ClientURL()}
	first, second := start(t, config), start(t, config)
	if err := first.PublishEvent(soon(t), event(1)); !errors.Is(err, broker.ErrOutOfOrder) {
		t.Errorf("PublishEvent before LastEvent = %v", err)
	}
	relay(t, first, 1, 3)
	relay(t, second, 4, 6)
	if err := first.PublishEvent(soon(t), event(4)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := first.FlushEvents(soon(t)); !errors.Is(err, broker.ErrOutOfOrder) {
			t.Errorf("FlushEvents of the first = %v", err)
		}
		if err := first.PublishEvent(soon(t), event(5)); !errors.Is(err, broker.ErrOutOfOrder) {
			t.Errorf("PublishEvent of the first = %v", err)
		}
	}
	if _, position := lastEvent(t, first); position != 6 {
		t.Errorf("last position %d", position)
	}
	relay(t, first, 7, 8)
	want := []uint64{1, 2, 3, 4, 5, 6, 7, 8}
	if diff := cmp.Diff(want, read(t, first, broker.Filter{}, broker.Place{Incarnation: "one", Position: 1}, 8)); diff != "" {
		t.Error(diff)
	}
}

func TestEventsAreBounded(t *testing.T) {
	b := start(t, broker.Config{Limits: broker.Limits{EventsBytes: 20_000}})
	relay(t, b, 1, 3000)
	if _, position := lastEvent(t, b); position != 3000 {
		t.Errorf("last position %d", position)
	}
	got := read(t, b, broker.Filter{}, broker.Place{Incarnation: "one", Position: 1}, 2)
	if got[0] < 2000 || got[1] != got[0]+1 {
		t.Errorf("positions %v", got)
	}
}

// What is taken back of one thing is on EVENTS no more; the rest is, and the relay
// goes on where it was.
func TestI32ForgetEvents(t *testing.T) {
	everywhere(t, func(t *testing.T, config broker.Config) {
		b := start(t, config)
		relay(t, b, 101, 110)
		if err := b.ForgetEvents(soon(t), "acme", "conversation", "0"); err != nil {
			t.Fatal(err)
		}
		if err := b.PublishEvent(soon(t), event(111)); err != nil {
			t.Fatal(err)
		}
		if err := b.FlushEvents(soon(t)); err != nil {
			t.Fatal(err)
		}
		want := []uint64{101, 103, 105, 107, 109, 111}
		if diff := cmp.Diff(want, read(t, b, broker.Filter{}, broker.Place{Incarnation: "one", Position: 1}, len(want))); diff != "" {
			t.Error(diff)
		}
		if _, position := lastEvent(t, b); position != 111 {
			t.Errorf("the last event is %d", position)
		}
	})
}
