package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"weiche/services/simulator"
)

// dead runs a simulator whose callback always fails, in synctest's time.
func dead(t *testing.T, change func(*simulator.Config)) (*simulator.Simulator, *int) {
	t.Helper()
	tries := 0
	client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		tries++
		w := httptest.NewRecorder()
		w.WriteHeader(http.StatusInternalServerError)
		return w.Result(), nil
	})}
	c := config()
	c.Apps[0].CallbackURL = "https://product.example/hook"
	c.Retry = simulator.Retry{}
	change(&c)
	sim, err := simulator.New(c, simulator.Options{Client: client})
	must(t, err)
	stopped := make(chan error, 1)
	go func() { stopped <- sim.Run(t.Context()) }()
	t.Cleanup(func() {
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	return sim, &tries
}

// Each channel repeats for as long as the provider does: seven days, 36 hours,
// one hour.
func TestScheduleByChannel(t *testing.T) {
	for channel, want := range map[string]time.Duration{
		"whatsapp": 7 * 24 * time.Hour, "instagram": 36 * time.Hour, "messenger": time.Hour,
	} {
		synctest.Test(t, func(t *testing.T) {
			sim, tries := dead(t, func(c *simulator.Config) { c.Retry.NeverUnsubscribe = true; c.Retry.Scale = 2 })
			begin := time.Now()
			_, err := sim.Send("Ana", simulator.Typed{Integration: channel, Text: "hi"})
			must(t, err)
			must(t, sim.Idle(t.Context()))
			took := time.Since(begin) * 2
			if took < want || took > want+6*time.Hour || *tries < 5 {
				t.Errorf("%s gave up after %s and %d tries", channel, took, *tries)
			}
			if got := sim.Deliveries(simulator.DeliveryQuery{}).Totals; got.GivenUp != 1 || got.Unsubscribed != 0 {
				t.Errorf("%s: %+v", channel, got)
			}
		})
	}
}

// An app whose Messenger webhooks fail for an hour loses its subscription, sees
// that it has, and gets events again when it has subscribed again.
func TestUnsubscribedAfterAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, _ := dead(t, func(*simulator.Config) {})
		for _, channel := range []string{"messenger", "messenger", "instagram", "whatsapp"} {
			_, err := sim.Send("Ana", simulator.Typed{Integration: channel, Text: "hi"})
			must(t, err)
		}
		must(t, sim.UpdateConfig(func(c *simulator.Config) error { c.Retry.Overtake = true; return nil }))
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		for _, sub := range sim.Subscriptions() {
			if !sub.Active || sub.FailingSince == nil || !sub.Alerted {
				t.Errorf("after 20 minutes: %+v", sub)
			}
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		for _, sub := range sim.Subscriptions() {
			if sub.Active != (sub.Channel == simulator.ChannelWhatsApp) || (sub.Ended == nil) != sub.Active {
				t.Errorf("after 80 minutes: %+v", sub)
			}
		}
		before := sim.Deliveries(simulator.DeliveryQuery{}).Totals
		_, err := sim.Send("Ana", simulator.Typed{Integration: "messenger", Text: "lost"})
		must(t, err)
		if got := sim.Deliveries(simulator.DeliveryQuery{}).Totals; before.Unsubscribed == 0 || got.Undeliverable != before.Undeliverable+1 {
			t.Errorf("before %+v, after %+v", before, got)
		}
		answer := func(method, query string) string {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(method, "/v26.0/"+page+"/subscribed_apps"+query, nil)
			r.Header.Set("Authorization", "Bearer page-token")
			sim.Handler().ServeHTTP(w, r)
			return w.Body.String()
		}
		if got := answer("GET", ""); got != `{"data":[]}` {
			t.Errorf("subscribed apps: %s", got)
		}
		answer("POST", "?subscribed_fields=messages")
		_, err = sim.Send("Ana", simulator.Typed{Integration: "messenger", Text: "heard"})
		must(t, err)
		if got := sim.Deliveries(simulator.DeliveryQuery{}).Totals; got.Pending != before.Pending+1 {
			t.Errorf("subscribed again: %+v, before %+v", got, before)
		}
	})
}
