package conversation_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
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
	return pick(w, "addresses", []conversation.Address{bsuid, phone}, []conversation.Address{bsuid, phone}, []conversation.Address{phone})
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
	if w.chance("empty", 30) {
		r.Content = pick(w, "nothing", nil, conversation.Text(" "), tap("x", true))
	}
	w.give(r)
}

func (w *world) claims(t *rapid.T) {
	w.t = t
	var open []string
	for _, id := range w.sendIDs {
		if w.sends[id].state == "requested" {
			open = append(open, id)
		}
	}
	id := w.pickID("send", w.sendIDs)
	if len(open) > 0 && !w.chance("another send", 10) {
		id = pick(w, "requested", open...)
	}
	c := conversation.ClaimSend{SendID: id, Nonce: fmt.Sprintf("nonce-%d", w.commands), Attempt: 1}
	if s := w.sends[id]; s != nil {
		c.Attempt = s.attempt
	}
	if w.chance("wrong attempt", 20) {
		c.Attempt++
	}
	if w.chance("no nonce", 40) {
		c.Nonce = ""
	}
	if len(w.granted) > 0 && w.chance("claims again", 10) {
		c = pick(w, "claim", w.granted...)
	}
	c.Header = w.header("")
	if _, err := w.give(&c); err == nil {
		w.granted = append(w.granted, c)
	}
}

func (w *world) reports(t *rapid.T) {
	w.t = t
	if len(w.granted) == 0 {
		t.Skip("nothing was claimed")
	}
	newest := w.granted
	if len(newest) > 4 && !w.chance("an old claim", 6) {
		newest = newest[len(newest)-4:]
	}
	claim := pick(w, "claim", newest...)
	r := &conversation.ReportOutcome{Header: w.header(""), SendID: claim.SendID, Attempt: claim.Attempt, Nonce: claim.Nonce}
	if w.chance("wrong nonce", 15) {
		r.Nonce = "stolen"
	}
	why := &eventv1.SendError{Reason: "network"}
	switch pick(w, "outcome", "sent", "sent", "sent", "refused", "not sent", "not sent", "unknown", "none") {
	case "sent":
		r.Sent = providerID(claim.SendID, claim.Attempt)
		r.SentHash = []byte(r.Sent)
	case "refused":
		r.Refused = why
	case "not sent":
		r.NotSent, r.RetryAfter = why, pick(w, "retry after", 0, 0, time.Minute)
	case "unknown":
		r.Unknown = why
	}
	if r.Sent != "" && w.chance("a receipt first", 4) {
		for range rapid.IntRange(1, 3).Draw(t, "receipts") {
			w.giveReceipt(claim.SendID, r.Sent, w.sends[claim.SendID].integration)
		}
		r.Header = w.header("")
	}
	w.give(r)
}

func providerID(sendID string, attempt uint32) string {
	return fmt.Sprintf("out-%s-%d", sendID, attempt)
}

// about draws a message of ours as a provider names it.
func (w *world) about() (sendID, id, integration string) {
	sendID = w.pickID("send", w.sendIDs)
	if s := w.sends[sendID]; s != nil {
		return sendID, providerID(sendID, max(1, s.attempt)), s.integration
	}
	return sendID, "out-unknown", "whatsapp"
}

var receiptStates = []eventv1.ReceiptState{
	eventv1.ReceiptState_RECEIPT_STATE_SENT, eventv1.ReceiptState_RECEIPT_STATE_DELIVERED,
	eventv1.ReceiptState_RECEIPT_STATE_READ, eventv1.ReceiptState_RECEIPT_STATE_FAILED,
}

func (w *world) receipt(t *rapid.T) {
	w.t = t
	w.giveReceipt(w.about())
}

