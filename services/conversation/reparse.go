package conversation

import (
	"slices"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// ReparseItem says what something that was kept means to the parsers of today. Its
// dedup key is of a kind of its own: what it says follows once (M1).
type ReparseItem struct {
	Header
	// Command is what an item that was ignored asks for, with the same header but
	// for its own dedup key; nil for a message that could not be shown.
	Command Command
	// ConversationID and MessageID are those of the message, and Content is what it
	// says.
	ConversationID, MessageID string
	MessageHash               []byte
	Content                   *eventv1.Content
}

// reparse lets an item that was ignored take effect, or gives a message the meaning
// that it has now. What came again meanwhile, and took effect, does nothing.
func (d *decider) reparse(c *ReparseItem) error {
	if c.Command == nil {
		return d.reparseMessage(c)
	}
	inner := c.Command.header()
	if inner.Dedup.Key != "" {
		if done, err := d.seen(inner.Dedup); done || err != nil {
			return err
		}
	}
	outer := d.head
	d.head = inner
	err := d.decide(c.Command)
	d.head = outer
	if err == nil && d.kept() {
		d.events = nil
		return refuse(invalid, "it is of no use today either")
	}
	if len(d.events) > 0 && inner.Dedup.Key != "" {
		d.also = append(d.also, inner.Dedup)
	}
	return err
}

// kept says that nothing was decided but to keep the item once more.
func (d *decider) kept() bool {
	return len(d.events) > 0 && !slices.ContainsFunc(d.events, func(e Event) bool {
		_, ignored := e.Body.(*eventv1.ItemIgnored)
		return !ignored
	})
}

func (d *decider) reparseMessage(c *ReparseItem) error {
	conv := d.conversation(c.ConversationID)
	if conv == nil {
		return refuse(notFound, "there is no such conversation")
	}
	if conv.base.Erased || d.isUnsent(c.MessageHash) {
		return nil
	}
	// No parser names files of ours.
	if err := d.uploaded("", c.Content); err != nil {
		return err
	}
	event := d.emit(conv.stream(), &eventv1.MessageReparsed{
		ConversationId: conv.id, CustomerId: conv.customer, MessageId: c.MessageID, ProviderMessageHash: c.MessageHash,
		Sealed: &eventv1.MessageReparsed_Sealed{Content: c.Content},
	})
	if said, ok := conv.base.Inbound[c.MessageID]; ok {
		i := d.identity(said.IdentityID)
		d.requestMedia(conv, c.MessageID, i.integration, i.channel, event, c.Content)
	}
	d.answer.ConversationID, d.answer.MessageID = conv.id, c.MessageID
	return nil
}
