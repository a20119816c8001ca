// Package query is what the router knows, for roles in processes of their own: the
// set-up and its secrets, keys, views and the log, asked over the broker and answered
// by the router. What a role may ask stands in the table of methods; that nobody asks
// in the name of another is the broker's to see to.
package query

import (
	"context"

	"google.golang.org/protobuf/proto"

	"weiche/projections"
	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/services/broker"
	"weiche/services/channel"
)

// Views answers questions about conversations: *projections.Views in the router's
// process, a *Client elsewhere.
type Views interface {
	Timeline(ctx context.Context, account, conversationID string, page projections.Page) (*viewv1.Timeline, error)
	Channel(ctx context.Context, account, conversationID, integrationID string) (*viewv1.ChannelView, error)
	Route(ctx context.Context, account, conversationID string) (*viewv1.Route, error)
	Customer(ctx context.Context, account, customerID string) (*viewv1.Customer, error)
	Inbox(ctx context.Context, account string, query *viewv1.InboxQuery) (*viewv1.InboxPage, error)
	Summary(ctx context.Context, account, conversationID string) (*viewv1.ConversationSummary, error)
	Counts(ctx context.Context, account, agentID string) (*viewv1.InboxCounts, error)
	OfferUse(ctx context.Context, account string) ([]*viewv1.OfferUse, error)
	Position() uint64
	WaitFor(ctx context.Context, position uint64) error
}

// Log answers questions about the log, likewise.
type Log interface {
	// Conversation returns the conversation that a visitor of a widget is in; empty
	// where none has begun.
	Conversation(ctx context.Context, account, widgetID string, visitor *eventv1.Alias) (conversationID string, err error)
	// Events returns at most limit records of the log after a position, and the
	// position of the last durable one.
	Events(ctx context.Context, after uint64, limit int) (events []*adminv1.LoggedEvent, head uint64, err error)
	// Audit is the same of what is set up for an account, and who may come in.
	Audit(ctx context.Context, account string, after uint64, limit int) (events []*adminv1.LoggedEvent, head uint64, err error)
	// Password returns a password of an agent as argon2id made it, VisitorKey the secret
	// by which a site signs who its visitors are, and VisitorEnded whether the session
	// of a visitor was ended.
	Password(ctx context.Context, account, agentID, passwordID string) (hash channel.Secret, ok bool, err error)
	VisitorKey(ctx context.Context, account, widgetID, keyID string) (secret channel.Secret, ok bool, err error)
	VisitorEnded(ctx context.Context, account string, hash []byte) (bool, error)
}

var _ interface {
	Views
	Log
} = (*Client)(nil)

// installation is the account of questions that are about all accounts.
const installation = "-"

// asked is who asks what.
type asked struct {
	role      broker.Role
	account   string
	notBefore broker.Place
}

// message is a proto message as a pointer to its struct.
type message[T any] interface {
	*T
	proto.Message
}
