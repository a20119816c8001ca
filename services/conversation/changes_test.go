package conversation_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// What is done to messages in the model, and what becomes of who people are.

// changed is what the observer remembers of it.
type changed struct {
	// parked are the changes that wait, by message, and over those that wait no
	// more, by their events.
	parked map[string][]waiting
	over   map[string]bool
	// unsure are the identities that nobody has confirmed.
	unsure map[string]bool
	// conflicts are the pairs of identities that clashed, and linked the customers
	// who are one person.
	conflicts map[[2]string]bool
	linked    map[[2]string]bool
	// arrived are the messages that came in this decision, and used the changes
	// that took effect in it.
	arrived map[string]bool
	used    map[string]bool
}

type waiting struct {
	event, identity, integration string
	expires                      time.Time
}

func newChanged() changed {
	return changed{
		parked: map[string][]waiting{}, over: map[string]bool{}, unsure: map[string]bool{},
		conflicts: map[[2]string]bool{}, linked: map[[2]string]bool{},
		arrived: map[string]bool{}, used: map[string]bool{},
	}
}

// changes keeps what an event changes, and shows what the rules say of it.
func (o *observer) changes(c conversation.Command, e conversation.Event) {
	ch := &o.changed
	switch b := e.Body.(type) {
	case *eventv1.ChangeParked:
		hash := string(b.GetProviderMessageHash())
		ch.parked[hash] = append(ch.parked[hash], waiting{e.ID, b.GetIdentityId(), b.GetIntegrationId(), b.GetExpiresAt().AsTime()})
	case *eventv1.ReactionChanged:
		o.takesEffect(b.GetProviderMessageHash(), b.GetContentEventId(), b.GetIdentityId())
	case *eventv1.MessageEdited:
		o.takesEffect(b.GetProviderMessageHash(), b.GetContentEventId(), "")
	case *eventv1.ChangeForgotten:
		for _, id := range b.GetContentEventIds() {
			o.ends(string(b.GetProviderMessageHash()), id)
		}
		if _, byTime := c.(*conversation.FireTimer); byTime && conversation.HeaderOf(c).Now.Before(b.GetExpiresAt().AsTime()) {
			o.fail("I09: a change is forgotten before its time")
		}
	case *eventv1.MessageReceived:
		if !o.taken.unsent[string(b.GetProviderMessageHash())] {
			ch.arrived[string(b.GetProviderMessageHash())] = true
		}
	case *eventv1.SendSucceeded:
		m := o.messages[b.GetOrigin().GetMessageId()]
		if m != nil && !o.taken.conversations[m.conversation] && !o.taken.unsent[string(b.GetProviderMessageHash())] {
			ch.arrived[string(b.GetProviderMessageHash())] = true
		}
	case *eventv1.IdentityKeyChanged:
		if b.GetConversationId() != "" {
			ch.unsure[b.GetIdentityId()] = true
		}
	case *eventv1.IdentityConfirmed:
		if !ch.unsure[b.GetIdentityId()] {
			o.fail("P1: somebody is confirmed whom nobody doubts")
		}
		delete(ch.unsure, b.GetIdentityId())
	case *eventv1.IdentityReleased:
		if !b.GetContinued() {
			delete(ch.unsure, b.GetIdentityId())
		}
	case *eventv1.AliasConflictFound:
		pair := [2]string{b.GetIdentityId(), b.GetOtherIdentityId()}
		slices.Sort(pair[:])
		if ch.conflicts[pair] || b.GetCustomerId() == b.GetOtherCustomerId() {
			o.fail("P2: %v clash again, or with themselves", pair)
		}
		ch.conflicts[pair] = true
	case *eventv1.CustomersLinked:
		ch.linked[[2]string{b.GetCustomerId(), b.GetOtherCustomerId()}] = true
	case *eventv1.CustomersUnlinked:
		delete(ch.linked, [2]string{b.GetCustomerId(), b.GetOtherCustomerId()})
	case *eventv1.RouteChanged, *eventv1.ConversationStarted:
		switch c.(type) {
		case *conversation.ReactToMessage, *conversation.EditMessage, *conversation.OpenThread, *conversation.OptIn,
			*conversation.UnsendMessage, *conversation.LinkCustomers, *conversation.UnlinkCustomers:
			o.fail("R2: a %T gives a %T", c, e.Body)
		}
	}
}

// takesEffect shows that a change which waited takes effect once.
func (o *observer) takesEffect(hash []byte, event, identity string) {
	if o.taken.unsent[string(hash)] {
		o.fail("M10: something is said to a message that was taken back")
	}
	if event == "" {
		return
	}
	for _, w := range o.changed.parked[string(hash)] {
		if w.event == event && identity != "" && w.identity != identity {
			o.fail("I09: a change of %s takes effect as one of %s", w.identity, identity)
		}
	}
	o.ends(string(hash), event)
	o.changed.used[event] = true
}

