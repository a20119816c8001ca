package conversation_test

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// What people, agents, providers and senders do in the model. Each action gives
// one command.

func address(integration, kind, value string) conversation.Address {
	return conversation.Address{Kind: kind, Value: value, Hash: []byte(integration + "/" + kind + "/" + value)}
}

// sender draws the addresses with which a person writes on a channel.
func (w *world) sender(person, channel string) []conversation.Address {
	if channel != "whatsapp" {
		return []conversation.Address{address(channel, "psid", person)}
	}
	phone, bsuid := address(channel, "phone", "49170000"+person), address(channel, "bsuid", person)
	return pick(w, "addresses", []conversation.Address{bsuid, phone}, []conversation.Address{bsuid, phone},
		[]conversation.Address{phone}, []conversation.Address{bsuid})
}

func (w *world) visitor(person string) conversation.Visitor {
	return conversation.Visitor{
		WidgetID: "widget", Address: address("widget", "visitor", person),
		Language: pick(w, "language", "", "de", "en-GB"),
	}
}

// message draws who writes on a channel, and when.
func (w *world) message(channel string) *conversation.ReceiveMessage {
	person := pick(w, "person", people...)
	m := &conversation.ReceiveMessage{Header: w.header(""), IntegrationID: channel, Raw: []byte("{}")}
	if channel == "widget" {
		m.Header = w.token()
		m.Sender = []conversation.Address{w.visitor(person).Address}
		m.SentAt = m.Received
		return m
	}
	m.Sender = w.sender(person, channel)
	m.ProviderMessageID = fmt.Sprintf("in-%d", w.commands)
	m.MessageHash = []byte(m.ProviderMessageID)
	m.Dedup.Key = m.ProviderMessageID
	m.Received = w.now.Add(-pick(w, "lag", 0, 0, time.Second))
	m.SentAt = w.sentAt()
	if channel == "whatsapp" {
		m.KeyHash = []byte(pick(w, "key", "", "", "k1", "k1", "k1", "k2"))
	}
	return m
}

func (w *world) sentAt() time.Time {
	ago := pick(w, "ago", 0, 0, 0, 0, time.Second, 6*time.Second, time.Minute, 20*time.Minute, -time.Hour)
	if w.chance("no time", 20) {
		return time.Time{}
	}
	return w.now.Add(-ago)
}

func (w *world) writes(t *rapid.T) {
	w.t = t
	m := w.message(pick(w, "channel", "widget", "widget", "whatsapp", "messenger", "instagram"))
	m.Content = conversation.Text(fmt.Sprintf("message %d", w.commands))
	if w.chance("empty", 40) {
		m.Content = nil
	}
	w.give(m)
}

func (w *world) bringsCode(t *rapid.T) {
	w.t = t
	m := w.message(pick(w, "channel", channels[:]...))
	id := w.pickID("link", w.linkIDs)
	if l := w.links[id]; l != nil && !w.chance("wrong channel", 10) {
		m = w.message(l.integration)
	}
	if l := w.links[id]; l != nil && l.state == "matched" && w.chance("the same identity", 2) {
		m.Sender = w.addressesOf(l.identity)
	}
	if l := w.links[id]; l != nil && l.state == "requested" && w.chance("somebody linked elsewhere", 3) {
		for _, other := range w.conversationIDs {
			for _, bound := range w.conversations[other].bound {
				if other != l.conversation && w.conversations[other].widget != "" && w.identities[bound].integration == l.integration {
					m = w.message(l.integration)
					m.Sender = w.addressesOf(bound)
				}
			}
		}
	}
	m.Content = conversation.Text("with a code")
	m.Code = &conversation.Code{Hash: []byte("code of " + id)}
	if rapid.Bool().Draw(t, "words") {
		m.Code.Rest = conversation.Text(fmt.Sprintf("beside code %d", w.commands))
	}
	if w.chance("the same code again", 8) {
		w.give(m)
		another := *m
		another.Header = w.header("again " + m.Dedup.Key)
		another.MessageHash = []byte("again " + string(m.MessageHash))
		m = &another
	}
	w.give(m)
}

func (w *world) answers(t *rapid.T) {
	w.t = t
	var matched []string
	for _, id := range w.linkIDs {
		if w.links[id].state == "matched" {
			matched = append(matched, id)
		}
	}
	m := w.message(pick(w, "channel", channels[:]...))
	id := w.pickID("link", w.linkIDs)
	if len(matched) > 0 && !w.chance("another link", 6) {
		id = pick(w, "matched", matched...)
	}
	if l := w.links[id]; l != nil && l.identity != "" && !w.chance("somebody else", 8) {
		m = w.message(l.integration)
		m.Sender = w.addressesOf(l.identity)
	}
	m.Content = pick(w, "answer",
		conversation.Text("yes"), conversation.Text("Ja!"), conversation.Text("no"), conversation.Text("nein"),
		tap(id, true), tap(id, true), tap(id, false))
	w.give(m)
}

