package stream

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/services/broker"
)

// news is something that happened and that pages are not told of yet: to a
// conversation, to a customer, or to the set-up.
type news struct {
	// conversation or customer is what it happened to; neither for the set-up.
	conversation, customer string
	// first and last are the positions of what happened.
	first, last uint64
	// firstVersion and version are those in the conversation.
	firstVersion, version uint64
	// kind is the last public type, and shown the last of those that visitors see.
	kind, shown string
	// moved says that visitors may have another conversation now: the one in it,
	// and those who are the customer in beganFor.
	moved    bool
	beganFor string
	// tries is how often it could not be told, and due when that is tried again.
	tries int
	due   time.Time
}

const (
	// enough is how often something is tried before the pages that it cannot be told
	// to have to come back.
	enough = 6
	// longest is how long it waits at most before it is tried again.
	longest = 5 * time.Second
)

// failed counts that it could not be told, and says whether that was often enough.
func (n *news) failed(now time.Time) bool {
	n.due = now.Add(min(again<<n.tries, longest))
	n.tries++
	return n.tries >= enough
}

// batch is news to tell, in the order in which they began.
type batch struct {
	all  []*news
	upTo uint64 // where the account stands
	// held is the first position of what waits until due to be tried again.
	held uint64
	due  time.Time
	// nothing says that nothing waits at all.
	nothing bool
}

// before returns the position before one.
func before(position uint64) uint64 { return max(position, 1) - 1 }

// pageTopic is what some pages show.
type pageTopic struct {
	subs map[*Subscription]struct{}
	// told is the position up to which those were told that follow it.
	told uint64
	// carried is the first version of what happened and looked like nothing.
	carried uint64
	// customer is the conversation's, once it is known.
	customer string
}

// pageTopics is what the pages of an account show, and what they are not told yet.
type pageTopics struct {
	topics   map[Topic]*pageTopic
	visitors map[Visitor]map[*Subscription]struct{}
	waiting  map[string]*news // by what it happened to
	busy     bool
	more     chan struct{} // has one when something more waits
}

func newPageTopics() pageTopics {
	return pageTopics{
		topics: map[Topic]*pageTopic{}, visitors: map[Visitor]map[*Subscription]struct{}{}, waiting: map[string]*news{},
		more: make(chan struct{}, 1),
	}
}

func (p *pageTopics) waits() bool { return len(p.waiting) > 0 }

// add lets a subscription be told of its topic.
func (p *pageTopics) add(s *Subscription, topic Topic, position uint64) {
	t := p.topics[topic]
	if t == nil {
		t = &pageTopic{subs: map[*Subscription]struct{}{}, told: position}
		p.topics[topic] = t
	}
	t.subs[s] = struct{}{}
	if topic.Kind == Own {
		if p.visitors[s.visitor] == nil {
			p.visitors[s.visitor] = map[*Subscription]struct{}{}
		}
		p.visitors[s.visitor][s] = struct{}{}
	}
}

// remove ends that.
func (p *pageTopics) remove(s *Subscription) {
	topic := s.Topic()
	if t := p.topics[topic]; t != nil {
		delete(t.subs, s)
		if len(t.subs) == 0 {
			delete(p.topics, topic)
		}
	}
	delete(p.visitors[s.visitor], s)
	if len(p.visitors[s.visitor]) == 0 {
		delete(p.visitors, s.visitor)
	}
}

// noteLocked notes what pages have to be told. The caller holds mu.
func (a *account) noteLocked(event broker.Event) {
	if len(a.pages.topics) == 0 {
		return
	}
	public := Read(event)
	n := &news{first: event.Position, last: event.Position, kind: public.GetType()}
	switch {
	case event.Category == conversationCategory:
		n.conversation, n.firstVersion, n.version = event.ID, event.Version, event.Version
		n.shown = shownToVisitors(public)
		n.moved = public.GetConversationContinued() != nil || public.GetConversationErased() != nil
		n.beganFor = public.GetConversationStarted().GetCustomerId()
		if !a.isShown(event.ID) && (n.beganFor == "" || len(a.pages.visitors) == 0) {
			return
		}
	case event.Category == setupCategory:
	case public.GetCustomerChanged().GetCustomerId() != "":
		n.customer = public.GetCustomerChanged().GetCustomerId()
		n.beganFor = n.customer
	default:
		return
	}
	a.wait(n)
}

