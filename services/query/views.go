package query

import (
	"context"

	"weiche/projections"
	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// Timeline returns a page of a conversation.
func (c *Client) Timeline(ctx context.Context, account, conversationID string, page projections.Page) (*viewv1.Timeline, error) {
	return ask[viewv1.Timeline](ctx, c, account, "timeline", &queryv1.GetTimelineRequest{
		ConversationId: conversationID, After: page.After, Before: page.Before, Limit: uint32(max(0, page.Limit)), Last: page.Last,
		Enough: page.Enough, Kinds: page.Keep.Kinds, System: page.Keep.System, LinkId: page.Keep.Link, Since: page.Since,
	})
}

// Channel returns what was exchanged over one integration of a conversation.
func (c *Client) Channel(ctx context.Context, account, conversationID, integrationID string) (*viewv1.ChannelView, error) {
	return ask[viewv1.ChannelView](ctx, c, account, "channel", &queryv1.GetChannelRequest{
		ConversationId: conversationID, IntegrationId: integrationID,
	})
}

// Route returns where a reply of a conversation goes.
func (c *Client) Route(ctx context.Context, account, conversationID string) (*viewv1.Route, error) {
	return ask[viewv1.Route](ctx, c, account, "route", &queryv1.GetRouteRequest{ConversationId: conversationID})
}

// Customer returns a customer card.
func (c *Client) Customer(ctx context.Context, account, customerID string) (*viewv1.Customer, error) {
	return ask[viewv1.Customer](ctx, c, account, "customer", &queryv1.GetCustomerRequest{CustomerId: customerID})
}

// Inbox returns a page of the conversations of an account.
func (c *Client) Inbox(ctx context.Context, account string, query *viewv1.InboxQuery) (*viewv1.InboxPage, error) {
	return ask[viewv1.InboxPage](ctx, c, account, "inbox", query)
}

// Summary returns a conversation as a row of the inbox.
func (c *Client) Summary(ctx context.Context, account, conversationID string) (*viewv1.ConversationSummary, error) {
	return ask[viewv1.ConversationSummary](ctx, c, account, "summary", &queryv1.GetSummaryRequest{ConversationId: conversationID})
}

// Counts returns how many conversations of an account there are.
func (c *Client) Counts(ctx context.Context, account, agentID string) (*viewv1.InboxCounts, error) {
	return ask[viewv1.InboxCounts](ctx, c, account, "counts", &queryv1.GetCountsRequest{AgentId: agentID})
}

// OfferUse returns what depends on the channels of the widgets of an account.
func (c *Client) OfferUse(ctx context.Context, account string) ([]*viewv1.OfferUse, error) {
	said, err := ask[queryv1.GetOfferUseResponse](ctx, c, account, "offer-use", &queryv1.GetOfferUseRequest{})
	return said.GetUses(), err
}

// Begin finds out what the views show, so that Position says it.
func (c *Client) Begin(ctx context.Context) error {
	_, err := ask[queryv1.ReachResponse](ctx, c, installation, "reach", &queryv1.ReachRequest{})
	return err
}

// WaitFor returns once all views show a position.
func (c *Client) WaitFor(ctx context.Context, position uint64) error {
	at := c.place()
	if position <= at.Position {
		return nil
	}
	if at.Incarnation == "" {
		// It has to be known first whose position it is.
		if err := c.Begin(ctx); err != nil {
			return err
		}
		at = c.place()
	}
	at.Position = max(at.Position, position)
	_, err := askFrom[queryv1.ReachResponse](ctx, c, installation, "reach", &queryv1.ReachRequest{}, at)
	return err
}

// Conversation returns the conversation that a visitor of a widget is in.
func (c *Client) Conversation(ctx context.Context, account, widgetID string, visitor *eventv1.Alias) (string, error) {
	said, err := ask[queryv1.GetVisitorConversationResponse](ctx, c, account, "visitor-conversation",
		&queryv1.GetVisitorConversationRequest{WidgetId: widgetID, Visitor: visitor.GetValue(), Kind: visitor.GetKind()})
	return said.GetConversationId(), err
}

// Events returns a page of the log.
func (c *Client) Events(ctx context.Context, after uint64, limit int) ([]*adminv1.LoggedEvent, uint64, error) {
	said, err := ask[queryv1.ListEventsResponse](ctx, c, installation, "events",
		&queryv1.ListEventsRequest{After: after, Limit: uint32(max(0, limit))})
	return said.GetEvents(), said.GetHead(), err
}

// Audit returns a page of what is set up for an account, and who may come in.
func (c *Client) Audit(ctx context.Context, account string, after uint64, limit int) ([]*adminv1.LoggedEvent, uint64, error) {
	said, err := ask[queryv1.ListEventsResponse](ctx, c, account, "audit",
		&queryv1.ListAuditRequest{After: after, Limit: uint32(max(0, limit))})
	return said.GetEvents(), said.GetHead(), err
}
