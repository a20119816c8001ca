package api

import (
	"context"
	"errors"
	"slices"

	"weiche/projections"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/services/blob"
	"weiche/services/stream"
	"weiche/services/widget"
)

// changedLines is how many lines one change carries at most.
const changedLines = 100

// pages reads for the hub what pages show: the same rows that GetConversation,
// GetTimeline and ListConversations return.
type pages struct{ *server }

// Reach returns once views and set-up show a position.
func (p pages) Reach(ctx context.Context, position uint64) error {
	if err := p.Views.WaitFor(ctx, position); err != nil {
		return err
	}
	_, err := p.Queries.WaitForSetup(ctx, position)
	return err
}

// Changes returns what looks different of a conversation since a position.
func (p pages) Changes(ctx context.Context, topic stream.Topic, since uint64) ([]*streamv1.Change, error) {
	changes, err := p.changes(ctx, topic, since)
	if errors.Is(err, projections.ErrNotFound) {
		return nil, nil
	}
	return changes, err
}

func (p pages) changes(ctx context.Context, topic stream.Topic, since uint64) ([]*streamv1.Change, error) {
	switch topic.Kind {
	case stream.Inbox:
		summary, err := p.Views.Summary(ctx, topic.Account, topic.ID)
		if err != nil {
			return nil, err
		}
		return []*streamv1.Change{{Summary: summary}}, nil
	case stream.Conversation:
		return p.forAgents(ctx, topic, since)
	case stream.Own:
		return p.forVisitor(ctx, topic, since)
	}
	return nil, nil
}

// lines reads the lines that are new or different, page by page.
func (p pages) lines(ctx context.Context, topic stream.Topic, since uint64, keep projections.Lines, take func(items []*viewv1.TimelineItem)) error {
	for page := (projections.Page{Since: since, Limit: changedLines, Keep: keep}); ; {
		timeline, err := p.Views.Timeline(ctx, topic.Account, topic.ID, page)
		if err != nil {
			return err
		}
		if items := timeline.GetItems(); len(items) > 0 {
			take(items)
			page.After = items[len(items)-1].GetPosition()
		}
		if !timeline.GetMore() {
			return nil
		}
	}
}

// forAgents returns lines and route as agents see them.
func (p pages) forAgents(ctx context.Context, topic stream.Topic, since uint64) ([]*streamv1.Change, error) {
	var changes []*streamv1.Change
	err := p.lines(ctx, topic, since, projections.Lines{}, func(items []*viewv1.TimelineItem) {
		for _, item := range items {
			forAgent(item)
			item.Media = p.files(topic.Account, topic.ID, blob.ForAgent, item)
		}
		changes = append(changes, &streamv1.Change{Lines: items})
	})
	if err != nil || len(changes) == 0 {
		return nil, err
	}
	route, err := p.Views.Route(ctx, topic.Account, topic.ID)
	if err != nil {
		return nil, err
	}
	p.windows(topic.Account, route)
	changes[len(changes)-1].Route = route
	return changes, nil
}

// forVisitor returns lines, link, menu and route as the widget shows them.
func (p pages) forVisitor(ctx context.Context, topic stream.Topic, since uint64) ([]*streamv1.Change, error) {
	var changes []*streamv1.Change
	link, menu := "", false
	keep := forVisitors()
	keep.System = append(keep.System, viewv1.SystemLineKind_SYSTEM_LINE_KIND_LINK_APPROVED)
	for kind := range linkStates {
		keep.System = append(keep.System, kind)
	}
	err := p.lines(ctx, topic, since, keep, func(items []*viewv1.TimelineItem) {
		change := &streamv1.Change{}
		for _, item := range items {
			if line := item.GetSystem(); line != nil && aboutChannel[line.GetKind()] == "" {
				link = line.GetLinkId()
				continue
			}
			menu = menu || item.GetSystem() != nil
			change.OwnLines = append(change.OwnLines, p.lineOf(topic.Account, topic.ID, item))
		}
		changes = append(changes, change)
	})
	if err != nil || len(changes) == 0 {
		return nil, err
	}
	last := changes[len(changes)-1]
	route, err := p.Views.Route(ctx, topic.Account, topic.ID)
	if err != nil {
		return nil, err
	}
	of, ok := p.Queries.Widget(route.GetWidgetId())
	if ok && link != "" {
		if last.Link, err = p.linkState(ctx, &of, topic.ID, link); err != nil {
			return nil, err
		}
	}
	if ok && menu {
		if last.Widget, err = p.widgetOf(ctx, &of, route); err != nil {
			return nil, err
		}
	}
	if bindings := route.GetBindings(); len(bindings) > 0 {
		last.RepliesTo = bindings[0].GetChannel()
	}
	return changes, nil
}

// Setup returns the menu of a visitor after the set-up has changed, and the links that
// came to their end by that; to agents it says only that it has.
func (p pages) Setup(ctx context.Context, topic stream.Topic) ([]*streamv1.Change, error) {
	if topic.Kind != stream.Own {
		return []*streamv1.Change{{Setup: true}}, nil
	}
	widgetID, route := topic.Widget, &viewv1.Route{}
	if topic.ID != "" {
		var err error
		if route, err = p.Views.Route(ctx, topic.Account, topic.ID); err != nil {
			if errors.Is(err, projections.ErrNotFound) {
				err = nil
			}
			return nil, err
		}
		widgetID = route.GetWidgetId()
	}
	of, ok := p.Queries.Widget(widgetID)
	if !ok {
		return nil, nil
	}
	shown, err := p.widgetOf(ctx, &of, route)
	if err != nil {
		return nil, err
	}
	first := &streamv1.Change{ConversationId: topic.ID, Widget: shown}
	if bindings := route.GetBindings(); len(bindings) > 0 {
		first.RepliesTo = bindings[0].GetChannel()
	}
	changes := []*streamv1.Change{first}
	for _, id := range route.GetLinkIds() {
		link, err := p.linkState(ctx, &of, topic.ID, id)
		if err != nil {
			return nil, err
		}
		if !waits(link) {
			changes = append(changes, &streamv1.Change{ConversationId: topic.ID, Link: link})
		}
	}
	return changes, nil
}

// Current returns the conversation that a visitor is in.
func (p pages) Current(ctx context.Context, visitor stream.Visitor) (string, error) {
	return p.Queries.Conversation(ctx, visitor.Account, visitor.Widget, &eventv1.Alias{Kind: visitor.Kind, Value: visitor.Value})
}

// visitorKinds are the kinds of aliases by which visitors are known.
var visitorKinds = []string{widget.AliasVisitor, widget.AliasExternal}

// Visitors returns who of the visitors of widgets are a customer.
func (p pages) Visitors(ctx context.Context, account, customerID string) ([]stream.Visitor, error) {
	customer, err := p.Views.Customer(ctx, account, customerID)
	if errors.Is(err, projections.ErrNotFound) {
		return nil, nil
	}
	var those []stream.Visitor
	for _, identity := range customer.GetIdentities() {
		for _, alias := range identity.GetAliases() {
			if slices.Contains(visitorKinds, alias.GetKind()) {
				those = append(those, stream.Visitor{Account: account, Widget: identity.GetIntegrationId(), Kind: alias.GetKind(), Value: alias.GetValue()})
			}
		}
	}
	return those, err
}

// AgentName returns the name of an agent.
func (p pages) AgentName(account, agentID string) string {
	name, _ := p.Queries.Agent(account, agentID)
	return name
}