// ends shows that what waits no more did wait until now.
func (o *observer) ends(hash, event string) {
	waits := slices.ContainsFunc(o.changed.parked[hash], func(w waiting) bool { return w.event == event })
	if !waits || o.changed.over[event] {
		o.fail("I09: a change ends its wait twice, or never waited")
	}
	o.changed.over[event] = true
}

// arrivals shows that whatever waited for a message took effect when it came.
func (o *observer) arrivals(c conversation.Command) {
	for hash := range o.changed.arrived {
		for _, w := range o.changed.parked[hash] {
			gone := o.taken.identities[w.identity] || conversation.HeaderOf(c).Now.After(w.expires)
			if hash != "" && !gone && !o.changed.over[w.event] {
				o.fail("I09: a message came, and a change that waited for it did not take effect")
			}
		}
	}
	clear(o.changed.arrived)
	clear(o.changed.used)
}

// someMessage draws a message, of a customer or of ours, that is there or to come.
func (w *world) someMessage() []byte {
	if len(w.sendIDs) > 0 && rapid.Bool().Draw(w.t, "ours") {
		_, id, _ := w.about()
		return []byte(id)
	}
	return fmt.Appendf(nil, "in-%d", w.commands-rapid.IntRange(-4, 10).Draw(w.t, "which"))
}

func (w *world) reacts(t *rapid.T) {
	w.t = t
	channel := pick(w, "channel", channels[:]...)
	w.give(&conversation.ReactToMessage{
		Header: w.header(fmt.Sprintf("reaction %d", w.commands)), IntegrationID: channel,
		Sender: w.sender(pick(w, "person", people...), channel), MessageHash: w.someMessage(),
		Emoji: pick(w, "emoji", "👍", "❤", ""), At: w.sentAt(),
	})
}

func (w *world) edits(t *rapid.T) {
	w.t = t
	channel := pick(w, "channel", channels[:]...)
	w.give(&conversation.EditMessage{
		Header: w.header(fmt.Sprintf("edit %d", w.commands)), IntegrationID: channel,
		Sender: w.sender(pick(w, "person", people...), channel), MessageHash: w.someMessage(),
		Content: conversation.Text(fmt.Sprintf("edit %d", w.commands)), Number: uint32(rapid.IntRange(0, 3).Draw(t, "number")),
		ByBusiness: w.chance("by the business", 4), At: w.sentAt(),
	})
}

func (w *world) businessTakesBack(t *rapid.T) {
	w.t = t
	id := string(w.someMessage())
	w.give(&conversation.UnsendMessage{
		Header: w.header("echo unsend " + id), IntegrationID: pick(w, "channel", channels[:]...),
		MessageHash: []byte(id), At: w.sentAt(), ByBusiness: true,
	})
}

// kept is what an item is kept as where nobody can use it.
func (w *world) kept(channel, what string) *conversation.KeepItem {
	return &conversation.KeepItem{Header: w.header(""), Source: channel, IntegrationID: channel, Ignored: what, Raw: []byte("{}")}
}

func (w *world) opensThread(t *rapid.T) {
	w.t = t
	channel := pick(w, "channel", channels[:]...)
	sender := w.sender(pick(w, "person", people...), channel)
	w.give(&conversation.OpenThread{
		Header: w.header(fmt.Sprintf("thread %d", w.commands)), IntegrationID: channel, Sender: sender, At: w.sentAt(),
		Referral: &eventv1.Referral{Ref: "x"}, Otherwise: w.kept(channel, "referral"),
	})
	if rapid.Bool().Draw(t, "opts in") {
		w.give(&conversation.OptIn{
			Header: w.header(fmt.Sprintf("opt-in %d", w.commands)), IntegrationID: channel, Sender: sender,
			Topic: "news", Allowed: rapid.Bool().Draw(t, "allowed"), At: w.sentAt(),
		})
	}
}

// changesAddress changes the number of somebody: into a new one, another one of
// theirs, or somebody else's.
func (w *world) changesAddress(t *rapid.T) {
	w.t = t
	person := pick(w, "person", people...)
	to := pick(w, "to", person, people[0], people[1], "dan", "eve")
	change := &conversation.ChangeIdentity{
		Header: w.header(fmt.Sprintf("address %d", w.commands)), IntegrationID: "whatsapp", At: w.sentAt(),
		Sender: w.sender(person, "whatsapp"), Otherwise: w.kept("whatsapp", "identity_change"),
	}
	switch pick(w, "what", "number", "number", "id", "key", "key with its hash") {
	case "number":
		change.Old = []conversation.Address{address("whatsapp", "phone", "49170000"+person)}
		change.New = []conversation.Address{address("whatsapp", "phone", "49170000"+to)}
	case "id":
		change.Old = []conversation.Address{address("whatsapp", "bsuid", person)}
		change.New = []conversation.Address{address("whatsapp", "bsuid", to)}
	case "key with its hash":
		change.KeyHash = []byte(pick(w, "key", "k1", "k2"))
		change.Doubt = true
	default:
		change.Doubt = true
	}
	w.give(change)
}

