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
		d.emit(Stream{CategoryQuarantine, c.Item.Source}, replayed)
	}
	return nil
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
	d.emit(Stream{CategoryQuarantine, c.Item.Source}, &eventv1.ItemDiscarded{
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
	d.emit(stream, &eventv1.ItemQuarantined{
		Source: c.Source, IntegrationId: c.IntegrationID, Channel: channel, Reason: c.Reason,
		SentAt: stamp(c.SentAt), ProviderAccountId: c.ProviderAccount, Place: c.Place,
		Sealed: &eventv1.ItemQuarantined_Sealed{Raw: c.Raw, Beside: c.Beside},
	})
	return nil
}
