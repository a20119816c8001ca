package simulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weiche/services/simulator"
)

// Each fault of sends gives the answer that it names, and the message is on
// the phone exactly when it was accepted.
func TestSendFaults(t *testing.T) {
	short := simulator.Duration(20 * time.Millisecond)
	for _, c := range []struct {
		fault    simulator.Fault
		status   int // 0: no answer
		code     int
		hasID    bool
		accepted bool
		visible  bool
		events   int
	}{
		{simulator.Fault{Kind: simulator.FaultError, Code: 131056}, 429, 131056, false, false, false, 0},
		{simulator.Fault{Kind: simulator.FaultError, Code: 190, Subcode: 463}, 401, 190, false, false, false, 0},
		{simulator.Fault{Kind: simulator.FaultError, Code: 131000, Status: 200}, 200, 131000, false, false, false, 0},
		{simulator.Fault{Kind: simulator.FaultRateLimit}, 429, 130429, false, false, false, 0},
		{simulator.Fault{Kind: simulator.FaultServerErrorBefore}, 500, 0, false, false, false, 0},
		{simulator.Fault{Kind: simulator.FaultTimeoutBefore, Delay: short}, 0, 0, false, false, false, 0},
		{simulator.Fault{Kind: simulator.FaultResetBefore}, 0, 0, false, false, false, 0},
		{simulator.Fault{Kind: simulator.FaultTimeoutAfter, Delay: short}, 0, 0, false, true, true, 2},
		{simulator.Fault{Kind: simulator.FaultResetAfter}, 0, 0, false, true, true, 2},
		{simulator.Fault{Kind: simulator.FaultServerErrorAfter}, 500, 0, false, true, true, 2},
		{simulator.Fault{Kind: simulator.FaultErrorAfter}, 500, 1, false, true, true, 2},
		{simulator.Fault{Kind: simulator.FaultNoID}, 200, 0, false, true, true, 2},
		{simulator.Fault{Kind: simulator.FaultSlow, Delay: short}, 200, 0, true, true, true, 2},
		{simulator.Fault{Kind: simulator.FaultStatusBeforeAnswer}, 200, 0, true, true, true, 2},
		{simulator.Fault{Kind: simulator.FaultFailed, Code: 131026}, 200, 0, true, true, false, 1},
		{simulator.Fault{Kind: simulator.FaultLateFailed, Code: 131026}, 200, 0, true, true, true, 3},
	} {
		t.Run(fmt.Sprint(c.fault.Kind, c.fault.Code), func(t *testing.T) {
			w := start(t)
			w.says("whatsapp", "hi")
			w.events()
			c.fault.Times = 1
			must(t, w.SetFaults(c.fault))
			status, body, err := w.try("POST", "/v26.0/"+number+"/messages", "wa-token", whatsAppText("hello", "op-1"))
			if (err != nil) != (c.status == 0) || status != c.status {
				t.Fatalf("got %d %v, %v", status, body, err)
			}
			e, _ := body["error"].(map[string]any)
			if code, _ := e["code"].(float64); int(code) != c.code {
				t.Errorf("code %v, want %d", code, c.code)
			}
			if (len(list(body["messages"])) == 1) != c.hasID {
				t.Errorf("answer %v", body)
			}
			if c.fault.Kind == simulator.FaultStatusBeforeAnswer && len(w.hook.raw()) != 2 {
				t.Errorf("%d statuses came before the answer", len(w.hook.raw()))
			}
			want := []string{}
			if c.visible {
				want = []string{"hello"}
			}
			if diff := cmp.Diff(want, w.texts("whatsapp")); diff != "" {
				t.Errorf("on the phone: %s", diff)
			}
			if got := w.Sends(simulator.SendQuery{}); (got.Accepted == 1) != c.accepted {
				t.Errorf("accepted %d", got.Accepted)
			}
			if got := w.events(); len(got) != c.events {
				t.Errorf("%d events follow: %v", len(got), got)
			}
			if n := w.Faults().Fired[c.fault.Kind]; n != 1 {
				t.Errorf("fired %d times", n)
			}
			if status, body := w.sendWhatsApp("next", "op-2"); status != http.StatusOK {
				t.Errorf("the next send: %v", body)
			}
			calls := w.Calls(2).Calls
			if calls[0].Fault != c.fault.Kind || calls[0].Status != c.status {
				t.Errorf("call %+v", calls[0])
			}
		})
	}
}

// A second POST of a message is counted when the first left open what became
// of it, even if the provider accepted neither; after a clear refusal it is not.
func TestRepeatedAfterAmbiguity(t *testing.T) {
	short := simulator.Duration(10 * time.Millisecond)
	for _, c := range []struct {
		fault    simulator.Fault
		repeated int
	}{
		{simulator.Fault{Kind: simulator.FaultTimeoutBefore, Delay: short}, 1},
		{simulator.Fault{Kind: simulator.FaultServerErrorBefore}, 1},
		{simulator.Fault{Kind: simulator.FaultResetAfter}, 1},
		{simulator.Fault{Kind: simulator.FaultNoID}, 1},
		{simulator.Fault{Kind: simulator.FaultErrorAfter}, 1},
		{simulator.Fault{Kind: simulator.FaultError, Code: 131000}, 1},
		{simulator.Fault{Kind: simulator.FaultError, Code: 131056}, 0},
		{simulator.Fault{Kind: simulator.FaultRateLimit}, 0},
	} {
		w := start(t)
		w.says("whatsapp", "hi")
		c.fault.Times = 1
		must(t, w.SetFaults(c.fault))
		for range 2 {
			_, _, _ = w.try("POST", "/v26.0/"+number+"/messages", "wa-token", whatsAppText("hello", "op-1"))
		}
		w.sendWhatsApp("hello", "op-2")
		got := w.Sends(simulator.SendQuery{})
		if got.Repeated != c.repeated || len(got.RepeatedKeys) != c.repeated {
			t.Errorf("%s: repeated %d %v, want %d", c.fault, got.Repeated, got.RepeatedKeys, c.repeated)
		}
	}
}

