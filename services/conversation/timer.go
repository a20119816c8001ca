package conversation

import (
	"encoding/hex"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// Timer is something that is due at a time unless an event ends it before.
type Timer struct {
	Kind TimerKind
	Due  time.Time
	// Owner is the conversation of a link's or a file's timer, the identity of a
	// send's, the integration of a change that waits.
	Owner string
	// ID is the link, the file, the send, or the message that a change waits for.
	ID string
}

// TimerKind says what is due.
type TimerKind string

// The kinds of timers.
const (
	// TimerLink ends a link whose time ran out.
	TimerLink TimerKind = "link"
	// TimerOutcome makes a claim without an outcome unknown.
	TimerOutcome TimerKind = "outcome"
	// TimerRetry repeats an attempt.
	TimerRetry TimerKind = "retry"
	// TimerLane lets a lane go on past an unknown outcome.
	TimerLane TimerKind = "lane"
	// TimerAsk asks the agent what became of a reply.
	TimerAsk TimerKind = "ask"
	// TimerMedia asks for a file again, or gives it up.
	TimerMedia TimerKind = "media"
	// TimerCut ends some bindings of a channel that was withdrawn, which is its ID's
	// widget, or removed; of an integration that is its owner.
	TimerCut TimerKind = "cut"
	// TimerParked forgets changes whose message did not come.
	TimerParked TimerKind = "parked"
)

// Timers returns the timers that an event sets and ends. A timer that is ended is
// named in full, so that an index of them follows from each event alone.
func Timers(body proto.Message) (set, end []Timer) {
	link := func(due time.Time, conversationID, linkID string) []Timer {
		return timer(TimerLink, due, conversationID, linkID)
	}
	switch e := body.(type) {
	case *eventv1.LinkRequested:
		return link(moment(e.GetExpiresAt()), e.GetConversationId(), e.GetLinkId()), nil
	case *eventv1.LinkMatched:
		return link(moment(e.GetExpiresAt()), e.GetConversationId(), e.GetLinkId()),
			link(moment(e.GetCodeExpiresAt()), e.GetConversationId(), e.GetLinkId())
	case *eventv1.LinkConfirmed:
		return nil, link(moment(e.GetExpiresAt()), e.GetConversationId(), e.GetLinkId())
	case *eventv1.LinkCancelled:
		return nil, link(moment(e.GetExpiresAt()), e.GetConversationId(), e.GetLinkId())
	case *eventv1.LinkFailed:
		return nil, link(moment(e.GetExpiresAt()), e.GetConversationId(), e.GetLinkId())
	case *eventv1.LinkExpired:
		return nil, link(moment(e.GetExpiresAt()), e.GetConversationId(), e.GetLinkId())
	case *eventv1.IntegrationRemoved:
		return timer(TimerCut, moment(e.GetCutAt()), e.GetIntegrationId(), ""), nil
	case *eventv1.ChannelWithdrawn:
		return timer(TimerCut, moment(e.GetCutAt()), e.GetIntegrationId(), e.GetWidgetId()), nil
	case *eventv1.BindingsCut:
		return nil, timer(TimerCut, moment(e.GetCutAt()), e.GetIntegrationId(), e.GetWidgetId())
	case *eventv1.ChangeParked:
		return parkedTimer(e.GetIntegrationId(), e.GetProviderMessageHash(), e.GetExpiresAt()), nil
	case *eventv1.ChangeForgotten:
		return nil, parkedTimer(e.GetIntegrationId(), e.GetProviderMessageHash(), e.GetExpiresAt())
	case *eventv1.MessageEdited:
		return nil, parkedTimer(e.GetParkedOver(), e.GetProviderMessageHash(), e.GetParkedUntil())
	case *eventv1.ReactionChanged:
		return nil, parkedTimer(e.GetParkedOver(), e.GetProviderMessageHash(), e.GetParkedUntil())
	case *eventv1.MediaRequested:
		return timer(TimerMedia, moment(e.GetDue()), e.GetConversationId(), e.GetMediaId()),
			timer(TimerMedia, moment(e.GetEndedDue()), e.GetConversationId(), e.GetMediaId())
	case *eventv1.MediaStored:
		return nil, timer(TimerMedia, moment(e.GetEndedDue()), e.GetConversationId(), e.GetMediaId())
	case *eventv1.MediaFailed:
		return nil, timer(TimerMedia, moment(e.GetEndedDue()), e.GetConversationId(), e.GetMediaId())
	}
	return sendTimers(body)
}

// sendTimers returns the timers of a send that an event sets and ends.
func sendTimers(body proto.Message) (set, end []Timer) {
	of, _ := body.(interface {
		GetIdentityId() string
		GetSendId() string
	})
	at := func(kind TimerKind, due *timestamppb.Timestamp) []Timer {
		return timer(kind, moment(due), of.GetIdentityId(), of.GetSendId())
	}
	switch e := body.(type) {
	case *eventv1.SendRequested:
		return nil, at(TimerRetry, e.GetRetryAt())
	case *eventv1.SendClaimed:
		return at(TimerOutcome, e.GetOutcomeDue()), nil
	case *eventv1.SendSucceeded:
		return nil, slices.Concat(at(TimerOutcome, e.GetOutcomeDue()), at(TimerLane, e.GetLaneUntil()), at(TimerAsk, e.GetAskAt()))
	case *eventv1.SendFailed:
		return nil, slices.Concat(at(TimerOutcome, e.GetOutcomeDue()), at(TimerLane, e.GetLaneUntil()),
			at(TimerAsk, e.GetAskAt()), at(TimerRetry, e.GetRetryAt()))
	case *eventv1.SendDeferred:
		return at(TimerRetry, e.GetRetryAt()), slices.Concat(at(TimerOutcome, e.GetOutcomeDue()), at(TimerRetry, e.GetEndedRetryAt()))
	case *eventv1.SendOutcomeUnknown:
		return slices.Concat(at(TimerLane, e.GetLaneUntil()), at(TimerAsk, e.GetAskAt())),
			slices.Concat(at(TimerOutcome, e.GetOutcomeDue()), at(TimerRetry, e.GetRetryAt()))
	case *eventv1.SendWithdrawn:
		return nil, at(TimerRetry, e.GetRetryAt())
	case *eventv1.LaneReleased:
		return nil, at(TimerLane, e.GetLaneUntil())
	case *eventv1.OutcomeAsked:
		return nil, at(TimerAsk, e.GetAskAt())
	case *eventv1.OutcomeSettled:
		for _, q := range e.GetQuestions() {
			end = append(end, timer(TimerAsk, moment(q.GetAskAt()), q.GetIdentityId(), q.GetSendId())...)
		}
		return nil, end
	}
	return nil, nil
}

// timer returns one timer, or none where nothing is due.
func timer(kind TimerKind, due time.Time, owner, id string) []Timer {
	if due.IsZero() {
		return nil
	}
	return []Timer{{Kind: kind, Due: due, Owner: owner, ID: id}}
}

// parkedTimer is that of all changes which wait for a message until the same time.
func parkedTimer(integrationID string, hash []byte, due *timestamppb.Timestamp) []Timer {
	return timer(TimerParked, moment(due), integrationID, hex.EncodeToString(hash))
}

// fire does what was due. A timer that something else has ended meanwhile, or
// that is not due yet, does nothing.
func (d *decider) fire(c *FireTimer) error {
	if c.Timer.Due.After(d.head.Now) {
		return nil
	}
	if c.Timer.Kind == TimerCut {
		d.cutSome(c.Timer)
		return nil
	}
	if c.Timer.Kind == TimerParked {
		d.forget(c.Timer)
		return nil
	}
	if c.Timer.Kind == TimerLink {
		conv := d.conversation(c.Timer.Owner)
		if conv == nil {
			return nil
		}
		if link := conv.link(c.Timer.ID); link != nil && link.live() && link.ExpiresAt.Equal(c.Timer.Due) {
			d.expire(conv, link)
		}
		return nil
	}
	if c.Timer.Kind == TimerMedia {
		d.fireMedia(c.Timer)
		return nil
	}
	i := d.identity(c.Timer.Owner)
	if i == nil {
		return nil
	}
	if c.Timer.Kind == TimerAsk {
		if _, send, _, err := d.sendOf(c.Timer.ID); err == nil && send.State == SendUnknown && send.AskAt.Equal(c.Timer.Due) {
			d.ask(i, send)
		}
		return nil
	}
	for _, send := range i.lane {
		if send.ID != c.Timer.ID || !send.Due.Equal(c.Timer.Due) {
			continue
		}
		switch {
		case c.Timer.Kind == TimerOutcome && send.State == SendClaimed:
			d.lose(i, send, &eventv1.SendError{Reason: "no_outcome"})
		case c.Timer.Kind == TimerRetry && send.State == SendDeferred:
			// Only the head of a lane was ever tried.
			i.turn()
			i.next()
		case c.Timer.Kind == TimerLane && send.State == SendUnknown:
			d.emit(i.stream(), &eventv1.LaneReleased{
				SendId: send.ID, IdentityId: i.id, LaneUntil: stamp(send.Due),
			})
			i.drop(send.ID)
			i.next()
		}
		return nil
	}
	return nil
}
