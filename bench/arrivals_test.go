package main

import (
	"bytes"
	"testing"
	"time"
)

// TestArrivals shows that a message that is lost, comes twice, or was never sent is
// found: the comparisons claim that there is none.
func TestArrivals(t *testing.T) {
	for _, test := range []struct {
		name   string
		again  bool
		come   []uint64
		wrong  bool
		toldTo int
	}{
		{name: "each once", come: []uint64{2, 1}},
		{name: "one is lost", come: []uint64{1}, wrong: true},
		{name: "one comes twice", come: []uint64{1, 2, 1}, wrong: true},
		{name: "a row is told again", again: true, come: []uint64{1, 2, 1}, toldTo: 1},
		{name: "one that nobody sent", again: true, come: []uint64{1, 2, 3}, wrong: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newArrivals()
			a.again = test.again
			for n := range uint64(2) {
				a.await(n + 1)
			}
			for _, n := range test.come {
				a.arrived(n, time.Now())
			}
			if err := a.end(); (err != nil) != test.wrong {
				t.Errorf("the end is %v", err)
			}
			if a.told != test.toldTo {
				t.Errorf("%d were told again, not %d", a.told, test.toldTo)
			}
		})
	}
}

// TestFrames reads frames of each size, whichever bytes come together.
func TestFrames(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 65_535, 65_536} {
		payload := bytes.Repeat([]byte{'x'}, size)
		both := appendFrame(appendFrame(nil, opText, payload), opPing, []byte("y"))
		one := len(both) - 3
		for _, cut := range []int{0, 1, 2, 3, one / 2, one - 1} {
			if _, rest, ok := nextFrame(both[:max(0, min(cut, one-1))]); ok || len(rest) != max(0, min(cut, one-1)) {
				t.Errorf("size %d: a frame out of its first %d bytes", size, cut)
			}
		}
		f, rest, ok := nextFrame(both)
		if !ok || f.op != opText || !bytes.Equal(f.payload, payload) {
			t.Errorf("size %d: read %t, kind %d, %d bytes", size, ok, f.op, len(f.payload))
		}
		if f, rest, ok = nextFrame(rest); !ok || f.op != opPing || string(f.payload) != "y" || len(rest) != 0 {
			t.Errorf("size %d: the second is %t, kind %d, %q", size, ok, f.op, f.payload)
		}
	}
}

// TestNumberIn finds the number of a message where it is asked after it.
func TestNumberIn(t *testing.T) {
	m := newMessages(3)
	m.last.Store(41)
	for _, text := range [][]byte{m.by(1), padded(300, m.by(1))} {
		if n, ok := numberIn(text); !ok || n < 42 {
			t.Errorf("%d, %t in %s", n, ok, text)
		}
	}
	if n, ok := numberIn([]byte(`{"heartbeat":{}}`)); ok {
		t.Errorf("found %d where there is none", n)
	}
}
