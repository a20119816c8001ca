package projections

import (
	"slices"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// bind ties a conversation to an identity.
func (f *inboxFold) bind(c *viewv1.InboxConversation, e *eventv1.ChannelBound) bool {
	f.unbind(c, e.IdentityId)
	if !isBound(c, e.IntegrationId) {
		f.use(c, e.IntegrationId, func(u *viewv1.OfferUse) { u.Linked++ })
	}
	c.Bindings = append(c.Bindings, &viewv1.Endpoint{
		IdentityId: e.IdentityId, IntegrationId: e.IntegrationId, Channel: e.Channel,
	})
	lead(c)
	return true
}

// unbind removes the tie to an identity, and reports whether there was one.
func (f *inboxFold) unbind(c *viewv1.InboxConversation, identity string) bool {
	at := slices.IndexFunc(c.Bindings, func(b *viewv1.Endpoint) bool { return b.IdentityId == identity })
	if at < 0 {
		return false
	}
	integration := c.Bindings[at].IntegrationId
	c.Bindings = slices.Delete(c.Bindings, at, at+1)
	if !isBound(c, integration) {
		f.use(c, integration, func(u *viewv1.OfferUse) { u.Linked-- })
	}
	lead(c)
	return true
}

func isBound(c *viewv1.InboxConversation, integration string) bool {
	return slices.ContainsFunc(c.Bindings, func(b *viewv1.Endpoint) bool { return b.IntegrationId == integration })
}

// lead says in the summary which channel leads, and which there are.
func lead(c *viewv1.InboxConversation) {
	s := c.Summary
	s.IntegrationId, s.Channel = "", ""
	channels := make([]string, 0, len(c.Bindings))
	for _, b := range c.Bindings {
		channels = append(channels, b.Channel)
		if b.IdentityId == c.Lead {
			s.IntegrationId, s.Channel = b.IntegrationId, b.Channel
		}
	}
	slices.Sort(channels)
	s.Channels = slices.Compact(channels)
}

// linking folds which links have not ended. It reports whether the event was about
// that.
func (f *inboxFold) linking(event proto.Message) bool {
	switch e := event.(type) {
	case *eventv1.LinkRequested:
		f.change(e.ConversationId, func(c *viewv1.InboxConversation) bool {
			f.ended(c, e.LinkId)
			c.Links = append(c.Links, &viewv1.OpenLink{LinkId: e.LinkId, IntegrationId: e.IntegrationId})
			f.use(c, e.IntegrationId, func(u *viewv1.OfferUse) { u.OpenCodes++ })
			return true
		})
	case *eventv1.LinkConfirmed:
		f.end(e.ConversationId, e.LinkId)
	case *eventv1.LinkCancelled:
		f.end(e.ConversationId, e.LinkId)
	case *eventv1.LinkFailed:
		f.end(e.ConversationId, e.LinkId)
	case *eventv1.LinkExpired:
		f.end(e.ConversationId, e.LinkId)
	default:
		return false
	}
	return true
}

func (f *inboxFold) end(conversation, link string) {
	f.change(conversation, func(c *viewv1.InboxConversation) bool { return f.ended(c, link) })
}

// ended forgets a link, and reports whether it was known.
func (f *inboxFold) ended(c *viewv1.InboxConversation, link string) bool {
	at := slices.IndexFunc(c.Links, func(l *viewv1.OpenLink) bool { return l.LinkId == link })
	if at < 0 {
		return false
	}
	integration := c.Links[at].IntegrationId
	c.Links = slices.Delete(c.Links, at, at+1)
	f.use(c, integration, func(u *viewv1.OfferUse) { u.OpenCodes-- })
	return true
}

// use changes what depends on an integration in the widget of a conversation. The
// widget itself is no channel that it offers.
func (f *inboxFold) use(c *viewv1.InboxConversation, integration string, do func(*viewv1.OfferUse)) {
	widget := c.Summary.WidgetId
	if widget == "" || integration == widget {
		return
	}
	k := rowKey(f.account, wholeInbox, kindUse).text(widget).text(integration)
	u := getOrNew[viewv1.OfferUse](f.rows, k)
	u.WidgetId, u.IntegrationId = widget, integration
	do(u)
	if u.OpenCodes == 0 && u.Linked == 0 {
		f.rows.Delete(k)
		return
	}
	f.rows.Put(k, u)
}
