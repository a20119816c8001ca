package public_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/proto/schema"
	"weiche/services/public"
)

// secret are the types of events that are not public, and why.
var secret = map[string]string{
	"AccountCreated": setUp, "LinkPolicyChanged": setUp, "AppConnected": setUp, "WidgetConfigured": setUp,
	"ChannelOffered": setUp, "ChannelWithdrawn": setUp, "AgentAdded": setUp, "AgentRemoved": setUp,
	"BindingsCut": setUp,

	"PasswordSet": access, "LoginLinkMade": access, "SessionOpened": access, "SessionEnded": access,
	"ApiKeyCreated": access, "ApiKeyUsed": access, "ApiKeyRevoked": access, "VisitorSessionEnded": access, "LoginLinkEnded": access,

	"SendQueued": sending, "SendRequested": sending, "SendClaimed": sending, "SendSucceeded": sending,
	"SendDeferred": sending, "SendFailed": sending, "SendOutcomeUnknown": sending, "SendWithdrawn": sending,
	"LaneReleased": sending, "PartAdvanced": sending, "ReplyFitted": sending, "OutcomeAsked": sending,

	"ItemQuarantined": operator, "ItemReplayed": operator, "ItemDiscarded": operator, "ItemIgnored": operator,
	"ReceiptParked": operator, "ChangeParked": operator, "ChangeForgotten": operator, "UnsendParked": operator,
	"LogRestored": operator, "CodeRefused": operator,

	"IdentityMatched": twice, "IdentityBound": twice, "IdentityReleased": twice, "AddressDoubted": twice,
	"AddressConfirmed": twice, "AddressContested": twice,

	"TemplateOffered": page, "ThreadOpened": page,
}

// Why an event is not public.
const (
	setUp    = "set-up, which administrators read"
	access   = "who may come in, which the audit shows"
	sending  = "how a reply is handed over; what becomes of it is told of its message"
	operator = "an item that became nothing, for operators"
	twice    = "said by another public event of the same commit"
	page     = "a line for agents, which pages are told of"
)

// TestEveryTypeIsPublicOrNot shows that each type of event is translated or listed
// with its reason, and not both.
func TestEveryTypeIsPublicOrNot(t *testing.T) {
	told := map[string]bool{}
	for _, name := range schema.Types() {
		short := name[strings.LastIndexByte(name, '.')+1:]
		event := public.Event(record(t, name))
		switch why := secret[short]; {
		case event == nil && why == "":
			t.Errorf("%s is neither public nor on the list of what is not", short)
		case event != nil && why != "":
			t.Errorf("%s is public, and on the list: %s", short, why)
		}
		delete(secret, short)
		if event != nil {
			told[event.GetType()] = true
		}
	}
	for short := range secret {
		t.Errorf("%s is on the list and no event", short)
	}
	for _, name := range public.Types() {
		if !told[name] {
			t.Errorf("nothing makes a %s", name)
		}
	}
}

// TestPublicEventsHoldNothingOfProviders fills every field of every event with a
// word that tells the field, and looks for those that are nobody's to see.
func TestPublicEventsHoldNothingOfProviders(t *testing.T) {
	hidden := []string{
		"provider_message_id", "provider_message_hash", "provider_media_id", "provider_url", "provider_id", "provider_account_id",
		"sha256", "sticker_id", "story_url", "story_id", "raw", "json_of", "click_id", "ad_id", "hash", "key_hash", "hint",
		"picture_url", "username", "cdn",
	}
	found := func(event proto.Message) string {
		text := prototext.Format(event)
		for _, word := range hidden {
			if strings.Contains(text, "<"+word+">") {
				return word
			}
		}
		return ""
	}
	for _, name := range schema.Types() {
		rec := record(t, name)
		if event := public.Event(rec); event != nil {
			if word := found(event); word != "" {
				t.Errorf("%s tells %s", event.GetType(), word)
			}
		}
	}
	if found(&eventv1.MessageReceived{Sealed: &eventv1.MessageReceived_Sealed{ProviderMessageId: "<provider_message_id>"}}) == "" {
		t.Error("what a stored event holds is not found")
	}
}

