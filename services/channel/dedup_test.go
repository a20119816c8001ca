package channel

import (
	"testing"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

func inboundItem(change func(*ingressv1.Inbound)) *ingressv1.Item {
	in := &ingressv1.Inbound{
		ProviderMessageId: "m1", SentAt: timestamppb.New(newYear),
		Sender: []*eventv1.Alias{{Kind: "psid", Value: "5001"}},
		Event:  &ingressv1.Inbound_Message{Message: &eventv1.Content{Parts: []*eventv1.Part{textPart("hi")}}},
	}
	change(in)
	return &ingressv1.Item{Kind: &ingressv1.Item_Inbound{Inbound: in}}
}

func receiptItem(change func(*ingressv1.Receipt)) *ingressv1.Item {
	r := &ingressv1.Receipt{ProviderMessageId: "m1", State: eventv1.ReceiptState_RECEIPT_STATE_SENT, At: timestamppb.New(newYear)}
	change(r)
	return &ingressv1.Item{Kind: &ingressv1.Item_Receipt{Receipt: r}}
}

var newYear = time.Unix(1767225600, 0)

func TestDedupKey(t *testing.T) {
	type change = func(*ingressv1.Inbound)
	noID := func(in *ingressv1.Inbound) { in.ProviderMessageId = "" }
	later := func(in *ingressv1.Inbound) { in.SentAt = timestamppb.New(newYear.Add(time.Second)) }
	somebodyElse := func(in *ingressv1.Inbound) { in.Sender = []*eventv1.Alias{{Kind: "psid", Value: "5002"}} }
	renamed := func(in *ingressv1.Inbound) { in.Profile = &eventv1.Profile{Name: "Ana"} }
	otherAlias := func(in *ingressv1.Inbound) { in.Sender = []*eventv1.Alias{{Kind: "bsuid", Value: "US.1"}} }
	says := func(text string) change {
		return func(in *ingressv1.Inbound) {
			in.Event = &ingressv1.Inbound_Message{Message: &eventv1.Content{Parts: []*eventv1.Part{textPart(text)}}}
		}
	}
	id := func(id string) change { return func(in *ingressv1.Inbound) { in.ProviderMessageId = id } }
	refers := func(ref string) change {
		return func(in *ingressv1.Inbound) {
			in.ProviderMessageId, in.Event = "", &ingressv1.Inbound_Referral{Referral: &eventv1.Referral{Ref: ref}}
		}
	}
	reacts := func(about, emoji string) change {
		return func(in *ingressv1.Inbound) {
			in.ProviderMessageId = ""
			in.Event = &ingressv1.Inbound_Reaction{Reaction: &ingressv1.Reaction{ProviderMessageId: about, Emoji: emoji}}
		}
	}
	edits := func(own, about string, number uint32) change {
		return func(in *ingressv1.Inbound) {
			in.ProviderMessageId = own
			in.Event = &ingressv1.Inbound_Edit{Edit: &ingressv1.Edit{ProviderMessageId: about, Number: number}}
		}
	}
	unsends := func(own, about string) change {
		return func(in *ingressv1.Inbound) {
			in.ProviderMessageId = own
			in.Event = &ingressv1.Inbound_Unsend{Unsend: &ingressv1.Unsend{ProviderMessageId: about}}
		}
	}
	all := func(changes ...change) *ingressv1.Item {
		return inboundItem(func(in *ingressv1.Inbound) {
			for _, c := range changes {
				c(in)
			}
		})
	}
	receipt := func(id string, state eventv1.ReceiptState, send string) *ingressv1.Item {
		return receiptItem(func(r *ingressv1.Receipt) { r.ProviderMessageId, r.State, r.SendId = id, state, send })
	}
	echoes := func(id string, set func(*ingressv1.Echo)) *ingressv1.Item {
		echo := &ingressv1.Echo{
			ProviderMessageId: id, SentAt: timestamppb.New(newYear), Recipient: []*eventv1.Alias{{Kind: "psid", Value: "5001"}},
		}
		set(echo)
		return &ingressv1.Item{Kind: &ingressv1.Item_Echo{Echo: echo}}
	}
	edited := func(about string, number uint32) func(*ingressv1.Echo) {
		return func(e *ingressv1.Echo) { e.Edit = &ingressv1.Edit{ProviderMessageId: about, Number: number} }
	}
	unsent := func(about string) func(*ingressv1.Echo) {
		return func(e *ingressv1.Echo) { e.Unsend = &ingressv1.Unsend{ProviderMessageId: about} }
	}
	said := func(*ingressv1.Echo) {}
	const sent, read = eventv1.ReceiptState_RECEIPT_STATE_SENT, eventv1.ReceiptState_RECEIPT_STATE_READ
	for _, tc := range []struct {
		name string
		a, b *ingressv1.Item
		same bool
	}{
		{"a message under another address, renamed, later", all(), all(otherAlias, renamed, later), true},
		{"another message", all(), all(id("m2")), false},
		{"without an id, the same again", all(noID), all(noID, renamed), true},
		{"without an id, of somebody else", all(noID), all(noID, somebodyElse), false},
		{"without an id, later", all(noID), all(noID, later), false},
		{"without an id, other words", all(noID), all(noID, says("ho")), false},
		{"a referral again", all(refers("w1a")), all(refers("w1a")), true},
		{"a referral later", all(refers("w1a")), all(refers("w1a"), later), false},
		{"another referral", all(refers("w1a")), all(refers("w1b")), false},
		{"a reaction again", all(reacts("m1", "👍")), all(reacts("m1", "👍"), renamed), true},
		{"a reaction to another message", all(reacts("m1", "👍")), all(reacts("m2", "👍")), false},
		{"another emoji", all(reacts("m1", "👍")), all(reacts("m1", "")), false},
		{"another reaction later", all(reacts("m1", "👍")), all(reacts("m1", "👍"), later), false},
		{"a reaction of somebody else", all(reacts("m1", "👍")), all(reacts("m1", "👍"), somebodyElse), false},
		{"a reaction with an id, under another address", all(reacts("m1", "👍"), id("r1")), all(reacts("m1", "👍"), id("r1"), otherAlias), true},
		{"an edit by its number", all(edits("", "m1", 1)), all(edits("", "m1", 1), later), true},
		{"the next edit", all(edits("", "m1", 1)), all(edits("", "m1", 2)), false},
		{"an edit by its id", all(edits("e1", "m1", 0)), all(edits("e2", "m1", 0)), false},
		{"an unsend again, under another id", all(unsends("u1", "m1")), all(unsends("u2", "m1")), true},
		{"an unsend of another message", all(unsends("", "m1")), all(unsends("", "m2")), false},
		{"a message and its unsend", all(), all(unsends("", "m1")), false},
		{"an echo and its edit", echoes("m1", said), echoes("m1", edited("m1", 1)), false},
		{"an echo and its unsend", echoes("m1", said), echoes("", unsent("m1")), false},
		{"an echo's edit by its number", echoes("", edited("m1", 1)), echoes("e1", edited("m1", 1)), true},
		{"an echo's next edit", echoes("", edited("m1", 1)), echoes("", edited("m1", 2)), false},
		{"an echo's edit by its id", echoes("e1", edited("m1", 0)), echoes("e2", edited("m1", 0)), false},
		{"an edit by the customer and one by the business", all(edits("", "m1", 1)), echoes("", edited("m1", 1)), false},
		{"an echo's unsend again", echoes("u1", unsent("m1")), echoes("u2", unsent("m1")), true},
		{"a status again", receipt("m1", sent, ""), receipt("m1", sent, "s1"), true},
		{"the next status", receipt("m1", sent, ""), receipt("m1", read, ""), false},
		{"a status of another message", receipt("m1", sent, ""), receipt("m2", sent, ""), false},
		{"a status by our id", receipt("", sent, "s1"), receipt("", sent, "s2"), false},
		{"ids that look like another's parts", all(id("m1 ")), all(id("m1")), false},
	} {
		a, b := DedupKey(tc.a), DedupKey(tc.b)
		if a == "" || b == "" || (a == b) != tc.same {
			t.Errorf("%s:\n%q\n%q", tc.name, a, b)
		}
	}
	if key := DedupKey(&ingressv1.Item{Kind: &ingressv1.Item_Ignored{Ignored: &ingressv1.Ignored{What: "x"}}}); key != "" {
		t.Errorf("an Ignored has the key %q", key)
	}
}

// TestCanonicalKinds shows that every field that may be hashed has a canonical
// form.
func TestCanonicalKinds(t *testing.T) {
	seen := map[protoreflect.FullName]bool{}
	var walk func(m protoreflect.MessageDescriptor)
	walk = func(m protoreflect.MessageDescriptor) {
		if seen[m.FullName()] {
			return
		}
		seen[m.FullName()] = true
		for i := range m.Fields().Len() {
			f := m.Fields().Get(i)
			switch f.Kind() {
			case protoreflect.MessageKind:
				walk(f.Message())
			case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.BoolKind, protoreflect.DoubleKind,
				protoreflect.EnumKind, protoreflect.Int64Kind, protoreflect.Uint32Kind:
			default:
				t.Errorf("%s has no canonical form", f.FullName())
			}
			if f.IsMap() {
				t.Errorf("%s is a map", f.FullName())
			}
		}
	}
	walk((&eventv1.Content{}).ProtoReflect().Descriptor())
	for _, f := range []string{"reaction", "edit", "unsend", "referral", "opt_in", "identity_change"} {
		walk((&ingressv1.Inbound{}).ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(f)).Message())
	}
	if len(seen) < 15 {
		t.Errorf("only %d messages were seen", len(seen))
	}
}

func textPart(body string) *eventv1.Part {
	return &eventv1.Part{Kind: &eventv1.Part_Text{Text: &eventv1.Text{Body: body}}}
}
