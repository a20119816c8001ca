package simulator_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weiche/services/simulator"
)

// heard returns the texts that the callback has accepted, in their order.
func (w *world) heard() []string {
	w.t.Helper()
	out := []string{}
	for _, ev := range w.events() {
		for _, m := range append(list(ev["messages"]), ev["message"]) {
			message, ok := m.(map[string]any)
			if !ok {
				continue
			}
			if text, ok := message["text"].(map[string]any); ok {
				out = append(out, text["body"].(string))
			} else if text, ok := message["text"].(string); ok {
				out = append(out, text)
			}
		}
	}
	return out
}

// A delivery is repeated, byte for byte, until it is answered with 200, and
// later events wait behind it.
func TestRetryUntil200(t *testing.T) {
	w := start(t)
	w.hook.answer(500, 503, 302, 204, 200)
	w.says("whatsapp", "one")
	w.says("whatsapp", "two")
	w.idle()
	posts := w.hook.raw()
	if len(posts) != 6 {
		t.Fatalf("%d posts", len(posts))
	}
	for _, p := range posts[1:5] {
		if !bytes.Equal(p.body, posts[0].body) || p.signature != posts[0].signature {
			t.Error("a repetition differs from the first attempt")
		}
	}
	report := w.Deliveries(simulator.DeliveryQuery{State: simulator.DeliveryDelivered})
	var statuses []int
	for _, a := range report.Deliveries[0].Attempts {
		statuses = append(statuses, a.Status)
	}
	if diff := cmp.Diff([]int{500, 503, 302, 204, 200}, statuses); diff != "" {
		t.Error(diff)
	}
	if report.Totals.Attempts != 6 || report.Totals.Delivered != 2 || report.Totals.Pending != 0 {
		t.Errorf("totals %+v", report.Totals)
	}
	if diff := cmp.Diff([]string{"one", "two"}, w.heard()); diff != "" {
		t.Error(diff)
	}
}

// With Overtake, later events pass the one that failed.
func TestRetryOvertaken(t *testing.T) {
	w := start(t, func(c *simulator.Config) {
		c.Retry.Overtake = true
		c.Retry.Schedule = []simulator.Duration{simulator.Duration(time.Hour)}
	})
	w.hook.answer(500)
	w.says("whatsapp", "one")
	w.attempts(1)
	w.says("whatsapp", "two")
	w.attempts(2)
	if got := w.hook.bodies(t); len(got) != 1 {
		t.Fatalf("%d accepted", len(got))
	}
	_, err := w.Advance(time.Hour)
	must(t, err)
	if diff := cmp.Diff([]string{"two", "one"}, w.heard()); diff != "" {
		t.Error(diff)
	}
}

// A callback that takes too long is an attempt that failed.
func TestRetryAfterTimeout(t *testing.T) {
	w := start(t, func(c *simulator.Config) { c.Retry.Timeout = simulator.Duration(50 * time.Millisecond) })
	w.hook.mu.Lock() // the callback hangs
	w.says("whatsapp", "hi")
	w.attempts(1)
	w.hook.mu.Unlock()
	w.idle()
	first := w.Deliveries(simulator.DeliveryQuery{}).Deliveries[0].Attempts[0]
	if first.Status != 0 || first.Error == "" {
		t.Errorf("first attempt %+v", first)
	}
}

// A provider that gives up says so.
func TestGiveUp(t *testing.T) {
	w := start(t, func(c *simulator.Config) {
		c.Retry.GiveUp = simulator.Duration(time.Hour)
		c.Retry.Schedule = []simulator.Duration{simulator.Duration(time.Hour)}
	})
	w.hook.answer(500, 500)
	w.says("whatsapp", "hi")
	w.attempts(1)
	_, err := w.Advance(time.Hour)
	must(t, err)
	w.idle()
	report := w.Deliveries(simulator.DeliveryQuery{State: simulator.DeliveryGivenUp})
	if len(report.Deliveries) != 1 || report.Totals.GivenUp != 1 || report.Deliveries[0].Tries != 2 {
		t.Errorf("%+v", report)
	}
}

