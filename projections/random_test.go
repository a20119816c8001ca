package projections

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/proto/schema"
)

// TestI17RebuiltEqualsLive folds logs of random events, whether they fit
// together or not, while they grow, while messages are unsent and redacted, and
// while keys are destroyed. Nothing of that may make a rebuild differ.
func TestI17RebuiltEqualsLive(t *testing.T) {
	seeds := 40
	if os.Getenv("WEICHE_SOAK") != "" {
		seeds = 5000
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 0))
			log := newLog("one")
			v := open(t, vfs.NewMem(), log)
			running(t, v, log)
			for _, account := range accounts {
				for _, id := range conversationIDs {
					log.addFor(account, "conversation", id, &eventv1.ConversationStarted{
						ConversationId: id, CustomerId: pick(r, customerIDs), WidgetId: "i-widget",
					})
				}
			}
			unsent := 0
			for n := 0; n < 300 || unsent == 0; n++ {
				addRandom(r, log)
				if r.IntN(20) == 0 {
					unsent += unsend(r, log)
				}
			}
			log.keys.destroy(pick(r, customerIDs))
			rebuiltEqualsLive(t, v, log)
			for _, account := range accounts {
				for _, conversation := range conversationIDs {
					eachCommentStandsOnce(t, v, account, conversation)
				}
			}
		})
	}
}

var (
	accounts        = []string{"acme", "other"}
	conversationIDs = []string{"c1", "c2"}
	customerIDs     = []string{"ana", "bob"}
	channelNames    = []string{"widget", "whatsapp", "messenger"}
	people          = []string{"p-widget", "p-whatsapp", "p-messenger"}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// addRandom appends an event of a random type with random facts.
func addRandom(r *rand.Rand, log *memoryLog) {
	names := shownEvents()
	event := newEvent(pick(r, names))
	fill(r, event.ProtoReflect(), 0)
	account, conversation := pick(r, accounts), pick(r, conversationIDs)
	if f := event.ProtoReflect().Descriptor().Fields().ByName("message_id"); f != nil && r.IntN(8) != 0 {
		// Mostly, what happens to a message happens where it is.
		if rec, id := pickMessage(r, log); rec != nil {
			account, conversation = rec.Stream.Account, rec.Stream.ID
			event.ProtoReflect().Set(f, protoreflect.ValueOfString(id))
		}
	}
	if f := event.ProtoReflect().Descriptor().Fields().ByName("conversation_id"); f != nil {
		event.ProtoReflect().Set(f, protoreflect.ValueOfString(conversation))
	}
	switch e := event.(type) {
	case *eventv1.MessageReceived:
		e.MessageId = fmt.Sprintf("m%d", log.Durable())
		e.Channel = pick(r, channelNames)
		e.IntegrationId = "i-" + e.Channel
	case *eventv1.EchoReceived:
		e.MessageId = fmt.Sprintf("m%d", log.Durable())
		e.Channel = pick(r, channelNames)
		e.IntegrationId = "i-" + e.Channel
	case *eventv1.ReplyQueued:
		e.MessageId = fmt.Sprintf("m%d", log.Durable())
	case *eventv1.NoteAdded:
		e.MessageId = fmt.Sprintf("m%d", log.Durable())
	}
	log.addFor(account, "conversation", conversation, event)
}

// newEvent returns an empty event of a type that some view shows, nil for any
// other.
func newEvent(name string) proto.Message {
	if !isShown(name) {
		return nil
	}
	event, err := schema.Facts(name, schema.Version(name), nil)
	if err != nil {
		panic(err)
	}
	return event
}

// shownEvents returns the names of the events that some view shows, in the order
// of the language.
func shownEvents() (names []string) {
	for _, file := range []protoreflect.FileDescriptor{
		eventv1.File_weiche_event_v1_conversation_proto, eventv1.File_weiche_event_v1_identity_proto,
		eventv1.File_weiche_event_v1_account_proto,
	} {
		for i := range file.Messages().Len() {
			if name := string(file.Messages().Get(i).FullName()); newEvent(name) != nil {
				names = append(names, name)
			}
		}
	}
	return names
}

// fill sets most fields of a message to something that other events may name.
func fill(r *rand.Rand, m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if r.IntN(8) == 0 || depth > 4 {
			continue
		}
		if f.IsList() {
			list := m.Mutable(f).List()
			for range r.IntN(3) {
				if f.Message() != nil {
					e := list.NewElement()
					fill(r, e.Message(), depth+1)
					list.Append(e)
				} else {
					list.Append(scalar(r, f))
				}
			}
			continue
		}
		if f.Message() == nil {
			m.Set(f, scalar(r, f))
			continue
		}
		if f.Message().FullName() == "google.protobuf.Timestamp" {
			m.Set(f, protoreflect.ValueOfMessage(timestamppb.New(at(r.IntN(300)).AsTime()).ProtoReflect()))
			continue
		}
		if f.ContainingOneof() == nil || r.IntN(3) == 0 {
			fill(r, m.Mutable(f).Message(), depth+1)
		}
	}
}

func scalar(r *rand.Rand, f protoreflect.FieldDescriptor) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(r.IntN(2) == 0)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(r.IntN(f.Enum().Values().Len() + 1)))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(pick(r, people)))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(randomText(r, f))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(uint32(r.IntN(4)))
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(uint64(r.IntN(4)))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(int64(r.IntN(4)))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(float64(r.IntN(4)))
	}
	panic("no random value for " + f.Kind().String())
}