// confirms has an agent, or whoever was asked, say whether it is the same person.
func (w *world) confirms(t *rapid.T) {
	w.t = t
	identity := "nobody"
	if unsure := slices.Sorted(maps.Keys(w.changed.unsure)); len(unsure) > 0 && !w.chance("anybody", 5) {
		identity = pick(w, "unsure", unsure...)
	} else if len(w.identities) > 0 {
		identity = pick(w, "identity", slices.Sorted(maps.Keys(w.identities))...)
	}
	i := w.complete.Identity(identity)
	if i != nil && rapid.Bool().Draw(t, "over the channel") && i.Channel != "widget" {
		m := w.message(i.IntegrationID)
		if m.Sender = w.addressesOf(identity); len(m.Sender) == 0 {
			return
		}
		m.Content = pick(w, "answer",
			conversation.Text("yes"), conversation.Text("no"), w.tapPerson(i.Question, true), w.tapPerson(i.Question, false))
		w.give(m)
		return
	}
	w.give(&conversation.ConfirmIdentity{
		Header: w.token(), AgentID: w.agent().AgentID, IdentityID: identity, SamePerson: rapid.Bool().Draw(t, "same"),
	})
}

func (w *world) tapPerson(question string, yes bool) *eventv1.Content {
	if w.chance("an old question", 5) {
		question = "old"
	}
	return &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Answer{Answer: &eventv1.Answer{
		Kind: eventv1.AnswerKind_ANSWER_KIND_BUTTON, Payload: conversation.PersonPayload(question, yes),
	}}}}}
}

// linksCustomers links two customers or takes that back, and shows that it says so in
// the streams of both, that it moves nobody, and that the same again does nothing.
func (w *world) linksCustomers(t *rapid.T) {
	w.t = t
	if len(w.identities) < 2 {
		t.Skip("there are no two customers")
	}
	all := slices.Sorted(maps.Keys(w.identities))
	one, other := w.identities[pick(w, "one", all...)].customer, w.identities[pick(w, "other", all...)].customer
	if !w.chance("link", 3) {
		w.give(&conversation.UnlinkCustomers{Header: w.token(), AgentID: w.agent().AgentID, CustomerID: one, Other: other})
		return
	}
	d, err := w.give(&conversation.LinkCustomers{Header: w.token(), AgentID: w.agent().AgentID, CustomerID: one, Other: other})
	if err != nil || len(d.Events) == 0 {
		return
	}
	if len(d.Events) != 2 || !w.changed.linked[[2]string{one, other}] || !w.changed.linked[[2]string{other, one}] {
		w.fail("P2: a link of customers is%s", told(d))
	}
	again, err := w.give(&conversation.LinkCustomers{Header: w.header(""), AgentID: "kim", CustomerID: other, Other: one})
	if err != nil || len(again.Events) > 0 {
		w.fail("P2: linked twice:%s (%v)", told(again), err)
	}
}

// TestI14LinkedCustomersKeepTheirRecipients shows that a link of customers changes no
// lane, no route and no recipient.
func TestI14LinkedCustomersKeepTheirRecipients(t *testing.T) {
	d := newDesk(t)
	ana := d.writes("hello", nil).ConversationID
	bob := d.give(&conversation.ReceiveMessage{
		IntegrationID: "whatsapp", Sender: []conversation.Address{address("whatsapp", "phone", "bob")}, Content: conversation.Text("hello"),
	}).ConversationID
	before := d.state.Conversation(ana)
	d.expect(d.give(&conversation.LinkCustomers{
		AgentID: "kim", CustomerID: before.Customer, Other: d.state.Conversation(bob).Customer,
	}), "CustomersLinked CustomersLinked")
	sent := d.give(&conversation.SendReply{
		Agent: conversation.Agent{AgentID: "kim", ConversationID: ana}, Content: conversation.Text("for Ana"),
	})
	for _, e := range sent.Events {
		if to, ok := e.Body.(interface{ GetIdentityId() string }); ok && to.GetIdentityId() != before.Route[0].IdentityID {
			t.Errorf("I14: %T goes to %s, not to %s", e.Body, to.GetIdentityId(), before.Route[0].IdentityID)
		}
	}
}
