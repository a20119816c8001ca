package router_test

import (
	"errors"
	"strings"
	"testing"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/proto/schema"
	"weiche/services/conversation"
	"weiche/services/router"
)

// poison makes the decision on each message of a text panic, the first so many
// times, and counts how often each was decided on and with how many others in its
// round.
func (s *stage) poison(text string, times int) (tried *int) {
	tried = new(int)
	router.DecideWith(s.engine, func(state *conversation.State, c conversation.Command) (conversation.Decision, error) {
		// A decision that lacks something is begun again; only one that has
		// everything counts.
		decision, err := conversation.Decide(state, c)
		var need *conversation.Need
		if receive, ok := c.(*conversation.ReceiveMessage); ok && !errors.As(err, &need) && contentText(receive.Content) == text {
			if *tried++; *tried <= times {
				panic("poison")
			}
		}
		return decision, err
	})
	return tried
}

// TestI16PoisonIsTriedThreeTimes gives a message between others whose decision always
// panics: it is tried three times and kept then, once; the others go on.
func TestI16PoisonIsTriedThreeTimes(t *testing.T) {
	s := newStage(t)
	tried := s.poison("poison", 1000)
	give := func() []*ingressv1.ItemAnswer {
		return s.round(
			request(whatsapp, s.message("m1", "491701", "before"), s.message("m2", "491701", "poison")),
			request(whatsapp, s.message("m3", "491701", "behind")),
		)
	}
	answers := give()
	if *tried != 3 {
		t.Errorf("I16: it was tried %d times", *tried)
	}
	if answers[0].GetStatus() != committed || answers[1].GetStatus() != quarantined || answers[2].GetStatus() != committed {
		t.Errorf("I16: %v", answers)
	}
	// The provider delivers everything again.
	before := s.store.Durable()
	if give(); *tried != 6 || s.store.Durable() != before {
		t.Errorf("I16: again it was tried %d times, and wrote %d events", *tried-3, s.store.Durable()-before)
	}
	if kept := bodies[*eventv1.ItemQuarantined](s); len(kept) != 1 || string(kept[0].GetSealed().GetRaw()) != "raw of m2" {
		t.Errorf("I16: in quarantine is %v", kept)
	}
	if n := len(bodies[*eventv1.MessageReceived](s)); n != 2 {
		t.Errorf("I16: %d messages joined, not 2", n)
	}
}

