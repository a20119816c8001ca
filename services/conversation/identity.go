package conversation

import (
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// Identity is what decisions need of an identity: whom it belongs to, where its
// messages go, and the lane of what is sent to it.
type Identity struct {
	ID, Customer, IntegrationID, Channel string
	Version                              uint64
	// Owners are all customers whom it ever belonged to.
	Owners []string
	// Erased says that it is out of use.
	Erased  bool
	Aliases map[string]string
	// ProfileHash is the keyed hash of what a site told last about its visitor.
	ProfileHash []byte
	// ProfileWanted says that the provider is asked who it is, and has not told yet.
	ProfileWanted bool
	// Conversation is the active binding; empty where there is none.
	Conversation string
	// Released is the conversation that it was bound to before, until when.
	Released   string
	ReleasedAt time.Time
	// Matched is the link that it was last asked to confirm.
	Matched LinkRef
	// KeyHash is the keyed hash of the provider's hash of the identity key, since
	// KeyAt. Unconfirmed says that it changed while the identity was bound:
	// nothing is sent to it until somebody confirms. Question is what was asked
	// over the channel; empty where agents alone decide.
	KeyHash     []byte
	KeyAt       time.Time
	Unconfirmed bool
	Question    string
	// Conflicts are the identities of other customers to which its addresses were
	// seen to lead too, with those customers.
	Conflicts map[string]string
	// Refusals are the times of the latest wrong codes, AnsweredAt of the last
	// automatic answer to one.
	Refusals   []time.Time
	AnsweredAt time.Time
	// Lane holds the sends in order; only the head is ever requested.
	Lane []Send
	// Unresolved are sends whose outcome is unknown and that no longer hold
	// the lane.
	Unresolved map[string]Send
	// Sent leads from a reply that went out to the event that holds the provider's
	// id of it, or of its first part.
	Sent map[string]string
}

// confirmed notes that nothing is to be asked of whoever holds the address.
func (i *Identity) confirmed() { i.Unconfirmed, i.Question = false, "" }

// sent notes under which event the provider's id of a reply is.
func (i *Identity) sent(eventID string, o *eventv1.SendOrigin) {
	if o.GetKind() != eventv1.SendKind_SEND_KIND_REPLY || o.GetPart() > 0 {
		return
	}
	if i.Sent == nil {
		i.Sent = map[string]string{}
	}
	i.Sent[o.GetMessageId()] = eventID
}

// Send is one send in a lane.
type Send struct {
	ID, IntegrationID, Channel, ContentEvent string
	// Quoted is the event that holds the provider's id of the message that it is
	// about; empty for none.
	Quoted  string
	Origin  *eventv1.SendOrigin
	State   SendState
	Attempt uint32
	Nonce   string
	// QueuedAt is when it came into the lane, Tries how many attempts count that
	// did not leave.
	QueuedAt time.Time
	Tries    uint32
	// AskAt is when the agent is asked what became of it; zero where nobody is.
	AskAt time.Time
	// Due is when the timer of this state rings; zero where it has none.
	Due time.Time
}

// SendState is how far a send came.
type SendState int

// The states of a send.
const (
	SendQueued SendState = iota + 1
	SendRequested
	SendClaimed
	SendDeferred
	SendUnknown
)
