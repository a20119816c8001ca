package projections

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// fitsQuery reports whether a conversation is one that was asked for.
func fitsQuery(s *viewv1.ConversationSummary, q *viewv1.InboxQuery) bool {
	return (q.Status == 0 || q.Status == s.Status) &&
		(q.AssigneeId == "" || q.AssigneeId == s.AssigneeId) &&
		(!q.Nobody || s.AssigneeId == "") &&
		(q.Channel == "" || slices.Contains(s.Channels, q.Channel)) &&
		(q.Label == "" || slices.Contains(s.Labels, q.Label)) &&
		(q.CustomerId == "" || q.CustomerId == s.CustomerId)
}

// place is where a conversation stands in the inbox.
type place struct {
	active       uint64
	conversation string
}

// places yields the places in which what is asked for can stand, the most recently
// active first: those of the list that is likely to be the shortest.
func (r *reader) places(account string, q *viewv1.InboxQuery, gone map[string]bool) iter.Seq2[place, error] {
	var kinds []list
	switch {
	case q.CustomerId != "":
		return r.placesOfCustomer(account, q)
	case q.Label != "":
		kinds = append(kinds, list{kind: listLabel, of: q.Label})
	case q.AssigneeId != "":
		kinds = append(kinds, list{kind: listAgent, of: q.AssigneeId})
	case q.Nobody:
		kinds = append(kinds, list{kind: listAgent})
		for _, agent := range slices.Sorted(maps.Keys(gone)) {
			kinds = append(kinds, list{kind: listAgent, of: agent})
		}
	case q.Channel != "":
		kinds = append(kinds, list{kind: listChannel, of: q.Channel})
	default:
		kinds = append(kinds, list{kind: listAll})
	}
	var lists []iter.Seq2[place, error]
	for _, l := range kinds {
		if q.Status != statusClosed {
			lists = append(lists, r.placesOf(account, list{listOpen, l.kind, l.of}, q.Before))
		}
		if q.Status != statusOpen {
			lists = append(lists, r.placesOf(account, list{listClosed, l.kind, l.of}, q.Before))
		}
	}
	return merged(lists)
}

// placesOf yields the places of one list.
func (r *reader) placesOf(account string, l list, before uint64) iter.Seq2[place, error] {
	prefix := listPrefix(account, l)
	to := prefixEnd(prefix)
	if before != 0 {
		to = placeKey(account, l, before)
	}
	return func(yield func(place, error) bool) {
		err := r.rows[InboxName].scan(prefix, to, true, func(k []byte, load func(proto.Message) error) (bool, error) {
			row := new(viewv1.InboxPlace)
			if err := load(row); err != nil {
				return false, err
			}
			return yield(place{lastNumber(k), row.ConversationId}, nil), nil
		})
		if err != nil {
			yield(place{}, err)
		}
	}
}

// placesOfCustomer yields those of a customer's conversations, the newest so many.
func (r *reader) placesOfCustomer(account string, q *viewv1.InboxQuery) iter.Seq2[place, error] {
	return func(yield func(place, error) bool) {
		var places []place
		prefix := rowKey(account, q.CustomerId, kindCustomerTalk)
		err := r.rows[InboxName].scan(prefix, prefixEnd(prefix), true, func(_ []byte, load func(proto.Message) error) (bool, error) {
			row := new(viewv1.InboxPlace)
			if err := load(row); err != nil {
				return false, err
			}
			c, err := r.inboxRow(account, row.ConversationId)
			if err != nil {
				return false, err
			}
			if q.Before == 0 || c.Summary.Active < q.Before {
				places = append(places, place{c.Summary.Active, row.ConversationId})
			}
			return len(places) < inboxLooks, nil
		})
		if err != nil {
			yield(place{}, err)
			return
		}
		slices.SortFunc(places, func(a, b place) int { return cmp.Compare(b.active, a.active) })
		for _, p := range places {
			if !yield(p, nil) {
				return
			}
		}
	}
}

// merged yields the places of several lists in one order.
func merged(lists []iter.Seq2[place, error]) iter.Seq2[place, error] {
	if len(lists) == 1 {
		return lists[0]
	}
	return func(yield func(place, error) bool) {
		type head struct {
			place
			next func() (place, error, bool)
		}
		var heads []head
		for _, l := range lists {
			next, stop := iter.Pull2(l)
			defer stop()
			heads = append(heads, head{next: next})
		}
		step := func(h *head) (ok bool, err error) {
			h.place, err, ok = h.next()
			return ok, err
		}
		for n := 0; n < len(heads); {
			ok, err := step(&heads[n])
			if err != nil {
				yield(place{}, err)
				return
			}
			if !ok {
				heads = slices.Delete(heads, n, n+1)
				continue
			}
			n++
		}
		for len(heads) > 0 {
			newest := 0
			for n := range heads {
				if heads[n].active > heads[newest].active {
					newest = n
				}
			}
			if !yield(heads[newest].place, nil) {
				return
			}
			ok, err := step(&heads[newest])
			if err != nil {
				yield(place{}, err)
				return
			}
			if !ok {
				heads = slices.Delete(heads, newest, newest+1)
			}
		}
	}
}