// TestI16PoisonThatIsNone gives a message whose decision panics in company, or twice,
// and not by itself: it joins, and nothing is kept.
func TestI16PoisonThatIsNone(t *testing.T) {
	for times := 1; times <= 2; times++ {
		s := newStage(t)
		tried := s.poison("poison", times)
		answers := s.round(request(whatsapp,
			s.message("m1", "491701", "before"), s.message("m2", "491701", "poison"), s.message("m3", "491701", "behind"),
		))
		if *tried != times+1 {
			t.Errorf("I16: it was tried %d times", *tried)
		}
		for at, answer := range answers {
			if answer.GetStatus() != committed || answer.GetPosition() == 0 || answer.GetConversationId() != answers[0].GetConversationId() {
				t.Errorf("I16: item %d: %v", at, answer)
			}
		}
		if n := len(bodies[*eventv1.MessageReceived](s)); n != 3 || len(bodies[*eventv1.ItemQuarantined](s)) != 0 {
			t.Errorf("I16: %d messages joined", n)
		}
		if err := s.store.Verify(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
}

// TestI16SpoiltState has a decision whose events cannot be folded: the state is
// thrown away, what was decided before it is decided anew, and it is kept.
func TestI16SpoiltState(t *testing.T) {
	s := newStage(t)
	tried := 0
	router.DecideWith(s.engine, func(state *conversation.State, c conversation.Command) (conversation.Decision, error) {
		decision, err := conversation.Decide(state, c)
		if receive, ok := c.(*conversation.ReceiveMessage); ok && err == nil && contentText(receive.Content) == "poison" {
			tried++
			decision.Events = append(decision.Events, conversation.Event{
				Stream: conversation.Stream{Category: conversation.CategoryConversation, ID: "x"}, ID: "x", Body: &eventv1.AgentAdded{},
			})
		}
		return decision, err
	})
	answers := s.round(request(whatsapp,
		s.message("m1", "491701", "before"), s.message("m2", "491701", "poison"), s.message("m3", "491701", "behind"),
	))
	if tried != 3 || answers[0].GetStatus() != committed || answers[1].GetStatus() != quarantined || answers[2].GetStatus() != committed {
		t.Errorf("I16: tried %d times: %v", tried, answers)
	}
	if n := len(bodies[*eventv1.MessageReceived](s)); n != 2 || len(bodies[*eventv1.ItemQuarantined](s)) != 1 {
		t.Errorf("I16: %d messages joined", n)
	}
	if err := s.store.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// TestI16PoisonedConversation has the decisions of a known sender panic, those to keep
// their item in the conversation among them: it is kept outside of that.
func TestI16PoisonedConversation(t *testing.T) {
	for _, alsoToKeep := range []bool{false, true} {
		s := newStage(t)
		c := s.one(whatsapp, s.message("m1", "491701", "before")).GetConversationId()
		panicked := 0
		router.DecideWith(s.engine, func(state *conversation.State, c conversation.Command) (conversation.Decision, error) {
			decision, err := conversation.Decide(state, c)
			var need *conversation.Need
			if errors.As(err, &need) {
				return decision, err
			}
			kept, ok := c.(*conversation.KeepItem)
			if !ok || alsoToKeep && len(kept.Sender) > 0 {
				panicked++
				panic("poison")
			}
			return decision, err
		})
		answer := s.one(whatsapp, s.message("m2", "491701", "poison"))
		if times := map[bool]int{false: 3, true: 4}[alsoToKeep]; panicked != times {
			t.Fatalf("I16: %d decisions panicked, not %d", panicked, times)
		}
		where := map[bool]string{false: c, true: ""}[alsoToKeep]
		kept := bodies[*eventv1.ItemQuarantined](s)
		if (answer.GetStatus() != quarantined && answer.GetStatus() != committed) || len(kept) != 1 || kept[0].GetConversationId() != where || string(kept[0].GetSealed().GetRaw()) != "raw of m2" {
			t.Errorf("I16: answered %v, in quarantine is %v", answer, kept)
		}
		if err := s.store.Verify(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
}

// TestI34ALaterVersionsEvents gives an older program what a later one wrote: a stream
// with an event that it does not know is not decided on, and the error says which.
func TestI34ALaterVersionsEvents(t *testing.T) {
	for what, later := range map[string]eventstore.Event{
		"type":    {Type: "weiche.event.v1.MessageTranslated", SchemaVersion: 1},
		"version": {Type: "weiche.event.v1.MessageReceived", SchemaVersion: 2},
	} {
		s := newStage(t)
		c := s.one(whatsapp, s.message("m1", "491701", "hello")).GetConversationId()
		later.Stream = eventstore.Stream{Account: "shop", Category: conversation.CategoryConversation, ID: c}
		later.ID = "later"
		results, err := s.store.Append(t.Context(), []eventstore.Commit{{Epoch: s.store.Epoch(), Events: []eventstore.Event{later}}})
		if err != nil || results[0].Err != nil {
			t.Fatal(err, results)
		}
		s.restart()
		_, err = s.engine.Round(t.Context(), []router.Request{request(whatsapp, s.message("m2", "491701", "again"))})
		if !errors.Is(err, schema.ErrLater) {
			t.Fatalf("I34: a later %s was decided on: %v", what, err)
		}
		for _, word := range []string{later.Type, "version", "position", "written by a later version"} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("I34: the error does not say %q: %v", word, err)
			}
		}
		if public, err := router.Public(s.engine, s.records()[len(s.records())-1]); err != nil || public.Type != "" || public.Data != nil {
			t.Errorf("I34: public of it is %v (%v)", public, err)
		}
		if err := s.store.Verify(t.Context(), nil); !errors.Is(err, schema.ErrLater) || errors.Is(err, eventstore.ErrCorrupt) {
			t.Errorf("I34: verified by an older version: %v", err)
		}
	}
}
