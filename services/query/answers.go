package query

import (
	"context"

	"google.golang.org/protobuf/proto"

	"weiche/projections"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/services/broker"
)

// setupBytes bounds one answer about the set-up.
const setupBytes = 2 << 20

func (s *Server) setup(ctx context.Context, who asked, q *queryv1.GetSetupRequest) (*queryv1.GetSetupResponse, error) {
	if s.comes(who.notBefore) {
		waiting, cancel := context.WithTimeout(ctx, reachFor)
		defer cancel()
		// What did not come is asked for again; what is there is not kept back.
		_ = s.Directory.WaitFor(waiting, who.notBefore.Position)
	}
	changed, position := s.Directory.Since(q.GetAfter())
	answer := &queryv1.GetSetupResponse{Position: position}
	bytes := 0
	for _, account := range changed {
		if answer.More = bytes > setupBytes; answer.More {
			answer.Position = answer.Accounts[len(answer.Accounts)-1].GetPosition()
			break
		}
		account = forRole(account, who.role)
		answer.Accounts = append(answer.Accounts, account)
		bytes += proto.Size(account)
	}
	return answer, nil
}

// forRole is what a role may know of an account.
func forRole(account *queryv1.AccountSnapshot, role broker.Role) *queryv1.AccountSnapshot {
	if role == broker.RoleAPI {
		return account
	}
	// Who may come in is nobody's business who lets nobody in.
	return &queryv1.AccountSnapshot{
		AccountId: account.GetAccountId(), Position: account.GetPosition(), Name: account.GetName(),
		BoundElsewhere: account.GetBoundElsewhere(), Apps: account.GetApps(),
		Integrations: account.GetIntegrations(), Widgets: account.GetWidgets(), Unhealthy: account.GetUnhealthy(),
	}
}

func (s *Server) secrets(_ context.Context, who asked, _ *queryv1.GetSecretsRequest) (*queryv1.GetSecretsResponse, error) {
	account, ok := s.Directory.Account(who.account)
	if !ok {
		return nil, projections.ErrNotFound
	}
	answer := &queryv1.GetSecretsResponse{}
	switch who.role {
	case broker.RoleAdapters:
		for _, connected := range account.GetApps() {
			app, ok := s.Directory.App(connected.GetAppId())
			if !ok || app.Account != who.account {
				continue // the id is another account's, whose webhooks it gets
			}
			secrets := &queryv1.AppSecrets{AppId: app.ID, VerifyToken: app.VerifyToken.Reveal()}
			for _, secret := range app.Secrets {
				secrets.Secrets = append(secrets.Secrets, secret.Reveal())
			}
			answer.Apps = append(answer.Apps, secrets)
		}
	case broker.RoleEgress:
		for _, connected := range account.GetIntegrations() {
			integration, _ := s.Directory.Integration(who.account, connected.GetIntegrationId())
			answer.Integrations = append(answer.Integrations, &queryv1.IntegrationSecrets{
				IntegrationId: integration.ID, AccessToken: integration.Token.Reveal(),
			})
		}
	}
	return answer, nil
}

func (s *Server) hashKeys(_ context.Context, who asked, _ *queryv1.GetHashKeysRequest) (*queryv1.GetHashKeysResponse, error) {
	answer := &queryv1.GetHashKeysResponse{Keys: map[string][]byte{}}
	for _, domain := range s.Domains[who.role] {
		answer.Keys[domain] = s.HashKey(domain)
	}
	return answer, nil
}

func (s *Server) newFileKey(ctx context.Context, who asked, q *queryv1.NewFileKeyRequest) (*queryv1.FileKey, error) {
	keyID, key, err := s.Files.NewFile(ctx, who.account, q.GetFileId())
	return &queryv1.FileKey{KeyId: keyID, Key: key}, err
}

func (s *Server) fileKey(ctx context.Context, who asked, q *queryv1.GetFileKeyRequest) (*queryv1.FileKey, error) {
	key, err := s.Files.File(ctx, who.account, q.GetFileId(), q.GetKeyId())
	return &queryv1.FileKey{KeyId: q.GetKeyId(), Key: key}, err
}

