package conversation

import (
	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// ConfirmLink says, in a widget that asks too, that whoever brought a link's code is
// the visitor.
type ConfirmLink struct {
	Header
	Visitor Visitor
	LinkID  string
}

// confirmLink notes the yes of the widget (L5, both). With that of the channel, which
// may come before or after it, the link is confirmed.
func (d *decider) confirmLink(c *ConfirmLink) error {
	conv, err := d.byWhom(&c.Visitor, nil, false)
	if err != nil {
		return err
	}
	link := conv.link(c.LinkID)
	switch {
	case link == nil:
		return refuse(notFound, "there is no such link")
	case !link.live() || d.head.Now.After(link.ExpiresAt):
		return refuse(linkEnded, "the link has ended")
	case !link.AsksInWidget:
		return refuse(invalid, "nobody is asked in the widget about this link")
	}
	d.answer.ConversationID, d.answer.LinkID, d.answer.RouteVersion = conv.id, link.ID, conv.version
	if link.Approved {
		return nil
	}
	d.emit(conv.stream(), &eventv1.LinkApproved{
		LinkId: link.ID, ConversationId: conv.id, IdentityId: link.IdentityID,
	})
	if link.Answered {
		d.confirmHeld(conv, link, d.identity(link.IdentityID), d.head.Now)
	}
	return nil
}
