package projections

import viewv1 "weiche/proto/gen/weiche/view/v1"

// unseen notes that the customer's last comment is the one of the record.
func (t *timelineFold) unseen(conversation string) {
	k := seenKey(t.account, conversation)
	mark := getOrNew[viewv1.SeenMark](t.rows, k)
	mark.Last = t.rec.Position
	t.rows.Put(k, mark)
}

// seen notes that agents have seen what the customer wrote up to a position. It goes
// forward alone. Of the comments that were not seen before the last one changes; who
// reads the others is told by the mark.
func (t *timelineFold) seen(conversation string, upTo uint64) {
	k := seenKey(t.account, conversation)
	mark := get[viewv1.SeenMark](t.rows, k)
	if mark == nil || upTo <= mark.Seen || mark.Last <= mark.Seen {
		return
	}
	mark.Seen = upTo
	t.rows.Put(k, mark)
	t.changeAt(conversation, min(upTo, mark.Last), func(item *viewv1.TimelineItem) bool { return item.GetCustomer() != nil })
}

func seenKey(account, conversation string) key { return rowKey(account, conversation, kindSeen) }

// seenUpTo returns the position up to which agents have seen what the customer wrote.
func (r *reader) seenUpTo(account, conversation string) (uint64, error) {
	mark := new(viewv1.SeenMark)
	_, err := r.rows[TimelineName].load(seenKey(account, conversation), mark)
	return mark.Seen, err
}

// markSeen says of a comment of the customer whether an agent has seen it.
func markSeen(item *viewv1.TimelineItem, upTo uint64) {
	if comment := item.GetCustomer(); comment != nil {
		comment.Seen = item.Position <= upTo
	}
}
