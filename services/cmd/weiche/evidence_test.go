package main

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// fate is what the provider did with one POST of a send.
type fate string

const (
	fateTaken   fate = "taken"   // and said so
	fateSilent  fate = "silent"  // taken, and nobody was told
	fateLater   fate = "later"   // surely not taken; it may be sent again
	fateRefused fate = "refused" // surely not taken, and never will be
)

// evidence is what a run of kills has left behind: what those outside were told and
// saw, and what is found in the data folder afterwards.
type evidence struct {
	// The provider's side of webhooks: items whose POST was answered with 200, and
	// bad items in the same way.
	answered, poison map[string]bool
	// The agents' side: the message that each reply was answered with, by its text.
	replies map[string]string
	// The provider's side of sends: its POSTs by send, and how often a person got
	// a text.
	posts map[string][]fate
	taken map[string]int
	// kills holds for each kill how many requests died with it.
	kills []int

	// What is in the log: customers' messages by their provider's id, bad items by
	// their mark, replies by their text, sends that were asked for.
	logged, quarantined, queued map[string]int
	requested                   map[string]bool
	// What the views show: customers' lines by their text, and how far each reply
	// is by its message.
	shown  map[string]int
	states map[string]viewv1.DeliveryState
	// damages are what is wrong with the log itself.
	damages []string
}

// ended are the states in which a reply may be left, and whether the customer has
// it then: yes, no, or nobody knows.
var ended = map[viewv1.DeliveryState]string{
	viewv1.DeliveryState_DELIVERY_STATE_SENT:      "yes",
	viewv1.DeliveryState_DELIVERY_STATE_DELIVERED: "yes",
	viewv1.DeliveryState_DELIVERY_STATE_READ:      "yes",
	viewv1.DeliveryState_DELIVERY_STATE_FAILED:    "no",
	viewv1.DeliveryState_DELIVERY_STATE_UNKNOWN:   "unknown",
}

// faults says which invariant does not hold, and where.
func (e *evidence) faults() []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for at, died := range e.kills {
		if died == 0 {
			fault("kill %d hit nothing: no request was under way", at+1)
		}
	}
	if len(e.kills) == 0 || len(e.answered) == 0 || len(e.poison) == 0 || len(e.replies) == 0 || len(e.posts) == 0 {
		fault("nothing was tried: %d kills, %d items, %d bad items, %d replies, %d sends",
			len(e.kills), len(e.answered), len(e.poison), len(e.replies), len(e.posts))
	}
	for _, id := range sorted(e.answered) {
		switch count := e.logged[id]; {
		case count == 0:
			fault("I01: %s was answered with 200 and is not in the log", id)
		case count > 1:
			fault("I05: %s is in the log %d times", id, count)
		}
		if count := e.shown[textOf(id)]; count != 1 {
			fault("I05: %s is shown %d times", id, count)
		}
	}
	for _, mark := range sorted(e.poison) {
		if count := e.quarantined[mark]; count != 1 {
			fault("I16: %s was answered with 200 and is in quarantine %d times", mark, count)
		}
	}
	for _, text := range sorted(e.replies) {
		if count := e.queued[text]; count != 1 {
			fault("M2: %q was answered and is in the log %d times", text, count)
		}
		state, shown := e.states[e.replies[text]]
		has, over := ended[state]
		switch took := e.taken[text]; {
		case !shown:
			fault("I11: %q was answered and is not shown", text)
		case !over:
			fault("I11: %q is left as %s", text, word(state, "DELIVERY_STATE_"))
		case has == "yes" && took == 0:
			fault("I11: %q is shown as %s and nobody got it", text, word(state, "DELIVERY_STATE_"))
		case has == "no" && took > 0:
			fault("I12: %q is shown as failed and somebody got it", text)
		}
	}
	for _, text := range sorted(e.taken) {
		if e.taken[text] > 1 {
			fault("I12: somebody got %q %d times", text, e.taken[text])
		}
	}
	for _, send := range sorted(e.posts) {
		if !e.requested[send] {
			fault("I04: send %s reached the provider and is not in the log", send)
		}
		posts := e.posts[send]
		for at := range posts[:len(posts)-1] {
			if posts[at] != fateLater {
				fault("I12: send %s was posted %d times: %v", send, len(posts), posts)
				break
			}
		}
	}
	return append(faults, e.damages...)
}

