package api

import (
	"context"
	"slices"
	"time"

	"weiche/projections"
	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/services/channel"
)

// Queries answers questions about the set-up and the log. Implementations are
// safe for concurrent use. The set-up is answered from memory, as of the last
// position that WaitForSetup returned for or later.
type Queries interface {
	// Widget returns a widget of any account by its id, which is unique over all
	// accounts.
	Widget(widgetID string) (Widget, bool)
	// ListsOrigin says whether any widget lists this exact origin.
	ListsOrigin(origin string) bool
	// Agent returns the name of an agent that the set-up has, with the account.
	Agent(account, agentID string) (name string, ok bool)
	// Account returns everything that is set up for an account. It must not be
	// changed.
	Account(account string) (*queryv1.AccountSnapshot, bool)
	// WaitForSetup returns once the set-up shows a position, with the one that it
	// shows, or with ctx's error.
	WaitForSetup(ctx context.Context, position uint64) (uint64, error)
	// Session returns whose session has a secret with this SHA-256, and APIKey the API
	// key. Whether it has ended by itself is for the caller to say. What was ended is
	// unknown at once where the router is in this process, and soon elsewhere.
	Session(hash []byte) (account string, agent *queryv1.Agent, session *queryv1.AgentSession, ok bool)
	APIKey(hash []byte) (account string, key *queryv1.ApiKey, ok bool)
	// Login returns the agent who logs in under a name.
	Login(name string) (account string, agent *queryv1.Agent, ok bool)
	// Password returns a password of an agent as argon2id made it.
	Password(ctx context.Context, account, agentID, passwordID string) (hash channel.Secret, ok bool, err error)
	// VisitorKey returns the secret by which a site signs who its visitors are.
	VisitorKey(ctx context.Context, account, widgetID, keyID string) (secret channel.Secret, ok bool, err error)
	// VisitorEnded says whether a visitor's session was ended, by the SHA-256 of its
	// secret. Elsewhere than in the router's process it may be half a minute late.
	VisitorEnded(ctx context.Context, account string, hash []byte) (bool, error)
	// Integrations returns the connected channels of an account in the order of
	// their ids, widgets included.
	Integrations(account string) ([]Integration, bool)
	// AppOwner returns the account that has a provider app with this id.
	AppOwner(appID string) (account string, ok bool)
	// ProviderAccountOwner returns the account that has connected an account of
	// a provider: a channel's name and the provider's id of the account.
	ProviderAccountOwner(channel, providerAccountID string) (account string, ok bool)
	// Conversation returns the conversation that a visitor's messages join in a
	// widget: visitor is their alias of the kind visitor or external_id. It is
	// empty where they have begun none. The answer is not older than what Views
	// shows when it is asked.
	Conversation(ctx context.Context, account, widgetID string, visitor *eventv1.Alias) (conversationID string, err error)
	// Events returns at most limit records of the log after a position, opened
	// where that is possible, with the position of the last durable one.
	Events(ctx context.Context, after uint64, limit int) (events []*adminv1.LoggedEvent, head uint64, err error)
	// Audit is Events of what is set up for one account and who may come in.
	Audit(ctx context.Context, account string, after uint64, limit int) (events []*adminv1.LoggedEvent, head uint64, err error)
	// Incarnation names this life of the log. It never changes while the process
	// runs.
	Incarnation() string
}

