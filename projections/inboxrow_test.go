package projections

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	gocmp "github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// chat is a conversation c1, with events that follow each other.
type chat struct {
	*testing.T
	log   *memoryLog
	views *Views
}

func newChat(t *testing.T) *chat {
	r := &chat{T: t, log: newLog("one")}
	r.views = open(t, vfs.NewMem(), r.log)
	running(t, r.views, r.log)
	r.log.add("customer", "ana", &eventv1.CustomerCreated{CustomerId: "ana"})
	r.is(&eventv1.ConversationStarted{ConversationId: "c1", CustomerId: "ana", WidgetId: "shop"})
	return r
}

// is adds an event of the conversation and returns its row.
func (r *chat) is(event proto.Message) *viewv1.ConversationSummary {
	r.Helper()
	r.log.add("conversation", "c1", event)
	return r.now()
}

func (r *chat) now() *viewv1.ConversationSummary {
	r.Helper()
	if err := r.views.WaitFor(r.Context(), r.log.Durable()); err != nil {
		r.Fatal(err)
	}
	s, err := r.views.Summary(r.Context(), "acme", "c1")
	if err != nil {
		r.Fatal(err)
	}
	return s
}

func (r *chat) writes(id, words string) *viewv1.ConversationSummary {
	r.Helper()
	return r.is(&eventv1.MessageReceived{
		ConversationId: "c1", MessageId: id, CustomerId: "ana", IntegrationId: "wa", Channel: "whatsapp",
		Sealed: &eventv1.MessageReceived_Sealed{Content: text(words)},
	})
}

func (r *chat) answers(id string, automated bool) *viewv1.ConversationSummary {
	r.Helper()
	return r.is(&eventv1.ReplyQueued{
		ConversationId: "c1", MessageId: id, CustomerId: "ana", AgentId: "eva", Automated: automated,
		Route:  &eventv1.FrozenRoute{IntegrationId: "wa", Channel: "whatsapp"},
		Sealed: &eventv1.ReplyQueued_Sealed{Content: text("an answer")},
	})
}

func TestV6UnreadIsWhatNobodyHasSeen(t *testing.T) {
	r := newChat(t)
	unread := func(s *viewv1.ConversationSummary, want uint32, waits bool) {
		t.Helper()
		if s.Unread != want || (s.WaitingSince != nil) != waits {
			t.Errorf("%d unread, waiting since %v; want %d, waiting %t", s.Unread, s.WaitingSince, want, waits)
		}
	}
	first := r.writes("m1", "one")
	unread(first, 1, true)
	second := r.writes("m2", "two")
	unread(second, 2, true)
	if !proto.Equal(first.WaitingSince, second.WaitingSince) {
		t.Error("the customer waits since their second message")
	}
	unread(r.writes("m3", "three"), 3, true)
	unread(r.is(&eventv1.ConversationSeen{ConversationId: "c1", MessageId: "m2", AgentId: "eva"}), 1, true)
	unread(r.is(&eventv1.ConversationSeen{ConversationId: "c1", MessageId: "m1", AgentId: "ben"}), 1, true)
	unread(r.answers("r1", true), 1, true)
	unread(r.is(&eventv1.NoteAdded{ConversationId: "c1", MessageId: "n1", AgentId: "eva"}), 1, true)
	unread(r.answers("r2", false), 0, false)
	for n := range 150 {
		r.log.add("conversation", "c1", &eventv1.MessageReceived{ConversationId: "c1", MessageId: fmt.Sprintf("many%d", n)})
	}
	unread(r.now(), 150, true)
	unread(r.is(&eventv1.ConversationSeen{ConversationId: "c1", MessageId: "many10"}), 150, true)
	unread(r.is(&eventv1.MessageUnsent{ConversationId: "c1", MessageId: "many149"}), 149, true)
	unread(r.is(&eventv1.ConversationSeen{ConversationId: "c1", MessageId: "many148"}), 0, true)
	unread(r.is(&eventv1.ConversationClosed{ConversationId: "c1", AgentId: "eva"}), 0, false)
}

