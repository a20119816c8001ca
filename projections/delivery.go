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
	case *eventv1.ReplyFitted:
		t.reply(e.ConversationId, e.MessageId, func(reply *viewv1.AgentComment) bool {
			reply.Changes, reply.Parts = e.Changes, nil
			for part := uint32(0); e.Parts > 1 && part < e.Parts; part++ {
				reply.Parts = append(reply.Parts, &viewv1.ReplyPart{State: queued})
			}
			return true
		})
	case *eventv1.PartAdvanced:
		t.reply(e.ConversationId, e.MessageId, func(reply *viewv1.AgentComment) bool {
			if int(e.Part) >= len(reply.Parts) {
				return false
			}
			reply.Parts[e.Part] = &viewv1.ReplyPart{State: partStates[e.State], Error: e.Error}
			return true
		})
	case *eventv1.OutcomeAsked:
		t.reply(e.ConversationId, e.MessageId, func(reply *viewv1.AgentComment) bool {
			changed := !reply.Asked && reply.State == outcomeUnsure
			reply.Asked = reply.Asked || changed
			return changed
		})
	case *eventv1.OutcomeSettled:
		t.reply(e.ConversationId, e.MessageId, func(reply *viewv1.AgentComment) bool { return settle(reply, e) })
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
	reply.DeliveredAt, reply.ReadAt, reply.Changes, reply.Parts, reply.Asked = nil, nil, nil, nil, false
	return true
}

// partStates are the states of parts as the view shows them.
var partStates = map[eventv1.PartState]viewv1.DeliveryState{
	eventv1.PartState_PART_STATE_SENDING:   sending,
	eventv1.PartState_PART_STATE_SENT:      sent,
	eventv1.PartState_PART_STATE_DELIVERED: delivered,
	eventv1.PartState_PART_STATE_READ:      read,
	eventv1.PartState_PART_STATE_FAILED:    failed,
	eventv1.PartState_PART_STATE_UNKNOWN:   outcomeUnsure,
}

// settle takes an agent's word for what became of a reply: it arrived, or it will be
// routed again.
func settle(reply *viewv1.AgentComment, e *eventv1.OutcomeSettled) bool {
	reply.Settled, reply.Asked = true, false
	if !e.Arrived {
		return true
	}
	reply.State, reply.Error = sent, nil
	for _, part := range reply.Parts {
		if part.State == outcomeUnsure {
			part.State, part.Error = sent, nil
		}
		if part.State < sent {
			reply.State = sending
		}
	}
	return true
}

// intended returns where a reply was first meant to go: the first that was passed
// over, but for what the agent passed over by naming another place.
func intended(route *eventv1.FrozenRoute) interface {
	GetIntegrationId() string
	GetChannel() string
} {
	if len(route.GetPassedOver()) > 0 && route.GetRule() != eventv1.ReplyRule_REPLY_RULE_NAMED {
		return route.GetPassedOver()[0]
	}
	return route
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
		// A reply in parts goes on being sent once it is known what became of one.
		forward = from < to || from == outcomeUnsure && (to > sending || len(reply.Parts) > 0)
	}
	if forward {
		reply.State, reply.Error = to, why
		reply.Asked = reply.Asked && to == outcomeUnsure
	}
	return forward
}