// isShown says whether a page shows a conversation.
func (a *account) isShown(conversation string) bool {
	for _, topic := range a.topicsOf(conversation) {
		if a.pages.topics[topic] != nil {
			return true
		}
	}
	return false
}

// topicsOf returns the topics that show a conversation.
func (a *account) topicsOf(conversation string) []Topic {
	return []Topic{
		{Kind: Conversation, Account: a.id, ID: conversation},
		{Kind: Own, Account: a.id, ID: conversation},
		{Kind: Inbox, Account: a.id},
	}
}

// wait lets news wait, together with what happened to the same before.
func (a *account) wait(n *news) {
	key := n.conversation + " " + n.customer
	if there := a.pages.waiting[key]; there != nil {
		there.merge(n)
	} else {
		a.pages.waiting[key] = n
	}
	if !a.pages.busy {
		a.pages.busy = true
		a.hub.start(a.tellPages)
	}
	select {
	case a.pages.more <- struct{}{}:
	default:
	}
}

// awaitNews waits until something more waits, or until a time.
func (a *account) awaitNews(ctx context.Context, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-a.pages.more:
	case <-timer.C:
	}
}

// merge adds what happened before or after.
func (n *news) merge(other *news) {
	earlier, after := n, other
	if other.last < n.last {
		earlier, after = other, n // it could not be told at once
	}
	n.kind, n.shown = cmp.Or(after.kind, earlier.kind), cmp.Or(after.shown, earlier.shown)
	n.beganFor = cmp.Or(after.beganFor, earlier.beganFor)
	n.first, n.last = min(n.first, other.first), max(n.last, other.last)
	n.firstVersion, n.version = min(n.firstVersion, other.firstVersion), max(n.version, other.version)
	n.moved = n.moved || other.moved
	n.tries = max(n.tries, other.tries)
	if other.due.After(n.due) {
		n.due = other.due
	}
}

// takeNews returns what is to be told now.
func (a *account) takeNews(now time.Time) batch {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := batch{upTo: a.position, held: math.MaxUint64, nothing: len(a.pages.waiting) == 0}
	a.pages.busy = !b.nothing
	for key, n := range a.pages.waiting {
		if n.due.After(now) {
			b.held = min(b.held, n.first)
			if b.due.IsZero() || n.due.Before(b.due) {
				b.due = n.due
			}
			continue
		}
		b.all = append(b.all, n)
		delete(a.pages.waiting, key)
	}
	slices.SortFunc(b.all, func(x, y *news) int { return cmp.Compare(x.first, y.first) })
	return b
}

// giveBack lets news wait again that could not be told.
func (a *account) giveBack(all []*news) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, n := range all {
		a.wait(n)
	}
}

// shownToVisitors returns the type of an event where visitors see what it is about.
func shownToVisitors(event *streamv1.Event) string {
	if event.GetMessageCreated().GetAuthor() == streamv1.MessageAuthor_MESSAGE_AUTHOR_NOTE {
		return ""
	}
	switch event.GetBody().(type) {
	case *streamv1.Event_ConversationStarted, *streamv1.Event_ConversationContinued, *streamv1.Event_ConversationErased,
		*streamv1.Event_ChannelBound, *streamv1.Event_ChannelUnbound, *streamv1.Event_MessageCreated,
		*streamv1.Event_MessageStateChanged, *streamv1.Event_MessageRerouted, *streamv1.Event_MessageEdited,
		*streamv1.Event_MessageDeleted, *streamv1.Event_ReactionChanged, *streamv1.Event_MediaChanged, *streamv1.Event_LinkChanged:
		return event.GetType()
	}
	return ""
}
