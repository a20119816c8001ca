package conversation

import (
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// unsend destroys what is in the log of a message that whoever said it took back
// (M10). It moves no route (R2). Where the message is not there yet, the unsend
// waits for it (I9).
func (d *decider) unsend(c *UnsendMessage) error {
	if _, err := d.integration(c.IntegrationID); err != nil {
		return err
	}
	if len(c.MessageHash) == 0 {
		return refuse(invalid, "the unsend names no message")
	}
	if d.isUnsent(c.MessageHash) {
		return nil
	}
	at := d.sentAt(c.At)
	var unsent []*eventv1.MessageUnsent
	var loose []string
	if of, ours, _ := d.placeOf(c.MessageHash); ours {
		if !c.ByBusiness {
			return refuse(invalid, "a customer takes back what they did not say")
		}
		if u := d.unsendOurs(of, c.MessageHash, at); u != nil {
			unsent = append(unsent, u)
		}
	}
	for _, e := range d.said(c.MessageHash) {
		conv := d.conversation(e.ConversationID)
		if conv == nil || conv.base.Erased {
			loose = append(loose, e.EventID)
			continue
		}
		var into *eventv1.MessageUnsent
		for _, u := range unsent {
			if u.GetConversationId() == e.ConversationID && (u.GetMessageId() == "" || e.MessageID == "" || u.GetMessageId() == e.MessageID) {
				into = u
			}
		}
		if into == nil {
			into = &eventv1.MessageUnsent{ConversationId: e.ConversationID, At: stamp(at), ProviderMessageHash: c.MessageHash, ByBusiness: c.ByBusiness}
			unsent = append(unsent, into)
		}
		if e.MessageID != "" {
			into.MessageId = e.MessageID
		}
		into.ContentEventIds = append(into.ContentEventIds, e.EventID)
	}
	if len(unsent) == 0 {
		d.emit(Stream{CategoryReceipts, c.IntegrationID}, &eventv1.UnsendParked{
			IntegrationId: c.IntegrationID, ProviderMessageHash: c.MessageHash, At: stamp(at), ContentEventIds: loose,
		})
		return nil
	}
	unsent[0].ContentEventIds = append(unsent[0].ContentEventIds, loose...)
	for _, u := range unsent {
		if u.GetMessageId() != "" {
			u.BlobIds = append(u.BlobIds, d.endFiles(d.conversation(u.GetConversationId()), u.GetMessageId(), mediaUnsent)...)
		}
		d.emit(d.conversation(u.GetConversationId()).stream(), u)
	}
	d.answer.ConversationID, d.answer.MessageID = unsent[0].GetConversationId(), unsent[0].GetMessageId()
	return nil
}

// unsendOurs takes back a reply that the business deleted in the provider's app;
// nil where it was taken back before, or nothing of it can be said.
func (d *decider) unsendOurs(of place, hash []byte, at time.Time) *eventv1.MessageUnsent {
	if of.gone() {
		return nil
	}
	reply := of.conv.base.Messages[of.message]
	if reply == nil || reply.Unsent {
		return nil
	}
	return &eventv1.MessageUnsent{
		ConversationId: of.conv.id, MessageId: of.message, At: stamp(at), ProviderMessageHash: hash,
		ByBusiness: true, ContentEventIds: append([]string{reply.Content}, reply.Fittings...), BlobIds: slices.Clone(reply.Blobs),
	}
}

// receiveUnsent takes a message that was taken back before it came: it has its
// place in the conversation, and its words are not written down.
func (d *decider) receiveUnsent(i *identityDraft, c *ReceiveMessage, at time.Time) {
	message, _ := d.received(i, c, at)
	d.emit(d.conversation(message.GetConversationId()).stream(), &eventv1.MessageUnsent{
		ConversationId: message.GetConversationId(), MessageId: message.GetMessageId(),
		At: stamp(at), ProviderMessageHash: c.MessageHash,
	})
}

// isUnsent says whether a message was taken back, by the hash of its id; nil is
// none.
func (d *decider) isUnsent(hash []byte) bool {
	return len(hash) > 0 && look(d, d.state.unsent, RefUnsent, string(hash))
}

// said returns the events that hold a message of a customer.
func (d *decider) said(hash []byte) []SaidEvent {
	said := d.state.said[string(hash)]
	if d.state.partial && (said == nil || !said.loaded) {
		panic(&Need{Ref: Ref{Kind: RefSaid, Key: string(hash)}})
	}
	if said == nil {
		return nil
	}
	return said.Events
}