// addressesOf draws the addresses with which an identity's person writes.
func (w *world) addressesOf(identityID string) []conversation.Address {
	i := w.complete.Identity(identityID)
	for hash := range i.Aliases {
		for _, person := range people {
			if strings.HasSuffix(hash, person) {
				return w.sender(person, i.IntegrationID)
			}
		}
	}
	return nil
}

func tap(linkID string, yes bool) *eventv1.Content {
	return &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Answer{Answer: &eventv1.Answer{
		Kind: eventv1.AnswerKind_ANSWER_KIND_BUTTON, Payload: conversation.AnswerPayload(linkID, yes),
	}}}}}
}

// asker draws a visitor or an agent who gives a command.
func (w *world) asker() (*conversation.Visitor, *conversation.Agent) {
	if rapid.Bool().Draw(w.t, "by a visitor") {
		v := w.visitor(pick(w, "person", people...))
		return &v, nil
	}
	a := w.agent()
	return nil, &a
}

func (w *world) agent() conversation.Agent {
	agent := conversation.Agent{AgentID: "kim", ConversationID: w.pickID("conversation", w.conversationIDs)}
	if w.chance("no agent", 30) {
		agent.AgentID = "nobody"
	}
	return agent
}

func (w *world) integration() string {
	if w.chance("odd integration", 15) {
		return pick(w, "odd integration", "widget", "nowhere")
	}
	return pick(w, "integration", channels[:]...)
}

func (w *world) asksForLink(t *rapid.T) {
	w.t = t
	v, a := w.asker()
	id := fmt.Sprintf("link-%d", w.commands)
	w.give(&conversation.RequestLink{
		Header: w.token(), Visitor: v, Agent: a, IntegrationID: w.integration(),
		LinkID: id, CodeHash: []byte("code of " + id),
	})
}

func (w *world) cancels(t *rapid.T) {
	w.t = t
	v, a := w.asker()
	id := w.pickID("link", w.linkIDs)
	if l := w.links[id]; l != nil && a != nil {
		a.ConversationID = l.conversation
	}
	w.give(&conversation.CancelLink{Header: w.token(), Visitor: v, Agent: a, LinkID: id})
}

func (w *world) disconnects(t *rapid.T) {
	w.t = t
	v, a := w.asker()
	integration := w.integration()
	var linked []string
	for _, id := range w.conversationIDs {
		if len(w.conversations[id].bound) > 1 {
			linked = append(linked, id)
		}
	}
	if a != nil && len(linked) > 0 {
		a.ConversationID = pick(w, "linked", linked...)
		integration = w.identities[pick(w, "bound", w.conversations[a.ConversationID].route...)].integration
	}
	w.give(&conversation.Disconnect{Header: w.token(), Visitor: v, Agent: a, IntegrationID: integration})
}

func (w *world) reads(t *rapid.T) {
	w.t = t
	w.give(&conversation.MarkRead{
		Header: w.token(), Visitor: w.visitor(pick(w, "person", people...)), MessageID: w.pickID("message", w.messageIDs),
	})
}

func (w *world) replies(t *rapid.T) {
	w.t = t
	r := &conversation.SendReply{
		Header: w.token(), Agent: w.agent(), Content: conversation.Text(fmt.Sprintf("reply %d", w.commands)),
		Note: w.chance("note", 12), Strict: w.chance("strict", 4),
		SeenRouteVersion: pick(w, "seen", uint64(0), 1, 2, 3),
	}
	if w.chance("named", 4) {
		r.IntegrationID = pick(w, "destination", "widget", "whatsapp", "messenger", "instagram", "nowhere")
	}
	switch pick(w, "content", "text", "text", "text", "long", "place", "question", "template", "answer") {
	case "long":
		r.Content = conversation.Text(strings.Repeat("many words ", 200))
	case "place":
		r.Content.Parts[0].Kind = &eventv1.Part_Location{Location: &eventv1.Location{Name: "here"}}
	case "question":
		r.Content.Parts[0].Kind = &eventv1.Part_Buttons{Buttons: &eventv1.Buttons{Body: "?", Buttons: []*eventv1.Button{{Title: "a", Payload: "a"}}}}
	case "template":
		r.Content.Parts[0].Kind = &eventv1.Part_Template{Template: &eventv1.Template{Name: "t", Language: "en"}}
	case "answer":
		if id := w.pickID("message", w.messageIDs); w.messages[id] != nil && w.messages[id].conversation == r.Agent.ConversationID {
			r.Content.ReplyTo = &eventv1.ReplyTo{MessageId: id}
		}
	}
	r.Automated = w.chance("automated", 4)
	if w.chance("empty", 30) {
		r.Content = pick(w, "nothing", nil, conversation.Text(" "), tap("x", true))
	}
	w.give(r)
}
