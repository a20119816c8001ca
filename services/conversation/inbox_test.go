package conversation_test

import (
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// How agents keep their conversations in the model, how customers go on in new ones,
// how channels are cut, and who visitors are by the word of their site.

// kept is what the observer remembers of a conversation's life.
type kept struct {
	closed      bool
	closedAt    time.Time
	continuedBy string
	assignee    string
	labels      map[string]bool
}

// life keeps what agents did to a conversation.
func (o *observer) life(c conversation.Command, e conversation.Event) {
	conv := o.conversations[e.Stream.ID]
	switch b := e.Body.(type) {
	case *eventv1.ConversationClosed:
		if conv.kept.closed {
			o.fail("R11: closed twice")
		}
		conv.kept.closed, conv.kept.closedAt = true, e.At
	case *eventv1.ConversationReopened:
		if !conv.kept.closed {
			o.fail("R11: what is open was opened again")
		}
		conv.kept.closed = false
	case *eventv1.ConversationContinued:
		next := o.conversations[b.GetByConversationId()]
		switch {
		case !conv.kept.closed || conv.kept.continuedBy != "":
			o.fail("R11: %s goes on in a new one, closed: %v, before: %q", conv.id, conv.kept.closed, conv.kept.continuedBy)
		case next.customer != conv.customer || next.widget != conv.widget:
			o.fail("I14: the conversation of %s goes on as that of %s", conv.customer, next.customer)
		case !conversation.HeaderOf(c).Received.After(conv.kept.closedAt.Add(newAfter)):
			o.fail("R11: it goes on in a new one too soon")
		}
		conv.kept.continuedBy = b.GetByConversationId()
	case *eventv1.ConversationAssigned:
		if conv.kept.assignee == b.GetAssigneeId() {
			o.fail("assigned to whom it was assigned to")
		}
		conv.kept.assignee = b.GetAssigneeId()
	case *eventv1.LabelsChanged:
		if conv.kept.labels == nil {
			conv.kept.labels = map[string]bool{}
		}
		for _, label := range b.GetAdded() {
			if conv.kept.labels[label] {
				o.fail("the label %q was there", label)
			}
			conv.kept.labels[label] = true
		}
		for _, label := range b.GetRemoved() {
			if !conv.kept.labels[label] {
				o.fail("the label %q was not there", label)
			}
			delete(conv.kept.labels, label)
		}
	}
}

// newAfter is how long a conversation of the model is closed before the customer
// starts a new one.
const newAfter = time.Hour

// closes closes a conversation, mostly one that is bound to something, and lets time
// pass and its customer write, at times.
func (w *world) closes(t *rapid.T) {
	w.t = t
	agent := w.agent()
	var open []string
	for _, id := range w.conversationIDs {
		if conv := w.conversations[id]; !conv.kept.closed && len(conv.bound) > 0 {
			open = append(open, id)
		}
	}
	if len(open) > 0 {
		agent.ConversationID = pick(w, "open", open...)
	}
	if _, err := w.give(&conversation.CloseConversation{Header: w.token(), Agent: agent}); err != nil {
		return
	}
	if d, _ := w.give(&conversation.CloseConversation{Header: w.header(""), Agent: agent}); len(d.Events) > 0 {
		w.fail("R11: closed twice:%s", told(d))
	}
	if !w.chance("the customer is back", 2) {
		return
	}
	w.now = w.now.Add(pick(w, "after", time.Minute, 59*time.Minute, 61*time.Minute, 61*time.Minute, 25*time.Hour))
	conv := w.conversations[agent.ConversationID]
	if len(conv.route) == 0 {
		return
	}
	writer := pick(w, "writer", conv.route...)
	m := w.message(w.identities[writer].integration)
	if m.Sender = w.addressesOf(writer); w.identities[writer].integration == "widget" {
		m.Sender = w.deviceOf(writer)
	}
	if len(m.Sender) == 0 {
		return
	}
	m.Content = conversation.Text(fmt.Sprintf("back again %d", w.commands))
	w.give(m)
}

// deviceOf returns the address of a visitor.
func (w *world) deviceOf(identityID string) []conversation.Address {
	for _, person := range people {
		for _, kind := range []string{"visitor", conversation.ExternalID} {
			a := address("widget", kind, person)
			if _, known := w.complete.Identity(identityID).Aliases[string(a.Hash)]; known {
				return []conversation.Address{a}
			}
		}
	}
	return nil
}

// keepsInbox opens, assigns, labels or sees.
func (w *world) keepsInbox(t *rapid.T) {
	w.t = t
	agent := w.agent()
	switch pick(w, "keeping", "reopen", "assign", "labels", "see") {
	case "reopen":
		w.give(&conversation.ReopenConversation{Header: w.token(), Agent: agent})
	case "assign":
		w.give(&conversation.AssignConversation{
			Header: w.token(), Agent: agent, AssigneeID: pick(w, "assignee", "", "kim", "kim", "max", "nobody"),
		})
	case "labels":
		c := &conversation.ChangeLabels{Header: w.token(), Agent: agent}
		for _, label := range []string{"red", "green", "blue"} {
			switch pick(w, label, "", "", "add", "add", "remove") {
			case "add":
				c.Add = append(c.Add, label)
			case "remove":
				c.Remove = append(c.Remove, label)
			}
		}
		w.give(c)
	case "see":
		id := w.pickID("message", w.messageIDs)
		if m := w.messages[id]; m != nil {
			agent.ConversationID = m.conversation
		}
		see := &conversation.SeeConversation{Header: w.header(""), Agent: agent, MessageID: id}
		if _, err := w.give(see); err != nil {
			return
		}
		again := *see
		again.Header = w.header("")
		if d, _ := w.give(&again); len(d.Events) > 0 {
			w.fail("seen twice:%s", told(d))
		}
	}
}

// approves says yes to a link in the widget.
func (w *world) approves(t *rapid.T) {
	w.t = t
	var asked []string
	for _, id := range w.linkIDs {
		if l := w.links[id]; l.state == "matched" && l.confirmation == eventv1.Confirmation_CONFIRMATION_BOTH {
			asked = append(asked, id)
		}
	}
	id := w.pickID("link", w.linkIDs)
	if len(asked) > 0 && !w.chance("another link", 6) {
		id = pick(w, "asked", asked...)
	}
	visitor := w.visitor(pick(w, "person", people...))
	if l := w.links[id]; l != nil {
		for _, bound := range w.conversations[l.conversation].bound {
			if w.identities[bound].integration == "widget" {
				if device := w.deviceOf(bound); len(device) > 0 {
					visitor.Address = device[0]
				}
			}
		}
	}
	w.give(&conversation.ConfirmLink{Header: w.token(), Visitor: visitor, LinkID: id})
}

// signsIn brings the word of the site for who a visitor is.
func (w *world) signsIn(t *rapid.T) {
	w.t = t
	person := pick(w, "person", people...)
	c := &conversation.IdentifyVisitor{
		Header: w.token(), Visitor: w.visitor(person), External: address("widget", conversation.ExternalID, person),
	}
	if w.chance("a shared device", 3) {
		c.Visitor = w.visitor(pick(w, "device", people...))
	}
	if rapid.Bool().Draw(t, "a session") {
		c.Session = hash(c.Visitor.Address.Value)
	}
	if w.chance("no device", 4) {
		c.Visitor.Address = c.External
	}
	if rapid.Bool().Draw(t, "a profile") {
		name := pick(w, "name", "Ana", "Bo")
		c.Profile, c.ProfileHash = &eventv1.Profile{Name: name}, []byte(name)
	}
	if _, err := w.give(c); err != nil {
		return
	}
	again := *c
	again.Header = w.header("")
	if d, _ := w.give(&again); len(d.Events) > 0 {
		w.fail("P3: signed in twice:%s", told(d))
	}
}

// removes takes an integration out of the account and connects it again once its
// bindings have ended.
func (w *world) removes(t *rapid.T) {
	w.t = t
	if !w.chance("an integration", 8) {
		t.Skip("not now")
	}
	id := w.integration()
	if _, err := w.give(&conversation.RemoveIntegration{Header: w.token(), IntegrationID: id}); err != nil {
		return
	}
	if rapid.Bool().Draw(t, "something in between") {
		m := w.message("widget")
		m.Content = conversation.Text("meanwhile")
		w.give(m)
	}
	if d, err := w.give(&conversation.ApplySetup{Header: w.header(""), Setup: proto.CloneOf(w.setup)}); err == nil {
		w.fail("L12: connected while its bindings are being ended:%s", told(d))
	}
	w.cuts()
	for _, conv := range w.conversations {
		if slices.ContainsFunc(conv.bound, func(bound string) bool { return w.identities[bound].integration == id }) {
			w.fail("L12: %s is still bound to an integration that is gone", conv.id)
		}
	}
	w.give(&conversation.ApplySetup{Header: w.header(""), Setup: proto.CloneOf(w.setup)})
}

// cuts fires the timers by which bindings end.
func (w *world) cuts() {
	for range 100 {
		var due []conversation.Timer
		for timer := range w.running {
			if timer.Kind == conversation.TimerCut {
				due = append(due, timer)
			}
		}
		if len(due) == 0 {
			return
		}
		slices.SortFunc(due, func(a, b conversation.Timer) int {
			if a.Owner+"/"+a.ID < b.Owner+"/"+b.ID {
				return -1
			}
			return 1
		})
		for _, timer := range due {
			if d, _ := w.give(&conversation.FireTimer{Header: w.header(""), Timer: timer}); len(d.Events) == 0 {
				w.fail("I15: the timer %v was due and nothing came of it", timer)
			}
		}
	}
	w.fail("I15: a cut never ends")
}

// linksUp goes on over another channel, from the first word to the last yes.
func (w *world) linksUp(t *rapid.T) {
	w.t = t
	person, channel := pick(w, "person", people...), pick(w, "channel", channels[:]...)
	visitor := w.visitor(person)
	id := fmt.Sprintf("link-%d", w.commands)
	if _, err := w.give(&conversation.RequestLink{
		Header: w.token(), Visitor: &visitor, IntegrationID: channel, LinkID: id, CodeHash: []byte("code of " + id),
	}); err != nil {
		return
	}
	says := func(content *eventv1.Content, code *conversation.Code) {
		m := w.message(channel)
		m.Sender, m.Received, m.SentAt = w.sender(person, channel), w.now, w.now
		m.Content, m.Code = content, code
		w.give(m)
	}
	says(conversation.Text("with a code"), &conversation.Code{Hash: []byte("code of " + id)})
	if l := w.links[id]; l.state != "matched" {
		return
	}
	says(tap(id, true), nil)
	if l := w.links[id]; l.state == "matched" && l.confirmation == eventv1.Confirmation_CONFIRMATION_BOTH {
		w.give(&conversation.ConfirmLink{Header: w.token(), Visitor: visitor, LinkID: id})
	}
}
