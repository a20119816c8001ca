package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/services/simulator"
)

// posted is one POST of a message to the provider.
type posted struct {
	fault  simulator.FaultKind
	status int
	answer string
}

// again says that the same message may be posted after it: the provider has said,
// in an answer that makes sense, that it did not take it.
func (p posted) again() bool {
	return p.status == http.StatusTooManyRequests || strings.Contains(p.answer, `"code":190`)
}

// posts returns what the simulator has seen of these texts.
func (r *graphRun) posts(texts []string) map[string][]posted {
	posts := map[string][]posted{}
	for _, text := range texts {
		posts[text] = nil
	}
	for _, call := range r.sim.Calls(0).Calls {
		if call.Method != http.MethodPost {
			continue
		}
		var body struct {
			Text    json.RawMessage `json:"text"`
			Message struct {
				Text string `json:"text"`
			} `json:"message"`
		}
		if json.Unmarshal([]byte(call.Body), &body) != nil {
			continue
		}
		text := body.Message.Text
		var whatsapp struct{ Body string }
		if text == "" && json.Unmarshal(body.Text, &whatsapp) == nil {
			text = whatsapp.Body
		}
		if _, ok := posts[text]; ok {
			posts[text] = append(posts[text], posted{call.Fault, call.Status, call.Answer})
		}
	}
	return posts
}

// graphFaults says what is wrong with how these replies ended.
func (r *graphRun) graphFaults(hellos, texts []string) (faults []string, ends map[viewv1.DeliveryState]int) {
	r.t.Helper()
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if err := r.sim.Idle(r.t.Context()); err != nil {
		fault("%v", err)
	}
	took := map[string]int{}
	for _, send := range r.sim.Sends(simulator.SendQuery{}).Sends {
		for _, text := range texts {
			if strings.Contains(string(send.Body), `"`+text+`"`) {
				took[text]++
				break
			}
		}
	}
	posts, states := r.posts(texts), r.states(hellos)
	ends = map[viewv1.DeliveryState]int{}
	for _, text := range texts {
		state := states[text]
		ends[state]++
		has, over := ended[state]
		made := posts[text]
		switch {
		case !over:
			fault("I11: %q is left as %s after %v", text, word(state, "DELIVERY_STATE_"), made)
		case has == "yes" && took[text] == 0:
			fault("I11: %q is shown as %s and nobody got it: %v", text, word(state, "DELIVERY_STATE_"), made)
		case has == "no" && took[text] > 0 && r.arrived(text):
			fault("I12: %q is shown as failed and somebody got it: %v", text, made)
		}
		if took[text] > 1 {
			fault("I12: somebody got %q %d times: %v", text, took[text], made)
		}
		for at := range max(0, len(made)-1) {
			if !made[at].again() {
				fault("I12: %q was posted %d times: %v", text, len(made), made)
				break
			}
		}
	}
	return faults, ends
}

// arrived says whether a reply is on its person's phone: what the provider took may
// have failed after that.
func (r *graphRun) arrived(text string) bool {
	r.t.Helper()
	number := strings.TrimSuffix(strings.TrimPrefix(text, "answer to hello "), "!")
	threads, err := r.sim.Threads(r.t.Context(), "person-"+number, simulator.ThreadQuery{})
	if err != nil {
		r.t.Fatal(err)
	}
	shown, err := json.Marshal(threads)
	if err != nil {
		r.t.Fatal(err)
	}
	if !strings.Contains(string(shown), `"hello `+number) {
		r.t.Fatalf("the phone of person %s: %s", number, shown)
	}
	return strings.Contains(string(shown), text)
}

// sortedKinds returns the kinds of faults in their order.
func sortedKinds(fired map[simulator.FaultKind]int) []simulator.FaultKind {
	return slices.Sorted(maps.Keys(fired))
}
