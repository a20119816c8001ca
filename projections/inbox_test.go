package projections

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	gocmp "github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// office is an account with many conversations in which things happen at random.
type office struct {
	*rand.Rand
	log           *memoryLog
	conversations []string
	messages      map[string][]string
	replies       map[string][]string
}

var (
	officeAgents = []string{"", "eva", "ben", "ida"}
	officeLabels = []string{"vip", "bug", "late"}
)

func newOffice(seed uint64) *office {
	return &office{
		Rand: rand.New(rand.NewPCG(seed, 1)), log: newLog("one"),
		messages: map[string][]string{}, replies: map[string][]string{},
	}
}

// offices is how many accounts a test looks at, where there is time fifty times as
// many.
func offices(n uint64) uint64 {
	if os.Getenv("WEICHE_SOAK") != "" {
		return 50 * n
	}
	return n
}

// start begins a conversation of one of a few customers.
func (o *office) start() string {
	id := fmt.Sprintf("c%d", len(o.conversations))
	o.conversations = append(o.conversations, id)
	o.log.add("conversation", id, &eventv1.ConversationStarted{
		ConversationId: id, CustomerId: fmt.Sprintf("k%d", o.IntN(5)), WidgetId: "shop",
	})
	o.bind(id, "shop", "widget")
	return id
}

func (o *office) bind(id, integration, channel string) {
	o.log.add("conversation", id, &eventv1.ChannelBound{
		ConversationId: id, IdentityId: "p-" + channel + id, IntegrationId: integration, Channel: channel,
	})
	o.log.add("conversation", id, &eventv1.RouteChanged{ConversationId: id, IdentityIds: []string{"p-" + channel + id}})
}

// receive lets the customer write.
func (o *office) receive(id string) {
	message := fmt.Sprintf("m%d", o.log.Durable())
	o.messages[id] = append(o.messages[id], message)
	o.log.add("conversation", id, &eventv1.MessageReceived{
		ConversationId: id, MessageId: message, IntegrationId: "shop", Channel: "widget",
		Sealed: &eventv1.MessageReceived_Sealed{Content: text("hello from " + id)},
	})
}

// happen lets something happen in one of the conversations.
func (o *office) happen() {
	if len(o.conversations) < 3 || o.IntN(12) == 0 {
		o.start()
		return
	}
	id := pick(o.Rand, o.conversations)
	add := func(event proto.Message) { o.log.add("conversation", id, event) }
	message, reply := "", ""
	if sent := o.messages[id]; len(sent) > 0 {
		message = pick(o.Rand, sent)
	}
	if sent := o.replies[id]; len(sent) > 0 {
		reply = pick(o.Rand, sent)
	}
	switch o.IntN(16) {
	case 0, 1, 2, 3:
		o.receive(id)
	case 4:
		reply := fmt.Sprintf("m%d", o.log.Durable())
		o.replies[id] = append(o.replies[id], reply)
		add(&eventv1.ReplyQueued{
			ConversationId: id, MessageId: reply, AgentId: "eva", Automated: o.IntN(3) == 0,
			Route: &eventv1.FrozenRoute{Channel: "widget", IntegrationId: "shop"},
		})
	case 5:
		add(&eventv1.ConversationClosed{ConversationId: id, AgentId: "eva"})
	case 6:
		add(&eventv1.ConversationReopened{ConversationId: id})
	case 7:
		add(&eventv1.ConversationAssigned{ConversationId: id, AssigneeId: pick(o.Rand, officeAgents)})
	case 8:
		add(&eventv1.LabelsChanged{ConversationId: id, Added: []string{pick(o.Rand, officeLabels)}, Removed: []string{pick(o.Rand, officeLabels)}})
	case 9:
		add(&eventv1.ConversationSeen{ConversationId: id, MessageId: message})
	case 10:
		o.bind(id, "wa", "whatsapp")
	case 11:
		add(&eventv1.ChannelUnbound{ConversationId: id, IdentityId: "p-whatsapp" + id, IntegrationId: "wa", Channel: "whatsapp"})
	case 12:
		add(pick(o.Rand, []proto.Message{
			&eventv1.MessageFailed{ConversationId: id, MessageId: reply},
			&eventv1.MessageOutcomeUnknown{ConversationId: id, MessageId: reply},
			&eventv1.ReplyRerouted{ConversationId: id, MessageId: reply},
			&eventv1.MessageUnsent{ConversationId: id, MessageId: message},
		}))
	case 13:
		add(pick(o.Rand, []proto.Message{
			&eventv1.LinkRequested{ConversationId: id, LinkId: "l" + id, WidgetId: "shop", IntegrationId: "wa"},
			&eventv1.LinkExpired{ConversationId: id, LinkId: "l" + id},
		}))
	case 14:
		agent := pick(o.Rand, officeAgents[1:])
		o.log.add("account", "acme", pick(o.Rand, []proto.Message{
			&eventv1.AgentAdded{AgentId: agent}, &eventv1.AgentRemoved{AgentId: agent},
		}))
	case 15:
		if o.IntN(6) == 0 {
			add(&eventv1.ConversationErased{ConversationId: id})
		}
	}
}

