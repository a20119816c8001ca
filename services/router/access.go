package router

import (
	"cmp"
	"context"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/conversation"
)

// VisitorEnded says whether a visitor's session was ended, by the SHA-256 of its
// secret.
func VisitorEnded(ctx context.Context, store *eventstore.Store, account string, hash []byte) (bool, error) {
	_, _, ended, err := store.IndexGet(ctx, eventstore.IndexKey{Account: account, Index: indexEnded, Key: hash})
	return ended, err
}

// accessOf puts into the snapshot of an account who may come in.
func accessOf(access *conversation.Access, s *queryv1.AccountSnapshot) {
	for _, agent := range s.GetAgents() {
		agent.PasswordId = access.Passwords[agent.GetAgentId()]
		for _, session := range access.SessionsOf(agent.GetAgentId()) {
			agent.Sessions = append(agent.Sessions, &queryv1.AgentSession{
				SessionId: session.ID, Hash: session.Hash, ByLink: session.LinkID != "",
				OpenedAt: timestamppb.New(session.OpenedAt), ExpiresAt: timestamppb.New(session.ExpiresAt),
			})
		}
	}
	for _, key := range access.Keys {
		said := &queryv1.ApiKey{Key: key.Created, CreatedAt: timestamppb.New(key.CreatedAt)}
		if !key.UsedAt.IsZero() {
			said.UsedAt = timestamppb.New(key.UsedAt)
		}
		s.ApiKeys = append(s.ApiKeys, said)
	}
	slices.SortFunc(s.ApiKeys, func(a, b *queryv1.ApiKey) int {
		return cmp.Or(a.GetCreatedAt().AsTime().Compare(b.GetCreatedAt().AsTime()), cmp.Compare(a.GetKey().GetKeyId(), b.GetKey().GetKeyId()))
	})
}
