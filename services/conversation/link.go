package conversation

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// The life of a code where the widget does not say, and its bounds (L2).
const (
	defaultCodeLifetime = 15 * time.Minute
	minCodeLifetime     = 5 * time.Minute
	maxCodeLifetime     = 60 * time.Minute
)

// byWhom returns the conversation that a command is about, and the widget's
// configuration. A visitor who has not written yet gets a conversation only when
// create is set.
func (d *decider) byWhom(v *Visitor, a *Agent, create bool) (*conversationDraft, error) {
	if v == nil {
		if err := d.acts(a.AgentID); err != nil {
			return nil, err
		}
		conv := d.conversation(a.ConversationID)
		if conv == nil {
			return nil, refuse(notFound, "there is no such conversation")
		}
		if conv.base.Erased {
			return nil, refuse(emptyRoute, "the customer was erased")
		}
		return conv, nil
	}
	integration, err := d.integration(v.WidgetID)
	if err != nil {
		return nil, err
	}
	if err := d.mayEnter(v.WidgetID, []Address{v.Address}); err != nil {
		return nil, err
	}
	i := d.find([]Address{v.Address})
	if i == nil && create {
		i = d.createIdentity(integration, []Address{v.Address}, nil)
	}
	if i == nil || i.conversation == "" && !create {
		return nil, refuse(notFound, "there is no conversation yet")
	}
	if i.conversation == "" {
		return d.begin(i, v.Language, d.head.Now), nil
	}
	return d.conversation(i.conversation), nil
}

// requestLink makes a code for the conversation and an integration (L1).
func (d *decider) requestLink(c *RequestLink) error {
	integration, err := d.integration(c.IntegrationID)
	if err != nil {
		return err
	}
	conv, err := d.byWhom(c.Visitor, c.Agent, true)
	if err != nil {
		return err
	}
	widget := d.account().Widgets[conv.widget]
	if widget == nil || !widget.Offers[c.IntegrationID] {
		return refuse(notOffered, "the widget does not offer this channel")
	}
	if d.sick(c.IntegrationID) != nil {
		return refuse(channelUnhealthy, "the provider does not serve this channel at the moment")
	}
	if conv.boundTo(c.IntegrationID) >= 0 {
		return refuse(alreadyLinked, "this channel is linked already")
	}
	if newest := conv.link(conv.base.Newest[c.IntegrationID]); newest != nil && newest.live() {
		d.cancel(conv, newest, eventv1.CancelReason_CANCEL_REASON_REPLACED, d.head.Now)
	}
	language := conv.language
	if c.Visitor != nil && c.Visitor.Language != "" {
		language = c.Visitor.Language
	}
	agentID := ""
	if c.Agent != nil {
		agentID = c.Agent.AgentID
	}
	d.emit(conv.stream(), &eventv1.LinkRequested{
		LinkId: c.LinkID, ConversationId: conv.id, WidgetId: conv.widget,
		IntegrationId: c.IntegrationID, Channel: integration.GetChannel(), CodeHash: c.CodeHash,
		ExpiresAt:    stamp(d.head.Now.Add(lifetime(widget.Config.GetCodeLifetime()))),
		Confirmation: widget.Config.GetConfirmation(), Language: language, AgentId: agentID,
		RequestedAt: stamp(d.head.Now), SetupVersion: d.account().Version,
	})
	d.answer.ConversationID, d.answer.LinkID, d.answer.RouteVersion = conv.id, c.LinkID, conv.version
	return nil
}

// lifetime returns how long a code lives, within its bounds.
func lifetime(configured *durationpb.Duration) time.Duration {
	if configured == nil {
		return defaultCodeLifetime
	}
	return min(max(configured.AsDuration(), minCodeLifetime), maxCodeLifetime)
}