// Paused events leave in batches of the configured size, of one number or page
// unless they are merged.
func TestBatches(t *testing.T) {
	for _, c := range []struct {
		name  string
		batch int
		merge bool
		want  []int // events per POST
	}{
		{"single", 1, false, []int{1, 1, 1, 1, 1, 1}},
		{"two", 2, false, []int{2, 1, 2, 1}},
		{"merged", 10, true, []int{6}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := start(t, func(config *simulator.Config) {
				config.Webhooks = simulator.Webhooks{Batch: c.batch, Merge: c.merge, Paused: true}
				config.Numbers = append(config.Numbers, simulator.Number{ID: "2002", WABA: "2003", App: "1001", Display: "15550100098", Token: "wa-2"})
			})
			want := []string{}
			for _, in := range []string{number, "2002"} {
				for n := range 3 {
					text := fmt.Sprint(in, n)
					w.says(in, text)
					want = append(want, text)
				}
			}
			if got := w.Deliveries(simulator.DeliveryQuery{}).Totals; got.Pending != 6 || got.Attempts != 0 {
				t.Fatalf("paused: %+v", got)
			}
			must(t, w.UpdateConfig(func(c *simulator.Config) error { c.Webhooks.Paused = false; return nil }))
			w.idle()
			var got []int
			for _, d := range w.Deliveries(simulator.DeliveryQuery{}).Deliveries {
				got = append(got, len(d.Events))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(want, w.heard()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A batch that is not full waits for Linger.
func TestLinger(t *testing.T) {
	w := start(t, func(c *simulator.Config) {
		c.Webhooks = simulator.Webhooks{Batch: 3, Linger: simulator.Duration(time.Hour)}
	})
	w.says("whatsapp", "1")
	w.says("whatsapp", "2")
	if got := w.Deliveries(simulator.DeliveryQuery{}).Totals; got.Pending != 2 || got.Attempts != 0 {
		t.Errorf("totals %+v", got)
	}
	w.says("whatsapp", "3")
	w.idle()
	_ = w.says("whatsapp", "4")
	_, err := w.Advance(time.Hour)
	must(t, err)
	w.idle()
	if got := len(w.hook.raw()); got != 2 {
		t.Errorf("%d posts", got)
	}
}

// The faults of webhooks do what they say and are counted.
func TestWebhookFaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault simulator.Fault
		drive func(*world)
		want  []string
		fired int
	}{
		{"none", simulator.Fault{Kind: simulator.FaultDrop, Integration: "another"}, nil, []string{"1", "2", "3"}, 0},
		{"duplicate", simulator.Fault{Kind: simulator.FaultDuplicate, Copies: 2, Times: 1}, nil, []string{"1", "1", "1", "2", "3"}, 1},
		{"drop", simulator.Fault{Kind: simulator.FaultDrop, Event: "message", After: 1, Times: 1}, nil, []string{"1", "3"}, 1},
		{"drop elsewhere", simulator.Fault{Kind: simulator.FaultDrop, Event: "status"}, nil, []string{"1", "2", "3"}, 0},
		{"reorder", simulator.Fault{Kind: simulator.FaultReorder, Times: 1, Copies: 2, Delay: simulator.Duration(time.Hour)}, nil, []string{"2", "3", "1"}, 1},
		{"reorder by one", simulator.Fault{Kind: simulator.FaultReorder, Times: 1, Delay: simulator.Duration(time.Hour)}, nil, []string{"2", "1", "3"}, 1},
		{
			"delay of a week",
			simulator.Fault{Kind: simulator.FaultDelay, Times: 1, Delay: simulator.Duration(168 * time.Hour)},
			func(w *world) {
				if _, err := w.Advance(168 * time.Hour); err != nil {
					w.t.Fatal(err)
				}
			},
			[]string{"2", "3", "1"},
			1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := start(t, func(config *simulator.Config) { config.Webhooks.Paused = c.drive == nil })
			must(t, w.SetFaults(c.fault))
			for _, text := range []string{"1", "2", "3"} {
				w.says("whatsapp", text)
			}
			if c.drive != nil {
				w.attempts(2)
				c.drive(w)
			}
			must(t, w.UpdateConfig(func(c *simulator.Config) error { c.Webhooks.Paused = false; return nil }))
			if diff := cmp.Diff(c.want, w.heard()); diff != "" {
				t.Error(diff)
			}
			report := w.Faults()
			if report.Fired[c.fault.Kind] != c.fired || report.Faults[0].Fired != c.fired {
				t.Errorf("fired %v", report)
			}
		})
	}
}

// The shorthands of echoes and statuses reach the events that they name.
func TestEchoAndStatusFaults(t *testing.T) {
	names := func(w *world) []string {
		w.t.Helper()
		w.idle()
		out := []string{}
		for _, d := range w.Deliveries(simulator.DeliveryQuery{}).Deliveries {
			out = append(out, d.Events...)
		}
		return out
	}
	for _, c := range []struct {
		fault simulator.FaultKind
		delay time.Duration
		want  []string
	}{
		{simulator.FaultEchoLost, 0, []string{"message", "message", "status.sent", "status.delivered", "delivery"}},
		{simulator.FaultEchoTwice, 0, []string{"message", "message", "status.sent", "status.delivered", "echo", "echo", "delivery"}},
		{simulator.FaultEchoLate, time.Hour, []string{"message", "message", "status.sent", "status.delivered", "delivery", "echo"}},
		{simulator.FaultDropDelivered, 0, []string{"message", "message", "status.sent", "echo", "delivery"}},
		{simulator.FaultLateFailed, time.Hour, []string{"message", "message", "status.sent", "status.delivered", "echo", "delivery", "status.failed"}},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			w := start(t)
			must(t, w.SetFaults(simulator.Fault{Kind: c.fault, Times: 1, Delay: simulator.Duration(c.delay)}))
			w.says("whatsapp", "hi")
			w.says("messenger", "hi")
			w.idle()
			w.sendWhatsApp("a", "1")
			w.until("statuses", func(totals simulator.DeliveryTotals) bool { return totals.Pending <= 1 })
			w.sendMessenger("b", "2")
			if c.delay > 0 {
				w.until("the rest", func(totals simulator.DeliveryTotals) bool { return totals.Pending == 1 })
				_, err := w.Advance(c.delay)
				must(t, err)
			}
			if diff := cmp.Diff(c.want, names(w)); diff != "" {
				t.Error(diff)
			}
			if n := w.Faults().Fired[c.fault]; n != 1 {
				t.Errorf("fired %d times", n)
			}
		})
	}
}

