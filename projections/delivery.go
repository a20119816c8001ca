package projections

import (
	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

const (
	queued        = viewv1.DeliveryState_DELIVERY_STATE_QUEUED
	sending       = viewv1.DeliveryState_DELIVERY_STATE_SENDING
	sent          = viewv1.DeliveryState_DELIVERY_STATE_SENT
	delivered     = viewv1.DeliveryState_DELIVERY_STATE_DELIVERED
	read          = viewv1.DeliveryState_DELIVERY_STATE_READ
	failed        = viewv1.DeliveryState_DELIVERY_STATE_FAILED
	outcomeUnsure = viewv1.DeliveryState_DELIVERY_STATE_UNKNOWN
)

// delivery folds what becomes of a reply. It reports whether the event was about
// that.
func (t *timelineFold) delivery(event proto.Message) bool {
	switch e := event.(type) {
	case *eventv1.ReplyRerouted:
		t.reply(e.ConversationId, e.MessageId, func(reply *viewv1.AgentComment) bool { return t.reroute(reply, e) })
	case *eventv1.MessageSending:
		t.reply(e.ConversationId, e.MessageId, func(reply *viewv1.AgentComment) bool {
			return advance(reply, sending, nil)
		})
	case *eventv1.MessageSent:
		t.reply(e.ConversationId, e.MessageId, func(reply *viewv1.AgentComment) bool {
			changed := advance(reply, sent, nil)
			if e.IntegrationId == "" || e.IntegrationId == reply.IntegrationId {
				return changed
			}
			reply.IntegrationId, reply.Channel = e.IntegrationId, e.Channel
			return true
		})
	case *eventv1.MessageDelivered:
		t.reply(e.ConversationId, e.MessageId, func(reply *viewv1.AgentComment) bool {
			if !advance(reply, delivered, nil) && (reply.State != read || reply.DeliveredAt != nil) {
				return false
			}
			reply.DeliveredAt = e.At
			return true
		})
	case *eventv1.MessageRead:
		t.reply(e.ConversationId, e.MessageId, func(reply *viewv1.AgentComment) bool {
			if !advance(reply, read, nil) {
				return false
			}
			reply.ReadAt = e.At
			return true
		})
	case *eventv1.MessageFailed:
		t.reply(e.ConversationId, e.MessageId, func(reply *viewv1.AgentComment) bool {
			return advance(reply, failed, e.Error)
		})
	case *eventv1.MessageOutcomeUnknown:
		t.reply(e.ConversationId, e.MessageId, func(reply *viewv1.AgentComment) bool {
			return advance(reply, outcomeUnsure, e.Error)
		})
	default:
		return false
	}
	return true
}

func (t *timelineFold) reply(conversation, id string, f func(*viewv1.AgentComment) bool) {
	t.change(conversation, id, func(item *viewv1.TimelineItem) bool {
		reply := item.GetAgent()
		return reply != nil && f(reply)
	})
}

// reroute queues a reply again, on another route (R4, R9).
func (t *timelineFold) reroute(reply *viewv1.AgentComment, e *eventv1.ReplyRerouted) bool {
	reply.GivenUp = append(reply.GivenUp, &viewv1.GivenUpRoute{
		Route: reply.Route, State: reply.State, Error: reply.Error, Replaced: t.rec.Position,
	})
	reply.Route, reply.State, reply.Error = e.Route, queued, nil
	reply.IntegrationId, reply.Channel = e.Route.GetIntegrationId(), e.Route.GetChannel()
	reply.DeliveredAt, reply.ReadAt = nil, nil
	return true
}

// advance moves a reply forward (M3): queued, sending, sent, delivered, read;
// failed from queued, sending, sent or unknown; unknown from sending, and from
// queued after a restore. It reports whether the reply moved.
func advance(reply *viewv1.AgentComment, to viewv1.DeliveryState, why *eventv1.SendError) bool {
	from := reply.State
	forward := false
	switch to {
	case failed:
		forward = from <= sent || from == outcomeUnsure
	case outcomeUnsure:
		forward = from == queued || from == sending
	default:
		forward = from < to || from == outcomeUnsure && to > sending
	}
	if forward {
		reply.State, reply.Error = to, why
	}
	return forward
}
