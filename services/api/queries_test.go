package api_test

import (
	"context"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/api"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/directory"
	"weiche/services/router"
)

// folded gives f the log, folded up to its end.
func (s *stage) folded(f func(*conversation.State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for rec, err := range s.store.ReadAll(context.Background(), s.read+1) {
		if err != nil {
			panic(err)
		}
		event, err := router.Decode(rec)
		if err != nil {
			panic(err)
		}
		conversation.Evolve(s.state, event)
		s.read = rec.Position
	}
	f(s.state)
}

var accounts = []string{"acme", "other"}

func (s *stage) each(f func(*conversation.Account)) {
	s.folded(func(state *conversation.State) {
		for _, id := range accounts {
			if account := state.Account(id); account != nil {
				f(account)
			}
		}
	})
}

func (s *stage) Widget(id string) (found api.Widget, ok bool) {
	s.each(func(account *conversation.Account) {
		w := account.Widgets[id]
		if w == nil {
			return
		}
		found, ok = api.Widget{
			Account: account.ID, ID: id, Site: w.Config.GetSite(),
			Languages: w.Config.GetLanguages(), Origins: w.Config.GetOrigins(), SignedOnly: w.Config.GetSignedVisitorsOnly(),
			Appearance: w.Config.GetAppearance(), Withdrawn: map[string]api.Withdrawal{},
		}, true
		for id, last := range w.Withdrawn {
			found.Withdrawn[id] = api.Withdrawal{At: last.At, Position: last.Position}
		}
		for _, key := range w.Config.GetVisitorKeys() {
			found.VisitorKeys = append(found.VisitorKeys, api.VisitorKey{ID: key.GetKeyId(), Fingerprint: key.GetFingerprint()})
		}
		for _, offered := range slices.Sorted(maps.Keys(w.Offers)) {
			i := account.Integrations[offered]
			found.Offers = append(found.Offers, api.Offer{
				IntegrationID: offered, Channel: i.GetChannel(), Name: i.GetName(), Address: i.GetAddress(),
				Unhealthy: account.Unhealthy[offered] != nil,
			})
		}
	})
	return found, ok
}

func (s *stage) ListsOrigin(origin string) (listed bool) {
	s.each(func(account *conversation.Account) {
		for _, w := range account.Widgets {
			listed = listed || slices.Contains(w.Config.GetOrigins(), origin)
		}
	})
	return listed
}

func (s *stage) Agent(account, id string) (name string, ok bool) {
	s.folded(func(state *conversation.State) {
		if found := state.Account(account); found != nil {
			agent := found.Agents[id]
			name, ok = agent.GetName(), agent != nil
		}
	})
	return name, ok
}

func (s *stage) Integrations(account string) (integrations []api.Integration, ok bool) {
	s.folded(func(state *conversation.State) {
		found := state.Account(account)
		if ok = found != nil; !ok {
			return
		}
		for _, id := range slices.Sorted(maps.Keys(found.Integrations)) {
			i := found.Integrations[id]
			said := api.Integration{ID: id, Channel: i.GetChannel(), Name: i.GetName(), HumanAgent: i.GetHumanAgent()}
			if unhealthy := found.Unhealthy[id]; unhealthy != nil {
				said.Unhealthy, said.Since = unhealthy.Error, unhealthy.Since
			}
			integrations = append(integrations, said)
		}
	})
	return integrations, ok
}

// directory returns the set-up as of the last position that was waited for: whoever
// does not wait sees what was before.
func (s *stage) directory() *directory.Directory {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.know()
	}
	return s.known
}

// know reads the set-up anew, with mu held.
func (s *stage) know() {
	position := s.store.Durable()
	d, err := router.NewDirectory(context.Background(), s.store, s.keys)
	if err != nil {
		panic(err)
	}
	s.known, s.knownAt = d, position
}

func (s *stage) Account(account string) (*queryv1.AccountSnapshot, bool) {
	return s.directory().Account(account)
}

func (s *stage) Session(hash []byte) (string, *queryv1.Agent, *queryv1.AgentSession, bool) {
	return s.directory().Session(hash)
}

func (s *stage) APIKey(hash []byte) (string, *queryv1.ApiKey, bool) {
	return s.directory().APIKey(hash)
}

func (s *stage) Login(name string) (string, *queryv1.Agent, bool) { return s.directory().Login(name) }

func (s *stage) Password(_ context.Context, account, agentID, passwordID string) (channel.Secret, bool, error) {
	return router.Password(s.keys, account, agentID, passwordID)
}

func (s *stage) VisitorKey(_ context.Context, account, widgetID, keyID string) (channel.Secret, bool, error) {
	return s.keys.Secret(account, router.OwnerWidget(widgetID), keyID)
}

func (s *stage) VisitorEnded(ctx context.Context, account string, hash []byte) (bool, error) {
	return router.VisitorEnded(ctx, s.store, account, hash)
}

func (s *stage) WaitForSetup(_ context.Context, position uint64) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.knownAt < position {
		s.know()
	}
	return s.knownAt, nil
}

func (s *stage) Audit(ctx context.Context, account string, after uint64, limit int) ([]*adminv1.LoggedEvent, uint64, error) {
	events, head, err := s.Events(ctx, after, 1000)
	events = slices.DeleteFunc(events, func(e *adminv1.LoggedEvent) bool {
		return e.GetAccountId() != account || !strings.HasPrefix(e.GetStream(), "account-") && !strings.HasPrefix(e.GetStream(), "access-")
	})
	return events[:min(limit, len(events))], head, err
}

func (s *stage) AppOwner(id string) (owner string, ok bool) {
	s.each(func(account *conversation.Account) {
		if account.Apps[id] != nil {
			owner, ok = account.ID, true
		}
	})
	return owner, ok
}

func (s *stage) ProviderAccountOwner(channel, id string) (owner string, ok bool) {
	s.each(func(account *conversation.Account) {
		for _, i := range account.Integrations {
			if i.GetChannel() == channel && i.GetProviderAccountId() == id {
				owner, ok = account.ID, true
			}
		}
	})
	return owner, ok
}

func (s *stage) Conversation(ctx context.Context, account, widgetID string, visitor *eventv1.Alias) (string, error) {
	return s.engine.VisitorConversation(ctx, account, widgetID, visitor)
}

func (s *stage) Events(ctx context.Context, after uint64, limit int) ([]*adminv1.LoggedEvent, uint64, error) {
	var events []*adminv1.LoggedEvent
	head := s.store.Durable()
	for rec, err := range s.store.ReadAll(ctx, after+1) {
		if err != nil {
			return nil, 0, err
		}
		if len(events) == limit {
			break
		}
		event, err := router.DecodeOpened(s.keys, rec)
		if err != nil {
			return nil, 0, err
		}
		body, err := anypb.New(event.Body)
		if err != nil {
			return nil, 0, err
		}
		events = append(events, &adminv1.LoggedEvent{
			Position: rec.Position, AccountId: rec.Stream.Account, Stream: rec.Stream.Category + "-" + rec.Stream.ID,
			Version: rec.Version, EventId: rec.ID, RecordedAt: timestamppb.New(rec.Recorded),
			Causation: rec.Causation, Actor: rec.Actor, Event: body,
		})
	}
	return events, head, nil
}

func (s *stage) Incarnation() string {
	if s.incarnation != "" {
		return s.incarnation
	}
	return s.store.Incarnation()
}