// cancelLink ends a link for the customer or an agent.
func (d *decider) cancelLink(c *CancelLink) error {
	conv, err := d.byWhom(c.Visitor, c.Agent, false)
	if err != nil {
		return err
	}
	link := conv.link(c.LinkID)
	if link == nil {
		return refuse(notFound, "there is no such link")
	}
	if !link.live() {
		return refuse(linkEnded, "the link has ended")
	}
	reason := eventv1.CancelReason_CANCEL_REASON_CUSTOMER
	if c.Agent != nil {
		reason = eventv1.CancelReason_CANCEL_REASON_AGENT
	}
	d.cancel(conv, link, reason, d.head.Now)
	d.answer.ConversationID, d.answer.LinkID, d.answer.RouteVersion = conv.id, link.ID, conv.version
	return nil
}

// cancel ends a live link; text that it held goes to its writer's own
// conversation.
func (d *decider) cancel(conv *conversationDraft, link *Link, reason eventv1.CancelReason, at time.Time) {
	d.emit(conv.stream(), &eventv1.LinkCancelled{
		LinkId: link.ID, ConversationId: conv.id, Reason: reason, ExpiresAt: stamp(link.ExpiresAt),
	})
	conv.ended[link.ID] = true
	d.unask(link)
	d.release(link)
}

// unask takes the question of an ended link back where it has not left yet.
func (d *decider) unask(link *Link) {
	if link.IdentityID == "" {
		return
	}
	if i := d.identity(link.IdentityID); i != nil {
		i.withdraw(func(o *eventv1.SendOrigin) bool { return o.GetLinkId() == link.ID })
	}
}

// withdrawn says whether a widget has withdrawn the channel of a link since that was
// asked for: its code is dead, also where the channel is offered again (L12). The link
// is ended when somebody brings the code, or its time runs out.
func (d *decider) withdrawn(widgetID string, link *Link) bool {
	widget := d.account().Widgets[widgetID]
	return widget == nil || !widget.Offers[link.IntegrationID] || link.before(widget.Withdrawn[link.IntegrationID])
}

// expire ends a link whose time ran out.
func (d *decider) expire(conv *conversationDraft, link *Link) {
	if d.withdrawn(conv.widget, link) {
		d.cancel(conv, link, eventv1.CancelReason_CANCEL_REASON_WITHDRAWN, link.ExpiresAt)
		return
	}
	d.emit(conv.stream(), &eventv1.LinkExpired{
		LinkId: link.ID, ConversationId: conv.id, ExpiresAt: stamp(link.ExpiresAt),
	})
	conv.ended[link.ID] = true
	d.unask(link)
	d.release(link)
}

// fail ends a link that cannot be made.
func (d *decider) fail(conv *conversationDraft, link *Link, reason eventv1.CodeRefusal) {
	d.emit(conv.stream(), &eventv1.LinkFailed{
		LinkId: link.ID, ConversationId: conv.id, Reason: reason, ExpiresAt: stamp(link.ExpiresAt),
	})
	conv.ended[link.ID] = true
	d.unask(link)
	d.release(link)
}

// release lets the text that stood beside a code join its writer's conversation
// (L4).
func (d *decider) release(link *Link) {
	if link.HeldEvent == "" {
		return
	}
	i := d.identity(link.IdentityID)
	if i == nil || i.erased || d.isUnsent(link.MessageHash) {
		return
	}
	content := d.content(link.HeldEvent)
	if content == nil {
		return
	}
	var conv *conversationDraft
	if i.conversation != "" {
		conv = d.conversation(i.conversation)
	} else {
		conv = d.begin(i, link.Language, link.MatchedAt)
	}
	d.joins(conv, link, i, content)
}

// joins lets the text that stood beside a link's code join a conversation.
func (d *decider) joins(conv *conversationDraft, link *Link, i *identityDraft, content *eventv1.Content) {
	message := &eventv1.MessageReceived{
		MessageId: d.ids.next(), ConversationId: conv.id, CustomerId: conv.customer,
		IdentityId: i.id, IntegrationId: i.integration, Channel: i.channel,
		SentAt: stamp(link.MatchedAt), ProviderMessageHash: link.MessageHash, LinkId: link.ID,
		Sealed: &eventv1.MessageReceived_Sealed{Content: content},
	}
	conv.reopen("", message.MessageId)
	event := d.emit(conv.stream(), message)
	d.requestMedia(conv, message.MessageId, i.integration, i.channel, event, content)
	d.arrived(link.MessageHash, place{conv, message.MessageId})
}