func randomText(r *rand.Rand, f protoreflect.FieldDescriptor) string {
	channel := pick(r, channelNames)
	switch f.Name() {
	case "integration_id":
		return "i-" + channel
	case "channel":
		return channel
	case "identity_id", "identity_ids":
		return pick(r, people)
	case "customer_id", "from_customer_id", "to_customer_id":
		return pick(r, customerIDs)
	case "message_id":
		return fmt.Sprintf("m%d", r.IntN(300))
	case "link_id":
		return fmt.Sprintf("l%d", r.IntN(3))
	}
	return pick(r, []string{"", "a", "b"})
}

// pickMessage returns the record and the id of a random message.
func pickMessage(r *rand.Rand, log *memoryLog) (*eventstore.Record, string) {
	for range 20 {
		rec, _ := log.at(r.Uint64N(log.Durable()+1) + 1)
		if rec == nil {
			continue
		}
		event, _ := decode(rec)
		switch e := event.(type) {
		case *eventv1.MessageReceived:
			return rec, e.MessageId
		case *eventv1.ReplyQueued:
			return rec, e.MessageId
		case *eventv1.EchoReceived:
			return rec, e.MessageId
		}
	}
	return nil, ""
}

// unsend takes a random message back and redacts its event, as the router and
// the store do. It returns how many it took back.
func unsend(r *rand.Rand, log *memoryLog) int {
	rec, id := pickMessage(r, log)
	if rec == nil {
		return 0
	}
	unsent := proto.Message(&eventv1.MessageUnsent{
		ConversationId: rec.Stream.ID, MessageId: id, ContentEventIds: []string{rec.ID},
	})
	if rec.Type != "weiche.event.v1.ReplyQueued" && r.IntN(3) == 0 {
		// Its conversation is gone, or another one's unsend names it.
		unsent = &eventv1.UnsendParked{IntegrationId: "i-widget", ContentEventIds: []string{rec.ID}}
	}
	log.addFor(rec.Stream.Account, "conversation", rec.Stream.ID, unsent)
	if r.IntN(2) == 0 {
		log.redact(rec.ID)
	}
	return 1
}

// eachCommentStandsOnce is what V2 promises whatever happens: over all channels,
// each comment stands in exactly one view, that of the channel it is labelled
// with, in log order; nothing else stands in one.
func eachCommentStandsOnce(t *testing.T, v *Views, account, conversation string) {
	t.Helper()
	timeline, err := v.Timeline(t.Context(), account, conversation, Page{
		Limit: 10_000,
		Keep:  Lines{Kinds: []viewv1.ItemKind{viewv1.ItemKind_ITEM_KIND_COMMENT}},
	})
	if err != nil {
		t.Fatal(err)
	}
	label := map[uint64]string{}
	for _, item := range timeline.Items {
		label[item.Position] = labelOf(item)
	}
	for _, integration := range []string{"i-widget", "i-whatsapp", "i-messenger", ""} {
		view, err := v.Channel(t.Context(), account, conversation, integration)
		if err != nil {
			continue
		}
		last, number := uint64(0), int64(-1)
		for _, segment := range view.Segments {
			if int64(segment.Number) <= number {
				t.Errorf("segment %d of %s follows segment %d", segment.Number, integration, number)
			}
			number = int64(segment.Number)
			for _, entry := range segment.Entries {
				if entry.Position <= last {
					t.Errorf("entry %d of %s follows entry %d", entry.Position, integration, last)
				}
				last = entry.Position
				if !entry.Aside && (segment.Ends != 0 && entry.Position > segment.Ends || entry.Position < segment.Begins) {
					t.Errorf("entry %d of %s stands in segment %d to %d", entry.Position, integration, segment.Begins, segment.Ends)
				}
				if got := label[entry.Item.Position]; got != integration {
					t.Errorf("comment %d is labelled %q and stands in the view of %q", entry.Item.Position, got, integration)
				}
				delete(label, entry.Item.Position)
			}
		}
	}
	for position, integration := range label {
		t.Errorf("comment %d over %q stands in no view", position, integration)
	}
}

func labelOf(item *viewv1.TimelineItem) string {
	switch line := item.Line.(type) {
	case *viewv1.TimelineItem_Customer:
		return line.Customer.IntegrationId
	case *viewv1.TimelineItem_Agent:
		return line.Agent.IntegrationId
	case *viewv1.TimelineItem_NativeApp:
		return line.NativeApp.IntegrationId
	}
	return "not a comment"
}

// TestFoldsKeepTheRecord shows that a fold changes neither the record nor the
// event, which the other folds read too.
func TestFoldsKeepTheRecord(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	log := newLog("one")
	rows := map[string]*Memory{}
	type seen struct{ event, copy proto.Message }
	var all []seen
	for range 2000 {
		addRandom(r, log)
		rec, _ := log.at(log.Durable())
		event, _ := decode(rec)
		all = append(all, seen{event, proto.Clone(event)})
		for _, p := range All() {
			if rows[p.Name] == nil {
				rows[p.Name] = new(Memory)
			}
			p.Apply(rows[p.Name], rec, event)
		}
	}
	inFlight(t, rows[ChannelViewName])
	for n, s := range all {
		if !proto.Equal(s.event, s.copy) {
			t.Fatalf("a fold changed event %d:\n%v\n%v", n+1, s.copy, s.event)
		}
	}
}

// inFlight checks that what is remembered to be in flight is in the open segment
// and nothing else is, so that the state of a conversation does not grow with it.
func inFlight(t *testing.T, rows *Memory) {
	t.Helper()
	listed := 0
	for _, row := range rows.All() {
		switch row := row.(type) {
		case *viewv1.ChannelState:
			listed += len(row.InFlight)
		case *viewv1.PlacedReply:
			if row.InFlight {
				listed--
			}
		}
	}
	if listed != 0 {
		t.Errorf("%d more replies are listed as in flight than are", listed)
	}
}