func TestV6LastLineIsWhatWasSaidLast(t *testing.T) {
	r := newChat(t)
	last := func(s *viewv1.ConversationSummary, want *viewv1.LastLine) {
		t.Helper()
		if diff := gocmp.Diff(want, s.LastLine, protocmp.Transform(), protocmp.IgnoreFields(&viewv1.LastLine{}, "at", "position")); diff != "" {
			t.Errorf("last line (-want +got):\n%s", diff)
		}
	}
	customer := func(id, words string) *viewv1.LastLine {
		return &viewv1.LastLine{Speaker: viewv1.Speaker_SPEAKER_CUSTOMER, Channel: "whatsapp", Text: words, MessageId: id}
	}
	last(r.now(), nil)
	last(r.writes("m1", strings.Repeat("ä", 300)), customer("m1", strings.Repeat("ä", 200)))
	last(r.is(&eventv1.MessageEdited{
		ConversationId: "c1", MessageId: "m1", CustomerId: "ana", Edit: 1, Sealed: &eventv1.MessageEdited_Sealed{Content: text("better")},
	}), customer("m1", "better"))
	gone := customer("m1", "")
	gone.Unsent = true
	last(r.is(&eventv1.MessageUnsent{ConversationId: "c1", MessageId: "m1"}), gone)
	last(r.answers("r1", false), &viewv1.LastLine{
		Speaker: viewv1.Speaker_SPEAKER_AGENT, AgentId: "eva", Channel: "whatsapp", Text: "an answer", MessageId: "r1",
	})
	last(r.is(&eventv1.ReplyRerouted{ConversationId: "c1", MessageId: "r1", Route: &eventv1.FrozenRoute{Channel: "widget"}}), &viewv1.LastLine{
		Speaker: viewv1.Speaker_SPEAKER_AGENT, AgentId: "eva", Channel: "widget", Text: "an answer", MessageId: "r1",
	})
	last(r.is(&eventv1.MessageReceived{
		ConversationId: "c1", MessageId: "m2", CustomerId: "ana", Channel: "whatsapp",
		Sealed: &eventv1.MessageReceived_Sealed{Content: &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Media{
			Media: &eventv1.Media{Kind: eventv1.MediaKind_MEDIA_KIND_IMAGE, Caption: "my cat"},
		}}}}},
	}), &viewv1.LastLine{Speaker: viewv1.Speaker_SPEAKER_CUSTOMER, Channel: "whatsapp", Text: "my cat", Other: "image", MessageId: "m2"})
	last(r.is(&eventv1.NoteAdded{
		ConversationId: "c1", MessageId: "n1", AgentId: "ben", CustomerId: "ana", Sealed: &eventv1.NoteAdded_Sealed{Content: text("a cat!")},
	}), &viewv1.LastLine{Speaker: viewv1.Speaker_SPEAKER_NOTE, AgentId: "ben", Text: "a cat!", MessageId: "n1"})
}

func TestV6TroublesEndWithTheNextMessage(t *testing.T) {
	r := newChat(t)
	troubles := func(s *viewv1.ConversationSummary, want uint32) {
		t.Helper()
		if s.Troubles != want {
			t.Errorf("%d replies are in trouble, want %d", s.Troubles, want)
		}
	}
	r.answers("r1", false)
	r.answers("r2", false)
	troubles(r.is(&eventv1.MessageFailed{ConversationId: "c1", MessageId: "r1"}), 1)
	troubles(r.is(&eventv1.MessageOutcomeUnknown{ConversationId: "c1", MessageId: "r2"}), 2)
	troubles(r.is(&eventv1.OutcomeSettled{ConversationId: "c1", MessageId: "r2", Arrived: true}), 1)
	troubles(r.is(&eventv1.ReplyRerouted{ConversationId: "c1", MessageId: "r1"}), 0)
	troubles(r.is(&eventv1.MessageFailed{ConversationId: "c1", MessageId: "r1"}), 1)
	troubles(r.writes("m1", "hello?"), 0)
}

// TestV6NameIsTheNewest tells names of a customer, over two identities, and erases
// them.
func TestV6NameIsTheNewest(t *testing.T) {
	r := newChat(t)
	named := func(want string) {
		t.Helper()
		if s := r.now(); s.CustomerName != want {
			t.Errorf("the customer is called %q, want %q", s.CustomerName, want)
		}
	}
	tell := func(identity, name string) {
		r.log.add("identity", identity, &eventv1.IdentityCreated{
			IdentityId: identity, CustomerId: "ana",
			Sealed: &eventv1.IdentityCreated_Sealed{Profile: &eventv1.Profile{Name: name}},
		})
	}
	named("")
	tell("p2", "")
	tell("p1", "Ana")
	named("Ana")
	r.log.add("identity", "p2", &eventv1.IdentityAliasesChanged{
		IdentityId: "p2", CustomerId: "ana",
		Sealed: &eventv1.IdentityAliasesChanged_Sealed{Profile: &eventv1.Profile{Username: "ana.k"}},
	})
	named("ana.k")
	r.log.add("identity", "p1", &eventv1.IdentityAliasesChanged{
		IdentityId: "p1", CustomerId: "ana",
		Sealed: &eventv1.IdentityAliasesChanged_Sealed{Added: []*eventv1.Alias{{Kind: "phone", Value: "1"}}},
	})
	named("ana.k")
	s := r.writes("m1", "a secret")
	past := r.log.Durable()

	page, err := AsOf(r.log, past, r.log.keys.open).Inbox(t.Context(), "acme", &viewv1.InboxQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]*viewv1.ConversationSummary{s}, page.Conversations, protocmp.Transform()); diff != "" {
		t.Errorf("as of now (-now +as of):\n%s", diff)
	}

	r.is(&eventv1.LabelsChanged{ConversationId: "c1", Added: []string{"vip"}})
	r.is(&eventv1.ConversationErased{ConversationId: "c1", CustomerId: "ana"})
	for _, identity := range []string{"p1", "p2"} {
		r.log.add("identity", identity, &eventv1.IdentityErased{IdentityId: identity, CustomerId: "ana"})
	}
	r.log.add("customer", "ana", &eventv1.CustomerErased{CustomerId: "ana"})
	if page, err = AsOf(r.log, past, r.log.keys.open).Inbox(t.Context(), "acme", &viewv1.InboxQuery{}); err != nil || len(page.Conversations) != 1 {
		t.Fatal(page, err)
	}
	for when, s := range map[string]*viewv1.ConversationSummary{"now": r.now(), "in the past": page.Conversations[0]} {
		if !s.Erased || s.CustomerName != "" || s.LastLine != nil || s.Unread != 0 || len(s.Labels) != 0 || s.Status != statusClosed {
			t.Errorf("%s an erased conversation is %v", when, s)
		}
	}
}
