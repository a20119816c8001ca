package conversation

import (
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// EditMessage says that a message has new words.
type EditMessage struct {
	Header
	IntegrationID string
	// Sender holds the aliases of the customer, the strongest first: who wrote the
	// message, or whom the business wrote it to.
	Sender []Address
	// Profile is what the provider tells about them, or nil.
	Profile *eventv1.Profile
	// ByBusiness says that the business edited its own message in the provider's
	// app.
	ByBusiness bool
	// MessageHash is the keyed hash of the provider's id of the message.
	MessageHash []byte
	// Content are the new words.
	Content *eventv1.Content
	// Number is the edit's; 0 where the provider gives none.
	Number uint32
	// At is the provider's time; zero where it gave none.
	At time.Time
	// Raw is the item as it came.
	Raw []byte
}

// edit gives a message new words, or keeps them until it comes (M10). It moves no
// route and starts no conversation. Which words are the last is for the views to
// say, by the number of the edit or else by the provider's time.
func (d *decider) edit(c *EditMessage) error {
	integration, err := d.integration(c.IntegrationID)
	if err != nil {
		return err
	}
	if len(c.Sender) == 0 || len(c.MessageHash) == 0 {
		return refuse(invalid, "the edit names no sender or no message")
	}
	if len(c.Content.GetParts()) == 0 {
		return refuse(invalid, "the edit has no words")
	}
	if err := d.uploaded(c.IntegrationID, c.Content); err != nil {
		return err
	}
	if d.isUnsent(c.MessageHash) {
		return nil
	}
	at := d.sentAt(c.At)
	of, ours, ok := d.placeOf(c.MessageHash)
	if ok && (of.gone() || ours && !c.ByBusiness) {
		return nil
	}
	if !ok {
		d.parkChange(d.identify(integration, c.Sender, c.Profile), &eventv1.ChangeParked{
			ProviderMessageHash: c.MessageHash, Edit: true, Number: c.Number, At: stamp(at), ByBusiness: c.ByBusiness,
			Sealed: &eventv1.ChangeParked_Sealed{Content: c.Content, Raw: c.Raw},
		})
		return nil
	}
	event := d.emit(of.conv.stream(), &eventv1.MessageEdited{
		ConversationId: of.conv.id, CustomerId: of.conv.customer, MessageId: of.message,
		Edit: c.Number, At: stamp(at), ProviderMessageHash: c.MessageHash, ByBusiness: c.ByBusiness,
		Sealed: &eventv1.MessageEdited_Sealed{Content: c.Content},
	})
	if !ours {
		d.requestMedia(of.conv, of.message, integration.GetIntegrationId(), integration.GetChannel(), event, c.Content)
	}
	d.answer.ConversationID, d.answer.MessageID = of.conv.id, of.message
	return nil
}
