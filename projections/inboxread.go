package projections

import (
	"context"

	"google.golang.org/protobuf/proto"

	viewv1 "weiche/proto/gen/weiche/view/v1"
)

const (
	// defaultInbox is how many conversations a page of the inbox has.
	defaultInbox = 50
	// inboxLooks is through how many places of conversations one page looks at
	// most, whether they fit or not.
	inboxLooks = 1000
)

// inboxNames are the projections that a row of the inbox is read from: what was
// said stands in the timeline, and who the customer is in the customer card.
var inboxNames = []string{InboxName, TimelineName, CustomerName}

// Inbox returns a page of the conversations of an account, the most recently
// active first. A conversation that does not move meanwhile is in exactly one of
// the pages that are read one after the other.
func (v *Views) Inbox(ctx context.Context, account string, query *viewv1.InboxQuery) (page *viewv1.InboxPage, err error) {
	err = v.read(ctx, inboxNames, func(r *reader) error {
		if page, err = r.inbox(account, query); err != nil {
			return err
		}
		for _, s := range page.Conversations {
			if err := r.complete(account, s); err != nil {
				return err
			}
		}
		return nil
	})
	return orNil(page, err)
}

// Summary returns a conversation as a row of the inbox.
func (v *Views) Summary(ctx context.Context, account, conversation string) (summary *viewv1.ConversationSummary, err error) {
	err = v.read(ctx, inboxNames, func(r *reader) error {
		if summary, err = r.summary(account, conversation); err != nil {
			return err
		}
		return r.complete(account, summary)
	})
	return orNil(summary, err)
}

// Counts returns how many conversations of an account there are. Those that are
// an agent's work are counted for one agent; none if it is empty.
func (v *Views) Counts(ctx context.Context, account, agent string) (counts *viewv1.InboxCounts, err error) {
	err = v.read(ctx, []string{InboxName}, func(r *reader) error {
		counts, err = r.counts(account, agent)
		return err
	})
	return orNil(counts, err)
}

// OfferUse returns what depends on the channels of the widgets of an account; those
// are left out on which nothing depends.
func (v *Views) OfferUse(ctx context.Context, account string) (uses []*viewv1.OfferUse, err error) {
	err = v.read(ctx, []string{InboxName}, func(r *reader) error {
		uses, err = allRows[viewv1.OfferUse](r.rows[InboxName], rowKey(account, wholeInbox, kindUse))
		return err
	})
	return uses, err
}

// inbox reads a page of the inbox, without what other projections know.
func (r *reader) inbox(account string, query *viewv1.InboxQuery) (*viewv1.InboxPage, error) {
	limit := int(query.Limit)
	if limit <= 0 {
		limit = defaultInbox
	}
	page := &viewv1.InboxPage{AsOf: r.asOf}
	gone, err := r.gone(account)
	if err != nil {
		return nil, err
	}
	looks := 0
	for place, err := range r.places(account, query, gone) {
		if err != nil {
			return nil, err
		}
		if looks++; looks > inboxLooks || len(page.Conversations) == limit {
			// The place is the first of the next page.
			page.NextBefore = place.active + 1
			return page, nil
		}
		s, err := r.summaryIn(account, place.conversation, gone)
		if err != nil {
			return nil, err
		}
		if fitsQuery(s, query) {
			page.Conversations = append(page.Conversations, s)
		}
	}
	return page, nil
}

// inboxRow reads the row of a conversation.
func (r *reader) inboxRow(account, conversation string) (*viewv1.InboxConversation, error) {
	c := new(viewv1.InboxConversation)
	ok, err := r.rows[InboxName].load(rowKey(account, conversation, kindInbox), c)
	if err == nil && !ok {
		err = ErrNotFound
	}
	return c, err
}

// summary reads one conversation, without what other projections know.
func (r *reader) summary(account, conversation string) (*viewv1.ConversationSummary, error) {
	gone, err := r.gone(account)
	if err != nil {
		return nil, err
	}
	return r.summaryIn(account, conversation, gone)
}

func (r *reader) summaryIn(account, conversation string, gone map[string]bool) (*viewv1.ConversationSummary, error) {
	c, err := r.inboxRow(account, conversation)
	if err != nil {
		return nil, err
	}
	if gone[c.Summary.AssigneeId] {
		c.Summary.AssigneeId = ""
	}
	return c.Summary, nil
}

// gone reads which agents were taken out of the account: their work is nobody's.
func (r *reader) gone(account string) (map[string]bool, error) {
	rows, err := allRows[viewv1.AgentGone](r.rows[InboxName], rowKey(account, wholeInbox, kindGone))
	if len(rows) == 0 {
		return nil, err
	}
	gone := map[string]bool{}
	for _, row := range rows {
		gone[row.AgentId] = true
	}
	return gone, err
}

// counts reads how many conversations there are.
func (r *reader) counts(account, agent string) (*viewv1.InboxCounts, error) {
	gone, err := r.gone(account)
	if err != nil {
		return nil, err
	}
	view := &viewv1.InboxCounts{AsOf: r.asOf, Labels: map[string]uint32{}}
	prefix := rowKey(account, wholeInbox, kindCount)
	err = r.rows[InboxName].scan(prefix, prefixEnd(prefix), false, func(k []byte, load func(proto.Message) error) (bool, error) {
		row := new(viewv1.InboxCount)
		if err := load(row); err != nil {
			return false, err
		}
		name := k[len(prefix)+2:]
		switch l := (list{name[0], name[1], string(name[2:])}); {
		case l.kind == listLabel:
			view.Labels[l.of] = row.Count
		case l.kind == listUnread:
			view.Unread = row.Count
		case l.kind == listAll && l.status == listOpen:
			view.Open = row.Count
		case l.kind == listAll:
			view.Closed = row.Count
		case l.of == "" || gone[l.of]:
			view.Unassigned += row.Count
		case l.of == agent:
			view.Mine = row.Count
		}
		return true, nil
	})
	return view, err
}

// allRows reads all rows whose keys begin with a prefix.
func allRows[T any, M message[T]](rows source, prefix []byte) (all []M, err error) {
	err = rows.scan(prefix, prefixEnd(prefix), false, func(_ []byte, load func(proto.Message) error) (bool, error) {
		row := M(new(T))
		all = append(all, row)
		return true, load(row)
	})
	return all, err
}