// TestV6InboxIsWhatConversationsAre lets much happen, and compares each list and
// each count with what the conversations say one by one.
func TestV6InboxIsWhatConversationsAre(t *testing.T) {
	shortest := map[string]int{}
	for seed := range offices(6) {
		o := newOffice(seed)
		v := open(t, vfs.NewMem(), o.log)
		running(t, v, o.log)
		for range 600 {
			o.happen()
		}
		if err := v.WaitFor(t.Context(), o.log.Durable()); err != nil {
			t.Fatal(err)
		}
		all := o.summaries(t, v)
		for _, query := range everyQuery() {
			want := slices.DeleteFunc(slices.Clone(all), func(s *viewv1.ConversationSummary) bool { return !fitsQuery(s, query) })
			got := o.pages(t, v, query, func() {})
			if diff := gocmp.Diff(ids(want), ids(got)); diff != "" {
				t.Fatalf("seed %d: %v (-want +got):\n%s", seed, query, diff)
			}
			shortest[fmt.Sprint(len(want) > 0)]++
		}
		counts, err := v.Counts(t.Context(), "acme", "eva")
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(countOneByOne(all, counts.AsOf), counts, protocmp.Transform(), protocmp.IgnoreEmptyMessages()); diff != "" {
			t.Errorf("seed %d: counts (-want +got):\n%s", seed, diff)
		}
		o.usesAreRight(t, v, all)
		o.pastIsTheSame(t, v)
		rebuiltEqualsLive(t, v, o.log)
	}
	if shortest["true"] < 100 || shortest["false"] == 0 {
		t.Errorf("what was asked for was there %d times, and %d times not", shortest["true"], shortest["false"])
	}
}

// summaries reads the rows one by one, the most recently active first.
func (o *office) summaries(t *testing.T, v *Views) (all []*viewv1.ConversationSummary) {
	t.Helper()
	for _, id := range o.conversations {
		s, err := v.Summary(t.Context(), "acme", id)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *viewv1.ConversationSummary) int { return cmp.Compare(b.Active, a.Active) })
	return all
}

// pages reads all pages of a query, and calls between before each but the first.
func (o *office) pages(t *testing.T, v *Views, query *viewv1.InboxQuery, between func()) (all []*viewv1.ConversationSummary) {
	t.Helper()
	query = proto.CloneOf(query)
	query.Limit = int32(1 + o.IntN(7))
	for {
		page, err := v.Inbox(t.Context(), "acme", query)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Conversations) > int(query.Limit) {
			t.Fatalf("a page has %d conversations, want at most %d", len(page.Conversations), query.Limit)
		}
		all = append(all, page.Conversations...)
		if page.NextBefore == 0 {
			return all
		}
		query.Before = page.NextBefore
		between()
	}
}

// everyQuery is each combination of the filters.
func everyQuery() (queries []*viewv1.InboxQuery) {
	for _, status := range []viewv1.ConversationStatus{0, statusOpen, statusClosed} {
		for _, whose := range []string{"", "eva", "ben", "nobody"} {
			for _, channel := range []string{"", "whatsapp"} {
				for _, label := range []string{"", "vip", "none"} {
					for _, customer := range []string{"", "k1"} {
						q := &viewv1.InboxQuery{Status: status, AssigneeId: whose, Channel: channel, Label: label, CustomerId: customer}
						if whose == "nobody" {
							q.AssigneeId, q.Nobody = "", true
						}
						queries = append(queries, q)
					}
				}
			}
		}
	}
	return queries
}

