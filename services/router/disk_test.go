package router_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/broker"
	"weiche/services/router"
)

// disk is a file system with as much room as a test says.
type disk struct {
	vfs.FS
	free atomic.Uint64
}

func (d *disk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: d.free.Load(), TotalBytes: 1000 << 20}, nil
}

// wait returns once the store has seen how much room there is.
func (d *disk) wait(t *testing.T, store *eventstore.Store, free uint64) {
	t.Helper()
	d.free.Store(free)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for store.Health().Free != free {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("the store does not look at the disk")
		}
	}
}

// TestI27DiskFull has a round come when the disk is full: nothing happens, who asked
// is told, and the same succeeds later.
func TestI27DiskFull(t *testing.T) {
	d := &disk{FS: vfs.NewMem()}
	d.free.Store(500 << 20)
	s := newStageOn(t, d)
	before := s.store.Durable()
	d.wait(t, s.store, 50<<20)
	item := s.message("m1", "491701", "hello")
	for range 2 {
		answers, err := s.engine.Round(t.Context(), []router.Request{request(whatsapp, item), request(widget, post("t1", "hello"))})
		if err != nil || len(answers) != 2 {
			t.Fatalf("%v %v", answers, err)
		}
		for _, a := range answers {
			if !a.GetOverloaded() || len(a.GetItems()) > 0 {
				t.Errorf("a full disk is answered with %v", a)
			}
		}
	}
	direct := router.Direct{Engine: s.engine}
	if _, err := direct.Publish(t.Context(), whatsapp, request(whatsapp, item).Batch); !errors.Is(err, broker.ErrOverloaded) {
		t.Errorf("published directly: %v", err)
	}
	if now := s.store.Durable(); now != before {
		t.Errorf("%d events on a full disk", now-before)
	}
	if !s.engine.BusySince().IsZero() {
		t.Error("a decision is under way for ever")
	}
	d.wait(t, s.store, 500<<20)
	if a := s.one(whatsapp, item); a.GetStatus() != committed {
		t.Errorf("with room again: %v", a)
	}
	if n := len(bodies[*eventv1.MessageReceived](s)); n != 1 {
		t.Errorf("%d messages", n)
	}
}
