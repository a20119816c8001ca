package api_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"weiche/services/api"
)

func TestCallersAreLimited(t *testing.T) {
	s := newStage(t, func(c *api.Config) {
		c.Limits = api.Limits{VisitorPerSecond: 0.001, VisitorBurst: 3, AddressPerSecond: -1}
	})
	ana, ben := s.visitor(t, "shop"), s.visitor(t, "shop")
	for range 3 {
		s.must(t, widgetService+"GetTimeline", ana, `{}`)
	}
	limited := s.want(t, "resource_exhausted", "RATE_LIMITED", widgetService+"GetTimeline", ana, `{}`, "Origin", shopPage)
	if limited.status != http.StatusTooManyRequests || limited.header.Get("Retry-After") == "" ||
		limited.header.Get("Access-Control-Allow-Origin") != shopPage {
		t.Errorf("%d %v", limited.status, limited.header)
	}
	s.must(t, widgetService+"GetTimeline", ben, `{}`)
}

// Behind one address is an office: its people open their pages at once, write, and look
// at pictures, and its agents come to work.
func TestAnOfficeIsNotLimited(t *testing.T) {
	s := newStage(t, func(c *api.Config) { c.Limits = api.Limits{} })
	for range 120 {
		token := s.visitor(t, "shop")
		s.must(t, widgetService+"GetTimeline", token, `{}`)
		s.must(t, widgetService+"SendMessage", token, `{"text":"hello","clientToken":"1"}`)
		s.must(t, widgetService+"GetTimeline", token, `{}`)
	}
	var open []*client
	for range 20 {
		eva := s.session(t, "acme", "eva")
		c := s.socket(t, "weiche.v1.json", "", eva)
		c.follow(1, inbox)
		open = append(open, c)
		for range 5 {
			s.must(t, workspaceService+"ListConversations", eva, `{}`)
		}
	}
	for _, c := range open {
		c.caughtUp(1)
	}
	for range 20 {
		if got := s.call(t, accessService+"LogIn", "", `{"login":"eva","password":"no such password"}`); got.reason() == "REASON_RATE_LIMITED" {
			t.Fatal("an agent who comes to work is limited")
		}
	}
}

// Two sites may know different people by one id.
func TestSitesDoNotShareLimits(t *testing.T) {
	s := newStage(t, func(c *api.Config) {
		c.Limits = api.Limits{VisitorPerSecond: 0.001, VisitorBurst: 2, AddressPerSecond: -1}
	})
	tokens := map[string]string{}
	for account, widgetID := range map[string]string{"acme": "shop", "other": "blog"} {
		s.setup(t, account, fmt.Sprintf(`{"visitorKeys":[{"widgetId":%q,"key":{"id":"k1","secret":%q}}]}`, widgetID, siteKey))
		tokens[widgetID] = s.signedIn(t, widgetID, "k1", siteKey, "7", time.Now().Add(time.Hour), "")
	}
	for range 2 {
		s.must(t, widgetService+"GetTimeline", tokens["shop"], `{}`)
	}
	s.want(t, "resource_exhausted", "RATE_LIMITED", widgetService+"GetTimeline", tokens["shop"], `{}`)
	s.must(t, widgetService+"GetTimeline", tokens["blog"], `{}`)
}

func TestAddressesAreLimited(t *testing.T) {
	s := newStage(t, func(c *api.Config) {
		c.Limits = api.Limits{AddressPerSecond: 0.001, AddressBurst: 2, VisitorPerSecond: -1}
		c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	})
	open := func(forwarded string) int {
		return s.call(t, widgetService+"OpenSession", "", `{"widgetId":"shop"}`, "X-Forwarded-For", forwarded).status
	}
	for _, row := range []struct {
		forwarded string
		status    int
	}{
		{"203.0.113.1", 200},
		{"203.0.113.1, 10.0.0.7", 200},               // the same behind two proxies
		{"198.51.100.9, 203.0.113.1, 10.0.0.7", 429}, // what the caller says of itself does not count
		{"203.0.113.2", 200},
		{"2001:db8::1", 200},
		{"2001:db8::2", 200},
		{"2001:db8::3", 429}, // one network of 64 bits
		{"2001:db8:0:1::1", 200},
	} {
		if got := open(row.forwarded); got != row.status {
			t.Errorf("%s: %d, want %d", row.forwarded, got, row.status)
		}
	}
	// Agents and administrators are not limited.
	for range 5 {
		s.must(t, adminService+"ListEvents", s.admin(), `{}`)
	}
}

func TestLimitsRefill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := api.NewLimiter(2, 1, 2)
		if !l.Allow("a") || l.Allow("a") {
			t.Error("a burst of one is not one")
		}
		time.Sleep(500 * time.Millisecond)
		if !l.Allow("a") {
			t.Error("nothing came back")
		}
		for n := range 100 {
			l.Allow(fmt.Sprint(n))
		}
		if l.Size() > 4 {
			t.Errorf("%d callers are remembered", l.Size())
		}
	})
}
