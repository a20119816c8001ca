package projections

import (
	"errors"

	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	"weiche/proto/schema"
)

// use says what became of a record's facts.
type use int

const (
	used       use = iota
	unused         // no view shows events of this type
	unknown        // this version does not know the type, or not at its version
	unreadable     // the facts are not of the type
)

// decode reads the facts of a record, once for all projections. What a later
// version of this program wrote is unknown: the views go on without it, since the
// version that knows it builds them anew.
func decode(rec *eventstore.Record) (proto.Message, use) {
	if isUnused(rec.Type) {
		return nil, unused
	}
	if !isShown(rec.Type) {
		return nil, unknown
	}
	event, err := schema.Facts(rec.Type, rec.SchemaVersion, rec.Facts)
	switch {
	case errors.Is(err, schema.ErrLater):
		return nil, unknown
	case err != nil:
		return nil, unreadable
	}
	return event, used
}

// isShown reports whether some view shows events of a type.
func isShown(name string) bool {
	switch name {
	case "weiche.event.v1.ConversationStarted",
		"weiche.event.v1.ConversationClosed",
		"weiche.event.v1.ConversationReopened",
		"weiche.event.v1.ConversationContinued",
		"weiche.event.v1.ConversationAssigned",
		"weiche.event.v1.LabelsChanged",
		"weiche.event.v1.ConversationSeen",
		"weiche.event.v1.AgentAdded",
		"weiche.event.v1.AgentRemoved",
		"weiche.event.v1.ChannelBound",
		"weiche.event.v1.ChannelUnbound",
		"weiche.event.v1.RouteChanged",
		"weiche.event.v1.MessageReceived",
		"weiche.event.v1.EchoReceived",
		"weiche.event.v1.ReplyQueued",
		"weiche.event.v1.ReplyRerouted",
		"weiche.event.v1.ReplyFitted",
		"weiche.event.v1.PartAdvanced",
		"weiche.event.v1.OutcomeAsked",
		"weiche.event.v1.OutcomeSettled",
		"weiche.event.v1.TemplateOffered",
		"weiche.event.v1.ReactionQueued",
		"weiche.event.v1.ReactionFailed",
		"weiche.event.v1.NoteAdded",
		"weiche.event.v1.NoticeQueued",
		"weiche.event.v1.MessageSending",
		"weiche.event.v1.MessageSent",
		"weiche.event.v1.MessageDelivered",
		"weiche.event.v1.MessageRead",
		"weiche.event.v1.MessageFailed",
		"weiche.event.v1.MessageOutcomeUnknown",
		"weiche.event.v1.ReactionChanged",
		"weiche.event.v1.MessageEdited",
		"weiche.event.v1.MessageUnsent",
		"weiche.event.v1.MessageReparsed",
		"weiche.event.v1.ThreadOpened",
		"weiche.event.v1.AddressDoubted",
		"weiche.event.v1.AddressConfirmed",
		"weiche.event.v1.AddressContested",
		"weiche.event.v1.IdentityKeyChanged",
		"weiche.event.v1.IdentityConfirmed",
		"weiche.event.v1.OptInChanged",
		"weiche.event.v1.AliasConflictFound",
		"weiche.event.v1.CustomersLinked",
		"weiche.event.v1.CustomersUnlinked",
		"weiche.event.v1.MediaRequested",
		"weiche.event.v1.MediaStored",
		"weiche.event.v1.MediaFailed",
		"weiche.event.v1.UnsendParked",
		"weiche.event.v1.ItemQuarantined",
		"weiche.event.v1.ItemReplayed",
		"weiche.event.v1.ItemDiscarded",
		"weiche.event.v1.LinkRequested",
		"weiche.event.v1.LinkMatched",
		"weiche.event.v1.LinkPrompted",
		"weiche.event.v1.LinkAnswered",
		"weiche.event.v1.LinkApproved",
		"weiche.event.v1.LinkConfirmed",
		"weiche.event.v1.LinkCancelled",
		"weiche.event.v1.LinkFailed",
		"weiche.event.v1.LinkExpired",
		"weiche.event.v1.ConversationErased",
		"weiche.event.v1.IdentityErased",
		"weiche.event.v1.CustomerErased",
		"weiche.event.v1.CustomerCreated",
		"weiche.event.v1.IdentityCreated",
		"weiche.event.v1.IdentityAliasesChanged",
		"weiche.event.v1.IdentityMoved",
		"weiche.event.v1.IdentityBound",
		"weiche.event.v1.IdentityReleased":
		return true
	}
	return false
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
		"weiche.event.v1.BindingsCut",
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
		"weiche.event.v1.ReceiptParked",
		"weiche.event.v1.LogRestored",
		"weiche.event.v1.IntegrationUnhealthy",
		"weiche.event.v1.IntegrationRecovered",
		"weiche.event.v1.ChangeParked",
		"weiche.event.v1.ChangeForgotten",
		"weiche.event.v1.ItemIgnored",
		"weiche.event.v1.PasswordSet",
		"weiche.event.v1.LoginLinkMade",
		"weiche.event.v1.LoginLinkEnded",
		"weiche.event.v1.SessionOpened",
		"weiche.event.v1.SessionEnded",
		"weiche.event.v1.ApiKeyCreated",
		"weiche.event.v1.ApiKeyUsed",
		"weiche.event.v1.ApiKeyRevoked",
		"weiche.event.v1.VisitorSessionEnded":
		return true
	}
	return false
}
