package api

import ingressv1 "weiche/proto/gen/weiche/ingress/v1"

// present says that the client looks at a conversation, or no longer.
func (c *socket) present(conversationID string, there bool) {
	c.mu.Lock()
	if c.shown == nil {
		c.shown = map[string]struct{}{}
	}
	who := c.who
	if who.kind == aVisitor {
		conversationID = "" // there is one alone
	}
	_, was := c.shown[conversationID]
	switch {
	case there && !was && !c.closed && len(c.shown) < maxSubscriptions:
		c.shown[conversationID] = struct{}{}
		c.looking.take(who.looksAt(conversationID))
	case !there && was:
		delete(c.shown, conversationID)
		c.looking.give(who.looksAt(conversationID))
	}
	c.mu.Unlock()
	if there || !c.looking.any(who.looksAt(conversationID)) {
		c.show(who, presence(there), c.topics(), conversationID)
	}
}

// looksAt is by what the pages are counted in which a follower looks at a conversation.
func (f *follower) looksAt(conversationID string) share {
	who := f.account + " " + f.id
	if f.kind == aVisitor {
		who = f.name
	}
	return share{who + " " + conversationID, -1}
}

func presence(there bool) ingressv1.SignalKind {
	if there {
		return ingressv1.SignalKind_SIGNAL_KIND_PRESENT
	}
	return ingressv1.SignalKind_SIGNAL_KIND_ABSENT
}
