package projections

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// What the row of a conversation remembers at most, so that it does not grow with
// the conversation.
const (
	unseenKept   = 100
	troubledKept = 100
)

// applyInbox folds the inbox (V6): a row for each conversation, a place for it in
// each list that it is found by, and how many there are. What was said and who the
// customer is it leaves to the timeline and the customer card: a row only says
// where.
func applyInbox(rows Rows, rec *eventstore.Record, event proto.Message) {
	f := inboxFold{rows: rows, rec: rec, account: rec.Stream.Account}
	switch e := event.(type) {
	case *eventv1.ConversationStarted:
		f.start(e)
	case *eventv1.MessageReceived:
		f.change(e.ConversationId, func(c *viewv1.InboxConversation) bool { return f.receive(c, e.MessageId) })
	case *eventv1.ReplyQueued:
		f.change(e.ConversationId, func(c *viewv1.InboxConversation) bool {
			if !e.Automated {
				answered(c)
			}
			return f.said(c)
		})
	case *eventv1.EchoReceived:
		f.change(e.ConversationId, func(c *viewv1.InboxConversation) bool {
			answered(c)
			return f.said(c)
		})
	case *eventv1.NoteAdded:
		f.change(e.ConversationId, f.said)
	case *eventv1.ConversationSeen:
		f.change(e.ConversationId, func(c *viewv1.InboxConversation) bool { return seen(c, e.MessageId) })
	case *eventv1.MessageUnsent:
		f.change(e.ConversationId, func(c *viewv1.InboxConversation) bool { return unsee(c, e.MessageId) })
	case *eventv1.ConversationClosed:
		f.change(e.ConversationId, func(c *viewv1.InboxConversation) bool {
			s := c.Summary
			s.Status, s.ClosedAt, s.WaitingSince = statusClosed, recordedAt(rec), nil
			return f.moved(c)
		})
	case *eventv1.ConversationReopened:
		f.change(e.ConversationId, func(c *viewv1.InboxConversation) bool {
			c.Summary.Status, c.Summary.ClosedAt = statusOpen, nil
			return f.moved(c)
		})
	case *eventv1.ConversationAssigned:
		f.change(e.ConversationId, func(c *viewv1.InboxConversation) bool {
			changed := c.Summary.AssigneeId != e.AssigneeId
			c.Summary.AssigneeId = e.AssigneeId
			return changed
		})
	case *eventv1.LabelsChanged:
		f.change(e.ConversationId, func(c *viewv1.InboxConversation) bool { return label(c, e) })
	case *eventv1.ChannelBound:
		f.change(e.ConversationId, func(c *viewv1.InboxConversation) bool { return f.bind(c, e) })
	case *eventv1.ChannelUnbound:
		f.change(e.ConversationId, func(c *viewv1.InboxConversation) bool { return f.unbind(c, e.IdentityId) })
	case *eventv1.RouteChanged:
		f.change(e.ConversationId, func(c *viewv1.InboxConversation) bool {
			c.Lead = ""
			if len(e.IdentityIds) > 0 {
				c.Lead = e.IdentityIds[0]
			}
			lead(c)
			return true
		})
	case *eventv1.AgentAdded:
		f.back(e.AgentId)
	case *eventv1.AgentRemoved:
		rows.Put(f.goneKey(e.AgentId), &viewv1.AgentGone{AgentId: e.AgentId})
	default:
		if !f.linking(event) {
			f.sending(event)
		}
	}
}

const (
	statusOpen   = viewv1.ConversationStatus_CONVERSATION_STATUS_OPEN
	statusClosed = viewv1.ConversationStatus_CONVERSATION_STATUS_CLOSED
)

type inboxFold struct {
	rows    Rows
	rec     *eventstore.Record
	account string
}

// start begins the row of a conversation.
func (f *inboxFold) start(e *eventv1.ConversationStarted) {
	k := rowKey(f.account, e.ConversationId, kindInbox)
	if get[viewv1.InboxConversation](f.rows, k) != nil {
		return
	}
	c := &viewv1.InboxConversation{Summary: &viewv1.ConversationSummary{
		ConversationId: e.ConversationId, CustomerId: e.CustomerId, WidgetId: e.WidgetId,
		Status: statusOpen, StartedAt: recordedAt(f.rec), Changed: f.rec.Position,
	}}
	f.moved(c)
	f.rows.Put(k, c)
	f.rows.Put(rowKey(f.account, e.CustomerId, kindCustomerTalk).number(f.rec.Position), &viewv1.InboxPlace{
		ConversationId: e.ConversationId,
	})
	f.relist(e.ConversationId, standing{}, standingOf(c.Summary))
}

// change lets do change the row of a conversation, and gives it its new places. do
// reports whether it changed anything. It puts new labels and channels in new
// lists.
func (f *inboxFold) change(conversation string, do func(*viewv1.InboxConversation) bool) {
	k := rowKey(f.account, conversation, kindInbox)
	c := get[viewv1.InboxConversation](f.rows, k)
	if c == nil || c.Summary.GetErased() {
		return
	}
	before := standingOf(c.Summary)
	if !do(c) {
		return
	}
	c.Summary.Changed = f.rec.Position
	f.rows.Put(k, c)
	f.relist(conversation, before, standingOf(c.Summary))
}

