package stream

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
)

// tellPages tells pages what waits, until nothing does.
func (a *account) tellPages(ctx context.Context) {
	for ctx.Err() == nil {
		b := a.takeNews(time.Now())
		switch {
		case b.nothing:
			return
		case len(b.all) == 0:
			a.awaitNews(ctx, b.due)
			continue
		}
		if err := a.hub.pages.Reach(ctx, b.upTo); err != nil {
			a.giveBack(b.all)
			if ctx.Err() == nil {
				a.hub.config.Logger.Warn("pages cannot be told", "account", a.id, "error", err)
				sleep(ctx, again)
			}
			continue
		}
		a.tellNews(ctx, b)
	}
}

// tellNews tells pages of news. What cannot be told waits, and holds up nothing else.
func (a *account) tellNews(ctx context.Context, b batch) {
	held := b.held
	for at, n := range b.all {
		// Who goes on from here has still to be told the rest.
		cursor := min(b.upTo, before(held))
		if at+1 < len(b.all) {
			cursor = min(cursor, before(b.all[at+1].first))
		}
		failed, err := a.tellOneNews(ctx, n, cursor)
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			a.giveBack(b.all[at:])
			return
		}
		a.hub.config.Logger.Warn("pages cannot be told", "account", a.id, "conversation", n.conversation, "tries", n.tries+1, "error", err)
		if n.failed(time.Now()) {
			a.endPages(failed, n.last)
			continue
		}
		held = min(held, n.first)
		a.giveBack([]*news{n})
	}
}

// tellOneNews tells pages of one, and returns the topics whose pages it cannot tell.
func (a *account) tellOneNews(ctx context.Context, n *news, cursor uint64) (failed []Topic, err error) {
	switch {
	case n.conversation != "":
		failed, err = a.tellConversation(ctx, n, cursor)
	case n.customer != "":
		a.tellCustomer(n, cursor)
	default:
		failed, err = a.tellSetup(ctx, n, cursor)
	}
	if n.moved || n.beganFor != "" {
		if moveErr := a.moveVisitors(ctx, n); moveErr != nil {
			failed, err = append(failed, a.visitorTopics()...), errors.Join(err, moveErr)
		}
	}
	return failed, err
}

// endPages lets the pages of topics come back that were not told what happened up to a
// position.
func (a *account) endPages(topics []Topic, last uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, topic := range topics {
		if t := a.pages.topics[topic]; t != nil {
			for s := range t.subs {
				if s.wants(last) {
					s.end(streamv1.GoAwayReason_GO_AWAY_REASON_UNAVAILABLE, uint32(rand.N(awayFor).Milliseconds()))
				}
			}
		}
	}
}

// tellConversation tells what happened to a conversation, and returns the topics for
// which that cannot be read.
func (a *account) tellConversation(ctx context.Context, n *news, cursor uint64) (failed []Topic, err error) {
	for _, topic := range a.topicsOf(n.conversation) {
		a.mu.Lock()
		t := a.pages.topics[topic]
		var since uint64
		if t != nil {
			since = t.told
		}
		a.mu.Unlock()
		if t == nil {
			continue
		}
		asked := topic
		asked.ID = n.conversation
		changes, readErr := a.hub.pages.Changes(ctx, asked, since)
		if readErr != nil {
			failed, err = append(failed, topic), errors.Join(err, readErr)
			continue
		}
		a.tellTopic(topic, n, changes, cursor)
	}
	return failed, err
}

// tellTopic tells the changes of a conversation to those who follow a topic.
func (a *account) tellTopic(topic Topic, n *news, changes []*streamv1.Change, cursor uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.pages.topics[topic]
	if t == nil {
		return
	}
	if topic.Kind != Inbox {
		t.told = max(t.told, n.last)
	}
	kind, first := n.kind, n.firstVersion
	if topic.Kind == Own {
		kind = n.shown
	}
	if topic.Kind != Inbox && t.carried != 0 {
		first = min(first, t.carried)
	}
	if len(changes) == 0 {
		if kind == "" {
			t.carried = first
			a.passPages(t, n.last, cursor)
			return
		}
		changes = []*streamv1.Change{{}}
	}
	t.carried = 0
	frames := make([]*Frame, 0, len(changes))
	for _, change := range changes {
		change = proto.CloneOf(change)
		change.Type, change.ConversationId, change.Version, change.FirstVersion = kind, n.conversation, n.version, first
		if customer := change.GetRoute().GetCustomerId(); customer != "" {
			t.customer = customer
		}
		frames = append(frames, changed(a.hub.cursor(cursor), change))
	}
	a.pushPages(t, frames, n.last, cursor)
}

// tellCustomer tells that a customer's card is to be read anew.
func (a *account) tellCustomer(n *news, cursor uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	frame := changed(a.hub.cursor(cursor), &streamv1.Change{Type: n.kind, CustomerId: n.customer})
	for topic, t := range a.pages.topics {
		if topic.Kind == Inbox || topic.Kind == Conversation && (t.customer == "" || t.customer == n.customer) {
			a.pushPages(t, []*Frame{frame}, n.last, cursor)
		}
	}
}

