package conversation

import (
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// OpenThread says that a customer opened a link of ours into a thread that exists,
// and said nothing.
type OpenThread struct {
	Header
	IntegrationID string
	// Sender holds the customer's aliases, the strongest first.
	Sender []Address
	// At is the provider's time; zero where it gave none.
	At time.Time
	// Referral is what led there.
	Referral *eventv1.Referral
	// Otherwise keeps the item where the customer is in no conversation.
	Otherwise *KeepItem
}

// openThread opens the messaging window (R7): nothing switches, and no conversation
// starts by it.
func (d *decider) openThread(c *OpenThread) error {
	if _, err := d.integration(c.IntegrationID); err != nil {
		return err
	}
	at := d.sentAt(c.At)
	i := d.find(c.Sender)
	if i == nil || i.conversation == "" || i.released != "" && at.Before(i.releasedAt) {
		return d.keep(c.Otherwise)
	}
	conv := d.conversation(i.conversation)
	d.emit(conv.stream(), &eventv1.ThreadOpened{
		ConversationId: conv.id, CustomerId: conv.customer, IdentityId: i.id, IntegrationId: i.integration,
		Channel: i.channel, SentAt: stamp(at),
		Sealed: &eventv1.ThreadOpened_Sealed{Referral: c.Referral, Raw: c.Otherwise.Raw},
	})
	d.answer.ConversationID = conv.id
	return nil
}
