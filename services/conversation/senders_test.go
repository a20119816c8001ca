package conversation_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

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
		r.Unhealthy = w.chance("unhealthy", 6)
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

// handsOver makes an attempt at a reply from beginning to end, which claims and
// reports that are drawn one by one seldom do.
func (w *world) handsOver(t *rapid.T) {
	w.t = t
	var open []string
	for _, id := range w.sendIDs {
		if s := w.sends[id]; s.state == "requested" && s.message != "" {
			open = append(open, id)
		}
	}
	if len(open) == 0 {
		t.Skip("no reply waits for a sender")
	}
	id := pick(w, "requested", open...)
	claim := conversation.ClaimSend{
		Header: w.header(""), SendID: id, Attempt: w.sends[id].attempt, Nonce: fmt.Sprintf("nonce-%d", w.commands),
	}
	if _, err := w.give(&claim); err != nil || w.sends[id].state != "claimed" {
		return
	}
	r := &conversation.ReportOutcome{Header: w.header(""), SendID: id, Attempt: claim.Attempt, Nonce: claim.Nonce}
	if pick(w, "outcome", "sent", "refused") == "sent" {
		r.Sent = providerID(id, claim.Attempt)
		r.SentHash = []byte(r.Sent)
		if w.chance("a receipt first", 3) {
			w.giveReceipt(id, r.Sent, w.sends[id].integration)
			r.Header = w.header("")
		}
	} else {
		r.Refused = &eventv1.SendError{Reason: "network"}
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

// health says that a channel is served no more, mostly for a little while.
func (w *world) health(t *rapid.T) {
	w.t = t
	report := &conversation.ReportHealth{Header: w.header(""), IntegrationID: pick(w, "channel", channels[:]...)}
	if len(w.sick) == 0 && w.chance("fails", 4) {
		report.Unhealthy = &eventv1.SendError{Reason: "bad_token"}
	} else if len(w.sick) > 0 {
		report.IntegrationID = slices.Sorted(maps.Keys(w.sick))[0]
	}
	w.give(report)
	report.Header = w.header("")
	if d, err := w.give(report); err != nil || len(d.Events) > 0 {
		w.fail("R10: the same again gives %d events, %v", len(d.Events), err)
	}
}

// settles says what became of a reply, mostly of one that nobody knows about.
func (w *world) settles(t *rapid.T) {
	w.t = t
	var lost []string
	for _, id := range w.messageIDs {
		if w.messages[id].state == "unknown" {
			lost = append(lost, id)
		}
	}
	id := w.pickID("message", w.messageIDs)
	if len(lost) > 0 {
		id = pick(w, "lost", lost...)
	}
	settle := &conversation.SettleOutcome{Header: w.token(), Agent: w.agent(), MessageID: id, Arrived: w.chance("arrived", 2)}
	settle.SendAgain = !settle.Arrived
	if m := w.messages[id]; m != nil {
		settle.Agent = conversation.Agent{AgentID: "kim", ConversationID: m.conversation}
	}
	w.give(settle)
}

// reactsTo lets an agent react to what customers said.
func (w *world) reactsTo(t *rapid.T) {
	w.t = t
	said := slices.Sorted(maps.Values(w.byHash))
	if len(said) == 0 {
		t.Skip("nobody said anything")
	}
	id := pick(w, "message", said...)
	react := &conversation.React{Header: w.token(), Agent: w.agent(), MessageID: id, Emoji: pick(w, "emoji", "", "x")}
	for _, conv := range w.conversationIDs {
		if _, there := w.complete.Conversation(conv).Inbound[id]; there {
			react.Agent = conversation.Agent{AgentID: "kim", ConversationID: conv}
		}
	}
	w.give(react)
}
