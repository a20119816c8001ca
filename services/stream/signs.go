package stream

import (
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	streamv1 "weiche/proto/gen/weiche/stream/v1"
)

const (
	// thereFor is how long somebody is there who does not say so again.
	thereFor = 45 * time.Second
	// signFor is how old a sign may be.
	signFor = 10 * time.Second
	// places is in how many conversations it is known who is there.
	places = 50_000
)

// signs is who looks at which conversation.
type signs struct {
	mu    sync.Mutex
	there map[Topic]map[string]time.Time // by conversation and agent, empty for the customer
}

// hear hears signs of typing and presence until ctx ends.
func (h *Hub) hear(ctx context.Context) {
	for ctx.Err() == nil {
		stop, err := h.config.Signals(h.sign)
		if err != nil {
			h.config.Logger.Warn("signals are not heard", "error", err)
			sleep(ctx, time.Second)
			continue
		}
		<-ctx.Done()
		stop()
	}
}

// sign tells a sign to those whom it concerns.
func (h *Hub) sign(signal *ingressv1.Signal) {
	if at := signal.GetAt(); at != nil && time.Since(at.AsTime()) > signFor {
		return
	}
	conversation := Topic{Kind: Conversation, Account: signal.GetAccountId(), ID: signal.GetConversationId()}
	switch signal.GetKind() {
	case ingressv1.SignalKind_SIGNAL_KIND_TYPING_ON, ingressv1.SignalKind_SIGNAL_KIND_TYPING_OFF:
		h.tellTyping(conversation, signal.GetAgentId(), signal.GetKind() == ingressv1.SignalKind_SIGNAL_KIND_TYPING_ON)
	case ingressv1.SignalKind_SIGNAL_KIND_PRESENT:
		if h.signs.enter(conversation, signal.GetAgentId(), time.Now()) {
			h.tellPresence(conversation, signal.GetAgentId(), time.Now(), true)
		}
	case ingressv1.SignalKind_SIGNAL_KIND_ABSENT:
		if h.signs.leave(conversation, signal.GetAgentId()) {
			h.tellPresence(conversation, signal.GetAgentId(), time.Now(), false)
		}
	}
}

// enter notes that somebody is there, and reports whether that is new.
func (s *signs) enter(conversation Topic, agentID string, at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	those := s.there[conversation]
	if those == nil {
		if len(s.there) == places {
			return false
		}
		those = map[string]time.Time{}
		s.there[conversation] = those
	}
	_, known := those[agentID]
	those[agentID] = at
	return !known
}

// leave notes that somebody is there no longer, and reports whether that is new.
func (s *signs) leave(conversation Topic, agentID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	those := s.there[conversation]
	_, known := those[agentID]
	delete(those, agentID)
	if len(those) == 0 {
		delete(s.there, conversation)
	}
	return known
}

// expire lets those go who did not say again that they are there.
func (s *signs) expire(now time.Time, tell func(conversation Topic, agentID string, at time.Time, there bool)) {
	type gone struct {
		conversation Topic
		agentID      string
		at           time.Time
	}
	var all []gone
	s.mu.Lock()
	for conversation, those := range s.there {
		for agentID, at := range those {
			if now.Sub(at) > thereFor {
				all = append(all, gone{conversation, agentID, at})
				delete(those, agentID)
			}
		}
		if len(those) == 0 {
			delete(s.there, conversation)
		}
	}
	s.mu.Unlock()
	for _, g := range all {
		tell(g.conversation, g.agentID, g.at, false)
	}
}

// in returns who is in a conversation, and since when that is known.
func (s *signs) in(conversation Topic) map[string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	those := make(map[string]time.Time, len(s.there[conversation]))
	for agentID, at := range s.there[conversation] {
		those[agentID] = at
	}
	return those
}

// tellTyping tells agents that somebody types, and the visitor that an agent does.
func (h *Hub) tellTyping(conversation Topic, agentID string, on bool) {
	typing := &streamv1.Typing{ConversationId: conversation.ID, AgentId: agentID, AgentName: h.nameOf(conversation.Account, agentID), On: on}
	h.tellSign(conversation, NewFrame(&streamv1.SubscribeResponse{Frame: &streamv1.SubscribeResponse_Typing{Typing: typing}}))
	if agentID != "" {
		// A visitor learns the name of an agent, and no more.
		shown := &streamv1.Typing{ConversationId: conversation.ID, AgentName: typing.GetAgentName(), On: on}
		h.tellSign(Topic{Kind: Own, Account: conversation.Account, ID: conversation.ID},
			NewFrame(&streamv1.SubscribeResponse{Frame: &streamv1.SubscribeResponse_Typing{Typing: shown}}))
	}
}

// tellPresence tells agents who is there. Visitors are not told.
func (h *Hub) tellPresence(conversation Topic, agentID string, at time.Time, there bool) {
	h.tellSign(conversation, h.presence(conversation, agentID, at, there))
}

func (h *Hub) presence(conversation Topic, agentID string, at time.Time, there bool) *Frame {
	return NewFrame(&streamv1.SubscribeResponse{Frame: &streamv1.SubscribeResponse_Presence{Presence: &streamv1.Presence{
		ConversationId: conversation.ID, AgentId: agentID, AgentName: h.nameOf(conversation.Account, agentID),
		There: there, At: timestamppb.New(at),
	}}})
}

func (h *Hub) nameOf(account, agentID string) string {
	if agentID == "" || h.pages == nil {
		return ""
	}
	return h.pages.AgentName(account, agentID)
}

// tellSign tells a frame of the moment to those who follow a topic.
func (h *Hub) tellSign(topic Topic, frame *Frame) {
	h.mu.Lock()
	a := h.accounts[topic.Account]
	h.mu.Unlock()
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if t := a.pages.topics[topic]; t != nil {
		for s := range t.subs {
			s.sign(frame)
		}
	}
}

// greet tells who is in the conversation to somebody who begins to follow it.
func (h *Hub) greet(s *Subscription) {
	topic := s.Topic()
	if topic.Kind != Conversation {
		return
	}
	for agentID, at := range h.signs.in(topic) {
		s.sign(h.presence(topic, agentID, at, true))
	}
}
