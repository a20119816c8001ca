package projections

import (
	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// use says what became of a record's facts.
type use int

const (
	used       use = iota
	unused         // no view shows events of this type
	unknown        // this version does not know the type
	unreadable     // the facts are not of the type
)

// decode reads the facts of a record, once for all projections.
func decode(rec *eventstore.Record) (proto.Message, use) {
	event := newEvent(rec.Type)
	if event == nil {
		if isUnused(rec.Type) {
			return nil, unused
		}
		return nil, unknown
	}
	if err := proto.Unmarshal(rec.Facts, event); err != nil {
		return nil, unreadable
	}
	return event, used
}

// newEvent returns an empty event of a type that some view shows, nil for any
// other.
func newEvent(name string) proto.Message {
	switch name {
	case "weiche.event.v1.ConversationStarted":
		return new(eventv1.ConversationStarted)
	case "weiche.event.v1.ChannelBound":
		return new(eventv1.ChannelBound)
	case "weiche.event.v1.ChannelUnbound":
		return new(eventv1.ChannelUnbound)
	case "weiche.event.v1.RouteChanged":
		return new(eventv1.RouteChanged)
	case "weiche.event.v1.MessageReceived":
		return new(eventv1.MessageReceived)
	case "weiche.event.v1.EchoReceived":
		return new(eventv1.EchoReceived)
	case "weiche.event.v1.ReplyQueued":
		return new(eventv1.ReplyQueued)
	case "weiche.event.v1.ReplyRerouted":
		return new(eventv1.ReplyRerouted)
	case "weiche.event.v1.NoteAdded":
		return new(eventv1.NoteAdded)
	case "weiche.event.v1.NoticeQueued":
		return new(eventv1.NoticeQueued)
	case "weiche.event.v1.MessageSending":
		return new(eventv1.MessageSending)
	case "weiche.event.v1.MessageSent":
		return new(eventv1.MessageSent)
	case "weiche.event.v1.MessageDelivered":
		return new(eventv1.MessageDelivered)
	case "weiche.event.v1.MessageRead":
		return new(eventv1.MessageRead)
	case "weiche.event.v1.MessageFailed":
		return new(eventv1.MessageFailed)
	case "weiche.event.v1.MessageOutcomeUnknown":
		return new(eventv1.MessageOutcomeUnknown)
	case "weiche.event.v1.ReactionChanged":
		return new(eventv1.ReactionChanged)
	case "weiche.event.v1.MessageEdited":
		return new(eventv1.MessageEdited)
	case "weiche.event.v1.MessageUnsent":
		return new(eventv1.MessageUnsent)
	case "weiche.event.v1.LinkRequested":
		return new(eventv1.LinkRequested)
	case "weiche.event.v1.LinkMatched":
		return new(eventv1.LinkMatched)
	case "weiche.event.v1.LinkPrompted":
		return new(eventv1.LinkPrompted)
	case "weiche.event.v1.LinkAnswered":
		return new(eventv1.LinkAnswered)
	case "weiche.event.v1.LinkConfirmed":
		return new(eventv1.LinkConfirmed)
	case "weiche.event.v1.LinkCancelled":
		return new(eventv1.LinkCancelled)
	case "weiche.event.v1.LinkFailed":
		return new(eventv1.LinkFailed)
	case "weiche.event.v1.LinkExpired":
		return new(eventv1.LinkExpired)
	case "weiche.event.v1.ConversationErased":
		return new(eventv1.ConversationErased)
	case "weiche.event.v1.IdentityErased":
		return new(eventv1.IdentityErased)
	case "weiche.event.v1.CustomerErased":
		return new(eventv1.CustomerErased)
	case "weiche.event.v1.CustomerCreated":
		return new(eventv1.CustomerCreated)
	case "weiche.event.v1.IdentityCreated":
		return new(eventv1.IdentityCreated)
	case "weiche.event.v1.IdentityAliasesChanged":
		return new(eventv1.IdentityAliasesChanged)
	case "weiche.event.v1.IdentityMoved":
		return new(eventv1.IdentityMoved)
	case "weiche.event.v1.IdentityBound":
		return new(eventv1.IdentityBound)
	case "weiche.event.v1.IdentityReleased":
		return new(eventv1.IdentityReleased)
	}
	return nil
}

// isUnused reports whether a type is known and shown by no view.
func isUnused(name string) bool {
	switch name {
	case "weiche.event.v1.AccountCreated",
		"weiche.event.v1.LinkPolicyChanged",
		"weiche.event.v1.AppConnected",
		"weiche.event.v1.IntegrationConnected",
		"weiche.event.v1.IntegrationRemoved",
		"weiche.event.v1.WidgetConfigured",
		"weiche.event.v1.ChannelOffered",
		"weiche.event.v1.ChannelWithdrawn",
		"weiche.event.v1.AgentAdded",
		"weiche.event.v1.AgentRemoved",
		"weiche.event.v1.IdentityMatched",
		"weiche.event.v1.CodeRefused",
		"weiche.event.v1.SendQueued",
		"weiche.event.v1.SendRequested",
		"weiche.event.v1.SendClaimed",
		"weiche.event.v1.SendSucceeded",
		"weiche.event.v1.SendDeferred",
		"weiche.event.v1.SendFailed",
		"weiche.event.v1.SendOutcomeUnknown",
		"weiche.event.v1.SendWithdrawn",
		"weiche.event.v1.LaneReleased",
		"weiche.event.v1.ItemQuarantined",
		"weiche.event.v1.ReceiptParked",
		"weiche.event.v1.LogRestored",
		"weiche.event.v1.UnsendParked",
		"weiche.event.v1.ItemIgnored":
		return true
	}
	return false
}
