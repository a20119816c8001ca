package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"weiche/services/public"
)

func TestPagesOfTheTimeline(t *testing.T) {
	s := newStage(t, nil)
	ana := s.visitor(t, "shop")
	at := ""
	for n := range 5 {
		at = s.must(t, widgetService+"SendMessage", ana, fmt.Sprintf(`{"text":"m%d","clientToken":"%d"}`, n, n)).text("position")
	}
	var read []string
	after := "0"
	for range 10 {
		page := s.must(t, widgetService+"GetTimeline", ana, fmt.Sprintf(`{"limit":2,"after":%s,"minPosition":%q}`, after, at))
		for n := range page.length("lines") {
			read = append(read, page.text(fmt.Sprintf("lines.%d.content.parts.0.text.body", n)))
			after = page.text(fmt.Sprintf("lines.%d.place", n))
		}
		if page.get("more") == nil {
			break
		}
	}
	if got := strings.Join(read, " "); got != "m0 m1 m2 m3 m4" {
		t.Errorf("read %q", got)
	}
}

func position(partition, place uint64, incarnation string) string {
	return public.Position{Partition: partition, Place: place, Incarnation: incarnation}.String()
}

func TestPositions(t *testing.T) {
	s := newStage(t, nil)
	ana := s.visitor(t, "shop")
	sent := s.must(t, widgetService+"SendMessage", ana, `{"text":"hi","clientToken":"1"}`)
	place := s.store.Durable()
	if want := position(0, place, s.store.Incarnation()); sent.text("position") != want {
		t.Errorf("position %q, want %q", sent.text("position"), want)
	}
	at := func(position string) string { return fmt.Sprintf(`{"minPosition":%q}`, position) }
	s.want(t, "failed_precondition", "OTHER_INCARNATION", widgetService+"GetTimeline", ana, at(position(0, 1, "another")))
	s.want(t, "failed_precondition", "OTHER_INCARNATION", widgetService+"GetTimeline", ana, at(position(1, 1, s.store.Incarnation())))
	for _, bad := range []string{"x", "20", "AQ", sent.text("position") + "=", strings.Repeat("AQAB", 60)} {
		s.want(t, "invalid_argument", "INVALID", widgetService+"GetTimeline", ana, at(bad))
	}
	began := time.Now()
	ahead := s.want(t, "unavailable", "BEHIND", widgetService+"GetTimeline", ana, at(position(0, place+1, s.store.Incarnation())))
	if took := time.Since(began); took < time.Second || took > 3*time.Second {
		t.Errorf("waited %v", took)
	}
	if ahead.header.Get("Retry-After") == "" {
		t.Error("Retry-After is missing")
	}
	// What was written before a restore cannot be waited for after it.
	s.incarnation = "restored"
	s.want(t, "failed_precondition", "OTHER_INCARNATION", widgetService+"GetTimeline", ana, at(sent.text("position")))
}