// The faults of the other two channels name their own codes.
func TestRateLimitByChannel(t *testing.T) {
	w := start(t)
	w.says("messenger", "hi")
	w.says("instagram", "hi")
	must(t, w.SetFaults(simulator.Fault{Kind: simulator.FaultRateLimit}))
	_, body := w.sendMessenger("x", "m")
	if got := body["error"].(map[string]any); got["code"] != float64(613) || got["error_subcode"] != nil {
		t.Errorf("messenger %v", got)
	}
	_, body = w.sendInstagram("x")
	if got := body["error"].(map[string]any); got["code"] != float64(613) || got["error_subcode"] != float64(2534040) {
		t.Errorf("instagram %v", got)
	}
	must(t, w.SetFaults(simulator.Fault{Kind: simulator.FaultError, Code: 100, Subcode: 2534029, Integration: gram}))
	if status, _ := w.sendMessenger("x", "m"); status != http.StatusOK {
		t.Error("the fault of one integration hit another")
	}
	if status, _ := w.sendInstagram("x"); status == http.StatusOK {
		t.Error("the fault missed its integration")
	}
}

// A client that sends again after an unknown outcome is caught: this is the
// control for every test that asserts that nothing is sent twice.
func TestDoubleSendIsCaught(t *testing.T) {
	w := start(t)
	for _, channel := range []string{"whatsapp", "messenger", "instagram"} {
		w.says(channel, "hi")
	}
	careless := func(send func() (int, map[string]any, error)) {
		must(t, w.SetFaults(simulator.Fault{Kind: simulator.FaultResetAfter, Times: 1}))
		for {
			if status, _, err := send(); err == nil && status == http.StatusOK {
				return
			}
		}
	}
	careless(func() (int, map[string]any, error) {
		return w.try("POST", "/v26.0/"+number+"/messages", "wa-token", whatsAppText("hello", "op-1"))
	})
	careless(func() (int, map[string]any, error) {
		return w.try("POST", "/v26.0/me/messages", "page-token", `{"recipient":{"id":"`+psid+`"},"message":{"text":"hello","metadata":"m-1"}}`)
	})
	careless(func() (int, map[string]any, error) {
		return w.try("POST", "/v26.0/me/messages", "ig-token", `{"recipient":{"id":"`+igsid+`"},"message":{"text":"hello"}}`)
	})
	w.sendWhatsApp("hello", "op-2")  // the same text as another message
	w.sendMessenger("hello", "m-2")  // likewise
	w.sendInstagram("something new") // only the text tells them apart here
	report := w.Sends(simulator.SendQuery{})
	if report.Accepted != 9 || report.Duplicates != 3 {
		t.Errorf("accepted %d, duplicates %d", report.Accepted, report.Duplicates)
	}
	counts := map[string]int{}
	for _, s := range report.Sends {
		key, _, _ := strings.Cut(s.Key, ":")
		counts[key+" "+string(s.Channel)] = max(counts[key+" "+string(s.Channel)], s.Count)
		if auth := s.Headers["Authorization"]; auth != "Bearer [redacted]" {
			t.Errorf("authorization is kept: %q", auth)
		}
	}
	if diff := cmp.Diff(map[string]int{"opaque whatsapp": 2, "metadata messenger": 2, "content instagram": 2}, counts); diff != "" {
		t.Error(diff)
	}
	if got := w.Sends(simulator.SendQuery{Duplicates: true}); len(got.Sends) != 6 {
		t.Errorf("%d duplicates", len(got.Sends))
	}
	if got := w.Sends(simulator.SendQuery{Key: "opaque:op-1"}); len(got.Sends) != 2 || got.Sends[0].Fault != simulator.FaultResetAfter {
		t.Errorf("by key: %+v", got.Sends)
	}
	if diff := cmp.Diff([]string{"hello", "hello", "hello"}, w.texts("whatsapp")); diff != "" {
		t.Errorf("the customer sees: %s", diff)
	}
}

// What is kept is bounded, and what was forgotten is counted.
func TestBoundedMemory(t *testing.T) {
	w := start(t, func(c *simulator.Config) {
		c.Keep = simulator.Keep{Calls: 3, Sends: 4, Deliveries: 5, Messages: 6}
	})
	w.says("whatsapp", "hi")
	for n := range 10 {
		w.sendWhatsApp(fmt.Sprint(n), fmt.Sprint(n))
	}
	w.idle()
	if got := w.Calls(0); len(got.Calls) != 3 || got.Evicted != 7 || got.Total != 10 || got.Calls[2].Number != 10 {
		t.Errorf("calls %d, evicted %d", len(got.Calls), got.Evicted)
	}
	if got := w.Sends(simulator.SendQuery{}); len(got.Sends) != 4 || got.Evicted != 6 || got.Accepted != 10 {
		t.Errorf("sends %d, evicted %d", len(got.Sends), got.Evicted)
	}
	if got := w.Deliveries(simulator.DeliveryQuery{}); len(got.Deliveries) != 5 || got.Evicted != 16 || got.Totals.Delivered != 21 {
		t.Errorf("deliveries %d, evicted %d", len(got.Deliveries), got.Evicted)
	}
	threads, err := w.Threads(w.ctx, "Ana", simulator.ThreadQuery{Min: 11})
	must(t, err)
	if got := threads.Threads[0]; len(got.Messages) != 6 || got.Total != 11 {
		t.Errorf("messages %d of %d", len(got.Messages), got.Total)
	}
}