// TestEventHasItsPlace shows what every public event says beside its body.
func TestEventHasItsPlace(t *testing.T) {
	rec := record(t, "weiche.event.v1.MessageReceived")
	event := public.Event(rec)
	want := []string{"message.created", "01EVENT", "acme", "c1", rec.Position.String()}
	got := []string{event.GetType(), event.GetEventId(), event.GetAccountId(), event.GetConversationId(), event.GetPosition()}
	if !slices.Equal(got, want) || event.GetVersion() != 3 || event.GetSequence() != 7 || !event.GetAt().AsTime().Equal(rec.At) {
		t.Errorf("got %v", event)
	}
	rec.Category = "identity"
	if event := public.Event(rec); event.GetConversationId() != "" || event.GetVersion() != 0 {
		t.Errorf("an event of an identity names a conversation: %v", event)
	}
	rec.Body.(*eventv1.MessageReceived).Sealed = nil
	if created := public.Event(rec).GetMessageCreated(); !created.GetGone() || created.GetContent() != nil {
		t.Errorf("what was erased is told as %v", created)
	}
}

// TestTypes shows the names that programs rely on.
func TestTypes(t *testing.T) {
	want := "conversation.started conversation.closed conversation.reopened conversation.continued conversation.assigned " +
		"conversation.labels_changed conversation.seen conversation.erased channel.bound channel.unbound route.changed " +
		"message.created message.state_changed message.rerouted message.edited message.deleted message.reaction_changed " +
		"message.media_changed link.changed customer.changed integration.changed"
	if got := strings.Join(public.Types(), " "); got != want {
		t.Errorf("the types are\n%s", got)
	}
	if got := public.TypeOf(&streamv1.Event{}); got != "" {
		t.Errorf("an empty event is a %q", got)
	}
}

// record is a record of a type with every field set.
func record(t *testing.T, name string) *public.Record {
	t.Helper()
	body, err := schema.Facts(name, schema.Version(name), nil)
	if err != nil {
		t.Fatal(err)
	}
	fill(body.ProtoReflect(), 0, 0)
	return &public.Record{
		EventID: "01EVENT", Account: "acme", Category: "conversation", ID: "c1", Version: 3, Sequence: 7,
		Position: public.Position{Place: 9, Incarnation: "one"}, At: time.Unix(1, 0).UTC(), Body: body,
	}
}

// fill sets every field, of a oneof one and in a list an element for each, to a word
// that tells its name.
func fill(m protoreflect.Message, alternative, depth int) {
	if depth > 6 {
		return
	}
	fields := m.Descriptor().Fields()
	for at := range fields.Len() {
		field := fields.Get(at)
		if one := field.ContainingOneof(); one != nil && one.Fields().Get(min(alternative, one.Fields().Len()-1)) != field {
			continue
		}
		switch {
		case field.IsMap():
			m.Mutable(field).Map().Set(word(field.MapKey()).MapKey(), word(field.MapValue()))
		case field.IsList() && field.Message() != nil:
			for n := range 16 {
				fill(m.Mutable(field).List().AppendMutable().Message(), n, depth+1)
			}
		case field.IsList():
			m.Mutable(field).List().Append(word(field))
		case field.Message() != nil:
			fill(m.Mutable(field).Message(), 0, depth+1)
		case field.Kind() == protoreflect.BoolKind || field.Kind() == protoreflect.EnumKind:
			// What is a choice stays open: all of them are told somewhere.
			if field.Name() == "arrived" {
				m.Set(field, protoreflect.ValueOfBool(true))
			}
		default:
			m.Set(field, word(field))
		}
	}
}

func word(field protoreflect.FieldDescriptor) protoreflect.Value {
	name := string(field.Name())
	if name == "json" {
		name = "json_of"
	}
	switch field.Kind() {
	case protoreflect.StringKind:
		if name == "url" && field.Parent().Name() != "Location" {
			return protoreflect.ValueOfString("https://media.fbcdn.net/<cdn>")
		}
		return protoreflect.ValueOfString("<" + name + ">")
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte("<" + name + ">"))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(1)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(1)
	}
	zero := reflect.ValueOf(field.Default().Interface())
	switch one := reflect.ValueOf(1).Convert(zero.Type()).Interface().(type) {
	case int32:
		return protoreflect.ValueOfInt32(one)
	case int64:
		return protoreflect.ValueOfInt64(one)
	case uint32:
		return protoreflect.ValueOfUint32(one)
	case uint64:
		return protoreflect.ValueOfUint64(one)
	}
	panic(fmt.Sprintf("%s is of a kind that this test has no value for", field.FullName()))
}
