package conversation_test

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// categories are the streams in which the events of a file lie.
var categories = map[protoreflect.FileDescriptor]func(protoreflect.Name) string{
	eventv1.File_weiche_event_v1_account_proto: func(protoreflect.Name) string { return conversation.CategoryAccount },
	eventv1.File_weiche_event_v1_identity_proto: func(name protoreflect.Name) string {
		switch name {
		case "CustomerCreated", "CustomerErased", "CustomersLinked", "CustomersUnlinked":
			return conversation.CategoryCustomer
		}
		return conversation.CategoryIdentity
	},
	eventv1.File_weiche_event_v1_access_proto: func(name protoreflect.Name) string {
		if name == "VisitorSessionEnded" {
			return conversation.CategoryVisitor
		}
		return conversation.CategoryAccess
	},
	eventv1.File_weiche_event_v1_conversation_proto: func(protoreflect.Name) string { return conversation.CategoryConversation },
	eventv1.File_weiche_event_v1_ingest_proto: func(name protoreflect.Name) string {
		if name == "ReceiptParked" || name == "UnsendParked" || name == "ChangeParked" || name == "ChangeForgotten" {
			return conversation.CategoryReceipts
		}
		return conversation.CategoryQuarantine
	},
}

// events returns every event of the published language with its category: the
// messages that stand by themselves. A message that others have as a field is a
// part of events, and no event.
func events(t *testing.T) map[protoreflect.MessageDescriptor]string {
	parts := map[protoreflect.FullName]bool{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if file.Package() == "weiche.event.v1" {
			eachMessage(file.Messages(), func(m protoreflect.MessageDescriptor) {
				for i := range m.Fields().Len() {
					if part := m.Fields().Get(i).Message(); part != nil {
						parts[part.FullName()] = true
					}
				}
			})
		}
		return true
	})
	found := map[protoreflect.MessageDescriptor]string{}
	for file, category := range categories {
		for i := range file.Messages().Len() {
			if m := file.Messages().Get(i); !parts[m.FullName()] {
				found[m] = category(m.Name())
			}
		}
	}
	if len(found) < 40 {
		t.Fatalf("only %d events were found", len(found))
	}
	return found
}

func eachMessage(messages protoreflect.MessageDescriptors, see func(protoreflect.MessageDescriptor)) {
	for i := range messages.Len() {
		see(messages.Get(i))
		eachMessage(messages.Get(i).Messages(), see)
	}
}

// TestEvolveKnowsEveryEvent shows that there is no event without a case in Evolve,
// and that one in a stream of another category is a panic.
func TestEvolveKnowsEveryEvent(t *testing.T) {
	for m, category := range events(t) {
		kind, err := protoregistry.GlobalTypes.FindMessageByName(m.FullName())
		if err != nil {
			t.Fatal(err)
		}
		body := kind.New().Interface()
		for _, in := range []string{
			conversation.CategoryAccount, conversation.CategoryCustomer, conversation.CategoryIdentity,
			conversation.CategoryConversation, conversation.CategoryQuarantine, conversation.CategoryReceipts,
			conversation.CategoryAccess, conversation.CategoryVisitor,
		} {
			stateless := []string{conversation.CategoryQuarantine, conversation.CategoryReceipts}
			fits := in == category || slices.Contains(stateless, in) && slices.Contains(stateless, category) ||
				// What is shown in a conversation is in its stream.
				in == conversation.CategoryConversation && category == conversation.CategoryQuarantine && m.Name() != "ItemIgnored"
			if panicked := evolve(in, body); (panicked == nil) != fits {
				t.Errorf("%s in a stream of category %s: %v", m.Name(), in, panicked)
			}
		}
	}
	if evolve("weather", &eventv1.AccountCreated{}) == nil || evolve(conversation.CategoryConversation, &eventv1.Record{}) == nil {
		t.Error("what nobody knows was folded")
	}
}

// evolve folds an event into a state in which everything is that it may be about,
// under the empty id, and returns what it panicked with.
func evolve(category string, body proto.Message) (panicked any) {
	defer func() { panicked = recover() }()
	s := conversation.NewState()
	for category, bodies := range map[string][]proto.Message{
		conversation.CategoryAccount: {&eventv1.WidgetConfigured{}},
		conversation.CategoryConversation: {
			&eventv1.ConversationStarted{}, &eventv1.LinkRequested{}, &eventv1.ReplyQueued{},
		},
	} {
		for _, body := range bodies {
			conversation.Evolve(s, conversation.Event{Stream: conversation.Stream{Category: category, ID: "x"}, Body: body})
		}
	}
	conversation.Evolve(s, conversation.Event{Stream: conversation.Stream{Category: category, ID: "x"}, Body: body})
	return nil
}

// TestSealedNamesItsCustomer shows that whatever is sealed says under whose key,
// and that the sealed part is in its place and a message of its own.
func TestSealedNamesItsCustomer(t *testing.T) {
	for m := range events(t) {
		field := m.Fields().ByName(sealedField)
		if field == nil {
			if m.Messages().ByName("Sealed") != nil {
				t.Errorf("%s has a sealed part and no field for it", m.Name())
			}
			continue
		}
		if field.Number() != 15 || field.Message() == nil || field.Message().Parent() != m {
			t.Errorf("%s: the sealed part is not field 15 with a message of its own", m.Name())
		}
		customer := m.Fields().ByName("customer_id")
		if customer == nil || customer.Kind() != protoreflect.StringKind {
			t.Errorf("%s is sealed under nobody's key", m.Name())
		}
	}
}

// TestRefusalsHaveWords shows that the model has met every refusal that there is.
func TestRefusalsHaveWords(t *testing.T) {
	met := []ingressv1.Refusal{
		notFound, invalid, tokenReused, tooLate, notOffered, alreadyLinked, linkEnded, noDestination, emptyRoute,
		routeChanged, claimLost, widgetBinding, ingressv1.Refusal_REFUSAL_WINDOW_CLOSED,
		ingressv1.Refusal_REFUSAL_CHANNEL_UNHEALTHY, ingressv1.Refusal_REFUSAL_UNCONFIRMED, ingressv1.Refusal_REFUSAL_UNSUPPORTED_CONTENT,
		ingressv1.Refusal_REFUSAL_SIGN_IN_REQUIRED, settingsChanged,
		ingressv1.Refusal_REFUSAL_WRONG_LOGIN, ingressv1.Refusal_REFUSAL_TAKEN, // the one of access_test, the other of the router
	}
	values := ingressv1.Refusal_REFUSAL_UNSPECIFIED.Descriptor().Values()
	for i := range values.Len() {
		if r := ingressv1.Refusal(values.Get(i).Number()); r != 0 && !slices.Contains(met, r) {
			t.Errorf("%v is met by no test", r)
		}
	}
}
