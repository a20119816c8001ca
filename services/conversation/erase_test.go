package conversation_test

import (
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// taken is what the observer remembers of what is gone: who was erased, and which
// messages were taken back.
type taken struct {
	identities, conversations, customers map[string]bool
	// unsent are the hashes of messages, and gone the events whose words went.
	unsent, gone map[string]bool
	// quarantined are the events of each conversation that could not be processed.
	quarantined map[string][]string
}

func newTaken() taken {
	return taken{
		identities: map[string]bool{}, conversations: map[string]bool{}, customers: map[string]bool{},
		unsent: map[string]bool{}, gone: map[string]bool{}, quarantined: map[string][]string{},
	}
}

// takes keeps what an event takes away, and shows that nothing comes back: no send
// is asked for to somebody erased, no message is theirs, no words of them are
// written down, and those of a message that was taken back neither.
func (o *observer) takes(e conversation.Event) {
	switch b := e.Body.(type) {
	case *eventv1.IdentityErased:
		if i := o.identities[b.GetIdentityId()]; i.conversation != "" || i.customer != b.GetCustomerId() {
			o.fail("P5: %s is erased, of %s, and belongs to %+v", b.GetIdentityId(), b.GetCustomerId(), i)
		}
		o.once(o.taken.identities, b.GetIdentityId())
	case *eventv1.ItemQuarantined:
		if e.Stream.Category == conversation.CategoryConversation {
			o.taken.quarantined[e.Stream.ID] = append(o.taken.quarantined[e.Stream.ID], e.ID)
		}
	case *eventv1.ConversationErased:
		if conv := o.conversations[b.GetConversationId()]; len(conv.bound) > 0 {
			o.fail("P5: an erased conversation is bound to %v", conv.bound)
		}
		for _, l := range o.links {
			if l.conversation == b.GetConversationId() && (l.state == "requested" || l.state == "matched") {
				o.fail("P5: a link of an erased conversation is %s", l.state)
			}
		}
		for _, m := range o.messages {
			if m.conversation == b.GetConversationId() && m.state == "queued" {
				o.fail("P5: a reply of an erased conversation waits")
			}
		}
		if !slices.Equal(b.GetContentEventIds(), o.taken.quarantined[b.GetConversationId()]) {
			o.fail("P5: an erased conversation takes %v along, and %v are in quarantine", b.GetContentEventIds(), o.taken.quarantined[b.GetConversationId()])
		}
		o.once(o.taken.conversations, b.GetConversationId())
	case *eventv1.CustomerErased:
		for id, i := range o.identities {
			if i.customer == b.GetCustomerId() && !o.taken.identities[id] {
				o.fail("P5: of an erased customer %s stays", id)
			}
		}
		for id, conv := range o.conversations {
			if conv.customer == b.GetCustomerId() && !o.taken.conversations[id] {
				o.fail("P5: of an erased customer the conversation %s stays", id)
			}
		}
		o.once(o.taken.customers, b.GetCustomerId())
	case *eventv1.SendQueued:
		o.stays(b.GetIdentityId(), "a send is queued")
	case *eventv1.SendRequested:
		o.stays(b.GetIdentityId(), "a send is asked for")
	case *eventv1.SendClaimed:
		o.stays(b.GetIdentityId(), "a send is claimed")
	case *eventv1.IdentityBound:
		o.stays(b.GetIdentityId(), "a binding is made")
	case *eventv1.MessageReceived:
		o.stays(b.GetIdentityId(), "a message joins")
		if o.taken.conversations[b.GetConversationId()] {
			o.fail("P5: a message joins an erased conversation")
		}
		if o.taken.unsent[string(b.GetProviderMessageHash())] && b.GetSealed() != nil {
			o.fail("M10: the words of a message are written down that was taken back")
		}
	case *eventv1.MessageUnsent:
		if o.taken.conversations[b.GetConversationId()] {
			o.fail("P5: something happens in an erased conversation")
		}
		o.unsent(b.GetProviderMessageHash(), b.GetContentEventIds())
	case *eventv1.UnsendParked:
		o.unsent(b.GetProviderMessageHash(), b.GetContentEventIds())
	}
	if about, ok := e.Body.(interface{ GetCustomerId() string }); ok && o.taken.customers[about.GetCustomerId()] && hasSealed(e) {
		o.fail("P5: a %T is sealed for somebody erased", e.Body)
	}
}

func hasSealed(e conversation.Event) bool {
	field := e.Body.ProtoReflect().Descriptor().Fields().ByName(sealedField)
	return field != nil && e.Body.ProtoReflect().Has(field)
}

func (o *observer) once(taken map[string]bool, id string) {
	if taken[id] {
		o.fail("P5: %s is erased twice", id)
	}
	taken[id] = true
}

func (o *observer) stays(identity, what string) {
	if o.taken.identities[identity] {
		o.fail("P5: %s for %s, who is erased", what, identity)
	}
}

func (o *observer) unsent(hash []byte, events []string) {
	for _, id := range events {
		if !o.ids[id] || o.taken.gone[id] {
			o.fail("M10: the words of event %s are taken back, which is unknown or was already", id)
		}
		o.taken.gone[id] = true
	}
	o.taken.unsent[string(hash)] = true
}

// erases erases somebody, and shows that the same again does nothing.
func (w *world) erases(t *rapid.T) {
	w.t = t
	if len(w.identities) == 0 || !w.chance("erases", 3) {
		t.Skip("nobody is to be erased")
	}
	identity := pick(w, "identity", slices.Sorted(maps.Keys(w.identities))...)
	customer := w.identities[identity].customer
	if w.chance("nobody", 15) {
		customer = "nobody"
	}
	before := len(w.taken.customers)
	w.give(&conversation.EraseCustomer{Header: w.header(""), CustomerID: customer})
	if len(w.taken.customers) > before+1 {
		w.happened["several customers erased"]++
	}
	if customer == "nobody" {
		return
	}
	if !w.taken.customers[customer] {
		w.fail("P5: %s was to be erased and is not", customer)
	}
	for _, hash := range slices.Sorted(maps.Keys(w.complete.Identity(identity).Aliases)) {
		w.fail("P5: %x leads to somebody erased", hash)
	}
	if d, _ := w.give(&conversation.EraseCustomer{Header: w.header(""), CustomerID: customer}); len(d.Events) > 0 {
		w.fail("P5: erased twice:%s", told(d))
	}
}

// takesBack takes a message back: one of the last, or one that is still to come.
func (w *world) takesBack(t *rapid.T) {
	w.t = t
	number := w.commands - rapid.IntRange(-3, 12).Draw(t, "which")
	id := fmt.Sprintf("in-%d", number)
	w.give(&conversation.UnsendMessage{
		Header:        w.header("unsend " + id),
		IntegrationID: pick(w, "channel", channels[:]...), MessageHash: []byte(id), At: w.sentAt(),
	})
}

// dropped gives what came from before an erasure.
func (w *world) dropped(t *rapid.T) {
	w.t = t
	m := w.message(pick(w, "channel", channels[:]...))
	m.Content, m.Erased = conversation.Text("from before"), true
	if d, err := w.give(m); err != nil || len(d.Events) > 0 || d.Duplicate {
		w.fail("P5: what is from before an erasure gives %v, %v", d, err)
	}
}
