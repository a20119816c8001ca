package conversation

import (
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// OptIn says that a customer allowed or forbade messages of a kind.
type OptIn struct {
	Header
	IntegrationID string
	// Sender holds the customer's aliases, the strongest first.
	Sender []Address
	// Profile is what the provider tells about them, or nil.
	Profile *eventv1.Profile
	// Topic is what is allowed or forbidden, the provider's word.
	Topic   string
	Allowed bool
	// Payload is the ref or payload that came with it.
	Payload string
	// At is the provider's time; zero where it gave none.
	At time.Time
	// Raw is the item as it came.
	Raw []byte
}

// optIn writes down what a customer allows, with the identity: it says nothing in a
// conversation, and starts none.
func (d *decider) optIn(c *OptIn) error {
	integration, err := d.integration(c.IntegrationID)
	if err != nil {
		return err
	}
	if len(c.Sender) == 0 {
		return refuse(invalid, "the opt-in names no sender")
	}
	i := d.identify(integration, c.Sender, c.Profile)
	d.emit(i.stream(), &eventv1.OptInChanged{
		IdentityId: i.id, CustomerId: i.customer, IntegrationId: i.integration,
		Topic: c.Topic, Allowed: c.Allowed, At: stamp(d.sentAt(c.At)),
		Sealed: &eventv1.OptInChanged_Sealed{Payload: c.Payload, Raw: c.Raw},
	})
	d.answer.ConversationID = i.conversation
	return nil
}
