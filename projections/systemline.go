package projections

import (
	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// system folds what happened to the conversation itself.
func (t *timelineFold) system(event proto.Message) {
	switch e := event.(type) {
	case *eventv1.ConversationStarted:
		t.line(e.ConversationId, &viewv1.SystemLine{
			Kind:                viewv1.SystemLineKind_SYSTEM_LINE_KIND_CONVERSATION_STARTED,
			OtherConversationId: e.FollowsConversationId,
		})
	case *eventv1.ConversationClosed:
		t.line(e.ConversationId, &viewv1.SystemLine{
			Kind: viewv1.SystemLineKind_SYSTEM_LINE_KIND_CLOSED, AgentId: e.AgentId,
		})
	case *eventv1.ConversationReopened:
		t.line(e.ConversationId, &viewv1.SystemLine{
			Kind: viewv1.SystemLineKind_SYSTEM_LINE_KIND_REOPENED, AgentId: e.AgentId,
		})
	case *eventv1.ConversationContinued:
		t.line(e.ConversationId, &viewv1.SystemLine{
			Kind: viewv1.SystemLineKind_SYSTEM_LINE_KIND_CONTINUED, OtherConversationId: e.ByConversationId,
		})
	case *eventv1.ConversationAssigned:
		t.line(e.ConversationId, &viewv1.SystemLine{
			Kind: viewv1.SystemLineKind_SYSTEM_LINE_KIND_ASSIGNED, AgentId: e.AgentId, AssigneeId: e.AssigneeId,
		})
	case *eventv1.LabelsChanged:
		t.line(e.ConversationId, &viewv1.SystemLine{
			Kind:    viewv1.SystemLineKind_SYSTEM_LINE_KIND_LABELS_CHANGED,
			AgentId: e.AgentId, LabelsAdded: e.Added, LabelsRemoved: e.Removed,
		})
	case *eventv1.ChannelBound:
		t.rows.Put(t.identityKey(e.ConversationId, e.IdentityId), &viewv1.Endpoint{
			IntegrationId: e.IntegrationId, Channel: e.Channel, IdentityId: e.IdentityId,
		})
		if e.LinkId == "" {
			return
		}
		t.line(e.ConversationId, &viewv1.SystemLine{
			Kind:   viewv1.SystemLineKind_SYSTEM_LINE_KIND_CHANNEL_BOUND,
			LinkId: e.LinkId, IdentityId: e.IdentityId, IntegrationId: e.IntegrationId, Channel: e.Channel,
		})
	case *eventv1.ChannelUnbound:
		t.line(e.ConversationId, &viewv1.SystemLine{
			Kind:       viewv1.SystemLineKind_SYSTEM_LINE_KIND_CHANNEL_UNBOUND,
			IdentityId: e.IdentityId, IntegrationId: e.IntegrationId, Channel: e.Channel, UnboundReason: e.Reason,
		})
	case *eventv1.RouteChanged:
		line := &viewv1.SystemLine{
			Kind:      viewv1.SystemLineKind_SYSTEM_LINE_KIND_ROUTE_CHANGED,
			RouteRule: e.Rule, RouteVersion: e.RouteVersion,
		}
		if len(e.IdentityIds) > 0 {
			lead := get[viewv1.Endpoint](t.rows, t.identityKey(e.ConversationId, e.IdentityIds[0]))
			line.IdentityId = e.IdentityIds[0]
			line.IntegrationId, line.Channel = lead.GetIntegrationId(), lead.GetChannel()
		}
		t.line(e.ConversationId, line)
	case *eventv1.NoticeQueued:
		t.line(e.ConversationId, &viewv1.SystemLine{
			Kind:       viewv1.SystemLineKind_SYSTEM_LINE_KIND_NOTICE,
			IdentityId: e.IdentityId, IntegrationId: e.IntegrationId, Channel: e.Channel, Notice: e.Kind,
		})
	case *eventv1.TemplateOffered:
		t.line(e.ConversationId, &viewv1.SystemLine{
			Kind:       viewv1.SystemLineKind_SYSTEM_LINE_KIND_TEMPLATE_OFFERED,
			IdentityId: e.IdentityId, IntegrationId: e.IntegrationId, Channel: e.Channel, ExpiresAt: e.ClosedAt,
		})
	case *eventv1.ItemQuarantined:
		if e.ConversationId != "" {
			t.line(e.ConversationId, &viewv1.SystemLine{
				Kind:          viewv1.SystemLineKind_SYSTEM_LINE_KIND_QUARANTINED,
				IntegrationId: e.IntegrationId, Channel: e.Channel,
			})
		}
	case *eventv1.ThreadOpened:
		t.about(e, viewv1.SystemLineKind_SYSTEM_LINE_KIND_THREAD_OPENED)
	case *eventv1.AddressDoubted:
		t.about(e, viewv1.SystemLineKind_SYSTEM_LINE_KIND_IDENTITY_KEY_CHANGED)
	case *eventv1.AddressConfirmed:
		t.about(e, viewv1.SystemLineKind_SYSTEM_LINE_KIND_IDENTITY_CONFIRMED).AgentId = e.AgentId
	case *eventv1.AddressContested:
		line := t.about(e, viewv1.SystemLineKind_SYSTEM_LINE_KIND_ALIAS_CONFLICT)
		line.OtherIdentityId, line.OtherCustomerId = e.OtherIdentityId, e.OtherCustomerId
	case *eventv1.ItemReplayed:
		t.settled(e.Position, func(line *viewv1.SystemLine) { line.Replayed = true })
	case *eventv1.ItemDiscarded:
		t.settled(e.Position, func(line *viewv1.SystemLine) { line.Discarded = true })
	default:
		t.linking(event)
	}
}

// linking folds what happened to a link. Its later events name neither
// integration nor identity, so the fold remembers them.
func (t *timelineFold) linking(event proto.Message) {
	switch e := event.(type) {
	case *eventv1.LinkRequested:
		t.rows.Put(t.linkKey(e.ConversationId, e.LinkId), &viewv1.Endpoint{
			IntegrationId: e.IntegrationId, Channel: e.Channel,
		})
		t.link(e.ConversationId, e.LinkId, &viewv1.SystemLine{
			Kind:    viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_REQUESTED,
			AgentId: e.AgentId, Confirmation: e.Confirmation, ExpiresAt: e.ExpiresAt,
		})
	case *eventv1.LinkMatched:
		k := t.linkKey(e.ConversationId, e.LinkId)
		link := getOrNew[viewv1.Endpoint](t.rows, k)
		link.IdentityId = e.IdentityId
		t.rows.Put(k, link)
		t.link(e.ConversationId, e.LinkId, &viewv1.SystemLine{
			Kind:      viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_MATCHED,
			ExpiresAt: e.ExpiresAt, AsksInWidget: e.AsksInWidget,
		})
	case *eventv1.LinkApproved:
		t.link(e.ConversationId, e.LinkId, &viewv1.SystemLine{Kind: viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_APPROVED})
	case *eventv1.LinkPrompted:
		t.link(e.ConversationId, e.LinkId, &viewv1.SystemLine{Kind: viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_PROMPTED})
	case *eventv1.LinkAnswered:
		t.link(e.ConversationId, e.LinkId, &viewv1.SystemLine{
			Kind: viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_ANSWERED,
			Yes:  e.Yes, TooLate: e.TooLate,
		})
	case *eventv1.LinkConfirmed:
		t.link(e.ConversationId, e.LinkId, &viewv1.SystemLine{Kind: viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_CONFIRMED})
	case *eventv1.LinkCancelled:
		t.link(e.ConversationId, e.LinkId, &viewv1.SystemLine{
			Kind:         viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_CANCELLED,
			CancelReason: e.Reason,
		})
	case *eventv1.LinkFailed:
		t.link(e.ConversationId, e.LinkId, &viewv1.SystemLine{
			Kind:    viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_FAILED,
			Refusal: e.Reason,
		})
	case *eventv1.LinkExpired:
		t.link(e.ConversationId, e.LinkId, &viewv1.SystemLine{Kind: viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_EXPIRED})
	}
}

// link adds a line about a link.
func (t *timelineFold) link(conversation, id string, line *viewv1.SystemLine) {
	line.LinkId = id
	if about := get[viewv1.Endpoint](t.rows, t.linkKey(conversation, id)); about != nil {
		line.IdentityId, line.IntegrationId, line.Channel = about.IdentityId, about.IntegrationId, about.Channel
	}
	t.line(conversation, line)
}

// about adds a line about an identity, and returns it to be completed.
func (t *timelineFold) about(e interface {
	GetConversationId() string
	GetIdentityId() string
	GetIntegrationId() string
	GetChannel() string
}, kind viewv1.SystemLineKind,
) *viewv1.SystemLine {
	line := &viewv1.SystemLine{
		Kind: kind, IdentityId: e.GetIdentityId(), IntegrationId: e.GetIntegrationId(), Channel: e.GetChannel(),
	}
	t.line(e.GetConversationId(), line)
	return line
}

// settled marks the line of an item in quarantine that waits no more. The record is
// in the stream of the conversation that has the line, if one has it.
func (t *timelineFold) settled(position uint64, mark func(*viewv1.SystemLine)) {
	if t.rec.Stream.Category != conversationCategory {
		return
	}
	t.changeAt(t.rec.Stream.ID, position, func(item *viewv1.TimelineItem) bool {
		line := item.GetSystem()
		if line.GetKind() != viewv1.SystemLineKind_SYSTEM_LINE_KIND_QUARANTINED {
			return false
		}
		mark(line)
		return true
	})
}

func (t *timelineFold) line(conversation string, line *viewv1.SystemLine) {
	t.add(conversation, &viewv1.TimelineItem{
		Kind: viewv1.ItemKind_ITEM_KIND_SYSTEM,
		Line: &viewv1.TimelineItem_System{System: line},
	})
}

func (t *timelineFold) identityKey(conversation, identity string) key {
	return rowKey(t.account, conversation, kindIdentity).text(identity)
}

func (t *timelineFold) linkKey(conversation, link string) key {
	return rowKey(t.account, conversation, kindLink).text(link)
}