// moved puts a conversation in front.
func (f *inboxFold) moved(c *viewv1.InboxConversation) bool {
	c.Summary.Active, c.Summary.ActiveAt = f.rec.Position, recordedAt(f.rec)
	return true
}

// said does that since somebody said something.
func (f *inboxFold) said(c *viewv1.InboxConversation) bool {
	c.Summary.LastLine = &viewv1.LastLine{Position: f.rec.Position}
	return f.moved(c)
}

// receive takes a message of the customer.
func (f *inboxFold) receive(c *viewv1.InboxConversation, message string) bool {
	s := c.Summary
	s.Unread++
	if c.Unseen = append(c.Unseen, message); len(c.Unseen) > unseenKept {
		c.Unseen = c.Unseen[1:]
	}
	if s.WaitingSince == nil {
		s.WaitingSince = recordedAt(f.rec)
	}
	c.Troubled, s.Troubles = nil, 0
	return f.said(c)
}

// answered says that a person has seen all, and answered.
func answered(c *viewv1.InboxConversation) {
	c.Summary.Unread, c.Unseen, c.Summary.WaitingSince = 0, nil, nil
}

// seen says that an agent has seen all up to a message. Nothing is known of one
// that is older than those which are kept.
func seen(c *viewv1.InboxConversation, message string) bool {
	at := slices.Index(c.Unseen, message)
	if at < 0 {
		return false
	}
	c.Unseen = c.Unseen[at+1:]
	c.Summary.Unread = uint32(len(c.Unseen))
	return true
}

// unsee takes a message out of those that are still to be seen.
func unsee(c *viewv1.InboxConversation, message string) bool {
	at := slices.Index(c.Unseen, message)
	if at < 0 {
		return false
	}
	c.Unseen = slices.Delete(c.Unseen, at, at+1)
	c.Summary.Unread--
	return true
}

// label adds labels and takes others away.
func label(c *viewv1.InboxConversation, e *eventv1.LabelsChanged) bool {
	labels := slices.Concat(c.Summary.Labels, e.Added)
	slices.Sort(labels)
	labels = slices.DeleteFunc(slices.Compact(labels), func(l string) bool { return slices.Contains(e.Removed, l) })
	changed := !slices.Equal(labels, c.Summary.Labels)
	c.Summary.Labels = labels
	return changed
}

// sending folds what becomes of replies: those that are in trouble.
func (f *inboxFold) sending(event proto.Message) {
	switch e := event.(type) {
	case *eventv1.MessageFailed:
		f.trouble(e.ConversationId, e.MessageId, true)
	case *eventv1.MessageOutcomeUnknown:
		f.trouble(e.ConversationId, e.MessageId, true)
	case *eventv1.MessageSent:
		f.trouble(e.ConversationId, e.MessageId, false)
	case *eventv1.MessageDelivered:
		f.trouble(e.ConversationId, e.MessageId, false)
	case *eventv1.MessageRead:
		f.trouble(e.ConversationId, e.MessageId, false)
	case *eventv1.ReplyRerouted:
		f.trouble(e.ConversationId, e.MessageId, false)
	case *eventv1.OutcomeSettled:
		f.trouble(e.ConversationId, e.MessageId, false)
	}
}

// trouble notes that a reply is in trouble, or is not any more.
func (f *inboxFold) trouble(conversation, message string, is bool) {
	f.change(conversation, func(c *viewv1.InboxConversation) bool {
		at := slices.Index(c.Troubled, message)
		switch {
		case is && at < 0 && len(c.Troubled) < troubledKept:
			c.Troubled = append(c.Troubled, message)
		case !is && at >= 0:
			c.Troubled = slices.Delete(c.Troubled, at, at+1)
		default:
			return false
		}
		c.Summary.Troubles = uint32(len(c.Troubled))
		return true
	})
}

// back says that an agent is in the account, again or for the first time.
func (f *inboxFold) back(agent string) {
	if k := f.goneKey(agent); get[viewv1.AgentGone](f.rows, k) != nil {
		f.rows.Delete(k)
	}
}

func (f *inboxFold) goneKey(agent string) key {
	return rowKey(f.account, wholeInbox, kindGone).text(agent)
}

// eraseInbox leaves a closed conversation of which nothing is known.
func eraseInbox(rows Rows, rec *eventstore.Record, event proto.Message) {
	e, ok := event.(*eventv1.ConversationErased)
	if !ok {
		return
	}
	f := inboxFold{rows: rows, rec: rec, account: rec.Stream.Account}
	f.change(e.ConversationId, func(c *viewv1.InboxConversation) bool {
		for len(c.Bindings) > 0 {
			f.unbind(c, c.Bindings[0].IdentityId)
		}
		for len(c.Links) > 0 {
			f.ended(c, c.Links[0].LinkId)
		}
		s := c.Summary
		answered(c)
		c.Lead, c.Troubled, s.Troubles = "", nil, 0
		s.Status, s.AssigneeId, s.Labels, s.LastLine, s.Erased = statusClosed, "", nil, nil, true
		return true
	})
}
