package projections

import (
	"encoding/binary"
	"slices"

	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// list is one of the lists of the inbox: the open or the closed conversations, all
// of them or those of something. In each the conversations stand by when they were
// last active.
type list struct {
	status byte
	kind   byte
	of     string
}

// The conversations of a list: all, those that are an agent's work or with no name
// nobody's, those with a label, those with a binding on a channel. What nobody has
// seen is counted, and has no places.
const (
	listAll     byte = '*'
	listAgent   byte = 'a'
	listLabel   byte = 'l'
	listChannel byte = 'c'
	listUnread  byte = 'u'
)

const (
	listOpen   byte = 'o'
	listClosed byte = 'c'
)

// wholeInbox stands in keys of rows that are about the inbox of an account and not
// about one of its conversations.
const wholeInbox = "inbox"

func (l list) name() string { return string([]byte{l.status, l.kind}) + l.of }

// isCounted reports whether it is known how many a list has.
func (l list) isCounted() bool {
	return l.kind == listAll || l.status == listOpen && l.kind != listChannel
}

// standing is what decides in which lists a conversation is, and where.
type standing struct {
	active           uint64 // 0 for none
	status           byte
	assignee         string
	labels, channels []string
	unread           bool
}

func standingOf(s *viewv1.ConversationSummary) standing {
	return standing{
		active: s.Active, status: statusByte(s.Status), assignee: s.AssigneeId,
		labels: s.Labels, channels: s.Channels, unread: s.Unread > 0,
	}
}

func statusByte(s viewv1.ConversationStatus) byte {
	if s == statusClosed {
		return listClosed
	}
	return listOpen
}

// lists appends the lists in which a conversation is.
func (s *standing) lists(to []list) []list {
	if s.active == 0 {
		return to
	}
	to = append(to, list{s.status, listAll, ""}, list{s.status, listAgent, s.assignee})
	for _, l := range s.labels {
		to = append(to, list{s.status, listLabel, l})
	}
	for _, c := range s.channels {
		to = append(to, list{s.status, listChannel, c})
	}
	if s.unread && s.status == listOpen {
		to = append(to, list{s.status, listUnread, ""})
	}
	return to
}

// relist gives a conversation its places.
func (f *inboxFold) relist(conversation string, before, after standing) {
	var room [2][8]list
	was, is := before.lists(room[0][:0]), after.lists(room[1][:0])
	for _, l := range was {
		stays := slices.Contains(is, l)
		if !stays {
			f.count(l, -1)
		}
		if l.kind != listUnread && (!stays || before.active != after.active) {
			f.rows.Delete(placeKey(f.account, l, before.active))
		}
	}
	var place *viewv1.InboxPlace
	for _, l := range is {
		stays := slices.Contains(was, l)
		if !stays {
			f.count(l, 1)
		}
		if l.kind != listUnread && (!stays || before.active != after.active) {
			if place == nil {
				place = &viewv1.InboxPlace{ConversationId: conversation}
			}
			f.rows.Put(placeKey(f.account, l, after.active), place)
		}
	}
}

// count counts a conversation of a list.
func (f *inboxFold) count(l list, by int32) {
	if !l.isCounted() {
		return
	}
	k := rowKey(f.account, wholeInbox, kindCount).text(l.name())
	count := getOrNew[viewv1.InboxCount](f.rows, k)
	if count.Count += uint32(by); count.Count == 0 {
		f.rows.Delete(k)
		return
	}
	f.rows.Put(k, count)
}

// listPrefix is where the places of a list begin.
func listPrefix(account string, l list) key {
	k := make(key, 0, len(account)+len(l.of)+15)
	k = binary.BigEndian.AppendUint16(k.text(account), uint16(2+len(l.of)))
	return append(append(append(k, l.status, l.kind), l.of...), kindPlace)
}

func placeKey(account string, l list, active uint64) key {
	return listPrefix(account, l).number(active)
}
