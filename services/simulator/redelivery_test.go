package simulator_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weiche/services/simulator"
)

// The handshake succeeds for the callback's own token and for no other.
func TestVerify(t *testing.T) {
	w := start(t)
	if got, err := w.Verify(w.ctx, "1001"); err != nil || !got.OK || got.Status != 200 {
		t.Errorf("%+v, %v", got, err)
	}
	must(t, w.SetCallback("1001", w.hook.url, "another"))
	if got, err := w.Verify(w.ctx, "1001"); err != nil || got.OK || got.Status != 403 {
		t.Errorf("%+v, %v", got, err)
	}
	must(t, w.SetCallback("1001", "", ""))
	if got, err := w.Verify(w.ctx, "1001"); err != nil || got.OK || got.Error == "" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := w.Verify(w.ctx, "7"); !errors.Is(err, simulator.ErrNotFound) {
		t.Errorf("unknown app: %v", err)
	}
	w.says("whatsapp", "nobody hears it")
	if got := w.Deliveries(simulator.DeliveryQuery{}).Totals; got.Undeliverable != 1 || got.Pending != 0 {
		t.Errorf("totals %+v", got)
	}
}

// A channel can have a callback of its own, as each object has at the provider: its
// webhooks go there, and those of the others where they went before.
func TestCallbackOfAChannel(t *testing.T) {
	w := start(t)
	pages := &hook{}
	server := httptest.NewServer(pages)
	t.Cleanup(server.Close)
	must(t, w.SetChannelCallback("1001", simulator.ChannelMessenger, server.URL+"/pages"))
	if got, err := w.Verify(w.ctx, "1001"); err != nil || !got.OK {
		t.Errorf("both answer: %+v, %v", got, err)
	}
	w.says("messenger", "to the page")
	w.says("whatsapp", "to the number")
	w.idle()
	for _, at := range []struct {
		hook   *hook
		object string
	}{{pages, `"object":"page"`}, {w.hook, `"object":"whatsapp_business_account"`}} {
		posts := at.hook.raw()
		if len(posts) == 0 {
			t.Errorf("%s: nothing came", at.object)
		}
		for _, p := range posts {
			if !bytes.Contains(p.body, []byte(at.object)) {
				t.Errorf("%s: %s came", at.object, p.body)
			}
		}
	}
	server.Close()
	if got, err := w.Verify(w.ctx, "1001"); err != nil || got.OK {
		t.Errorf("one of them does not answer: %+v, %v", got, err)
	}
	must(t, w.SetChannelCallback("1001", simulator.ChannelMessenger, ""))
	if got, err := w.Verify(w.ctx, "1001"); err != nil || !got.OK {
		t.Errorf("after it was taken away: %+v, %v", got, err)
	}
	if err := w.SetChannelCallback("1001", "fax", "http://127.0.0.1:1"); !errors.Is(err, simulator.ErrConfig) {
		t.Errorf("a channel that does not exist: %v", err)
	}
}

// Raw bodies go out as they are, signed, and a delivery can be repeated.
func TestRawAndRedelivered(t *testing.T) {
	w := start(t)
	must(t, w.Post("1001", []byte(`{"object":`)))
	w.idle()
	p := w.hook.raw()[0]
	if string(p.body) != `{"object":` || p.signature != hmacByHand(secret, p.body) {
		t.Errorf("raw body %q, %s", p.body, p.signature)
	}
	must(t, w.Redeliver(1))
	w.idle()
	if posts := w.hook.raw(); len(posts) != 2 || !bytes.Equal(posts[1].body, p.body) || posts[1].signature != p.signature {
		t.Errorf("redelivered %v", posts)
	}
	if err := w.Redeliver(99); !errors.Is(err, simulator.ErrNotFound) {
		t.Errorf("unknown delivery: %v", err)
	}
}

// A second Run is refused, and what one Run did not deliver the next does.
func TestRunAgain(t *testing.T) {
	other := start(t)
	other.says("whatsapp", "hi")
	other.idle() // so it runs
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := other.Run(ended); !errors.Is(err, simulator.ErrRunning) {
		t.Errorf("a second Run: %v", err)
	}

	c := config()
	c.Apps[0].CallbackURL = other.hook.url
	sim, err := simulator.New(c, simulator.Options{})
	must(t, err)
	w := &world{Simulator: sim, t: t, ctx: context.Background(), hook: other.hook}
	must(t, sim.Run(ended))
	w.says("whatsapp", "kept")
	if n := w.Deliveries(simulator.DeliveryQuery{}).Totals.Pending; n != 1 {
		t.Errorf("%d pending", n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- sim.Run(ctx) }()
	w.idle()
	cancel()
	must(t, <-stopped)
}

// With several POSTs in flight every event still arrives once.
func TestConcurrentDeliveries(t *testing.T) {
	w := start(t, func(c *simulator.Config) { c.Webhooks.InFlight = 8 })
	want := map[string]int{}
	for n := range 100 {
		text := fmt.Sprint(n)
		w.says([]string{"whatsapp", "messenger", "instagram"}[n%3], text)
		want[text] = 1
	}
	got := map[string]int{}
	for _, text := range w.heard() {
		got[text]++
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
