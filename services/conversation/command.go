package conversation

import (
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// Command is something that is asked for or that happened outside. The set is
// closed: the types in this package that have a header.
type Command interface{ header() *Header }

// Header is what every command carries. All of it comes from the shell: nothing
// here is read from a clock or made at random.
type Header struct {
	// ID is a fresh ULID. All ids that the decision makes follow from it.
	ID string
	// Account is the tenant, taken from who speaks, never from what is said.
	Account string
	// Now is when the command is decided.
	Now time.Time
	// Received is when it reached us; not later than Now.
	Received time.Time
	// Deadline refuses the command when Now is past it; zero means never.
	Deadline time.Time
	// Dedup makes the command take effect once; an empty key means that it
	// may take effect each time.
	Dedup Dedup
	// Erased says that what came was said by somebody, or to somebody, before
	// they were erased: nothing follows from it (P5).
	Erased bool
}

func (h *Header) header() *Header { return h }

// Dedup recognises a command that comes again.
type Dedup struct {
	// Key is unique in the account.
	Key string
	// Hash is a keyed hash of the content. The same key with another hash is
	// refused; nil compares with nothing.
	Hash []byte
}

// Address is one alias of a sender or recipient: in clear for the sealed part,
// hashed for the facts.
type Address struct {
	Kind, Value string
	Hash        []byte
}

// ReceiveMessage says that a customer wrote, tapped or answered.
type ReceiveMessage struct {
	Header
	// IntegrationID is where it came in; a widget's for a visitor.
	IntegrationID string
	// Sender holds the sender's aliases, the strongest first; at least one.
	Sender []Address
	// Profile is what the provider tells about the sender, or nil.
	Profile *eventv1.Profile
	// SentAt is the provider's time; zero where it gave none.
	SentAt time.Time
	// MessageHash is the keyed hash of the provider's message id; nil for a
	// widget's.
	MessageHash []byte
	// ProviderMessageID is the same in clear.
	ProviderMessageID string
	// Content is what was said.
	Content *eventv1.Content
	// QuotedHash is the keyed hash of the provider's id of the message that it
	// answers; nil where it answers none.
	QuotedHash []byte
	// Code is set where the message carries a link code.
	Code *Code
	// Raw is the item as it came.
	Raw []byte
	// Language is the sender's, BCP 47; may be empty.
	Language string
	// KeyHash is the keyed hash of the provider's hash of the sender's identity
	// key; nil where it tells none.
	KeyHash []byte
}

// Code is a link code that stood in a message.
type Code struct {
	// Hash is its keyed hash.
	Hash []byte
	// Rest is what was said beside it, or nil.
	Rest *eventv1.Content
}

// Visitor names the widget's visitor who gives a command.
type Visitor struct {
	// WidgetID is the widget in whose page the visitor is.
	WidgetID string
	// Address is the hash of the secret on the visitor's device.
	Address Address
	// Language is the visitor's, BCP 47; may be empty.
	Language string
}

// Agent names the agent who gives a command, and the conversation it is about.
type Agent struct {
	AgentID        string
	ConversationID string
}

// RequestLink asks for a code: by a visitor, or offered by an agent.
type RequestLink struct {
	Header
	// Exactly one of the two is set.
	Visitor *Visitor
	Agent   *Agent
	// IntegrationID is the one to go on over.
	IntegrationID string
	// LinkID is a fresh ULID, and CodeHash the keyed hash of its code.
	LinkID   string
	CodeHash []byte
}

// CancelLink ends a link that is not confirmed.
type CancelLink struct {
	Header
	Visitor *Visitor
	Agent   *Agent
	LinkID  string
}

// Disconnect removes the binding to an integration.
type Disconnect struct {
	Header
	Visitor       *Visitor
	Agent         *Agent
	IntegrationID string
}

// MarkRead says that the visitor saw everything up to a message in the widget.
type MarkRead struct {
	Header
	Visitor   Visitor
	MessageID string
}

// SendReply is an agent's answer, or a note.
type SendReply struct {
	Header
	Agent   Agent
	Content *eventv1.Content
	// IntegrationID names a destination for this message alone; empty means
	// by the route.
	IntegrationID string
	// Note keeps the message among agents.
	Note bool
	// SeenRouteVersion is the route that the agent saw; 0 where none was.
	SeenRouteVersion uint64
	// Strict refuses a route that the agent did not see.
	Strict bool
	// Automated says that no person wrote it.
	Automated bool
}

// RecordReceipt says how far a message of ours came.
type RecordReceipt struct {
	Header
	IntegrationID string
	// MessageHash is the keyed hash of the provider's message id, and
	// ProviderMessageID the same in clear; empty for a watermark.
	MessageHash       []byte
	ProviderMessageID string
	// SendID is ours, where the provider gives it back.
	SendID string
	// Recipient and Watermark report everything sent up to a time.
	Recipient []Address
	Watermark time.Time
	State     eventv1.ReceiptState
	At        time.Time
	Error     *eventv1.SendError
}

// RecordEcho says that a message of the business was reported back.
type RecordEcho struct {
	Header
	IntegrationID     string
	MessageHash       []byte
	ProviderMessageID string
	SendID            string
	// AppID is the provider's id of the app that sent it.
	AppID     string
	Recipient []Address
	SentAt    time.Time
	Content   *eventv1.Content
	Raw       []byte
}

// ClaimSend asks for the right to make an attempt.
type ClaimSend struct {
	Header
	SendID  string
	Attempt uint32
	Nonce   string
	// Instance is who claims. One that is called like an integration gets the sends
	// of that integration alone.
	Instance string
}

// ReportOutcome says what became of an attempt. Exactly one of the last four is
// set.
type ReportOutcome struct {
	Header
	SendID  string
	Attempt uint32
	Nonce   string
	// IntegrationID is the one by whose keys SentHash was made; empty for none.
	IntegrationID string

	// Sent is the provider's id of the message and SentHash its keyed hash.
	Sent     string
	SentHash []byte
	// Refused says that it will never arrive.
	Refused *eventv1.SendError
	// NotSent says that it surely did not arrive and may be tried again, not
	// before RetryAfter has passed.
	NotSent    *eventv1.SendError
	RetryAfter time.Duration
	// Unhealthy says that with NotSent the integration itself is at fault.
	Unhealthy bool
	// Unknown says that nobody knows.
	Unknown *eventv1.SendError
}

// FireTimer says that a timer is due. The router gives it to itself.
type FireTimer struct {
	Header
	Timer Timer
}

// ApplySetup makes the account what the set-up says.
type ApplySetup struct {
	Header
	Setup *ingressv1.ApplySetup
	// By is who asks: agent/<id>, key/<id> or operator.
	By string
	// Fingerprints of the secrets, by owner: "app/<id>", "integration/<id>", and
	// "widget/<id>" with the keys of visitors as fields.
	Fingerprints map[string][]*eventv1.SecretFingerprint
}

// UnsendMessage says that a customer took a message back.
type UnsendMessage struct {
	Header
	IntegrationID string
	// MessageHash is the keyed hash of the provider's id of the message.
	MessageHash []byte
	// At is the provider's time; zero where it gave none.
	At time.Time
	// ByBusiness says that the business took its own message back in the
	// provider's app.
	ByBusiness bool
}

// EraseCustomer erases a customer, and everybody whom an identity of theirs ever
// belonged to.
type EraseCustomer struct {
	Header
	CustomerID string
}

// KeepItem keeps an item that no rule can use: quarantined, or ignored where
// Ignored names what it is.
type KeepItem struct {
	Header
	// Source is the app or integration that it came through.
	Source        string
	IntegrationID string
	// Reason says what was wrong, without personal data.
	Reason string
	// Ignored is the provider's word for an item of no use.
	Ignored string
	SentAt  time.Time
	// ProviderAccount is the provider's id of the channel account, where it
	// could be read.
	ProviderAccount string
	// Raw is the item as it came, Place where it stood in its webhook, and Beside
	// what is needed of what stood there to read it again.
	Raw, Beside []byte
	Place       string
	// MessageHash is the keyed hash of the provider's id of the message that
	// the item has the words of; nil where it has none.
	MessageHash []byte
	// Sender holds the aliases of the customer whose item it is, where they
	// could be read: what is quarantined is shown in their conversation.
	Sender []Address
}

// Quarantined names an item in quarantine.
type Quarantined struct {
	// Account is the one in whose quarantine it is; "-" for none. Source is the
	// app or integration that it came through.
	Account, Source string
	// Position is that of its event.
	Position uint64
	// Conversation is the one that it is shown in; empty for none.
	Conversation string
}

// ReplayItem processes an item in quarantine as if it came in now.
type ReplayItem struct {
	Header
	Item Quarantined
	// Command is what the item asks for, with the same header but for its own
	// dedup key.
	Command Command
	// More says that there is more to the item: it stays in quarantine.
	More bool
}

// DiscardItem gives an item in quarantine up.
type DiscardItem struct {
	Header
	Item Quarantined
}