func (w *world) giveReceipt(sendID, id, integration string) {
	r := &conversation.RecordReceipt{
		Header: w.header(""), IntegrationID: integration, MessageHash: []byte(id), ProviderMessageID: id,
		State: pick(w, "state", receiptStates...), At: w.sentAt(),
	}
	if w.chance("no state", 40) {
		r.State = 0
	}
	if w.chance("with the send", 3) {
		r.SendID = sendID
	}
	if r.State == eventv1.ReceiptState_RECEIPT_STATE_FAILED {
		r.Error = &eventv1.SendError{Code: 131026}
	}
	r.Dedup.Key = fmt.Sprintf("receipt %s %d", id, r.State)
	if w.chance("another key", 5) {
		r.Dedup.Key += " " + r.ID
	}
	w.give(r)
}

func (w *world) watermark(t *rapid.T) {
	w.t = t
	channel := pick(w, "channel", "messenger", "instagram")
	r := &conversation.RecordReceipt{
		Header: w.header(""), IntegrationID: channel, Recipient: w.sender(pick(w, "person", people...), channel),
		Watermark: w.sentAt(), State: pick(w, "state", receiptStates[1:3]...), At: w.now,
	}
	r.Dedup.Key = "watermark " + r.ID
	w.give(r)
}

func (w *world) echo(t *rapid.T) {
	w.t = t
	sendID, id, integration := w.about()
	e := &conversation.RecordEcho{
		Header: w.header(""), IntegrationID: integration, SentAt: w.sentAt(), Content: conversation.Text("echo"),
		Recipient: w.sender(pick(w, "person", people...), integration),
	}
	switch pick(w, "echo", "with the send", "of our app", "native", "native") {
	case "with the send":
		e.SendID, e.ProviderMessageID = sendID, id
	case "of our app":
		e.AppID, e.ProviderMessageID = integration+"-own", id
	default:
		e.ProviderMessageID = "native-" + e.ID
	}
	if w.chance("nobody", 30) {
		e.Recipient = nil
	}
	e.MessageHash, e.Dedup.Key = []byte(e.ProviderMessageID), "echo "+e.ProviderMessageID
	w.give(e)
}

// restored takes the log for one that comes from a backup, as far as one identity
// goes. Nothing of what it was to get is sent again.
func (w *world) restored(t *rapid.T) {
	w.t = t
	send := w.sends[w.pickID("send", w.sendIDs)]
	if send == nil || !w.chance("restored", 8) {
		t.Skip("nothing was sent")
	}
	abandon := &conversation.AbandonSends{Header: w.header(""), IdentityID: send.identity}
	if d, _ := w.give(abandon); len(d.Events) > 0 {
		w.happened["abandoned"]++
	}
	for _, s := range w.sends {
		if s.identity == send.identity && slices.Contains([]string{"queued", "requested", "claimed", "deferred"}, s.state) {
			w.fail("I31: a send is %s after a restore", s.state)
		}
	}
	abandon.Header = w.header("")
	if d, err := w.give(abandon); err != nil || len(d.Events) > 0 {
		w.fail("I31: the same again gives %d events, %v", len(d.Events), err)
	}
}

func (w *world) waits(t *rapid.T) {
	w.t = t
	w.now = w.now.Add(pick(w, "for", time.Second, 3*time.Second, 7*time.Second, 31*time.Second, 61*time.Second, 2*time.Minute))
	if w.chance("a while", 6) {
		w.now = w.now.Add(pick(w, "a while", 16*time.Minute, 16*time.Minute, 16*time.Minute, 25*time.Hour))
	}
}

// timer fires what is due; sometimes a timer that is not, or is no more.
func (w *world) timer(t *rapid.T) {
	w.t = t
	timer, ok := w.due()
	if w.chance("a stale timer", 8) {
		sets := slices.SortedFunc(maps.Keys(w.sets), func(a, b conversation.Timer) int {
			if c := a.Due.Compare(b.Due); c != 0 {
				return c
			}
			if a.ID+string(a.Kind) < b.ID+string(b.Kind) {
				return -1
			}
			return 1
		})
		if len(sets) > 0 {
			timer, ok = pick(w, "stale", sets...), true
		}
	}
	if !ok {
		t.Skip("nothing is due")
	}
	fired := w.running[timer] && !timer.Due.After(w.now)
	d, _ := w.give(&conversation.FireTimer{Header: w.header(""), Timer: timer})
	if fired != (len(d.Events) > 0) {
		w.fail("I15: of the timer %v there came %d events", timer, len(d.Events))
	}
}