// tellSetup tells that the set-up has changed, and returns the topics for which that
// cannot be read.
func (a *account) tellSetup(ctx context.Context, n *news, cursor uint64) (failed []Topic, err error) {
	a.mu.Lock()
	topics := slices.Collect(maps.Keys(a.pages.topics))
	a.mu.Unlock()
	for _, topic := range topics {
		changes, readErr := a.hub.pages.Setup(ctx, topic)
		if readErr != nil {
			failed, err = append(failed, topic), errors.Join(err, readErr)
			continue
		}
		if len(changes) == 0 {
			continue
		}
		frames := make([]*Frame, 0, len(changes))
		for _, change := range changes {
			if topic.Kind != Own {
				change.Type = n.kind
			}
			frames = append(frames, changed(a.hub.cursor(cursor), change))
		}
		a.mu.Lock()
		if t := a.pages.topics[topic]; t != nil {
			a.pushPages(t, frames, n.last, cursor)
		}
		a.mu.Unlock()
	}
	return failed, err
}

// pushPages tells frames about what happened up to a position to those who are not
// past it. The caller holds mu.
func (a *account) pushPages(t *pageTopic, frames []*Frame, last, cursor uint64) {
	for s := range t.subs {
		if s.wants(last) {
			for _, frame := range frames {
				s.push(frame, cursor)
			}
		}
	}
}

// passPages brings them to a position where there is nothing to tell.
func (a *account) passPages(t *pageTopic, last, cursor uint64) {
	for s := range t.subs {
		if s.wants(last) {
			s.pass(cursor)
		}
	}
}

// wants says whether what happened at a position is still to be told.
func (s *Subscription) wants(position uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.live {
		s.missed = true
		return false
	}
	return position > s.place
}

// follow lets a page be told of its topic: at once, or after the past.
func (a *account) follow(s *Subscription, now bool) {
	a.mu.Lock()
	if s.done.Err() == nil {
		a.pages.add(s, s.topic, a.position)
		if now {
			s.begins()
		}
	}
	a.mu.Unlock()
	if !now {
		since := s.place
		a.hub.start(func(ctx context.Context) { s.catchUp(ctx, since) })
	}
}

// catchUp tells a page what looks different since a position, and then lets what
// happens follow.
func (s *Subscription) catchUp(ctx context.Context, since uint64) {
	a, first := s.account, true
	for {
		s.mu.Lock()
		s.missed = false
		s.mu.Unlock()
		topic, err := s.current(ctx, first)
		if err != nil {
			s.failed(ctx, err)
			return
		}
		if first = false; s.isFresh() {
			since = 0
		}
		a.mu.Lock()
		upTo := a.position
		a.mu.Unlock()
		changes, err := s.changesSince(ctx, topic, since, upTo)
		if err != nil {
			s.failed(ctx, err)
			return
		}
		for at, change := range changes {
			if s.wait(ctx) != nil {
				return
			}
			reached := upTo
			if at+1 < len(changes) {
				reached = s.reached()
			}
			s.push(changed(s.hub.cursor(reached), change), reached)
		}
		s.pass(upTo)
		a.mu.Lock()
		s.mu.Lock()
		done := !s.missed && s.topic == topic || s.ended
		s.mu.Unlock()
		if done {
			s.begins()
		}
		a.mu.Unlock()
		if done {
			return
		}
		since = upTo
	}
}

// reached returns the position up to which everything was told.
func (s *Subscription) reached() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.place
}

// changesSince reads what looks different since a position, when it is its turn.
func (s *Subscription) changesSince(ctx context.Context, topic Topic, since, upTo uint64) ([]*streamv1.Change, error) {
	release, err := s.hub.hold(ctx, s.done)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := s.hub.pages.Reach(ctx, upTo); err != nil {
		return nil, err
	}
	if topic.Kind == Inbox {
		return s.inboxSince(ctx, topic, since)
	}
	var changes []*streamv1.Change
	if topic.ID != "" {
		if changes, err = s.hub.pages.Changes(ctx, topic, since); err != nil {
			return nil, err
		}
		for at, change := range changes {
			changes[at] = proto.CloneOf(change)
			changes[at].ConversationId = topic.ID
		}
	}
	s.account.mu.Lock()
	setup := s.account.setup
	s.account.mu.Unlock()
	// What changes from here on is told as it happens.
	if since == 0 || since >= setup || setup > upTo {
		return changes, nil
	}
	more, err := s.hub.pages.Setup(ctx, topic)
	return append(changes, more...), err
}

// inboxSince reads the rows of the inbox that something happened to.
func (s *Subscription) inboxSince(ctx context.Context, topic Topic, since uint64) ([]*streamv1.Change, error) {
	sequence, err := s.hub.config.Log.Sequence(ctx, topic.Account, since)
	if err != nil {
		return nil, err
	}
	var all []*streamv1.Change
	seen, setup := map[string]bool{}, false
	for {
		events, err := s.hub.config.Log.Account(ctx, topic.Account, sequence, logPage)
		if err != nil {
			return nil, err
		}
		for _, event := range events {
			sequence = event.Sequence
			customer := Read(event).GetCustomerChanged().GetCustomerId()
			switch {
			case event.Category == conversationCategory && !seen[event.ID]:
				seen[event.ID] = true
				topic.ID = event.ID
				changes, err := s.hub.pages.Changes(ctx, topic, 0)
				if err != nil {
					return nil, err
				}
				for _, change := range changes {
					change = proto.CloneOf(change)
					change.ConversationId = event.ID
					all = append(all, change)
				}
			case customer != "" && !seen["customer "+customer]:
				seen["customer "+customer] = true
				all = append(all, &streamv1.Change{CustomerId: customer})
			case event.Category == setupCategory && !setup:
				setup = true
				all = append(all, &streamv1.Change{Setup: true})
			}
		}
		if len(events) == 0 {
			return all, nil
		}
	}
}
