package router_test

import (
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
	"weiche/services/router"
)

// TestTimersWakeForWhatIsSooner shows that who waits for a timer hears of one that is
// due before it, and of nothing else, and finds what is due first also after sooner
// ones have ended.
func TestTimersWakeForWhatIsSooner(t *testing.T) {
	s := newStage(t)
	next := func(kind conversation.TimerKind) {
		t.Helper()
		if _, timer, ok, err := s.engine.NextTimer(t.Context()); err != nil || !ok || timer.Kind != kind {
			t.Fatalf("the next timer is %v (%v, %v), not that of the %s", timer, ok, err, kind)
		}
	}
	woken := func(what string, want bool) {
		t.Helper()
		got := false
		select {
		case <-router.Sooner(s.engine):
			got = true
		default:
		}
		if got != want {
			t.Errorf("%s: woken is %v", what, got)
		}
	}
	s.one(widget, post("t1", "hello"))
	s.one(widget, requestLink("t2"))
	woken("the first timer", true)
	next(conversation.TimerLink)
	c := s.one(whatsapp, s.message("m1", "491701", "hello")).GetConversationId()
	for _, token := range []string{"t3", "t4"} {
		s.one(admin, reply(token, c, "hello"))
		woken("a reply, which sets none", false)
		sends := bodies[*eventv1.SendQueued](s)
		send := sends[len(sends)-1].GetSendId()
		s.one(egress, claim(send))
		woken("a claim, which is due before the link", true)
		next(conversation.TimerOutcome)
		s.one(egress, sent(send, "wamid."+token))
		woken("an end", false)
		next(conversation.TimerLink)
	}
}
