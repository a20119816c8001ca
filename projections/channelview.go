package projections

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// applyChannelView folds the channel views (V2) of a conversation: which comment
// stands in which segment of which integration. What a comment says is left to
// the timeline: a placement only names its line.
//
// A switch is written before the comment that causes it, so a comment belongs to
// the segment that is open when it comes.
func applyChannelView(rows Rows, rec *eventstore.Record, event proto.Message) {
	c := channelFold{rows: rows, rec: rec, account: rec.Stream.Account}
	switch e := event.(type) {
	case *eventv1.ChannelBound:
		c.in(e.ConversationId, func() { c.bind(e) })
	case *eventv1.RouteChanged:
		c.in(e.ConversationId, func() { c.lead(e) })
	case *eventv1.MessageReceived:
		c.in(e.ConversationId, func() { c.place(e.IntegrationId, e.Channel, rec.Position) })
	case *eventv1.EchoReceived:
		c.in(e.ConversationId, func() { c.place(e.IntegrationId, e.Channel, rec.Position) })
	case *eventv1.ReplyQueued:
		c.in(e.ConversationId, func() {
			c.placeReply(e.MessageId, &viewv1.PlacedReply{Item: rec.Position}, e.Route.GetIntegrationId(), e.Route.GetChannel())
		})
	case *eventv1.ReplyRerouted:
		c.move(e.ConversationId, e.MessageId, e.Route.GetIntegrationId(), e.Route.GetChannel())
	case *eventv1.MessageSent:
		if e.IntegrationId != "" {
			c.move(e.ConversationId, e.MessageId, e.IntegrationId, e.Channel)
		}
		c.land(e.ConversationId, e.MessageId)
	case *eventv1.MessageDelivered:
		c.land(e.ConversationId, e.MessageId)
	case *eventv1.MessageRead:
		c.land(e.ConversationId, e.MessageId)
	case *eventv1.MessageFailed:
		c.land(e.ConversationId, e.MessageId)
	case *eventv1.MessageOutcomeUnknown:
		// Bytes have left: what was exchanged was exchanged by now.
		c.land(e.ConversationId, e.MessageId)
	}
}

type channelFold struct {
	rows    Rows
	rec     *eventstore.Record
	account string

	conversation string
	state        *viewv1.ChannelState
	changed      bool // the state
}

// in lets f work on a conversation, and keeps its state if that changed.
func (c *channelFold) in(conversation string, f func()) {
	k := rowKey(c.account, conversation, kindState)
	c.conversation, c.state, c.changed = conversation, getOrNew[viewv1.ChannelState](c.rows, k), false
	f()
	if c.changed {
		c.rows.Put(k, c.state)
	}
}

func (c *channelFold) bind(e *eventv1.ChannelBound) {
	bound := &viewv1.Endpoint{IntegrationId: e.IntegrationId, Channel: e.Channel, IdentityId: e.IdentityId}
	c.changed = true
	for n, known := range c.state.Identities {
		if known.IdentityId == e.IdentityId {
			c.state.Identities[n] = bound
			return
		}
	}
	c.state.Identities = append(c.state.Identities, bound)
}

// lead closes a segment and opens another one if the route now begins with
// another integration than before.
func (c *channelFold) lead(e *eventv1.RouteChanged) {
	first := new(viewv1.Endpoint)
	if len(e.IdentityIds) > 0 {
		for _, known := range c.state.Identities {
			if known.IdentityId == e.IdentityIds[0] {
				first = known
			}
		}
	}
	before := c.state.LeadIntegrationId
	if first.IntegrationId == before {
		return
	}
	c.changed = true
	if before != "" {
		c.close(before)
	}
	c.state.LeadIntegrationId = first.IntegrationId
	if first.IntegrationId != "" {
		count := c.count(first.IntegrationId, first.Channel)
		count.Segments++
		c.rows.Put(c.segmentKey(first.IntegrationId, count.Segments), &viewv1.Segment{
			Number: count.Segments, Begins: c.rec.Position, Rule: e.Rule,
		})
	}
}

