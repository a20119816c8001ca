package stream

import "context"

// ownTopic is what a visitor follows who is in a conversation; in none, where it is
// empty.
func ownTopic(visitor Visitor, conversation string) Topic {
	topic := Topic{Kind: Own, Account: visitor.Account, ID: conversation}
	if conversation == "" {
		topic.Widget = visitor.Widget
	}
	return topic
}

// moveVisitors looks whether visitors are in another conversation after something
// happened, and lets them follow that.
func (a *account) moveVisitors(ctx context.Context, n *news) error {
	a.mu.Lock()
	some := len(a.pages.visitors) > 0
	var concerned []Visitor
	if n.moved {
		if t := a.pages.topics[Topic{Kind: Own, Account: a.id, ID: n.conversation}]; t != nil {
			for s := range t.subs {
				concerned = append(concerned, s.visitor)
			}
		}
	}
	a.mu.Unlock()
	if some && n.beganFor != "" {
		those, err := a.hub.pages.Visitors(ctx, a.id, n.beganFor)
		if err != nil {
			return err
		}
		concerned = append(concerned, those...)
	}
	for _, visitor := range concerned {
		a.mu.Lock()
		here := len(a.pages.visitors[visitor]) > 0
		a.mu.Unlock()
		if !here {
			continue
		}
		conversation, err := a.hub.pages.Current(ctx, visitor)
		if err != nil {
			return err
		}
		a.move(visitor, conversation)
	}
	return nil
}

// visitorTopics returns the topics that visitors follow.
func (a *account) visitorTopics() []Topic {
	a.mu.Lock()
	defer a.mu.Unlock()
	var topics []Topic
	for topic := range a.pages.topics {
		if topic.Kind == Own {
			topics = append(topics, topic)
		}
	}
	return topics
}

// move lets a visitor follow a conversation from its beginning, where they do not.
func (a *account) move(visitor Visitor, conversation string) {
	to := ownTopic(visitor, conversation)
	a.mu.Lock()
	var begin []*Subscription
	for s := range a.pages.visitors[visitor] {
		if s.Topic() == to {
			continue
		}
		s.mu.Lock()
		live := s.live
		s.live, s.missed, s.fresh = false, true, true
		s.mu.Unlock()
		if live {
			begin = append(begin, s)
		} // who reads the past goes on with the other conversation
	}
	a.mu.Unlock()
	for _, s := range begin {
		a.hub.start(func(ctx context.Context) { s.catchUp(ctx, 0) })
	}
}

// current returns what is followed, after it was looked up which conversation a
// visitor is in.
func (s *Subscription) current(ctx context.Context, first bool) (Topic, error) {
	topic := s.Topic()
	if topic.Kind != Own {
		return topic, nil
	}
	conversation, err := s.hub.pages.Current(ctx, s.visitor)
	if err != nil {
		return topic, err
	}
	to := ownTopic(s.visitor, conversation)
	if to == topic {
		return topic, nil
	}
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	if s.done.Err() != nil {
		return topic, ErrClosed
	}
	s.account.pages.remove(s)
	s.mu.Lock()
	s.topic, s.fresh = to, s.fresh || !first
	s.mu.Unlock()
	s.account.pages.add(s, to, s.account.position)
	return to, nil
}

// isFresh says, once, whether another conversation is followed now.
func (s *Subscription) isFresh() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := s.fresh
	s.fresh = false
	return fresh
}
