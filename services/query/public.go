package query

import (
	"context"

	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/broker"
)

// Public is the log as subscribers see it: each record one event.
type Public interface {
	// Head returns where the log ends, and its incarnation.
	Head(ctx context.Context) (broker.Place, error)
	// Sequence returns the sequence of an account's last record that is not after a
	// position.
	Sequence(ctx context.Context, account string, position uint64) (uint64, error)
	// Account returns at most limit records of an account after a sequence; none where
	// that was the last.
	Account(ctx context.Context, account string, after uint64, limit int) ([]broker.Event, error)
	// Conversation is Account for one conversation, after a version.
	Conversation(ctx context.Context, account, conversationID string, after uint64, limit int) ([]broker.Event, error)
}

var _ Public = PublicLog{}

// PublicLog asks the router for the log as subscribers see it.
type PublicLog struct {
	// Client asks.
	Client *Client
}

// Head returns where the log ends.
func (l PublicLog) Head(ctx context.Context) (broker.Place, error) {
	said, err := ask[queryv1.GetLogHeadResponse](ctx, l.Client, installation, "log-head", &queryv1.GetLogHeadRequest{})
	return broker.Place{Incarnation: said.GetIncarnation(), Position: said.GetPosition()}, err
}

// Sequence returns the place of a position among an account's records.
func (l PublicLog) Sequence(ctx context.Context, account string, position uint64) (uint64, error) {
	said, err := ask[queryv1.GetSequenceResponse](ctx, l.Client, account, "sequence", &queryv1.GetSequenceRequest{Position: position})
	return said.GetSequence(), err
}

// Account returns records of an account.
func (l PublicLog) Account(ctx context.Context, account string, after uint64, limit int) ([]broker.Event, error) {
	return l.list(ctx, account, &queryv1.ListPublicRequest{After: after, Limit: uint32(max(0, limit))})
}

// Conversation returns records of a conversation.
func (l PublicLog) Conversation(ctx context.Context, account, conversationID string, after uint64, limit int) ([]broker.Event, error) {
	return l.list(ctx, account, &queryv1.ListPublicRequest{ConversationId: conversationID, After: after, Limit: uint32(max(0, limit))})
}

func (l PublicLog) list(ctx context.Context, account string, request *queryv1.ListPublicRequest) ([]broker.Event, error) {
	said, err := ask[queryv1.ListPublicResponse](ctx, l.Client, account, "public", request)
	if err != nil {
		return nil, err
	}
	events := make([]broker.Event, 0, len(said.GetRecords()))
	for _, r := range said.GetRecords() {
		events = append(events, broker.Event{
			Account: r.GetAccountId(), Category: r.GetCategory(), ID: r.GetStreamId(), Incarnation: r.GetIncarnation(),
			Position: r.GetPosition(), Version: r.GetVersion(), Sequence: r.GetSequence(), Type: r.GetType(), Data: r.GetData(),
		})
	}
	return events, nil
}

func (s *Server) logHead(ctx context.Context, _ asked, _ *queryv1.GetLogHeadRequest) (*queryv1.GetLogHeadResponse, error) {
	head, err := s.Public.Head(ctx)
	return &queryv1.GetLogHeadResponse{Incarnation: head.Incarnation, Position: head.Position}, err
}

func (s *Server) sequence(ctx context.Context, who asked, q *queryv1.GetSequenceRequest) (*queryv1.GetSequenceResponse, error) {
	sequence, err := s.Public.Sequence(ctx, who.account, q.GetPosition())
	return &queryv1.GetSequenceResponse{Sequence: sequence}, err
}

func (s *Server) public(ctx context.Context, who asked, q *queryv1.ListPublicRequest) (*queryv1.ListPublicResponse, error) {
	var events []broker.Event
	var err error
	if q.GetConversationId() == "" {
		events, err = s.Public.Account(ctx, who.account, q.GetAfter(), int(q.GetLimit()))
	} else {
		events, err = s.Public.Conversation(ctx, who.account, q.GetConversationId(), q.GetAfter(), int(q.GetLimit()))
	}
	response := &queryv1.ListPublicResponse{}
	for _, e := range events {
		response.Records = append(response.Records, &queryv1.PublicRecord{
			AccountId: e.Account, Category: e.Category, StreamId: e.ID, Incarnation: e.Incarnation,
			Position: e.Position, Version: e.Version, Sequence: e.Sequence, Type: e.Type, Data: e.Data,
		})
	}
	return response, err
}
