package conversation

import (
	"cmp"
	"encoding/hex"
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// changeParkedFor is how long an edit or a reaction waits for its message: as long
// as the slowest provider delivers.
const changeParkedFor = 7 * 24 * time.Hour

// ParkedChange is an edit or a reaction that waits for its message.
type ParkedChange struct {
	// EventID is the event that keeps it, and holds what was said.
	EventID string
	// IdentityID is who changed or reacted, over which integration.
	IdentityID, IntegrationID string
	Edit, Removed, ByBusiness bool
	Number                    uint32
	At, ExpiresAt             time.Time
}

// ParkedChangeOf returns the change that an event keeps.
func ParkedChangeOf(eventID string, b *eventv1.ChangeParked) ParkedChange {
	return ParkedChange{
		EventID: eventID, IdentityID: b.GetIdentityId(), IntegrationID: b.GetIntegrationId(),
		Edit: b.GetEdit(), Removed: b.GetRemoved(), ByBusiness: b.GetByBusiness(), Number: b.GetNumber(),
		At: moment(b.GetAt()), ExpiresAt: moment(b.GetExpiresAt()),
	}
}

// SetChanges records the changes that wait for a message, in the order in which
// they came.
func (s *State) SetChanges(hash []byte, changes []ParkedChange) { s.changes[string(hash)] = changes }

// parkChange folds in that a change waits. An edit holds words of its message.
func (s *State) parkChange(e Event, b *eventv1.ChangeParked) {
	hash := string(b.GetProviderMessageHash())
	if before, known := s.changes[hash]; known || !s.partial {
		changes := append(slices.Clip(before), ParkedChangeOf(e.ID, b))
		slices.SortFunc(changes, func(a, b ParkedChange) int { return cmp.Compare(a.EventID, b.EventID) })
		s.changes[hash] = changes
	}
	if b.GetEdit() {
		s.hold(e, b.GetProviderMessageHash(), "", "")
	}
}

// unpark folds in that changes wait no more.
func (s *State) unpark(hash []byte, eventIDs ...string) {
	before, known := s.changes[string(hash)]
	if !known {
		return
	}
	left := slices.DeleteFunc(slices.Clone(before), func(p ParkedChange) bool { return slices.Contains(eventIDs, p.EventID) })
	if len(left) == 0 && !s.partial {
		delete(s.changes, string(hash))
		return
	}
	s.changes[string(hash)] = left
}

// changes returns the changes that wait for a message.
func (d *decider) changes(hash []byte) []ParkedChange {
	if len(hash) == 0 {
		return nil
	}
	return look(d, d.state.changes, RefChanges, string(hash))
}

// parkChange keeps a change until its message comes (I9).
func (d *decider) parkChange(i *identityDraft, change *eventv1.ChangeParked) {
	// Asked for, so that a partial state knows of this one beside the others.
	d.changes(change.GetProviderMessageHash())
	change.IntegrationId, change.IdentityId, change.CustomerId = i.integration, i.id, i.customer
	change.ExpiresAt = stamp(d.head.Now.Add(changeParkedFor))
	d.emit(Stream{CategoryReceipts, i.integration}, change)
}

// arrived lets the changes take effect that waited for a message. Those of somebody
// who was erased are forgotten.
func (d *decider) arrived(hash []byte, at place) {
	for _, p := range d.changes(hash) {
		i := d.identity(p.IdentityID)
		content := d.content(p.EventID)
		if i == nil || i.erased || content == nil || d.head.Now.After(p.ExpiresAt) {
			d.emit(Stream{CategoryReceipts, p.IntegrationID}, &eventv1.ChangeForgotten{
				IntegrationId: p.IntegrationID, ProviderMessageHash: hash,
				ContentEventIds: []string{p.EventID}, ExpiresAt: stamp(p.ExpiresAt),
			})
			continue
		}
		if p.Edit {
			d.emit(at.conv.stream(), &eventv1.MessageEdited{
				ConversationId: at.conv.id, CustomerId: at.conv.customer, MessageId: at.message,
				Edit: p.Number, At: stamp(p.At), ByBusiness: p.ByBusiness,
				ProviderMessageHash: hash, ContentEventId: p.EventID, ParkedUntil: stamp(p.ExpiresAt), ParkedOver: p.IntegrationID,
				Sealed: &eventv1.MessageEdited_Sealed{Content: content},
			})
			continue
		}
		d.emit(at.conv.stream(), &eventv1.ReactionChanged{
			ConversationId: at.conv.id, CustomerId: at.conv.customer, MessageId: at.message, IdentityId: i.id,
			At: stamp(p.At), Removed: p.Removed, ByBusiness: p.ByBusiness,
			ProviderMessageHash: hash, ContentEventId: p.EventID, ParkedUntil: stamp(p.ExpiresAt), ParkedOver: p.IntegrationID,
			Sealed: &eventv1.ReactionChanged_Sealed{Emoji: emojiIn(content)},
		})
	}
}

// known lets what waited for a reply of ours take effect, once the provider's id of
// it is known.
func (d *decider) known(hash []byte, reply place) {
	if reply.gone() {
		return
	}
	if d.isUnsent(hash) {
		if u := d.unsendOurs(reply, hash, d.head.Now); u != nil {
			d.emit(reply.conv.stream(), u)
		}
		return
	}
	d.arrived(hash, reply)
}

// forget ends the wait of changes whose message did not come.
func (d *decider) forget(timer Timer) {
	hash, err := hex.DecodeString(timer.ID)
	if err != nil {
		return
	}
	forgotten := &eventv1.ChangeForgotten{
		IntegrationId: timer.Owner, ProviderMessageHash: hash, ExpiresAt: stamp(timer.Due),
	}
	for _, p := range d.changes(hash) {
		if p.IntegrationID == timer.Owner && p.ExpiresAt.Equal(timer.Due) {
			forgotten.ContentEventIds = append(forgotten.ContentEventIds, p.EventID)
		}
	}
	if len(forgotten.ContentEventIds) > 0 {
		d.emit(Stream{CategoryReceipts, timer.Owner}, forgotten)
	}
}

// place is where a message stands: its conversation and its id there.
type place struct {
	conv    *conversationDraft
	message string
}

// placeOf returns where the message stands that has a provider's id, said by
// either side; ok is false while it stands nowhere. ours says that it is a message
// of ours, as it left us.
func (d *decider) placeOf(hash []byte) (at place, ours, ok bool) {
	if ref := look(d, d.state.messages, RefMessage, string(hash)); ref.IdentityID != "" {
		if ref.MessageID == "" {
			return place{}, true, true
		}
		return place{d.conversation(ref.ConversationID), ref.MessageID}, true, true
	}
	for _, e := range d.said(hash) {
		if e.MessageID != "" {
			return place{d.conversation(e.ConversationID), e.MessageID}, false, true
		}
	}
	return place{}, false, false
}

// gone says that nothing can be said about the message any more, or never could:
// it is a question of ours, or its conversation was erased.
func (p place) gone() bool { return p.conv == nil || p.message == "" || p.conv.base.Erased }
