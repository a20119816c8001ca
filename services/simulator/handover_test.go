package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"weiche/services/simulator"
)

// A thread that another app has is listened to in standby[], and written to
// only after it has been taken back.
func TestThreadControl(t *testing.T) {
	w := start(t)
	w.says(page, "hi")
	w.idle()
	w.hook.forget()
	control := func(edge, rest string) {
		t.Helper()
		if status, out := w.graph("POST", "/v26.0/me/"+edge, "page-token", `{"recipient":{"id":"`+psid+`"}`+rest+`}`); status != http.StatusOK {
			t.Fatal(out)
		}
	}
	place := func() string {
		t.Helper()
		w.says(page, "hello?")
		w.idle()
		entry := list(w.hook.bodies(t)[0]["entry"])[0].(map[string]any)
		w.hook.forget()
		return fmt.Sprint(len(list(entry["messaging"])), len(list(entry["standby"])))
	}
	control("pass_thread_control", `,"target_app_id":263902037430900`)
	if got := place(); got != "0 1" {
		t.Errorf("passed: %s", got)
	}
	if _, body := w.sendMessenger("x", ""); code(body) != 10 {
		t.Errorf("a send without the thread: %v", body)
	}
	control("take_thread_control", "")
	if got := place(); got != "1 0" {
		t.Errorf("taken: %s", got)
	}
	must(t, w.Happen("Ana", simulator.Happening{Integration: page, Event: "take_thread_control", Content: json.RawMessage(`{"new_owner_app_id":"7"}`)}))
	w.idle()
	w.hook.forget()
	if got := place(); got != "0 1" {
		t.Errorf("taken away: %s", got)
	}
}

// The token of an Instagram login is renewed as long as it has not expired.
func TestRefreshToken(t *testing.T) {
	w := start(t)
	ask := "/refresh_access_token?grant_type=ig_refresh_token&access_token=ig-token"
	if status, out := w.graph("GET", ask, "", ""); status != http.StatusOK || out["access_token"] != "ig-token" || out["expires_in"] == nil {
		t.Errorf("%d %v", status, out)
	}
	must(t, w.ExpireToken(gram))
	if status, out := w.graph("GET", ask, "", ""); status != http.StatusUnauthorized || code(out) != 190 {
		t.Errorf("expired: %d %v", status, out)
	}
}

// A person may keep their profile from a page.
func TestNoProfile(t *testing.T) {
	w := start(t, func(c *simulator.Config) { c.People[0].NoProfile = true })
	w.says(gram, "hi")
	if _, out := w.graph("GET", "/v26.0/"+psid, "page-token", ""); code(out) != 100 {
		t.Errorf("messenger %v", out)
	}
	if _, out := w.graph("GET", "/v26.0/"+igsid, "ig-token", ""); code(out) != 230 {
		t.Errorf("instagram %v", out)
	}
}

// The sent status says what the message costs.
func TestPricing(t *testing.T) {
	w := start(t)
	w.says(number, "hi")
	w.events()
	w.sendWhatsApp("x", "")
	events := w.events()
	pricing, _ := status(t, events[0])["pricing"].(map[string]any)
	if pricing["category"] != "service" || pricing["type"] != "free_customer_service" || pricing["pricing_model"] != "PMP" || status(t, events[1])["pricing"] != nil {
		t.Errorf("statuses %v", events)
	}
	w.graph("POST", "/v26.0/"+number+"/messages", "wa-token", `{"messaging_product":"whatsapp","to":"+15550100001","type":"template","template":{"name":"again","language":{"code":"en"}}}`)
	if pricing, _ := status(t, w.events()[0])["pricing"].(map[string]any); pricing["category"] != "utility" || pricing["billable"] != true {
		t.Errorf("pricing %v", pricing)
	}
}

// The largest batch of the provider is a thousand events, of several numbers.
func TestThousandInOnePost(t *testing.T) {
	w := start(t, func(c *simulator.Config) {
		for n := range 9 {
			another := c.Numbers[0]
			another.ID, another.WABA = fmt.Sprintf("20000000000000%d", n+10), fmt.Sprint(2001+n/3)
			another.Display = fmt.Sprintf("155501001%02d", n)
			c.Numbers = append(c.Numbers, another)
		}
		c.Webhooks = simulator.Webhooks{Batch: 1000, Merge: true, Paused: true}
	})
	numbers := w.Config().Numbers
	for n := range 1000 {
		w.says(numbers[n%len(numbers)].ID, strings.Repeat("x", n+1))
	}
	must(t, w.UpdateConfig(func(c *simulator.Config) error { c.Webhooks.Paused = false; return nil }))
	w.idle()
	posts := w.hook.raw()
	if len(posts) != 1 || len(posts[0].body) < 500_000 {
		t.Fatalf("%d posts", len(posts))
	}
	if got := w.events(); len(got) != 1000 {
		t.Errorf("%d events", len(got))
	}
	if err := w.UpdateConfig(func(c *simulator.Config) error { c.Webhooks.Batch = 1001; return nil }); err == nil {
		t.Error("a batch that the provider does not send")
	}
}

// A webhook may come a week late and still be the one that it was.
func TestWeekLate(t *testing.T) {
	w := start(t, func(c *simulator.Config) {
		c.Faults = []simulator.Fault{{Kind: simulator.FaultDelay, Event: "message", Delay: simulator.Duration(7 * 24 * time.Hour), Times: 1}}
	})
	late := w.says(number, "late")
	w.says(number, "early")
	w.attempts(1)
	must(t, second(w.Advance(7*24*time.Hour)))
	events := w.events()
	message := list(events[1]["messages"])[0].(map[string]any)
	if len(events) != 2 || message["id"] != late.ID || message["timestamp"] != fmt.Sprint(late.At.Unix()) {
		t.Errorf("events %v", events)
	}
}
