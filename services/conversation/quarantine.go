package conversation

import (
	"strconv"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// QuarantineState is what became of an item in quarantine.
type QuarantineState byte

// The states of an item in quarantine. An item that nothing is known of waits.
const (
	QuarantineWaiting QuarantineState = iota
	QuarantineReplayed
	QuarantineDiscarded
	// QuarantineNone is no state of an item: there is none at that place.
	QuarantineNone
)

// key names the item among those of all accounts.
func (q Quarantined) key() string { return q.Account + " " + strconv.FormatUint(q.Position, 10) }

// waits says whether an item waits. It returns a refusal where it cannot any more,
// and false where it was replayed before.
func (d *decider) waits(item Quarantined) (bool, error) {
	switch look(d, d.state.quarantine, RefQuarantine, item.key()) {
	case QuarantineNone:
		return false, refuse(notFound, "there is no such item in quarantine")
	case QuarantineDiscarded:
		return false, refuse(invalid, "it was discarded")
	case QuarantineReplayed:
		return false, nil
	}
	return true, nil
}

// replayItem decides what an item in quarantine asks for as if it came in now, by
// its own dedup key, and takes it out of quarantine in the same commit. Where that
// is refused the item stays.
func (d *decider) replayItem(c *ReplayItem) error {
	if waits, err := d.waits(c.Item); err != nil || !waits {
		return err
	}
	replayed := &eventv1.ItemReplayed{Source: c.Item.Source, AccountId: c.Item.Account, Position: c.Item.Position}
	if inner := c.Command.header(); inner.Dedup.Key != "" {
		done, err := d.seen(inner.Dedup)
		if err != nil {
			return err
		}
		replayed.Duplicate = done
	}
	if !replayed.Duplicate {
		d.head = c.Command.header()
		if err := d.decide(c.Command); err != nil {
			return err
		}
		replayed.ConversationId = d.answer.ConversationID
	}
	if !c.More {
		d.emit(d.streamOf(c.Item), replayed)
	}
	return nil
}

// streamOf returns the stream that an item in quarantine is in, as far as the
// account of the command has it.
func (d *decider) streamOf(item Quarantined) Stream {
	if item.Conversation != "" && item.Account == d.head.Account {
		if conv := d.conversation(item.Conversation); conv != nil {
			return conv.stream()
		}
	}
	return Stream{CategoryQuarantine, item.Source}
}

// discardItem gives an item in quarantine up.
func (d *decider) discardItem(c *DiscardItem) error {
	switch look(d, d.state.quarantine, RefQuarantine, c.Item.key()) {
	case QuarantineNone:
		return refuse(notFound, "there is no such item in quarantine")
	case QuarantineReplayed:
		return refuse(invalid, "it was replayed")
	case QuarantineDiscarded:
		return nil
	}
	d.emit(d.streamOf(c.Item), &eventv1.ItemDiscarded{
		Source: c.Item.Source, AccountId: c.Item.Account, Position: c.Item.Position,
	})
	return nil
}

// keep writes down an item that no rule can use.
func (d *decider) keep(c *KeepItem) error {
	if d.isUnsent(c.MessageHash) {
		return nil
	}
	stream := Stream{CategoryQuarantine, c.Source}
	channel := ""
	if c.IntegrationID != "" {
		channel = d.account().Integrations[c.IntegrationID].GetChannel()
	}
	if c.Ignored != "" {
		d.emit(stream, &eventv1.ItemIgnored{
			Source: c.Source, IntegrationId: c.IntegrationID, Channel: channel, What: c.Ignored,
			ProviderAccountId: c.ProviderAccount, Place: c.Place,
			ProviderMessageHash: c.MessageHash, Sealed: &eventv1.ItemIgnored_Sealed{Raw: c.Raw, Beside: c.Beside},
		})
		return nil
	}
	if conv := d.talk(c); conv != nil {
		stream, d.answer.ConversationID = conv.stream(), conv.id
	}
	d.emit(stream, &eventv1.ItemQuarantined{
		ConversationId: d.answer.ConversationID,
		Source:         c.Source, IntegrationId: c.IntegrationID, Channel: channel, Reason: c.Reason,
		SentAt: stamp(c.SentAt), ProviderAccountId: c.ProviderAccount, Place: c.Place,
		Sealed: &eventv1.ItemQuarantined_Sealed{Raw: c.Raw, Beside: c.Beside},
	})
	return nil
}

// talk returns the conversation in which an item would have been said, or nil where
// that is not known. It starts none.
func (d *decider) talk(c *KeepItem) *conversationDraft {
	i := d.find(c.Sender)
	if i == nil {
		return nil
	}
	id, _ := i.conversationAt(d.sentAt(c.SentAt))
	if id == "" {
		return nil
	}
	return d.conversation(id)
}
