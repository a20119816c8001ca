package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"

	errorv1 "weiche/proto/gen/weiche/error/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/proto/gen/weiche/stream/v1/streamv1connect"
	"weiche/proto/gen/weiche/workspace/v1/workspacev1connect"
	"weiche/services/stream"
)

// follower is who follows: an agent, a program or a visitor.
type follower struct {
	actor
	// name is by what their streams are counted.
	name string
	// visitor is who visits; the zero value for others.
	visitor stream.Visitor
}

// followerOf returns who follows by the value of an Authorization header, or by the
// cookie of a page of ours where that is empty. The pages of others count for visitors
// alone, and where the widget lists them.
func (s *server) followerOf(r *http.Request, authorization string) (*follower, error) {
	asked := r.Clone(r.Context())
	if asked.Header.Del("Authorization"); authorization != "" {
		asked.Header.Set("Authorization", authorization)
	}
	origin := r.Header.Get("Origin")
	var a actor
	switch {
	case strings.HasPrefix(bearer(authorization), visitorPrefix):
		v, err := s.visit(&kept{header: http.Header{}}, asked)
		if err != nil {
			return nil, err
		}
		if v.known && s.admit(v) {
			a = actor{kind: aVisitor, account: v.widget.Account, visit: v, ends: v.session.SignIn.ExpiresAt}
		}
	case origin != "" && !ownPage(r, origin):
		return nil, errUnauthenticated
	case authorization != "" || origin != "":
		a = s.authenticate(asked)
	}
	return s.followerAs(a)
}

// followerAs returns an actor as who follows, if they may.
func (s *server) followerAs(a actor) (*follower, error) {
	if err := authorize(a, streamv1connect.StreamServiceSubscribeProcedure); err != nil {
		return nil, err
	}
	who := &follower{actor: a, name: a.remembered()}
	if a.kind == aVisitor {
		alias := a.visit.session.Visitor()
		who.visitor = stream.Visitor{Account: a.account, Widget: a.visit.widget.ID, Kind: alias.GetKind(), Value: alias.GetValue()}
		who.name = "visitor " + a.visit.remembered()
	}
	return who, nil
}

// still returns who follows as they are now: their role may be another one. It says
// whether they may still do so.
func (s *server) still(ctx context.Context, who *follower) (*follower, bool) {
	a, ok := s.stands(ctx, who.actor)
	if ok && a.kind == anAgent && a.session == nil {
		_, ok = s.Queries.Agent(a.account, a.id)
	}
	now := *who
	now.actor = a
	return &now, ok && authorize(a, streamv1connect.StreamServiceSubscribeProcedure) == nil
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
	if forAgents == (who.kind == aVisitor) {
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

// show passes on a sign of a follower in a conversation that they follow; of others it
// does nothing.
func (s *server) show(who *follower, kind ingressv1.SignalKind, topics []stream.Topic, conversationID string) {
	if who.kind != aVisitor && authorize(who.actor, workspacev1connect.WorkspaceServiceSendTypingProcedure) != nil {
		return
	}
	at := slices.IndexFunc(topics, func(t stream.Topic) bool {
		return t.Kind == stream.Conversation && t.ID == conversationID || t.Kind == stream.Own && t.ID != ""
	})
	if at >= 0 {
		s.signal(&ingressv1.Signal{Kind: kind, AccountId: who.account, ConversationId: topics[at].ID, AgentId: who.id})
	}
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

// share says of whom a stream is, and how many they may have; negative for no bound.
type share struct {
	who  string
	most int
}

// take counts a stream for everybody that it is of, if none has too many.
func (t *tally) take(of ...share) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, share := range of {
		if share.most >= 0 && t.have[share.who] >= share.most {
			return false
		}
	}
	for _, share := range of {
		t.have[share.who]++
	}
	return true
}

func (t *tally) give(of ...share) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, share := range of {
		if t.have[share.who]--; t.have[share.who] == 0 {
			delete(t.have, share.who)
		}
	}
}

// any says whether there is a stream of somebody.
func (t *tally) any(of share) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.have[of.who] > 0
}