func ids(of []*viewv1.ConversationSummary) (ids []string) {
	for _, s := range of {
		ids = append(ids, s.ConversationId)
	}
	return ids
}

func countOneByOne(all []*viewv1.ConversationSummary, asOf uint64) *viewv1.InboxCounts {
	counts := &viewv1.InboxCounts{AsOf: asOf, Labels: map[string]uint32{}}
	for _, s := range all {
		if s.Status == statusClosed {
			counts.Closed++
			continue
		}
		counts.Open++
		if s.AssigneeId == "eva" {
			counts.Mine++
		}
		if s.AssigneeId == "" {
			counts.Unassigned++
		}
		if s.Unread > 0 {
			counts.Unread++
		}
		for _, label := range s.Labels {
			counts.Labels[label]++
		}
	}
	return counts
}

func (o *office) usesAreRight(t *testing.T, v *Views, all []*viewv1.ConversationSummary) {
	t.Helper()
	want := &viewv1.OfferUse{WidgetId: "shop", IntegrationId: "wa"}
	for _, s := range all {
		if slices.Contains(s.Channels, "whatsapp") {
			want.Linked++
		}
	}
	open := map[string]bool{}
	for rec := range o.log.ReadAll(t.Context(), 1) {
		event, _ := decode(rec)
		switch e := event.(type) {
		case *eventv1.LinkRequested:
			open[e.ConversationId] = !open[e.ConversationId+" erased"]
		case *eventv1.LinkExpired:
			open[e.ConversationId] = false
		case *eventv1.ConversationErased:
			open[e.ConversationId], open[e.ConversationId+" erased"] = false, true
		}
	}
	for _, id := range o.conversations {
		if open[id] {
			want.OpenCodes++
		}
	}
	uses, err := v.OfferUse(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]*viewv1.OfferUse{want}, uses, protocmp.Transform()); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
}

// pastIsTheSame compares the inbox with that of the same moment in the past.
func (o *office) pastIsTheSame(t *testing.T, v *Views) {
	t.Helper()
	query := &viewv1.InboxQuery{Limit: 5, Status: statusOpen}
	now, err := v.Inbox(t.Context(), "acme", query)
	if err != nil {
		t.Fatal(err)
	}
	past, err := AsOf(o.log, o.log.Durable(), o.log.keys.open).Inbox(t.Context(), "acme", query)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(now, past, protocmp.Transform()); diff != "" {
		t.Errorf("as of now (-now +as of):\n%s", diff)
	}
}

// TestV6PagesMissNothingThatDoesNotMove lets much happen between the pages: what
// does not move meanwhile is on one of them, once.
func TestV6PagesMissNothingThatDoesNotMove(t *testing.T) {
	moved := 0
	for seed := range offices(8) {
		o := newOffice(seed)
		v := open(t, vfs.NewMem(), o.log)
		running(t, v, o.log)
		for range 400 {
			o.happen()
		}
		caughtUp := func() {
			if err := v.WaitFor(t.Context(), o.log.Durable()); err != nil {
				t.Fatal(err)
			}
		}
		caughtUp()
		for _, query := range everyQuery()[:24] {
			before := map[string]*viewv1.ConversationSummary{}
			for _, s := range o.summaries(t, v) {
				before[s.ConversationId] = s
			}
			times := map[string]int{}
			for _, s := range o.pages(t, v, query, func() {
				o.happen()
				o.happen()
				caughtUp()
			}) {
				times[s.ConversationId]++
			}
			for _, s := range o.summaries(t, v) {
				id := s.ConversationId
				stayed := before[id] != nil && before[id].Changed == s.Changed && before[id].AssigneeId == s.AssigneeId
				if !stayed {
					moved++
				}
				if want := 1; stayed && fitsQuery(s, query) && times[id] != want {
					t.Fatalf("seed %d: %v: %s was on %d pages", seed, query, id, times[id])
				}
				if times[id] > 1 && before[id] != nil && before[id].Active == s.Active {
					t.Fatalf("seed %d: %v: %s did not move, and was on %d pages", seed, query, id, times[id])
				}
			}
		}
	}
	if moved == 0 {
		t.Error("nothing moved")
	}
}