func (w *world) setsUp(t *rapid.T) {
	w.t = t
	s := proto.CloneOf(w.setup)
	widget := s.Widgets[0]
	switch pick(w, "change", "confirmation", "confirmation", "offers", "policy", "silence", "lifetime", "nothing", "wrong") {
	case "confirmation":
		widget.Confirmation = w.confirmation()
	case "offers":
		widget.Offers = rapid.Permutation(channels[:]).Draw(t, "offers")[:rapid.IntRange(1, 3).Draw(t, "how many")]
	case "policy":
		s.BoundElsewhere = w.policy()
	case "silence":
		widget.SilentDisconnect = !widget.SilentDisconnect
	case "lifetime":
		widget.CodeLifetime = durationpb.New(pick(w, "lifetime", 5*time.Minute, time.Hour))
	case "wrong":
		widget.Offers = append(widget.Offers, "nowhere")
	}
	if _, err := w.give(&conversation.ApplySetup{Header: w.header(""), Setup: s}); err != nil {
		return
	}
	w.setup = s
	if d, _ := w.give(&conversation.ApplySetup{Header: w.header(""), Setup: proto.CloneOf(s)}); len(d.Events) > 0 {
		w.fail("the same set-up again writes%s", told(d))
	}
}

func (w *world) confirmation() eventv1.Confirmation {
	return pick(w, "confirmation", eventv1.Confirmation_CONFIRMATION_PROMPT,
		eventv1.Confirmation_CONFIRMATION_IMMEDIATE, eventv1.Confirmation_CONFIRMATION_USER_ACTIVITY)
}

func (w *world) policy() eventv1.BoundElsewhere {
	return pick(w, "policy", eventv1.BoundElsewhere_BOUND_ELSEWHERE_MOVE, eventv1.BoundElsewhere_BOUND_ELSEWHERE_REFUSE)
}

func (w *world) keeps(t *rapid.T) {
	w.t = t
	k := &conversation.KeepItem{Header: w.header(fmt.Sprintf("raw %d", w.commands)), Source: "whatsapp", Reason: "odd", Raw: []byte("{")}
	if rapid.Bool().Draw(t, "ignored") {
		k.Reason, k.Ignored = "", "account_update"
	} else if rapid.Bool().Draw(t, "with a sender") {
		k.Sender = w.sender(pick(w, "person", people[:]...), "whatsapp")
	}
	d, err := w.give(k)
	if err != nil {
		w.fail("an item was not kept: %v", err)
	}
	if d.ConversationID == "" {
		return
	}
	w.happened["quarantined in a conversation"]++
	kept := d.Events[0].Body.(*eventv1.ItemQuarantined)
	if at := (conversation.Stream{Category: conversation.CategoryConversation, ID: kept.GetConversationId()}); len(d.Events) != 1 || d.Events[0].Stream != at {
		w.fail("M9: what is shown in %s follows from%s", kept.GetConversationId(), told(d))
	}
}

// again gives a command once more that took effect before (I05, I06).
func (w *world) again(t *rapid.T) {
	w.t = t
	if len(w.given) == 0 {
		t.Skip("nothing was done yet")
	}
	before := pick(w, "command", w.given...)
	value := reflect.New(reflect.TypeOf(before).Elem())
	value.Elem().Set(reflect.ValueOf(before).Elem())
	c := value.Interface().(conversation.Command)
	h := conversation.HeaderOf(c)
	dedup := h.Dedup
	*h = w.header("")
	h.Dedup = dedup
	other := dedup.Hash != nil && w.chance("other content", 6)
	if other {
		h.Dedup.Hash = []byte("other")
	}
	d, err := w.give(c)
	switch {
	case other && err == nil:
		w.fail("M2: a client token was taken again with other content")
	case !other && (err != nil || !d.Duplicate || len(d.Events) > 0):
		w.fail("I05: the same %T again: duplicate %v, error %v, events%s", c, d.Duplicate, err, told(d))
	}
}
