package main

import (
	"context"
	"maps"
	"slices"

	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	"weiche/services/api"
	"weiche/services/conversation"
	"weiche/services/router"
)

// queries answers what the API asks, from the directory and the log.
type queries struct {
	folder    *folder
	engine    *router.Engine
	directory *router.Directory
}

// Widget returns a widget with what it offers.
func (q queries) Widget(widgetID string) (found api.Widget, ok bool) {
	q.directory.Each(func(account string, setup *conversation.Account) bool {
		widget := setup.Widgets[widgetID]
		if widget == nil {
			return true
		}
		ok = true
		found = api.Widget{
			Account: account, ID: widgetID, Site: widget.Config.GetSite(),
			Languages: widget.Config.GetLanguages(), Origins: widget.Config.GetOrigins(),
		}
		for _, id := range slices.Sorted(maps.Keys(widget.Offers)) {
			if i := setup.Integrations[id]; i != nil {
				found.Offers = append(found.Offers, api.Offer{
					IntegrationID: id, Channel: i.GetChannel(), Name: i.GetName(), Address: i.GetAddress(),
					Unhealthy: setup.Unhealthy[id] != nil,
				})
			}
		}
		return false
	})
	return found, ok
}

// ListsOrigin says whether any widget may be embedded by an origin.
func (q queries) ListsOrigin(origin string) (lists bool) {
	q.directory.Each(func(_ string, setup *conversation.Account) bool {
		for _, widget := range setup.Widgets {
			lists = lists || slices.Contains(widget.Config.GetOrigins(), origin)
		}
		return !lists
	})
	return lists
}

// Agent returns the name of an agent.
func (q queries) Agent(account, agentID string) (string, bool) {
	setup, ok := q.directory.Account(account)
	if !ok {
		return "", false
	}
	name, ok := setup.Agents[agentID]
	return name, ok
}

// Integrations returns the connected channels of an account.
func (q queries) Integrations(account string) ([]api.Integration, bool) {
	setup, ok := q.directory.Account(account)
	if !ok || setup == nil {
		return nil, false
	}
	var integrations []api.Integration
	for _, id := range slices.Sorted(maps.Keys(setup.Integrations)) {
		i := setup.Integrations[id]
		said := api.Integration{ID: id, Channel: i.GetChannel(), Name: i.GetName(), HumanAgent: i.GetHumanAgent()}
		if unhealthy := setup.Unhealthy[id]; unhealthy != nil {
			said.Unhealthy, said.Since = unhealthy.Error, unhealthy.Since
		}
		integrations = append(integrations, said)
	}
	return integrations, true
}

// AppOwner returns the account that has an app.
func (q queries) AppOwner(appID string) (owner string, ok bool) {
	q.directory.Each(func(account string, setup *conversation.Account) bool {
		if setup.Apps[appID] != nil {
			owner, ok = account, true
		}
		return !ok
	})
	return owner, ok
}

// ProviderAccountOwner returns the account that has connected a provider's
// account.
func (q queries) ProviderAccountOwner(channel, providerAccountID string) (owner string, ok bool) {
	q.directory.Each(func(account string, setup *conversation.Account) bool {
		for _, i := range setup.Integrations {
			if i.GetChannel() == channel && i.GetProviderAccountId() == providerAccountID {
				owner, ok = account, true
			}
		}
		return !ok
	})
	return owner, ok
}

// Conversation returns the conversation of a visitor.
func (q queries) Conversation(ctx context.Context, account, widgetID, visitor string) (string, error) {
	return q.engine.VisitorConversation(ctx, account, widgetID, visitor)
}

// Incarnation names this life of the log.
func (q queries) Incarnation() string { return q.folder.store.Incarnation() }

// Events returns a page of the log, opened.
func (q queries) Events(ctx context.Context, after uint64, limit int) ([]*adminv1.LoggedEvent, uint64, error) {
	var events []*adminv1.LoggedEvent
	for rec, err := range q.folder.store.ReadAll(ctx, after+1) {
		if err != nil {
			return nil, 0, err
		}
		if len(events) == limit {
			break
		}
		event, err := router.DecodeOpened(q.folder.keys, rec)
		if err != nil {
			return nil, 0, err
		}
		body, err := anypb.New(event.Body)
		if err != nil {
			return nil, 0, err
		}
		events = append(events, &adminv1.LoggedEvent{
			Position: rec.Position, AccountId: rec.Stream.Account, Stream: rec.Stream.String(), Version: rec.Version,
			EventId: rec.ID, RecordedAt: timestamppb.New(rec.Recorded), Causation: rec.Causation,
			Actor: rec.Actor, Event: body,
		})
	}
	return events, q.folder.store.Durable(), nil
}