// Views answers questions about conversations. *projections.Views is one.
type Views interface {
	// Timeline returns a page of a conversation.
	Timeline(ctx context.Context, account, conversationID string, page projections.Page) (*viewv1.Timeline, error)
	// Channel returns what was exchanged over one integration of a conversation.
	Channel(ctx context.Context, account, conversationID, integrationID string) (*viewv1.ChannelView, error)
	// Route returns where a reply of a conversation goes.
	Route(ctx context.Context, account, conversationID string) (*viewv1.Route, error)
	// Customer returns a customer card.
	Customer(ctx context.Context, account, customerID string) (*viewv1.Customer, error)
	// Inbox returns a page of the conversations of an account, the most recently
	// active first.
	Inbox(ctx context.Context, account string, query *viewv1.InboxQuery) (*viewv1.InboxPage, error)
	// Summary returns a conversation as a row of the inbox.
	Summary(ctx context.Context, account, conversationID string) (*viewv1.ConversationSummary, error)
	// Counts returns how many conversations of an account there are; those that are
	// an agent's work for one agent, for none if it is empty.
	Counts(ctx context.Context, account, agentID string) (*viewv1.InboxCounts, error)
	// OfferUse returns what depends on the channels of the widgets of an account,
	// those on which something does.
	OfferUse(ctx context.Context, account string) ([]*viewv1.OfferUse, error)
	// Position returns the position that all views show.
	Position() uint64
	// WaitFor returns once all views show a position, or with ctx's error.
	WaitFor(ctx context.Context, position uint64) error
}

// Widget is one web widget as the set-up has it.
type Widget struct {
	// Account and ID name it.
	Account, ID string
	// Site is the site's name.
	Site string
	// Languages are BCP 47 tags; the first is the default.
	Languages []string
	// Origins may embed it: exact, as https://shop.example.
	Origins []string
	// Appearance is how it looks and what it says by itself; nil where nothing was said
	// of that. It must not be changed.
	Appearance *eventv1.Appearance
	// Offers are the channels that the set-up offers, in the order in which they
	// are shown.
	Offers []Offer
	// Withdrawn are channels that were withdrawn; they may be offered again.
	Withdrawn map[string]Withdrawal
	// VisitorKeys are those by which the site signs who its visitors are, and
	// SignedOnly says that it takes no others.
	VisitorKeys []VisitorKey
	SignedOnly  bool
}

// Withdrawal is when a widget withdrew a channel for the last time, and the log position
// of that: codes of before are dead.
type Withdrawal struct {
	At       time.Time
	Position uint64
}

// VisitorKey is a key by which a site signs who its visitors are.
type VisitorKey struct {
	// ID names it.
	ID string
	// Fingerprint tells its secret from others.
	Fingerprint []byte
}

// Integration is a connected channel account as the set-up has it.
type Integration struct {
	// ID and Channel name it, Name is what people call it.
	ID, Channel, Name string
	// HumanAgent says that the provider allows people to answer for longer.
	HumanAgent bool
	// Unhealthy is why the provider does not serve it, nil where it does, and
	// Since is since when.
	Unhealthy *eventv1.SendError
	Since     time.Time
}

// Offer is a channel that a widget offers.
type Offer struct {
	// IntegrationID and Channel name it.
	IntegrationID, Channel string
	// Name is what customers read.
	Name string
	// Address is where customers find it: a number, a page, a user name.
	Address string
	// Unhealthy says that the provider does not serve it: nobody is linked to it
	// now, and who is linked stays so.
	Unhealthy bool
}

// offer returns what the widget offers over an integration that is served.
func (w *Widget) offer(integrationID string) (Offer, bool) {
	for _, offer := range w.Offers {
		if offer.IntegrationID == integrationID && !offer.Unhealthy {
			return offer, true
		}
	}
	return Offer{}, false
}

// withdrawn says whether a channel is not offered any more, or was not in between since
// a log position: codes of then are dead.
func (w *Widget) withdrawn(integrationID string, since uint64) bool {
	offered := slices.ContainsFunc(w.Offers, func(o Offer) bool { return o.IntegrationID == integrationID })
	return !offered || since < w.Withdrawn[integrationID].Position
}

// language returns the first tag that is not empty, or the widget's default.
func (w *Widget) language(tags ...string) string {
	for _, tag := range append(tags, w.Languages...) {
		if tag != "" {
			return tag
		}
	}
	return ""
}
