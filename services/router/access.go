package router

import (
	"cmp"
	"context"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/proto/schema"
	"weiche/services/conversation"
)

// accessIndex keeps the indexes of who may come in. The name of a login that ends is
// in the event that ends it, before the one that takes its place.
func accessIndex(account string, body proto.Message, change *eventstore.IndexChange) {
	login := func(name string) eventstore.IndexKey {
		return eventstore.IndexKey{Account: installation, Index: indexLogin, Key: []byte(name)}
	}
	switch e := body.(type) {
	case *eventv1.VisitorSessionEnded:
		change.Put = append(change.Put, eventstore.IndexEntry{
			IndexKey: eventstore.IndexKey{Account: account, Index: indexEnded, Key: e.GetHash()},
		})
	case *eventv1.AgentAdded:
		if e.GetEndedLogin() != "" {
			change.Delete = append(change.Delete, login(e.GetEndedLogin()))
		}
		if e.GetLogin() != "" {
			change.Put = append(change.Put, eventstore.IndexEntry{
				IndexKey: login(e.GetLogin()), Value: join(account, e.GetAgentId()),
			})
		}
	case *eventv1.AgentRemoved:
		if e.GetEndedLogin() != "" {
			change.Delete = append(change.Delete, login(e.GetEndedLogin()))
		}
	}
}

// VisitorEnded says whether a visitor's session was ended, by the SHA-256 of its
// secret.
func VisitorEnded(ctx context.Context, store *eventstore.Store, account string, hash []byte) (bool, error) {
	_, _, ended, err := store.IndexGet(ctx, eventstore.IndexKey{Account: account, Index: indexEnded, Key: hash})
	return ended, err
}

// taken refuses a decision by which an agent would log in under a name that another
// has, in this account or any. Nothing else writes the log, and what the round has
// decided before is looked at, so no two ever have the same.
func (r *round) taken(ctx context.Context, account string, events []conversation.Event) (*conversation.Refusal, error) {
	for _, event := range events {
		added, ok := event.Body.(*eventv1.AgentAdded)
		if !ok || added.GetLogin() == "" {
			continue
		}
		owner, err := r.loginOwner(ctx, added.GetLogin())
		if err != nil {
			return nil, err
		}
		mine := string(join(account, added.GetAgentId()))
		for _, earlier := range events {
			if earlier.ID == event.ID {
				break
			}
			owner = loginAfter(owner, added.GetLogin(), account, earlier.Body)
		}
		if owner != "" && owner != mine {
			return &conversation.Refusal{
				Reason: ingressv1.Refusal_REFUSAL_TAKEN, Detail: "somebody logs in as " + added.GetLogin() + " already",
			}, nil
		}
	}
	return nil, nil
}

// loginOwner returns who logs in under a name as of what the round has decided.
func (r *round) loginOwner(ctx context.Context, name string) (string, error) {
	value, _, _, err := r.engine.store.IndexGet(ctx, eventstore.IndexKey{Account: installation, Index: indexLogin, Key: []byte(name)})
	if err != nil {
		return "", err
	}
	owner := string(value)
	for _, commit := range r.commits {
		for _, event := range commit.Events {
			if event.Type != typeOf(&eventv1.AgentAdded{}) && event.Type != typeOf(&eventv1.AgentRemoved{}) {
				continue
			}
			body, err := schema.Facts(event.Type, event.SchemaVersion, event.Facts)
			if err != nil {
				return "", err
			}
			owner = loginAfter(owner, name, event.Stream.Account, body)
		}
	}
	return owner, nil
}

// loginAfter returns who logs in under a name after an event.
func loginAfter(owner, name, account string, body proto.Message) string {
	var change eventstore.IndexChange
	accessIndex(account, body, &change)
	for _, key := range change.Delete {
		if string(key.Key) == name {
			owner = ""
		}
	}
	for _, entry := range change.Put {
		if string(entry.Key) == name {
			owner = string(entry.Value)
		}
	}
	return owner
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