func sorted[V any](of map[string]V) []string { return slices.Sorted(maps.Keys(of)) }

// textOf is what the message with this id says.
func textOf(id string) string { return "text of " + id }

// TestEvidenceFindsEachFault doctors what a good run would leave behind: each fault
// has to be found, and nothing else.
func TestEvidenceFindsEachFault(t *testing.T) {
	good := func() *evidence {
		return &evidence{
			answered: map[string]bool{"m1": true, "m2": true}, poison: map[string]bool{"bad1": true},
			replies: map[string]string{"r1": "M1", "r2": "M2", "r3": "M3"},
			posts:   map[string][]fate{"s1": {fateTaken}, "s2": {fateLater, fateLater, fateSilent}, "s3": {fateRefused}},
			taken:   map[string]int{"r1": 1, "r2": 1}, kills: []int{3, 1},
			logged: map[string]int{"m1": 1, "m2": 1}, quarantined: map[string]int{"bad1": 1},
			queued:    map[string]int{"r1": 1, "r2": 1, "r3": 1},
			requested: map[string]bool{"s1": true, "s2": true, "s3": true},
			shown:     map[string]int{textOf("m1"): 1, textOf("m2"): 1},
			states: map[string]viewv1.DeliveryState{
				"M1": viewv1.DeliveryState_DELIVERY_STATE_SENT, "M2": viewv1.DeliveryState_DELIVERY_STATE_UNKNOWN,
				"M3": viewv1.DeliveryState_DELIVERY_STATE_FAILED,
			},
		}
	}
	if faults := good().faults(); len(faults) > 0 {
		t.Fatalf("a good run: %q", faults)
	}
	for want, doctor := range map[string]func(*evidence){
		"I01: m3 was answered with 200 and is not in the log": func(e *evidence) {
			e.answered["m3"], e.shown[textOf("m3")] = true, 1
		},
		"I05: m1 is in the log 2 times":                                        func(e *evidence) { e.logged["m1"] = 2 },
		"I05: m2 is shown 0 times":                                             func(e *evidence) { delete(e.shown, textOf("m2")) },
		"I05: m2 is shown 2 times":                                             func(e *evidence) { e.shown[textOf("m2")]++ },
		"I16: bad1 was answered with 200 and is in quarantine 0 times":         func(e *evidence) { delete(e.quarantined, "bad1") },
		"I16: bad1 was answered with 200 and is in quarantine 3 times":         func(e *evidence) { e.quarantined["bad1"] = 3 },
		`M2: "r1" was answered and is in the log 2 times`:                      func(e *evidence) { e.queued["r1"] = 2 },
		`I11: "r2" was answered and is not shown`:                              func(e *evidence) { delete(e.states, "M2") },
		`I11: "r2" is left as sending`:                                         func(e *evidence) { e.states["M2"] = viewv1.DeliveryState_DELIVERY_STATE_SENDING },
		`I11: "r1" is shown as sent and nobody got it`:                         func(e *evidence) { delete(e.taken, "r1") },
		`I12: "r3" is shown as failed and somebody got it`:                     func(e *evidence) { e.taken["r3"] = 1 },
		`I12: somebody got "r1" 2 times`:                                       func(e *evidence) { e.taken["r1"] = 2 },
		"I12: send s1 was posted 2 times: [taken taken]":                       func(e *evidence) { e.posts["s1"] = []fate{fateTaken, fateTaken} },
		"I12: send s2 was posted 3 times: [later silent taken]":                func(e *evidence) { e.posts["s2"] = []fate{fateLater, fateSilent, fateTaken} },
		"I12: send s3 was posted 2 times: [refused later]":                     func(e *evidence) { e.posts["s3"] = []fate{fateRefused, fateLater} },
		"I04: send s3 reached the provider and is not in the log":              func(e *evidence) { delete(e.requested, "s3") },
		"kill 2 hit nothing: no request was under way":                         func(e *evidence) { e.kills[1] = 0 },
		"nothing was tried: 0 kills, 2 items, 1 bad items, 3 replies, 3 sends": func(e *evidence) { e.kills = nil },
		"the chain is broken":                                                  func(e *evidence) { e.damages = []string{"the chain is broken"} },
	} {
		e := good()
		doctor(e)
		if faults := e.faults(); len(faults) != 1 || faults[0] != want {
			t.Errorf("found %q, want %q alone", faults, want)
		}
	}
}