func (s *Server) keyStands(ctx context.Context, _ asked, q *queryv1.GetKeyStandsRequest) (*queryv1.GetKeyStandsResponse, error) {
	stands, err := s.Files.Stands(ctx, q.GetKeyId())
	return &queryv1.GetKeyStandsResponse{Stands: stands}, err
}

func (s *Server) reach(context.Context, asked, *queryv1.ReachRequest) (*queryv1.ReachResponse, error) {
	return &queryv1.ReachResponse{}, nil
}

func (s *Server) timeline(ctx context.Context, who asked, q *queryv1.GetTimelineRequest) (*viewv1.Timeline, error) {
	return s.Views.Timeline(ctx, who.account, q.GetConversationId(), projections.Page{
		After: q.GetAfter(), Before: q.GetBefore(), Limit: int(q.GetLimit()), Last: q.GetLast(), Enough: q.GetEnough(), Since: q.GetSince(),
		Keep: projections.Lines{Kinds: q.GetKinds(), System: q.GetSystem(), Link: q.GetLinkId()},
	})
}

func (s *Server) channel(ctx context.Context, who asked, q *queryv1.GetChannelRequest) (*viewv1.ChannelView, error) {
	return s.Views.Channel(ctx, who.account, q.GetConversationId(), q.GetIntegrationId())
}

func (s *Server) route(ctx context.Context, who asked, q *queryv1.GetRouteRequest) (*viewv1.Route, error) {
	return s.Views.Route(ctx, who.account, q.GetConversationId())
}

func (s *Server) customer(ctx context.Context, who asked, q *queryv1.GetCustomerRequest) (*viewv1.Customer, error) {
	return s.Views.Customer(ctx, who.account, q.GetCustomerId())
}

func (s *Server) inbox(ctx context.Context, who asked, q *viewv1.InboxQuery) (*viewv1.InboxPage, error) {
	return s.Views.Inbox(ctx, who.account, q)
}

func (s *Server) summary(ctx context.Context, who asked, q *queryv1.GetSummaryRequest) (*viewv1.ConversationSummary, error) {
	return s.Views.Summary(ctx, who.account, q.GetConversationId())
}

func (s *Server) counts(ctx context.Context, who asked, q *queryv1.GetCountsRequest) (*viewv1.InboxCounts, error) {
	return s.Views.Counts(ctx, who.account, q.GetAgentId())
}

func (s *Server) offerUse(ctx context.Context, who asked, _ *queryv1.GetOfferUseRequest) (*queryv1.GetOfferUseResponse, error) {
	uses, err := s.Views.OfferUse(ctx, who.account)
	return &queryv1.GetOfferUseResponse{Uses: uses}, err
}

func (s *Server) visitorConversation(ctx context.Context, who asked, q *queryv1.GetVisitorConversationRequest) (*queryv1.GetVisitorConversationResponse, error) {
	id, err := s.Log.Conversation(ctx, who.account, q.GetWidgetId(), &eventv1.Alias{Kind: q.GetKind(), Value: q.GetVisitor()})
	return &queryv1.GetVisitorConversationResponse{ConversationId: id}, err
}

func (s *Server) events(ctx context.Context, _ asked, q *queryv1.ListEventsRequest) (*queryv1.ListEventsResponse, error) {
	events, head, err := s.Log.Events(ctx, q.GetAfter(), int(q.GetLimit()))
	return &queryv1.ListEventsResponse{Events: events, Head: head}, err
}

func (s *Server) audit(ctx context.Context, who asked, q *queryv1.ListAuditRequest) (*queryv1.ListEventsResponse, error) {
	events, head, err := s.Log.Audit(ctx, who.account, q.GetAfter(), int(q.GetLimit()))
	return &queryv1.ListEventsResponse{Events: events, Head: head}, err
}
