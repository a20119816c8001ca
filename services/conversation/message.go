package conversation

import (
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// Message is a reply as decisions need it.
type Message struct {
	ID, IdentityID, IntegrationID, Channel string
	State                                  MessageState
	// QueuedAt is when it was written, RoutedAt when it was last decided where it
	// goes.
	QueuedAt, RoutedAt time.Time
	// Place counts the replies before it; Version is that of the stream.
	Place   int
	Version uint64
	// Content is the event that holds its words as they were written, and Unsent
	// says that it was taken back.
	Content string
	Unsent  bool
	// Automated says that no person wrote it, Fixed that it may not go by another
	// channel.
	Automated, Fixed bool
	// Hop counts how often it was decided again.
	Hop uint32
	// Tried are the identities at which it has failed, and why.
	Tried map[string]*eventv1.SendError
	// Parts is how far each message came in which it is sent; nil for one.
	Parts []MessageState
	// Asked are the sends about which the agent was asked, or need not be.
	Asked []string
	// Blobs are the files in the blob store that it shows.
	Blobs []string
	// Fittings are the events that hold its words as channels were to show them.
	Fittings []string
}

// MessageState is how far a reply came.
type MessageState int

// The states of a reply. Only those from MessageQueued to MessageRead have an
// order.
const (
	MessageQueued MessageState = iota + 1
	MessageSending
	MessageSent
	MessageDelivered
	MessageRead
	MessageFailed
	MessageUnknown
)

// message returns a reply in the course of a decision, or nil where there is none.
func (c *conversationDraft) message(id string) *Message {
	if m := c.messages[id]; m != nil {
		return m
	}
	base := c.base.Messages[id]
	if base == nil {
		return nil
	}
	m := *base
	m.Parts, m.Tried = slices.Clone(base.Parts), maps.Clone(base.Tried)
	c.messages[id] = &m
	return &m
}

// partState returns how far a part came; the reply itself where it is one.
func (m *Message) partState(part int) MessageState {
	if part < len(m.Parts) {
		return m.Parts[part]
	}
	return m.State
}

// worst returns how far a reply came of which these are the parts.
func worst(parts []MessageState) MessageState {
	least, began, lost := MessageRead, false, false
	for _, p := range parts {
		switch p {
		case MessageFailed:
			return MessageFailed
		case MessageUnknown:
			lost = true
		default:
			least, began = min(least, p), began || p > MessageQueued
		}
	}
	switch {
	case lost:
		return MessageUnknown
	case least == MessageQueued && began:
		return MessageSending
	}
	return least
}

// follows says whether a reply may go from one state to another (M3).
func follows(from, to MessageState) bool {
	switch to {
	case MessageFailed:
		return from == MessageQueued || from == MessageSending || from == MessageSent || from == MessageUnknown
	case MessageUnknown:
		// Queued, where the log was restored: it may have been sent since.
		return from == MessageQueued || from == MessageSending
	}
	if from == MessageFailed {
		return false
	}
	return from == MessageUnknown || to > from
}

// came takes how far a send came that was for a reply. What becomes of a send from
// before the reply was decided again changes nothing any more.
func (d *decider) came(o *eventv1.SendOrigin, to MessageState, at time.Time, why *eventv1.SendError) {
	if o.GetMessageId() == "" {
		return
	}
	conv := d.conversation(o.GetConversationId())
	if m := conv.message(o.GetMessageId()); m.Hop == o.GetHop() {
		d.advance(conv, m, int(o.GetPart()), to, at, why)
	}
}

// advance moves a part of a reply to a state, if that is forward, and the reply with
// it. What fails for good falls to the next place (R9).
func (d *decider) advance(conv *conversationDraft, m *Message, part int, to MessageState, at time.Time, why *eventv1.SendError) {
	if !follows(m.partState(part), to) {
		return
	}
	if part < len(m.Parts) {
		m.Parts[part] = to
		d.emit(conv.stream(), &eventv1.PartAdvanced{
			MessageId: m.ID, ConversationId: conv.id, Part: uint32(part), Parts: uint32(len(m.Parts)),
			State: partStates[to], At: stamp(at), Error: why,
		})
	}
	if to == MessageFailed {
		d.fall(conv, m, why)
		return
	}
	if len(m.Parts) > 0 {
		to = worst(m.Parts)
	}
	d.move(conv, m, to, at, why)
}

var partStates = [...]eventv1.PartState{
	MessageQueued:    eventv1.PartState_PART_STATE_UNSPECIFIED,
	MessageSending:   eventv1.PartState_PART_STATE_SENDING,
	MessageSent:      eventv1.PartState_PART_STATE_SENT,
	MessageDelivered: eventv1.PartState_PART_STATE_DELIVERED,
	MessageRead:      eventv1.PartState_PART_STATE_READ,
	MessageFailed:    eventv1.PartState_PART_STATE_FAILED,
	MessageUnknown:   eventv1.PartState_PART_STATE_UNKNOWN,
}

// move moves a whole reply, if that is forward.
func (d *decider) move(conv *conversationDraft, m *Message, to MessageState, at time.Time, why *eventv1.SendError) {
	if !follows(m.State, to) {
		return
	}
	m.State = to
	var event proto.Message
	switch to {
	case MessageSending:
		event = &eventv1.MessageSending{MessageId: m.ID, ConversationId: conv.id}
	case MessageSent:
		event = &eventv1.MessageSent{
			MessageId: m.ID, ConversationId: conv.id, IntegrationId: m.IntegrationID, Channel: m.Channel,
		}
	case MessageDelivered:
		event = &eventv1.MessageDelivered{MessageId: m.ID, ConversationId: conv.id, At: stamp(at)}
	case MessageRead:
		event = &eventv1.MessageRead{MessageId: m.ID, ConversationId: conv.id, At: stamp(at)}
	case MessageFailed:
		event = &eventv1.MessageFailed{MessageId: m.ID, ConversationId: conv.id, Error: why}
	case MessageUnknown:
		event = &eventv1.MessageOutcomeUnknown{MessageId: m.ID, ConversationId: conv.id, Error: why}
	}
	d.emit(conv.stream(), event)
}

// fall sends a reply that failed for good to the next place that it can go to, and
// ends it where there is none (R9). What is fixed to its channel falls nowhere, nor
// does a reply of which a part may have arrived or not. A reply of which parts have
// arrived falls to the widget alone.
func (d *decider) fall(conv *conversationDraft, m *Message, why *eventv1.SendError) {
	if i := d.identity(m.IdentityID); i != nil {
		i.take(m.waits)
	}
	if m.Tried == nil {
		m.Tried = map[string]*eventv1.SendError{}
	}
	m.Tried[m.IdentityID] = why
	if !m.Fixed && !slices.Contains(m.Parts, MessageUnknown) {
		if to := d.again(conv, m, hasFailed, why, true); to != nil {
			d.reroute(conv, m, to)
			return
		}
	}
	d.move(conv, m, MessageFailed, d.head.Now, why)
}

// partly says that the customer has parts of the reply, or may get them still.
func (m *Message) partly() bool {
	return slices.ContainsFunc(m.Parts, func(p MessageState) bool { return p != MessageQueued && p != MessageFailed })
}

// waits says whether a send is for the reply as it was last decided.
func (m *Message) waits(o *eventv1.SendOrigin) bool {
	return o.GetMessageId() == m.ID && o.GetHop() == m.Hop
}

// again looks for another place for a reply, which cannot go where it was to go;
// nil where there is none, or where its words are gone.
func (d *decider) again(conv *conversationDraft, m *Message, reason eventv1.PassedOverReason, why *eventv1.SendError, falls bool) *destination {
	content := d.content(m.Content)
	if content == nil || len(conv.route) == 0 {
		return nil
	}
	before := Binding{IdentityID: m.IdentityID, IntegrationID: m.IntegrationID, Channel: m.Channel}
	to, _ := conv.find(search{
		message: m, content: content, falls: falls, partly: m.partly(), before: before.passedOver(reason, why),
	})
	return to
}

// reroute sends a reply elsewhere that is in no lane any more.
func (d *decider) reroute(conv *conversationDraft, m *Message, to *destination) {
	m.Hop++
	m.routed(to.route)
	d.emit(conv.stream(), &eventv1.ReplyRerouted{
		MessageId: m.ID, ConversationId: conv.id, Route: proto.CloneOf(to.route), Hop: m.Hop,
	})
	conv.offer(to.route.GetPassedOver())
	d.hand(conv, m, to)
}

// routed notes where a reply goes.
func (m *Message) routed(route *eventv1.FrozenRoute) {
	m.IdentityID, m.IntegrationID, m.Channel = route.GetIdentityId(), route.GetIntegrationId(), route.GetChannel()
	m.State, m.Parts = MessageQueued, nil
}

// hand puts a reply where its route says: into the widget, where it stands at
// once, or into the lane of an identity, in as many parts as its channel needs.
func (d *decider) hand(conv *conversationDraft, m *Message, to *destination) {
	if d.account().Widgets[m.IntegrationID] != nil {
		d.move(conv, m, MessageSent, d.head.Now, nil)
		return
	}
	event := m.Content
	if len(to.changes) > 0 || len(to.parts) > 1 {
		event = d.emit(conv.stream(), &eventv1.ReplyFitted{
			MessageId: m.ID, ConversationId: conv.id, CustomerId: conv.customer, Channel: m.Channel,
			Parts: uint32(len(to.parts)), Changes: to.changes,
			Sealed: &eventv1.ReplyFitted_Sealed{Parts: to.parts},
		})
		m.fitted(len(to.parts))
	}
	i := d.identity(m.IdentityID)
	for part := range to.parts {
		quoted := ""
		if part == 0 {
			quoted = to.quoted
		}
		i.add(&eventv1.SendOrigin{
			ConversationId: conv.id, MessageId: m.ID, Kind: eventv1.SendKind_SEND_KIND_REPLY,
			Part: uint32(part), Parts: uint32(len(m.Parts)), Hop: m.Hop,
		}, event, quoted)
	}
	i.next()
}

// fitted notes in how many parts a reply is sent.
func (m *Message) fitted(parts int) {
	if parts < 2 {
		return
	}
	m.Parts = make([]MessageState, parts)
	for at := range m.Parts {
		m.Parts[at] = MessageQueued
	}
}
