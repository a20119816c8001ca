package public

import (
	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	streamv1 "weiche/proto/gen/weiche/stream/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// translate sets the body of a public event, and says whether there is one. What is
// not here is not public; the list of those, with their reasons, is in the test.
func translate(event *streamv1.Event, stored proto.Message) bool {
	switch e := stored.(type) {
	case *eventv1.ConversationStarted:
		event.Body = &streamv1.Event_ConversationStarted{ConversationStarted: &streamv1.ConversationStarted{
			CustomerId: e.GetCustomerId(), WidgetId: e.GetWidgetId(), FollowsConversationId: e.GetFollowsConversationId(),
		}}
	case *eventv1.ConversationClosed:
		event.Body = &streamv1.Event_ConversationClosed{ConversationClosed: &streamv1.ConversationClosed{AgentId: e.GetAgentId()}}
	case *eventv1.ConversationReopened:
		event.Body = &streamv1.Event_ConversationReopened{ConversationReopened: &streamv1.ConversationReopened{AgentId: e.GetAgentId()}}
	case *eventv1.ConversationContinued:
		event.Body = &streamv1.Event_ConversationContinued{ConversationContinued: &streamv1.ConversationContinued{
			ByConversationId: e.GetByConversationId(),
		}}
	case *eventv1.ConversationAssigned:
		event.Body = &streamv1.Event_ConversationAssigned{ConversationAssigned: &streamv1.ConversationAssigned{
			AssigneeId: e.GetAssigneeId(), AgentId: e.GetAgentId(),
		}}
	case *eventv1.LabelsChanged:
		event.Body = &streamv1.Event_LabelsChanged{LabelsChanged: &streamv1.LabelsChanged{
			Added: e.GetAdded(), Removed: e.GetRemoved(), AgentId: e.GetAgentId(),
		}}
	case *eventv1.ConversationSeen:
		event.Body = &streamv1.Event_ConversationSeen{ConversationSeen: &streamv1.ConversationSeen{
			MessageId: e.GetMessageId(), AgentId: e.GetAgentId(),
		}}
	case *eventv1.ConversationErased:
		event.Body = &streamv1.Event_ConversationErased{ConversationErased: &streamv1.ConversationErased{}}
	case *eventv1.ChannelBound:
		event.Body = &streamv1.Event_ChannelBound{ChannelBound: &streamv1.ChannelBound{
			IdentityId: e.GetIdentityId(), IntegrationId: e.GetIntegrationId(), Channel: e.GetChannel(), LinkId: e.GetLinkId(),
		}}
	case *eventv1.ChannelUnbound:
		event.Body = &streamv1.Event_ChannelUnbound{ChannelUnbound: &streamv1.ChannelUnbound{
			IdentityId: e.GetIdentityId(), IntegrationId: e.GetIntegrationId(), Channel: e.GetChannel(), Reason: e.GetReason(),
		}}
	case *eventv1.RouteChanged:
		event.Body = &streamv1.Event_RouteChanged{RouteChanged: &streamv1.RouteChanged{
			RouteVersion: e.GetRouteVersion(), Rule: e.GetRule(), IdentityIds: e.GetIdentityIds(),
		}}
	default:
		return message(event, stored) || link(event, stored) || set(event, stored)
	}
	return true
}

// message translates what is about one message.
func message(event *streamv1.Event, stored proto.Message) bool {
	if created := created(stored); created != nil {
		event.Body = &streamv1.Event_MessageCreated{MessageCreated: created}
		return true
	}
	if changed := stateChanged(stored); changed != nil {
		event.Body = &streamv1.Event_MessageStateChanged{MessageStateChanged: changed}
		return true
	}
	switch e := stored.(type) {
	case *eventv1.ReplyRerouted:
		event.Body = &streamv1.Event_MessageRerouted{MessageRerouted: &streamv1.MessageRerouted{
			MessageId: e.GetMessageId(), Route: e.GetRoute(),
		}}
	case *eventv1.MessageEdited:
		event.Body = &streamv1.Event_MessageEdited{MessageEdited: &streamv1.MessageEdited{
			MessageId: e.GetMessageId(), Content: Content(e.GetSealed().GetContent()), ByBusiness: e.GetByBusiness(),
		}}
	case *eventv1.MessageReparsed:
		event.Body = &streamv1.Event_MessageEdited{MessageEdited: &streamv1.MessageEdited{
			MessageId: e.GetMessageId(), Content: Content(e.GetSealed().GetContent()), Reread: true,
		}}
	case *eventv1.MessageUnsent:
		if e.GetMessageId() == "" {
			return false // nobody was told of it
		}
		event.Body = &streamv1.Event_MessageDeleted{MessageDeleted: &streamv1.MessageDeleted{
			MessageId: e.GetMessageId(), ByBusiness: e.GetByBusiness(),
		}}
	case *eventv1.ReactionChanged:
		event.Body = &streamv1.Event_ReactionChanged{ReactionChanged: &streamv1.ReactionChanged{
			MessageId: e.GetMessageId(), Emoji: emoji(e), AgentId: e.GetAgentId(), ByBusiness: e.GetByBusiness(),
		}}
	case *eventv1.ReactionQueued:
		event.Body = &streamv1.Event_ReactionChanged{ReactionChanged: &streamv1.ReactionChanged{
			MessageId: e.GetMessageId(), Emoji: queuedEmoji(e), AgentId: e.GetAgentId(), ByBusiness: true,
		}}
	case *eventv1.ReactionFailed:
		event.Body = &streamv1.Event_ReactionChanged{ReactionChanged: &streamv1.ReactionChanged{
			MessageId: e.GetMessageId(), ByBusiness: true,
		}}
	case *eventv1.MediaRequested:
		event.Body = mediaChanged(e.GetMessageId(), e.GetPart(), viewv1.MediaState_MEDIA_STATE_FETCHING, nil)
	case *eventv1.MediaStored:
		event.Body = mediaChanged(e.GetMessageId(), e.GetPart(), viewv1.MediaState_MEDIA_STATE_READY, e.GetStored())
	case *eventv1.MediaFailed:
		event.Body = mediaChanged(e.GetMessageId(), e.GetPart(), viewv1.MediaState_MEDIA_STATE_FAILED, nil)
	default:
		return false
	}
	return true
}

// emoji is what is shown of a reaction.
func emoji(e *eventv1.ReactionChanged) string {
	if e.GetRemoved() {
		return ""
	}
	return e.GetSealed().GetEmoji()
}

// queuedEmoji is the same of an agent's, which is shown while it is on its way.
func queuedEmoji(e *eventv1.ReactionQueued) string {
	if e.GetRemoved() {
		return ""
	}
	for _, part := range e.GetSealed().GetContent().GetParts() {
		if reacted := part.GetReacted(); reacted != nil {
			return reacted.GetEmoji()
		}
	}
	return ""
}

func mediaChanged(messageID string, part uint32, state viewv1.MediaState, stored *eventv1.StoredMedia) *streamv1.Event_MediaChanged {
	return &streamv1.Event_MediaChanged{MediaChanged: &streamv1.MediaChanged{
		MessageId: messageID, Part: part, State: state, Stored: stored,
	}}
}

// created returns that somebody wrote, nil for what is something else.
func created(stored proto.Message) *streamv1.MessageCreated {
	switch e := stored.(type) {
	case *eventv1.MessageReceived:
		return said(e.GetSealed().GetContent(), &streamv1.MessageCreated{
			MessageId: e.GetMessageId(), Author: streamv1.MessageAuthor_MESSAGE_AUTHOR_CUSTOMER,
			IntegrationId: e.GetIntegrationId(), Channel: e.GetChannel(), Late: e.GetLate(), SentAt: e.GetSentAt(),
		})
	case *eventv1.EchoReceived:
		return said(e.GetSealed().GetContent(), &streamv1.MessageCreated{
			MessageId: e.GetMessageId(), Author: streamv1.MessageAuthor_MESSAGE_AUTHOR_NATIVE_APP,
			IntegrationId: e.GetIntegrationId(), Channel: e.GetChannel(), SentAt: e.GetSentAt(),
		})
	case *eventv1.ReplyQueued:
		return said(e.GetSealed().GetContent(), &streamv1.MessageCreated{
			MessageId: e.GetMessageId(), Author: streamv1.MessageAuthor_MESSAGE_AUTHOR_AGENT, AgentId: e.GetAgentId(),
			IntegrationId: e.GetRoute().GetIntegrationId(), Channel: e.GetRoute().GetChannel(),
			Route: e.GetRoute(), Automated: e.GetAutomated(),
		})
	case *eventv1.NoteAdded:
		return said(e.GetSealed().GetContent(), &streamv1.MessageCreated{
			MessageId: e.GetMessageId(), Author: streamv1.MessageAuthor_MESSAGE_AUTHOR_NOTE, AgentId: e.GetAgentId(),
		})
	case *eventv1.NoticeQueued:
		return said(e.GetSealed().GetContent(), &streamv1.MessageCreated{
			Author:        streamv1.MessageAuthor_MESSAGE_AUTHOR_SYSTEM,
			IntegrationId: e.GetIntegrationId(), Channel: e.GetChannel(), Automated: true,
		})
	}
	return nil
}

// said adds what was said, as far as it is there.
func said(content *eventv1.Content, to *streamv1.MessageCreated) *streamv1.MessageCreated {
	to.Content, to.Gone = Content(content), content == nil
	return to
}

// stateChanged returns how far a reply came, nil for what is something else.
func stateChanged(stored proto.Message) *streamv1.MessageStateChanged {
	switch e := stored.(type) {
	case *eventv1.MessageSending:
		return &streamv1.MessageStateChanged{MessageId: e.GetMessageId(), State: viewv1.DeliveryState_DELIVERY_STATE_SENDING}
	case *eventv1.MessageSent:
		return &streamv1.MessageStateChanged{MessageId: e.GetMessageId(), State: viewv1.DeliveryState_DELIVERY_STATE_SENT}
	case *eventv1.MessageDelivered:
		return &streamv1.MessageStateChanged{MessageId: e.GetMessageId(), State: viewv1.DeliveryState_DELIVERY_STATE_DELIVERED}
	case *eventv1.MessageRead:
		return &streamv1.MessageStateChanged{MessageId: e.GetMessageId(), State: viewv1.DeliveryState_DELIVERY_STATE_READ}
	case *eventv1.MessageFailed:
		return &streamv1.MessageStateChanged{MessageId: e.GetMessageId(), State: viewv1.DeliveryState_DELIVERY_STATE_FAILED, Error: e.GetError()}
	case *eventv1.MessageOutcomeUnknown:
		return &streamv1.MessageStateChanged{MessageId: e.GetMessageId(), State: viewv1.DeliveryState_DELIVERY_STATE_UNKNOWN, Error: e.GetError()}
	case *eventv1.OutcomeSettled:
		if e.GetArrived() {
			return &streamv1.MessageStateChanged{MessageId: e.GetMessageId(), State: viewv1.DeliveryState_DELIVERY_STATE_SENT}
		}
	}
	return nil
}
