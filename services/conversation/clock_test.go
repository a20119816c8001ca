package conversation_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"pgregory.net/rapid"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

func (w *world) waits(t *rapid.T) {
	w.t = t
	w.now = w.now.Add(pick(w, "for", time.Second, 3*time.Second, 7*time.Second, 31*time.Second, 61*time.Second, 2*time.Minute))
	if w.chance("a while", 6) {
		w.now = w.now.Add(pick(w, "a while", 16*time.Minute, 16*time.Minute, 16*time.Minute, 25*time.Hour))
	}
}

// waitsADay lets messaging windows close, and then somebody answers.
func (w *world) waitsADay(t *rapid.T) {
	w.t = t
	if !w.chance("a day", 3) {
		t.Skip("not now")
	}
	w.now = w.now.Add(25 * time.Hour)
	for _, id := range w.conversationIDs {
		if conv := w.conversations[id]; len(conv.route) > 1 && w.identities[conv.route[0]].integration != conv.widget {
			w.give(&conversation.SendReply{
				Header: w.token(), Agent: conversation.Agent{AgentID: "kim", ConversationID: id}, Content: conversation.Text("a day later"),
			})
		}
	}
}

// timer fires what is due; sometimes a timer that is not, or is no more.
func (w *world) timer(t *rapid.T) {
	w.t = t
	timer, ok := w.due()
	if w.chance("a stale timer", 8) {
		sets := slices.SortedFunc(maps.Keys(w.sets), func(a, b conversation.Timer) int {
			if c := a.Due.Compare(b.Due); c != 0 {
				return c
			}
			if a.ID+string(a.Kind) < b.ID+string(b.Kind) {
				return -1
			}
			return 1
		})
		if len(sets) > 0 {
			timer, ok = pick(w, "stale", sets...), true
		}
	}
	if !ok {
		t.Skip("nothing is due")
	}
	fired := w.running[timer] && !timer.Due.After(w.now)
	d, _ := w.give(&conversation.FireTimer{Header: w.header(""), Timer: timer})
	if fired != (len(d.Events) > 0) {
		w.fail("I15: of the timer %v there came %d events", timer, len(d.Events))
	}
}

func (w *world) setsUp(t *rapid.T) {
	w.t = t
	s := proto.CloneOf(w.setup)
	widget := s.Widgets[0]
	switch pick(w, "change", "confirmation", "confirmation", "offers", "policy", "silence", "lifetime", "nothing", "wrong") {
	case "confirmation":
		widget.Confirmation = w.confirmation()
	case "offers":
		widget.CutWithdrawn = rapid.Bool().Draw(t, "cut")
		widget.Offers = rapid.Permutation(channels[:]).Draw(t, "offers")[:rapid.IntRange(1, 3).Draw(t, "how many")]
	case "policy":
		s.BoundElsewhere = w.policy()
	case "silence":
		widget.SilentDisconnect = !widget.SilentDisconnect
	case "lifetime":
		widget.CodeLifetime = durationpb.New(pick(w, "lifetime", 5*time.Minute, time.Hour))
	case "wrong":
		widget.Offers = append(widget.Offers, "nowhere")
	}
	if _, err := w.give(&conversation.ApplySetup{Header: w.header(""), Setup: s}); err != nil {
		return
	}
	w.setup = s
	if d, _ := w.give(&conversation.ApplySetup{Header: w.header(""), Setup: proto.CloneOf(s)}); len(d.Events) > 0 {
		w.fail("the same set-up again writes%s", told(d))
	}
}

func (w *world) confirmation() eventv1.Confirmation {
	return pick(w, "confirmation", eventv1.Confirmation_CONFIRMATION_PROMPT,
		eventv1.Confirmation_CONFIRMATION_IMMEDIATE, eventv1.Confirmation_CONFIRMATION_USER_ACTIVITY,
		eventv1.Confirmation_CONFIRMATION_BOTH)
}

func (w *world) policy() eventv1.BoundElsewhere {
	return pick(w, "policy", eventv1.BoundElsewhere_BOUND_ELSEWHERE_MOVE, eventv1.BoundElsewhere_BOUND_ELSEWHERE_REFUSE)
}

func (w *world) keeps(t *rapid.T) {
	w.t = t
	k := &conversation.KeepItem{Header: w.header(fmt.Sprintf("raw %d", w.commands)), Source: "whatsapp", Reason: "odd", Raw: []byte("{")}
	if rapid.Bool().Draw(t, "ignored") {
		k.Reason, k.Ignored = "", "account_update"
	} else if rapid.Bool().Draw(t, "with a sender") {
		k.Sender = w.sender(pick(w, "person", people[:]...), "whatsapp")
	}
	d, err := w.give(k)
	if err != nil {
		w.fail("an item was not kept: %v", err)
	}
	if d.ConversationID == "" {
		return
	}
	w.happened["quarantined in a conversation"]++
	kept := d.Events[0].Body.(*eventv1.ItemQuarantined)
	if at := (conversation.Stream{Category: conversation.CategoryConversation, ID: kept.GetConversationId()}); len(d.Events) != 1 || d.Events[0].Stream != at {
		w.fail("M9: what is shown in %s follows from%s", kept.GetConversationId(), told(d))
	}
}

// again gives a command once more that took effect before (I05, I06).
func (w *world) again(t *rapid.T) {
	w.t = t
	if len(w.given) == 0 {
		t.Skip("nothing was done yet")
	}
	before := pick(w, "command", w.given...)
	value := reflect.New(reflect.TypeOf(before).Elem())
	value.Elem().Set(reflect.ValueOf(before).Elem())
	c := value.Interface().(conversation.Command)
	h := conversation.HeaderOf(c)
	dedup := h.Dedup
	*h = w.header("")
	h.Dedup = dedup
	other := dedup.Hash != nil && w.chance("other content", 6)
	if other {
		h.Dedup.Hash = []byte("other")
	}
	d, err := w.give(c)
	switch {
	case other && err == nil:
		w.fail("M2: a client token was taken again with other content")
	case !other && (err != nil || !d.Duplicate || len(d.Events) > 0):
		w.fail("I05: the same %T again: duplicate %v, error %v, events%s", c, d.Duplicate, err, told(d))
	}
}
