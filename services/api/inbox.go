package api

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	errorv1 "weiche/proto/gen/weiche/error/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/public"
)

// What a page of the inbox may be asked for.
const (
	usualConversations = 50
	mostConversations  = 200
	maxLabel           = 40 // characters
)

// filterBytes of the hash of the filters stand in a page token.
const filterBytes = 8

// ListConversations returns a page of the inbox.
func (s *workspaceService) ListConversations(ctx context.Context, req *workspacev1.ListConversationsRequest) (*workspacev1.ListConversationsResponse, error) {
	limit, err := pageSize(req.GetLimit(), usualConversations, mostConversations)
	query, queryErr := inboxQuery(req, callingAgent(ctx))
	if err := errors.Join(err, queryErr); err != nil {
		return nil, err
	}
	filters := filtersOf(query)
	if query.Before, err = s.parsePageToken(req.GetPageToken(), filters); err != nil {
		return nil, err
	}
	who, err := s.read(ctx, req.GetMinPosition())
	if err != nil {
		return nil, err
	}
	query.Limit = int32(limit)
	page, err := s.Views.Inbox(ctx, who.account, query)
	if err != nil {
		return nil, err
	}
	return &workspacev1.ListConversationsResponse{
		Conversations: page.GetConversations(), Position: s.opaque(page.GetAsOf()), Cursor: s.opaque(page.GetAsOf()),
		NextPageToken: s.pageToken(page.GetNextBefore(), filters),
	}, nil
}

// inboxQuery is what a request asks for, in the name of whoever calls.
func inboxQuery(req *workspacev1.ListConversationsRequest, who actor) (*viewv1.InboxQuery, error) {
	query := &viewv1.InboxQuery{
		Status: req.GetStatus(), Channel: req.GetChannel(), Label: req.GetLabel(), CustomerId: req.GetCustomerId(),
		AssigneeId: req.GetAssigneeId(), Nobody: req.GetNobody(),
	}
	if req.GetMine() {
		if who.id == "" {
			return nil, invalid("mine is for agents: nothing is the work of a program")
		}
		query.AssigneeId = who.id
	}
	switch req.GetStatus() {
	case viewv1.ConversationStatus_CONVERSATION_STATUS_UNSPECIFIED, viewv1.ConversationStatus_CONVERSATION_STATUS_OPEN,
		viewv1.ConversationStatus_CONVERSATION_STATUS_CLOSED:
	default:
		return nil, invalid("status is not known")
	}
	if len(req.GetAssigneeId()) > maxID || len(req.GetChannel()) > maxID || len(req.GetCustomerId()) > maxID {
		return nil, invalid("a filter is too long")
	}
	if utf8.RuneCountInString(req.GetLabel()) > maxLabel || !utf8.ValidString(req.GetLabel()) {
		return nil, invalid("a label has 1 to 40 characters")
	}
	return query, nil
}

// filtersOf is a short hash of what a query asks for, wherever its page is.
func filtersOf(query *viewv1.InboxQuery) []byte {
	filters := proto.CloneOf(query)
	filters.Limit, filters.Before = 0, 0
	plain, err := proto.MarshalOptions{Deterministic: true}.Marshal(filters)
	if err != nil {
		return nil // not UTF-8: nothing is found by it
	}
	hash := sha256.Sum256(plain)
	return hash[:filterBytes]
}

// pageToken names the place of a page behind this one, of the same filters; empty
// for none.
func (s *server) pageToken(before uint64, filters []byte) string {
	if before == 0 {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(filters) + "." + s.opaque(before)
}

// parsePageToken returns the place that a token names; 0 for none.
func (s *server) parsePageToken(token string, filters []byte) (uint64, error) {
	if token == "" {
		return 0, nil
	}
	of, at, _ := strings.Cut(token, ".")
	hash, err := base64.RawURLEncoding.Strict().DecodeString(of)
	place, placeErr := public.ParsePosition(at)
	switch {
	case err != nil || placeErr != nil || len(hash) != filterBytes || place.Place == 0:
		return 0, invalid("page_token is none of ours")
	case !bytes.Equal(hash, filters):
		return 0, invalid("page_token is of other filters")
	case place.Incarnation != s.Queries.Incarnation():
		return 0, fail(errorv1.Reason_REASON_OTHER_INCARNATION, "the page is of a log that was replaced; begin again")
	}
	return place.Place, nil
}

// CountConversations returns how many conversations there are.
func (s *workspaceService) CountConversations(ctx context.Context, req *workspacev1.CountConversationsRequest) (*workspacev1.CountConversationsResponse, error) {
	who, err := s.read(ctx, req.GetMinPosition())
	if err != nil {
		return nil, err
	}
	counts, err := s.Views.Counts(ctx, who.account, who.id)
	if err != nil {
		return nil, err
	}
	return &workspacev1.CountConversationsResponse{Counts: counts, Position: s.opaque(counts.GetAsOf())}, nil
}

// GetMe returns who calls.
func (s *workspaceService) GetMe(ctx context.Context, req *workspacev1.GetMeRequest) (*workspacev1.GetMeResponse, error) {
	who := callingAgent(ctx)
	at, agents, name, err := s.team(ctx, who, req.GetMinPosition())
	if err != nil {
		return nil, err
	}
	me := &workspacev1.GetMeResponse{
		AccountId: who.account, AccountName: name, Scopes: who.scopes.names(), ApiKeyId: who.key.GetKey().GetKeyId(), Position: at,
	}
	if !who.ends.IsZero() {
		me.ExpiresAt = timestamppb.New(who.ends)
	}
	if n := slices.IndexFunc(agents, func(a *workspacev1.Agent) bool { return a.GetAgentId() == who.id }); n >= 0 {
		me.Agent = agents[n]
	}
	return me, nil
}

// ListAgents returns the agents of the account.
func (s *workspaceService) ListAgents(ctx context.Context, req *workspacev1.ListAgentsRequest) (*workspacev1.ListAgentsResponse, error) {
	at, agents, _, err := s.team(ctx, callingAgent(ctx), req.GetMinPosition())
	if err != nil {
		return nil, err
	}
	return &workspacev1.ListAgentsResponse{Agents: agents, Position: at}, nil
}

// team returns the agents of whoever calls in the order of their ids, with what
// people call the account.
func (s *server) team(ctx context.Context, who actor, min string) (at string, agents []*workspacev1.Agent, account string, err error) {
	if at, err = s.reachSetup(ctx, min); err != nil {
		return "", nil, "", err
	}
	snapshot, ok := s.Queries.Account(who.account)
	if !ok {
		return "", nil, "", errNotFound
	}
	for _, a := range snapshot.GetAgents() {
		agents = append(agents, &workspacev1.Agent{AgentId: a.GetAgentId(), Name: a.GetName(), Role: cmp.Or(a.GetRole(), eventv1.Role_ROLE_AGENT)})
	}
	slices.SortFunc(agents, func(a, b *workspacev1.Agent) int { return strings.Compare(a.GetAgentId(), b.GetAgentId()) })
	return at, agents, snapshot.GetName(), nil
}
