package projections

import (
	"strings"
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// What agents have seen is known of every comment of the customer, and a page that
// follows is told of the last one alone.
func TestSeenIsToldOnce(t *testing.T) {
	r := newChat(t)
	var since uint64
	// shows returns the messages that are seen, and those of which a page is told.
	shows := func() (seen, told string) {
		t.Helper()
		all, err := r.views.Timeline(t.Context(), "acme", "c1", Page{})
		if err != nil {
			t.Fatal(err)
		}
		var seenIDs, toldIDs []string
		for _, item := range all.Items {
			if item.GetCustomer().GetSeen() {
				seenIDs = append(seenIDs, item.MessageId)
			}
		}
		changed, err := r.views.Timeline(t.Context(), "acme", "c1", Page{Since: since})
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range changed.Items {
			if item.GetCustomer() != nil {
				toldIDs = append(toldIDs, item.MessageId)
			}
		}
		since = r.log.Durable()
		return strings.Join(seenIDs, " "), strings.Join(toldIDs, " ")
	}
	want := func(what, wantSeen, wantTold string) {
		t.Helper()
		if seen, told := shows(); seen != wantSeen || told != wantTold {
			t.Errorf("%s: seen are %q and told %q, not %q and %q", what, seen, told, wantSeen, wantTold)
		}
	}
	agent := func(message string) {
		r.is(&eventv1.ConversationSeen{ConversationId: "c1", MessageId: message, AgentId: "eva"})
	}
	r.writes("m1", "one")
	r.writes("m2", "two")
	r.writes("m3", "three")
	want("nothing is seen", "", "m1 m2 m3")
	r.answers("r1", true)
	r.is(&eventv1.NoteAdded{ConversationId: "c1", MessageId: "n1", AgentId: "eva"})
	want("neither a program nor a note sees", "", "")
	agent("m2")
	want("up to the second", "m1 m2", "m2")
	agent("m1")
	want("not back", "m1 m2", "")
	agent("n1")
	want("up to what an agent wrote", "m1 m2 m3", "m3")
	agent("n1")
	want("again", "m1 m2 m3", "")
	r.writes("m4", "four")
	want("and one more", "m1 m2 m3", "m4")
	r.answers("r2", false)
	want("an answer", "m1 m2 m3 m4", "m4")
	r.writes("m5", "five")
	r.is(&eventv1.EchoReceived{ConversationId: "c1", MessageId: "e1", IntegrationId: "wa", Channel: "whatsapp"})
	want("an answer in the provider's app", "m1 m2 m3 m4 m5", "m5")
	agent("nothing")
	want("no such message", "m1 m2 m3 m4 m5", "")
	channel, err := r.views.Channel(t.Context(), "acme", "c1", "wa")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, segment := range channel.Segments {
		for _, entry := range segment.Entries {
			if entry.Item.GetCustomer().GetSeen() {
				seen++
			}
		}
	}
	if seen != 5 {
		t.Errorf("%d are seen in the view of the channel", seen)
	}
	r.is(&eventv1.ConversationErased{ConversationId: "c1", CustomerId: "ana"})
	want("erased", "", "")
}