// Events can be switched off and delayed by name.
func TestEventSettings(t *testing.T) {
	w := start(t, func(c *simulator.Config) {
		c.Webhooks.Events = map[string]simulator.EventSetting{
			"status":           {Delay: simulator.Duration(time.Hour)},
			"status.delivered": {Off: true},
		}
	})
	w.says("whatsapp", "hi")
	w.idle()
	w.sendWhatsApp("a", "1")
	if got := w.Deliveries(simulator.DeliveryQuery{}).Totals.Pending; got != 1 {
		t.Errorf("%d pending", got)
	}
	_, err := w.Advance(time.Hour)
	must(t, err)
	events := w.events()
	if len(events) != 2 || status(t, events[1])["status"] != "sent" {
		t.Errorf("events %v", events)
	}
}

// A rule with a rate fires on the same events for the same seed, and on others
// for another.
func TestFaultsRepeatForASeed(t *testing.T) {
	run := func(seed int64) string {
		w := start(t, func(c *simulator.Config) {
			c.Seed = seed
			c.Faults = []simulator.Fault{{Kind: simulator.FaultDrop, Rate: 0.5}}
		})
		for n := range 40 {
			w.says("whatsapp", fmt.Sprint(n))
		}
		heard := w.heard()
		if fired := w.Faults().Fired[simulator.FaultDrop]; fired+len(heard) != 40 || fired == 0 || fired == 40 {
			t.Errorf("%d fired, %d heard", fired, len(heard))
		}
		return fmt.Sprint(heard)
	}
	if a, b := run(1), run(1); a != b {
		t.Errorf("the same seed: %s and %s", a, b)
	}
	if a, b := run(1), run(2); a == b {
		t.Error("two seeds give the same faults")
	}
}