// close ends the segment of the channel that led. Its replies that are not yet
// sent become asides of it.
func (c *channelFold) close(integration string) {
	k := c.segmentKey(integration, c.count(integration, "").Segments)
	if segment := get[viewv1.Segment](c.rows, k); segment != nil {
		segment.Ends = c.rec.Position
		c.rows.Put(k, segment)
	}
	for _, id := range c.state.InFlight {
		reply := get[viewv1.PlacedReply](c.rows, c.replyKey(id))
		if reply == nil {
			continue
		}
		reply.InFlight = false
		c.rows.Put(c.replyKey(id), reply)
		at := c.placementKey(reply.IntegrationId, reply.Position)
		if placement := get[viewv1.Placement](c.rows, at); placement != nil {
			placement.Aside = true
			c.rows.Put(at, placement)
		}
	}
	c.state.InFlight = nil
}

// place shows a line in the open segment of a channel, or beside its last one.
// It reports whether the segment is open.
func (c *channelFold) place(integration, channel string, item uint64) bool {
	open := integration == c.state.LeadIntegrationId
	c.rows.Put(c.placementKey(integration, c.rec.Position), &viewv1.Placement{
		Item: item, Segment: c.count(integration, channel).Segments, Aside: !open,
	})
	return open
}

func (c *channelFold) placeReply(id string, reply *viewv1.PlacedReply, integration, channel string) {
	reply.IntegrationId, reply.Position = integration, c.rec.Position
	reply.InFlight = c.place(integration, channel, reply.Item)
	if reply.InFlight {
		c.changed = true
		c.state.InFlight = append(c.state.InFlight, id)
	}
	c.rows.Put(c.replyKey(id), reply)
}

// move takes a reply out of the view of one channel and puts it into that of
// another, at its end.
func (c *channelFold) move(conversation, id, integration, channel string) {
	reply := c.reply(conversation, id)
	if reply == nil || integration == reply.IntegrationId {
		return
	}
	c.in(conversation, func() {
		c.rows.Delete(c.placementKey(reply.IntegrationId, reply.Position))
		c.settle(id, reply)
		c.placeReply(id, reply, integration, channel)
	})
}

// land notes that a reply is no longer in flight.
func (c *channelFold) land(conversation, id string) {
	if reply := c.reply(conversation, id); reply != nil && reply.InFlight {
		c.in(conversation, func() {
			c.settle(id, reply)
			c.rows.Put(c.replyKey(id), reply)
		})
	}
}

func (c *channelFold) reply(conversation, id string) *viewv1.PlacedReply {
	c.conversation = conversation
	return get[viewv1.PlacedReply](c.rows, c.replyKey(id))
}

func (c *channelFold) settle(id string, reply *viewv1.PlacedReply) {
	if reply.InFlight {
		reply.InFlight, c.changed = false, true
		c.state.InFlight = slices.DeleteFunc(c.state.InFlight, func(other string) bool { return other == id })
	}
}

// count returns how many segments a channel has, and remembers the channel.
func (c *channelFold) count(integration, channel string) *viewv1.ChannelCount {
	for _, count := range c.state.Channels {
		if count.IntegrationId == integration {
			return count
		}
	}
	count := &viewv1.ChannelCount{IntegrationId: integration, Channel: channel}
	c.state.Channels, c.changed = append(c.state.Channels, count), true
	return count
}

func (c *channelFold) segmentKey(integration string, number uint64) key {
	return rowKey(c.account, c.conversation, kindSegment).text(integration).number(number)
}

func (c *channelFold) placementKey(integration string, position uint64) key {
	return rowKey(c.account, c.conversation, kindPlacement).text(integration).number(position)
}

func (c *channelFold) replyKey(id string) key {
	return rowKey(c.account, c.conversation, kindMessage).text(id)
}
