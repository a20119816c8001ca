package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"

	errorv1 "weiche/proto/gen/weiche/error/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/services/stream"
)

// follower is who follows: an agent, a program or a visitor.
type follower struct {
	// name tells one from another; it is what their streams are counted by.
	name    string
	account string
	// agentID is the agent; empty for a visitor.
	agentID string
	// visitor is who visits; the zero value for others.
	visitor stream.Visitor
	// still says whether they may still come in.
	still func() bool
}

func (f *follower) isVisitor() bool { return f.visitor != stream.Visitor{} }

// followerOf returns who follows by the value of an Authorization header. Pages of
// others count for visitors alone, and where the widget lists them.
func (s *server) followerOf(r *http.Request, authorization string) (*follower, bool) {
	asked := r.Clone(r.Context())
	asked.Header = http.Header{"Authorization": {authorization}}
	if origin := r.Header.Get("Origin"); origin != "" {
		asked.Header.Set("Origin", origin)
	}
	if v := s.visit(&kept{header: http.Header{}}, asked); v.known {
		value := v.session.Visitor().GetValue()
		still := func() bool {
			now := s.visit(&kept{header: http.Header{}}, asked)
			return now.known && (now.origin == "" || slices.Contains(now.widget.Origins, now.origin))
		}
		return &follower{
			name: "visitor " + v.widget.ID + " " + value, account: v.widget.Account,
			visitor: stream.Visitor{Account: v.widget.Account, Widget: v.widget.ID, Value: value}, still: still,
		}, still()
	}
	if origin := r.Header.Get("Origin"); origin != "" && !ownPage(r, origin) {
		return nil, false
	}
	has := func(header string) bool { return r.Header.Get(header) != "" }
	token := s.bearerFrom(r.RemoteAddr, has, authorization)
	who, ok := s.agentOf(token)
	if !ok {
		return nil, false
	}
	return &follower{
		name: "agent " + who.account + " " + who.id, account: who.account, agentID: who.id,
		still: func() bool { _, ok := s.agentOf(token); return ok },
	}, true
}

// follow begins what a follower asks for.
func (s *server) follow(ctx context.Context, who *follower, req *streamv1.SubscribeRequest, notify func()) (*stream.Subscription, error) {
	request := stream.Request{
		Topic: stream.Topic{Account: who.account}, Visitor: who.visitor, Cursor: req.GetCursor(), Notify: notify,
	}
	forAgents := true
	switch what := req.GetWhat().(type) {
	case *streamv1.SubscribeRequest_ConversationId:
		request.Topic.Kind, request.Topic.ID = stream.Conversation, what.ConversationId
	case *streamv1.SubscribeRequest_Inbox:
		request.Topic.Kind = stream.Inbox
	case *streamv1.SubscribeRequest_Everything:
		request.Topic.Kind = stream.Everything
	case *streamv1.SubscribeRequest_Own:
		request.Topic.Kind, forAgents = stream.Own, false
	default:
		return nil, invalid("say what to follow")
	}
	if forAgents == who.isVisitor() {
		return nil, errNotFound // it says nothing of what there is
	}
	if request.Topic.Kind == stream.Conversation {
		if err := known(request.Topic.ID); err != nil {
			return nil, err
		}
		if _, err := s.Views.Route(ctx, who.account, request.Topic.ID); err != nil {
			return nil, err
		}
	}
	followed, err := s.Stream.Subscribe(ctx, request)
	switch {
	case errors.Is(err, stream.ErrCursor):
		return nil, invalid("this is no cursor")
	case errors.Is(err, stream.ErrCursorExpired):
		return nil, fail(errorv1.Reason_REASON_CURSOR_EXPIRED, "the cursor has expired: read the snapshot anew")
	case errors.Is(err, stream.ErrClosed):
		return nil, fail(errorv1.Reason_REASON_UNAVAILABLE, "not available now")
	}
	return followed, err
}

// shows passes on a sign of a follower in a conversation that they follow; of others
// it does nothing.
func (f *follower) shows(s *server, kind ingressv1.SignalKind, topics []stream.Topic, conversationID string) {
	at := slices.IndexFunc(topics, func(t stream.Topic) bool {
		return t.Kind == stream.Conversation && t.ID == conversationID || t.Kind == stream.Own && t.ID != "" && f.isVisitor()
	})
	if at >= 0 {
		s.signal(&ingressv1.Signal{Kind: kind, AccountId: f.account, ConversationId: topics[at].ID, AgentId: f.agentID})
	}
}

func presence(there bool) ingressv1.SignalKind {
	if there {
		return ingressv1.SignalKind_SIGNAL_KIND_PRESENT
	}
	return ingressv1.SignalKind_SIGNAL_KIND_ABSENT
}

// refused says to a follower why something cannot be followed.
func (s *server) refused(err error) *streamv1.Refused {
	told, ours := failureOf(err)
	if ours {
		s.Logger.Error("a subscription cannot begin", "error", err)
	}
	return &streamv1.Refused{
		Code: codeOf(told.reason).String(), Reason: told.reason.String(), Message: told.message,
	}
}

// tally bounds how many streams there are by who has them.
type tally struct {
	mu   sync.Mutex
	have map[string]int
}

// take counts a stream for everybody that it is of, if none has too many; most is
// negative for no bound.
func (t *tally) take(of map[string]int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for who, most := range of {
		if most >= 0 && t.have[who] >= most {
			return false
		}
	}
	for who := range of {
		t.have[who]++
	}
	return true
}

func (t *tally) give(of map[string]int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for who := range of {
		if t.have[who]--; t.have[who] == 0 {
			delete(t.have, who)
		}
	}
}
