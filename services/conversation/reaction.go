package conversation

import (
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// ReactToMessage says that somebody set or took back their reaction to a message.
type ReactToMessage struct {
	Header
	IntegrationID string
	// Sender holds the aliases of who reacted, the strongest first.
	Sender []Address
	// Profile is what the provider tells about them, or nil.
	Profile *eventv1.Profile
	// MessageHash is the keyed hash of the provider's id of the message.
	MessageHash []byte
	// Emoji is the reaction; empty takes it back.
	Emoji string
	// At is the provider's time; zero where it gave none.
	At time.Time
	// Raw is the item as it came.
	Raw []byte
}

// react attaches a reaction to its message, or keeps it until that comes (M10).
// It moves no route and starts no conversation. Which reaction is the last is for
// the views to say, by the provider's time.
func (d *decider) react(c *ReactToMessage) error {
	integration, err := d.integration(c.IntegrationID)
	if err != nil {
		return err
	}
	if len(c.Sender) == 0 || len(c.MessageHash) == 0 {
		return refuse(invalid, "the reaction names no sender or no message")
	}
	if d.isUnsent(c.MessageHash) {
		return nil
	}
	at, removed := d.sentAt(c.At), c.Emoji == ""
	to, _, ok := d.placeOf(c.MessageHash)
	if ok && to.gone() {
		return nil
	}
	i := d.identify(integration, c.Sender, c.Profile)
	if !ok {
		d.parkChange(i, &eventv1.ChangeParked{
			ProviderMessageHash: c.MessageHash, At: stamp(at), Removed: removed,
			Sealed: &eventv1.ChangeParked_Sealed{Content: reacted(c.Emoji), Emoji: c.Emoji, Raw: c.Raw},
		})
		return nil
	}
	d.emit(to.conv.stream(), &eventv1.ReactionChanged{
		ConversationId: to.conv.id, CustomerId: to.conv.customer, MessageId: to.message, IdentityId: i.id,
		At: stamp(at), Removed: removed, ProviderMessageHash: c.MessageHash,
		Sealed: &eventv1.ReactionChanged_Sealed{Emoji: c.Emoji},
	})
	d.answer.ConversationID, d.answer.MessageID = to.conv.id, to.message
	return nil
}

// reacted is the content of a reaction that waits for its message.
func reacted(emoji string) *eventv1.Content {
	return &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Reacted{Reacted: &eventv1.Reacted{Emoji: emoji}}}}}
}

// emojiIn reads it back.
func emojiIn(content *eventv1.Content) string {
	for _, part := range content.GetParts() {
		if emoji := part.GetReacted().GetEmoji(); emoji != "" {
			return emoji
		}
	}
	return ""
}
