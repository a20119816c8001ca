package conversation

import (
	"cmp"
	"maps"
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// parkedFor is how long a receipt waits for its message (M3).
const parkedFor = 24 * time.Hour

// receipt moves a message of ours forward, or keeps the receipt until the
// message is known.
func (d *decider) receipt(c *RecordReceipt) error {
	if _, err := d.integration(c.IntegrationID); err != nil {
		return err
	}
	if stateOf(c.State) == 0 {
		return refuse(invalid, "the receipt states no state")
	}
	at := d.sentAt(c.At)
	if len(c.MessageHash) == 0 {
		return d.watermark(c, at)
	}
	ref := look(d, d.state.messages, RefMessage, string(c.MessageHash))
	if ref.IdentityID == "" && c.SendID != "" {
		if i, send, _, err := d.sendOf(c.SendID); err == nil && send.Attempt > 0 {
			return d.resolve(i, send, c, at)
		}
	}
	if ref.IdentityID == "" {
		d.park(c, at)
		return nil
	}
	if ref.MessageID == "" {
		return nil
	}
	conv := d.conversation(ref.ConversationID)
	if conv.base.Erased {
		return nil
	}
	d.came(&eventv1.SendOrigin{
		ConversationId: ref.ConversationID, MessageId: ref.MessageID, Part: ref.Part, Hop: ref.Hop,
	}, stateOf(c.State), at, c.Error)
	d.answer.ConversationID, d.answer.MessageID = conv.id, ref.MessageID
	return nil
}

// resolve takes a receipt that names a send of ours whose outcome was not known
// yet: it is the outcome.
func (d *decider) resolve(i *identityDraft, send Send, c *RecordReceipt, at time.Time) error {
	if send.State != SendClaimed && send.State != SendUnknown {
		d.park(c, at)
		return nil
	}
	if c.State == eventv1.ReceiptState_RECEIPT_STATE_FAILED {
		d.failSend(i, send, c.Error)
		return nil
	}
	d.succeed(i, send, c.ProviderMessageID, c.MessageHash, eventv1.OutcomeSource_OUTCOME_SOURCE_RECEIPT)
	d.came(send.Origin, stateOf(c.State), at, nil)
	if message := send.Origin.GetMessageId(); message != "" {
		d.answer.ConversationID, d.answer.MessageID = send.Origin.GetConversationId(), message
	}
	return nil
}

// park keeps a receipt that came before its message, unless one that says the same
// waits already.
func (d *decider) park(c *RecordReceipt, at time.Time) {
	for _, r := range d.parked(c.MessageHash) {
		if r.GetState() == c.State {
			return
		}
	}
	d.emit(Stream{CategoryReceipts, c.IntegrationID}, &eventv1.ReceiptParked{
		IntegrationId: c.IntegrationID, ProviderMessageHash: c.MessageHash, State: c.State,
		At: stamp(at), ExpiresAt: stamp(d.head.Now.Add(parkedFor)), Error: c.Error,
	})
}

// parked returns the receipts that still wait for a message, in the order of their
// states, whatever the order in which they came.
func (d *decider) parked(hash []byte) []*eventv1.ReceiptParked {
	waiting := slices.DeleteFunc(slices.Clone(look(d, d.state.parked, RefParked, string(hash))),
		func(r *eventv1.ReceiptParked) bool { return d.head.Now.After(moment(r.GetExpiresAt())) })
	slices.SortStableFunc(waiting, func(a, b *eventv1.ReceiptParked) int { return cmp.Compare(a.GetState(), b.GetState()) })
	return waiting
}

// watermark takes a report of everything that was sent up to a time.
func (d *decider) watermark(c *RecordReceipt, at time.Time) error {
	i := d.find(c.Recipient)
	if i == nil {
		return nil
	}
	where := i.conversation
	if where == "" {
		where = i.released
	}
	if where == "" {
		return nil
	}
	conv := d.conversation(where)
	for _, open := range ordered(conv.base.Open) {
		if open.IdentityID != i.id || open.RoutedAt.After(c.Watermark) {
			continue
		}
		m := conv.message(open.ID)
		for part := range max(len(m.Parts), 1) {
			if came := m.partState(part); came >= MessageSent && came <= MessageRead {
				d.advance(conv, m, part, stateOf(c.State), at, nil)
			}
		}
	}
	d.answer.ConversationID = conv.id
	return nil
}

// ordered returns messages in the order in which they were queued.
func ordered(messages map[string]*Message) []*Message {
	return slices.SortedFunc(maps.Values(messages), func(a, b *Message) int { return cmp.Compare(a.Place, b.Place) })
}

// stateOf returns the state of a reply that a receipt states, or 0.
func stateOf(state eventv1.ReceiptState) MessageState {
	switch state {
	case eventv1.ReceiptState_RECEIPT_STATE_SENT:
		return MessageSent
	case eventv1.ReceiptState_RECEIPT_STATE_DELIVERED:
		return MessageDelivered
	case eventv1.ReceiptState_RECEIPT_STATE_READ:
		return MessageRead
	case eventv1.ReceiptState_RECEIPT_STATE_FAILED:
		return MessageFailed
	}
	return 0
}

// echo takes a message of the business that was reported back: the outcome of a
// send of ours, or a comment that was written in the provider's own app (M11).
func (d *decider) echo(c *RecordEcho) error {
	integration, err := d.integration(c.IntegrationID)
	if err != nil {
		return err
	}
	at := d.sentAt(c.SentAt)
	if look(d, d.state.messages, RefMessage, string(c.MessageHash)).IdentityID != "" {
		return nil
	}
	app := d.account().Apps[integration.GetAppId()]
	own := c.AppID != "" && c.AppID == app.GetProviderAppId()
	send := cmp.Or(c.SendID, d.underway(c, at))
	if send != "" || own {
		return d.receipt(&RecordReceipt{
			Header: c.Header, IntegrationID: c.IntegrationID, MessageHash: c.MessageHash,
			ProviderMessageID: c.ProviderMessageID, SendID: send,
			State: eventv1.ReceiptState_RECEIPT_STATE_SENT, At: at,
		})
	}
	if len(c.Recipient) == 0 {
		return refuse(invalid, "the echo names no recipient")
	}
	if err := d.uploaded(c.IntegrationID, c.Content); err != nil {
		return err
	}
	i := d.identify(integration, c.Recipient, nil)
	var conv *conversationDraft
	if i.conversation != "" {
		conv = d.conversation(i.conversation)
	} else {
		conv = d.begin(i, "", at)
	}
	message := d.ids.next()
	echo := &eventv1.EchoReceived{
		MessageId: message, ConversationId: conv.id, CustomerId: conv.customer, IdentityId: i.id,
		IntegrationId: i.integration, Channel: i.channel, SentAt: stamp(at), ProviderMessageHash: c.MessageHash,
		Findable: len(c.MessageHash) > 0,
	}
	event := d.emit(conv.stream(), echo)
	if d.isUnsent(c.MessageHash) {
		d.emit(conv.stream(), &eventv1.MessageUnsent{
			ConversationId: conv.id, MessageId: message, At: stamp(at), ProviderMessageHash: c.MessageHash, ByBusiness: true,
		})
	} else {
		echo.Sealed = &eventv1.EchoReceived_Sealed{Content: c.Content, ProviderMessageId: c.ProviderMessageID, Raw: c.Raw}
		d.requestMedia(conv, message, i.integration, i.channel, event, c.Content)
		d.arrived(c.MessageHash, place{conv, message})
	}
	d.answer.ConversationID, d.answer.MessageID = conv.id, message
	return nil
}
