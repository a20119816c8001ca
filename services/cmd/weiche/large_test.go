package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/simulator"
)

// ackWithin is how long a provider waits for an answer. One that gets none says
// it again, and one that gets none for an hour says nothing any more.
const ackWithin = 5 * time.Second

// repeats is how often a webhook is posted until it is taken.
const repeats = 10

// TestLargeWebhooks posts the largest webhooks that the providers make, each twice:
// a thousand messages, and three megabytes. Each message is in the log once.
func TestLargeWebhooks(t *testing.T) {
	s := newShop(t)
	s.connect(t, loadNumbers...)
	for _, tc := range []struct {
		name            string
		messages, bytes int
		people          int
		least           int // the size of the body
	}{
		{"a thousand messages", 1000, 20, 200, 0},
		{"three megabytes", 50, 62_000, 5, 3_000_000},
		{"a thousand of one customer", 1000, 20, 1, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := len(s.received(t))
			body := largeBody(tc.name, tc.messages, tc.bytes, tc.people)
			if len(body) < tc.least {
				t.Fatalf("%d bytes", len(body))
			}
			for range 2 {
				took := s.deliver(t, body)
				t.Logf("%d messages, %d bytes: %s", tc.messages, len(body), took.Round(time.Millisecond))
			}
			got := s.received(t)[before:]
			if len(got) != tc.messages {
				t.Fatalf("%d messages are in the log, not %d", len(got), tc.messages)
			}
			// What one customer says to one number stays in its order.
			last := map[string]time.Time{}
			for _, m := range got {
				at := m.GetSentAt().AsTime()
				if at.Before(last[m.GetIdentityId()]) {
					t.Fatalf("%s stands behind what was said at %s", at, last[m.GetIdentityId()])
				}
				last[m.GetIdentityId()] = at
			}
			if len(last) != 2*tc.people {
				t.Errorf("%d identities, not %d", len(last), 2*tc.people)
			}
		})
	}
	s.stop(t)
}

// deliver posts a webhook as a provider does, which says it again where it is told that
// the server cannot now, as on a machine that is busy; and returns how long the last
// answer took. Each has to come in time.
func (s *shop) deliver(t *testing.T, body []byte) time.Duration {
	t.Helper()
	for range repeats {
		began := time.Now()
		status, _ := s.request(t.Context(), s.url+"/webhooks/whatsapp/whatsapp", http.Header{
			"Content-Type": {"application/json"}, "X-Hub-Signature-256": {simulator.Sign(loadSecret, body)},
		}, body)
		took := time.Since(began)
		switch {
		case took > ackWithin:
			t.Fatalf("%d after %s", status, took)
		case status == http.StatusOK:
			return took
		case status != http.StatusServiceUnavailable:
			t.Fatalf("a webhook was answered %d", status)
		}
		t.Logf("repeated after %s", took.Round(time.Millisecond))
	}
	t.Fatalf("a webhook was not taken in %d tries", repeats)
	return 0
}

// largeBody is a webhook of messages of so many bytes for two numbers, from so many
// people to each.
func largeBody(name string, messages, size, people int) []byte {
	var entries []any
	began := time.Now().Add(-time.Hour).Unix()
	for at, number := range loadNumbers {
		var items, contacts []any
		for person := range people {
			contacts = append(contacts, map[string]any{
				"wa_id": fmt.Sprint(15_550_200_000 + person), "profile": map[string]any{"name": "Somebody"},
			})
		}
		for n := at * messages / 2; n < (at+1)*messages/2; n++ {
			items = append(items, map[string]any{
				"id": fmt.Sprintf("wamid.%s.%d", name, n), "from": fmt.Sprint(15_550_200_000 + n%people), "type": "text",
				"timestamp": fmt.Sprint(began + int64(n)), "text": map[string]any{"body": strings.Repeat("a", size)},
			})
		}
		entries = append(entries, entry(number, map[string]any{"contacts": contacts, "messages": items}))
	}
	return webhook(entries...)
}

// received returns the messages in the log, in its order.
func (s *shop) received(t *testing.T) (all []*eventv1.MessageReceived) {
	t.Helper()
	for after := uint64(0); ; {
		page := &adminv1.ListEventsResponse{}
		s.must(t, "weiche.admin.v1.AdminService/ListEvents", s.admin, &adminv1.ListEventsRequest{After: after, Limit: 500}, page)
		for _, logged := range page.GetEvents() {
			after = logged.GetPosition()
			if body, err := logged.GetEvent().UnmarshalNew(); err != nil {
				t.Fatal(err)
			} else if m, ok := body.(*eventv1.MessageReceived); ok {
				all = append(all, m)
			}
		}
		if len(page.GetEvents()) == 0 {
			return all
		}
	}
}
