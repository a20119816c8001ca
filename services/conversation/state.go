package conversation

import (
	"cmp"
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// State is what is known when a command is decided. A complete state holds all
// events of an account; a partial one, which the router keeps, holds what was
// loaded, and a decision that needs more says so with a *Need.
type State struct {
	partial bool

	accounts      map[string]*Account
	conversations map[string]*Conversation
	identities    map[string]*Identity
	customers     map[string]*Customer
	// access holds who may come into an account.
	access map[string]*Access

	// aliases leads from an alias' hash to its identity, codes from a code's
	// hash to its link, messages from a provider message's hash to what was
	// sent, sends from a send to the identity whose lane it is in.
	aliases  map[string]string
	codes    map[string]LinkRef
	messages map[string]MessageRef
	sends    map[string]string
	// parked holds receipts that came before their message.
	parked map[string][]*eventv1.ReceiptParked
	// said leads from a provider message's hash to what is in the log of a
	// customer's message; unsent holds the hashes of those that were taken
	// back.
	said   map[string]*Said
	unsent map[string]bool
	// changes holds edits and reactions that came before their message.
	changes map[string][]ParkedChange
	// bound holds the bindings of each integration but widgets: in a partial state
	// what was bound since the log was loaded from, and false for what was unbound.
	// toCut holds those of channels that are being cut as they were loaded.
	bound map[string]map[BoundTo]bool
	toCut map[string][]BoundTo
	// unknown holds when codes that nobody has made came over an integration.
	unknown map[string][]time.Time
	// seen holds the dedup keys that took effect.
	seen map[string][]byte
	// contents holds content that a decision needs, by the event that holds it.
	contents map[string]*eventv1.Content
	// quarantine holds what became of items in quarantine.
	quarantine map[string]QuarantineState
}

// LinkRef leads to a link.
type LinkRef struct{ ConversationID, LinkID string }

// MessageRef leads to what was sent under a provider's message id. MessageID is
// empty for a prompt or a notice. Part and Hop are those of the send's origin.
type MessageRef struct {
	IdentityID, ConversationID, MessageID string
	Part, Hop                             uint32
}

// Said is what is in the log of a message of a customer: every event whose sealed
// part holds it, ordered by their ids.
type Said struct {
	Events []SaidEvent
	// loaded says that a partial state holds all of it.
	loaded bool
}

// SaidEvent is an event that holds a message, and the conversation and the
// message as which it does; both empty where it is in no conversation.
type SaidEvent struct{ EventID, ConversationID, MessageID string }

// NewState returns a complete state without events.
func NewState() *State {
	return &State{
		accounts:      map[string]*Account{},
		conversations: map[string]*Conversation{},
		identities:    map[string]*Identity{},
		customers:     map[string]*Customer{},
		access:        map[string]*Access{},
		said:          map[string]*Said{},
		unsent:        map[string]bool{},
		changes:       map[string][]ParkedChange{},
		aliases:       map[string]string{},
		codes:         map[string]LinkRef{},
		messages:      map[string]MessageRef{},
		sends:         map[string]string{},
		parked:        map[string][]*eventv1.ReceiptParked{},
		bound:         map[string]map[BoundTo]bool{},
		toCut:         map[string][]BoundTo{},
		unknown:       map[string][]time.Time{},
		seen:          map[string][]byte{},
		contents:      map[string]*eventv1.Content{},
		quarantine:    map[string]QuarantineState{},
	}
}

// NewPartialState returns a state that holds nothing yet and asks for what it
// lacks.
func NewPartialState() *State {
	s := NewState()
	s.partial = true
	return s
}

// Customer is what an erasure needs of a customer.
type Customer struct {
	ID      string
	Version uint64
	Erased  bool
	// Identities are all that belong or ever belonged to the customer, and
	// Conversations all that started as theirs.
	Identities, Conversations map[string]bool
	// Linked are the customers who are the same person by an agent's word, and
	// Apart those who are not.
	Linked, Apart map[string]bool
	// loaded says that a partial state holds all of it.
	loaded bool
}

// Loader returns a state to fold a stream into that s lacks: what the stream is
// about is held by s, and what its events led to at their time is not, since an
// address, say, may be somebody else's by now.
func (s *State) Loader() *State {
	loader := NewPartialState()
	loader.accounts, loader.conversations = s.accounts, s.conversations
	loader.identities, loader.customers, loader.access = s.identities, s.customers, s.access
	return loader
}

// Account is the set-up as it stands.
type Account struct {
	ID, Name       string
	Version        uint64
	BoundElsewhere eventv1.BoundElsewhere
	Apps           map[string]*eventv1.AppConnected
	Integrations   map[string]*eventv1.IntegrationConnected
	Widgets        map[string]*Widget
	// Agents are the people who answer, as they were last described.
	Agents map[string]*eventv1.AgentAdded
	// Cuts are the channels whose bindings are being ended, and since when.
	Cuts map[Cut]time.Time
	// Unhealthy are the integrations that their provider does not serve (R10).
	Unhealthy map[string]*Unhealthy
	// Settings say how those of integrations and widgets came to be as they are. A widget
	// and its own integration have the same.
	Settings map[string]Settings
}

// Cut names a channel whose bindings are being ended: an integration that was
// removed, or one that a widget has withdrawn.
type Cut struct{ IntegrationID, WidgetID string }

// Unhealthy is why a provider does not serve an integration, and since when.
type Unhealthy struct {
	Error *eventv1.SendError
	Since time.Time
}

// Widget is one web widget as it stands.
type Widget struct {
	Config *eventv1.WidgetConfigured
	// Offers are the integrations that customers can switch to.
	Offers map[string]bool
	// Withdrawn are those that were withdrawn: codes of before are dead, also where they
	// are offered again.
	Withdrawn map[string]Withdrawal
}

// Withdrawal is the last time that a widget withdrew a channel.
type Withdrawal struct {
	// Version is that of the account by it, and Position its place in the log, 0 until it
	// has one.
	Version, Position uint64
	// At is when.
	At time.Time
}

// Conversation is what decisions need of a conversation.
type Conversation struct {
	ID, Customer, Widget, Language string
	Version                        uint64
	StartedAt                      time.Time
	// Route lists the bindings, most recently used first.
	Route        []Binding
	RouteVersion uint64
	// CausedAt is the provider's time of the last act that made the route what
	// it is (R3).
	CausedAt time.Time
	// Links are all that were ever asked for; Newest is the newest of each
	// integration.
	Links  map[string]*Link
	Newest map[string]string
	// Messages are the replies; Open those whose last state is not reached.
	Messages map[string]*Message
	Open     map[string]*Message
	// Inbound are the customer's messages, and Asides what else agents can name as
	// seen, by the version of the stream: notes, and echoes of the business.
	Inbound map[string]Inbound
	Asides  map[string]uint64
	// Unseen are the versions of the customer's messages that no agent has seen.
	Unseen []uint64
	// Closed says that there is nothing to do, since ClosedAt; ContinuedBy is the
	// conversation in which the customer goes on.
	Closed      bool
	ClosedAt    time.Time
	ContinuedBy string
	// Assignee is whose work it is; Labels is by what it is found.
	Assignee string
	Labels   map[string]bool
	// Files are the files of messages, fetched or to be fetched.
	Files map[string]*File
	// Quarantined are the events of items that could not be processed.
	Quarantined []string
	// Erased says that nothing is said in it again.
	Erased bool
}

// Binding is a conversation's tie to an identity.
type Binding struct {
	IdentityID, IntegrationID, Channel string
	// WroteAt is when the customer last did something there that opens the
	// messaging window, by the provider.
	WroteAt time.Time
	// Offered says that a template was offered since that window closed.
	Offered bool
}

// Inbound is a message of the customer as decisions about replies need it: who wrote
// it, and the event whose sealed part holds the provider's id of it. Version is that
// of the stream.
type Inbound struct {
	IdentityID, EventID string
	Version             uint64
}

// Link is one link procedure.
type Link struct {
	ID, IntegrationID, Channel, WidgetID, Language string
	State                                          LinkState
	Confirmation                                   eventv1.Confirmation
	// ExpiresAt ends the code, and once matched, the time to confirm.
	ExpiresAt time.Time
	// IdentityID and Customer brought the code; HeldEvent is the event that
	// holds the text beside it, empty where there was none.
	IdentityID, HeldEvent  string
	RequestedAt, MatchedAt time.Time
	// SetupVersion is the version of the account when it was asked for, 0 where that is
	// not known.
	SetupVersion uint64
	// ActedAt is when the customer last did something of the link over the channel.
	ActedAt time.Time
	// MessageHash is the message that brought the code.
	MessageHash []byte
	// AsksInWidget says that it is confirmed once the customer said yes in the
	// channel, which is Answered, and in the widget, which is Approved.
	AsksInWidget, Answered, Approved bool
}

// LinkState is how far a link came.
type LinkState int

// The states of a link.
const (
	LinkRequested LinkState = iota + 1
	LinkMatched
	LinkConfirmed
	LinkCancelled
	LinkFailed
	LinkExpired
)

// live says whether the link can still be confirmed.
func (l *Link) live() bool { return l.State == LinkRequested || l.State == LinkMatched }

// SetAlias records which identity an alias leads to.
func (s *State) SetAlias(hash []byte, identityID string) { s.aliases[string(hash)] = identityID }

// SetCode records which link a code leads to.
func (s *State) SetCode(hash []byte, ref LinkRef) { s.codes[string(hash)] = ref }

// SetMessage records what was sent under a provider's message id.
func (s *State) SetMessage(hash []byte, ref MessageRef) { s.messages[string(hash)] = ref }

// SetSend records whose lane a send is in.
func (s *State) SetSend(sendID, identityID string) { s.sends[sendID] = identityID }

// SetParked records the receipts that wait for a message.
func (s *State) SetParked(hash []byte, receipts []*eventv1.ReceiptParked) {
	s.parked[string(hash)] = receipts
}

// AddIdentity records that an identity belongs or ever belonged to a customer.
func (s *State) AddIdentity(customerID, identityID string) {
	s.customer(customerID).Identities[identityID] = true
}

// AddConversation records that a conversation started as a customer's.
func (s *State) AddConversation(customerID, conversationID string) {
	s.customer(customerID).Conversations[conversationID] = true
}

// customer returns what is held of a customer, to be changed. What the events of
// this round said stays when the rest is loaded.
func (s *State) customer(id string) *Customer {
	c := s.customers[id]
	if c == nil {
		c = &Customer{
			ID: id, Identities: map[string]bool{}, Conversations: map[string]bool{},
			Linked: map[string]bool{}, Apart: map[string]bool{}, loaded: !s.partial,
		}
		s.customers[id] = c
	}
	return c
}

// AddSaid records that an event holds a message of a customer.
func (s *State) AddSaid(hash []byte, event SaidEvent) {
	said := s.saidOf(string(hash))
	at, known := slices.BinarySearchFunc(said.Events, event, func(a, b SaidEvent) int { return cmp.Compare(a.EventID, b.EventID) })
	if !known {
		said.Events = slices.Insert(said.Events, at, event)
	}
}

func (s *State) saidOf(hash string) *Said {
	said := s.said[hash]
	if said == nil {
		said = &Said{loaded: !s.partial}
		s.said[hash] = said
	}
	return said
}

// SetUnsent records that a message was taken back.
func (s *State) SetUnsent(hash []byte) { s.unsent[string(hash)] = true }

// SetSeen records that a dedup key took effect, with the hash of its content.
func (s *State) SetSeen(key string, hash []byte) {
	if hash == nil {
		hash = []byte{}
	}
	s.seen[key] = hash
}

// SetContent records the content that an event's sealed part holds; nil where it
// is gone.
func (s *State) SetContent(eventID string, content *eventv1.Content) { s.contents[eventID] = content }

// SetQuarantine records what became of an item in quarantine.
func (s *State) SetQuarantine(item Quarantined, state QuarantineState) {
	s.quarantine[item.key()] = state
}

// Account returns the set-up of an account, or nil.
func (s *State) Account(id string) *Account { return s.accounts[id] }

// Conversation returns a conversation, or nil where it does not exist or was not
// loaded. It must not be changed.
func (s *State) Conversation(id string) *Conversation { return s.conversations[id] }

// Identity returns an identity, or nil where it does not exist or was not loaded.
// It must not be changed.
func (s *State) Identity(id string) *Identity { return s.identities[id] }

// Forget drops what a partial state holds of the conversations and identities
// beyond the given number of each, and everything that is cheap to look up again.
// Which ones it drops is not defined. Call it between decisions.
func (s *State) Forget(keep int) {
	clear(s.aliases)
	clear(s.codes)
	clear(s.messages)
	clear(s.sends)
	clear(s.parked)
	clear(s.customers)
	clear(s.said)
	clear(s.unsent)
	clear(s.changes)
	clear(s.bound)
	clear(s.toCut)
	clear(s.unknown)
	clear(s.seen)
	clear(s.contents)
	clear(s.quarantine)
	trim(s.conversations, keep)
	trim(s.identities, keep)
}

func trim[V any](m map[string]V, keep int) {
	for key := range m {
		if len(m) <= keep {
			return
		}
		delete(m, key)
	}
}
